"""What rollouts left behind: every page of it, and deleted one by one."""

from datetime import UTC, datetime

from bot.domain.endpoint import Leftover
from workers.gateways.leftovers import SageMakerLeftovers

from .clients import scripted

ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"
MADE = datetime(2026, 11, 1, 7, 0, tzinfo=UTC)


def summary(noun: str, kind: str, name: str) -> dict[str, object]:
    return {f"{noun}Name": name, f"{noun}Arn": f"{ACCOUNT}:{kind}/{name}", "CreationTime": MADE}


def test_all_pages_of_configs_are_read() -> None:
    with scripted("sagemaker") as (client, script):
        page = {"EndpointConfigs": [summary("EndpointConfig", "endpoint-config", "a")], "NextToken": "more"}
        script.add_response("list_endpoint_configs", page, {"MaxResults": 100})
        last = {"EndpointConfigs": [summary("EndpointConfig", "endpoint-config", "b")]}
        script.add_response("list_endpoint_configs", last, {"MaxResults": 100, "NextToken": "more"})
        found = SageMakerLeftovers(client).configs()
    assert found == tuple(
        Leftover(name=name, arn=f"{ACCOUNT}:endpoint-config/{name}", created=MADE) for name in ("a", "b")
    )


def test_models_are_listed_as_configs_are() -> None:
    with scripted("sagemaker") as (client, script):
        script.add_response("list_models", {"Models": [summary("Model", "model", "m")]}, {"MaxResults": 100})
        assert SageMakerLeftovers(client).models() == (Leftover(name="m", arn=f"{ACCOUNT}:model/m", created=MADE),)


def test_deleting_what_is_gone_already_is_fine() -> None:
    with scripted("sagemaker") as (client, script):
        script.add_response("delete_endpoint_config", {}, {"EndpointConfigName": "a"})
        script.add_client_error(
            "delete_endpoint_config",
            "ValidationException",
            f'Could not find endpoint configuration "{ACCOUNT}:endpoint-config/b".',
        )
        script.add_response("delete_model", {}, {"ModelName": "m"})
        script.add_client_error("delete_model", "ValidationException", f'Could not find model "{ACCOUNT}:model/n".')
        leftovers = SageMakerLeftovers(client)
        leftovers.delete_config("a")
        leftovers.delete_config("b")
        leftovers.delete_model("m")
        leftovers.delete_model("n")
