"""Members that SageMaker will have tomorrow, over a real socket: botocore drops them, the gateway says so."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from bot.domain.errors import ResourceMissing
from workers.gateways.sagemaker import SageMakerEndpoints

from .clients import clock, make_client
from .http_stub import Answer, serving

ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"
CONFIG: dict[str, Any] = {
    "EndpointConfigName": "c",
    "EndpointConfigArn": f"{ACCOUNT}:endpoint-config/c",
    "CreationTime": 1.0,
    "ProductionVariants": [{"VariantName": "A", "ModelName": "m"}, {"VariantName": "B", "ModelName": "m"}],
}
MODEL: dict[str, Any] = {
    "ModelName": "m",
    "ModelArn": f"{ACCOUNT}:model/m",
    "CreationTime": 1.0,
    "DeploymentRecommendation": {"RecommendationStatus": "COMPLETED"},
    "PrimaryContainer": {"Image": "repo:1", "Environment": {"ANY_KEY": "1"}},
}


@contextmanager
def sagemaker_of_tomorrow(body: Any, status: int = 200) -> Iterator[SageMakerEndpoints]:
    def respond(asked: Any) -> Answer:
        return Answer({"Tags": []}) if "ListTags" in asked.headers["x-amz-target"] else Answer(body, status)

    with serving(respond) as stub:
        client = make_client("sagemaker", endpoint_url=stub.url)
        yield SageMakerEndpoints(client, clock)
        client.close()


def test_an_unknown_setting_of_a_variant_is_named_by_its_place() -> None:
    first, second = CONFIG["ProductionVariants"]
    tomorrow = {**CONFIG, "ProductionVariants": [first, {**second, "TomorrowsSetting": {"Deep": 1}}]}
    with sagemaker_of_tomorrow(tomorrow) as endpoints:
        config = endpoints.describe_config("c")
    assert config.left_out == ("ProductionVariants[1].TomorrowsSetting",)
    assert "TomorrowsSetting" not in config.variants()[1]


def test_an_unknown_member_of_a_config_or_model_is_named() -> None:
    with sagemaker_of_tomorrow({**CONFIG, "TomorrowsMember": True}) as endpoints:
        assert endpoints.describe_config("c").left_out == ("TomorrowsMember",)
    container = {**MODEL["PrimaryContainer"], "TomorrowsSource": "s3://x"}
    with sagemaker_of_tomorrow({**MODEL, "PrimaryContainer": container}) as endpoints:
        assert endpoints.describe_model("m").left_out == ("PrimaryContainer.TomorrowsSource",)


def test_what_botocore_knows_is_not_called_unknown() -> None:
    with sagemaker_of_tomorrow(CONFIG) as endpoints:
        assert endpoints.describe_config("c").left_out == ()
    with sagemaker_of_tomorrow(MODEL) as endpoints:
        assert endpoints.describe_model("m").left_out == ()


def test_a_refusal_is_told_as_ever() -> None:
    refusal = {"__type": "ValidationException", "message": 'Could not find endpoint configuration "c".'}
    with sagemaker_of_tomorrow(refusal, 400) as endpoints, pytest.raises(ResourceMissing):
        endpoints.describe_config("c")


def test_sagemaker_speaks_the_protocol_in_which_newer_members_are_looked_for() -> None:
    assert make_client("sagemaker").meta.service_model.resolved_protocol == "json"
