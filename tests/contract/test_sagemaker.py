"""The SageMaker gateway against botocore's service model, and UpdateEndpoint against a real socket."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from bot.domain.endpoint import ConfigRecord, EndpointStatus, ModelRecord
from bot.domain.errors import (
    GatewayError,
    NotSubscribed,
    ResourceBusy,
    ResourceExists,
    ResourceMissing,
    TransientError,
)
from workers.gateways.sagemaker import SageMakerEndpoints

from .clients import NOW, clock, make_client, scripted
from .http_stub import Answer, always, serving

ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"
THEN = datetime(2026, 11, 22, 8, 0, tzinfo=timezone(timedelta(hours=1)))
ENDPOINT = {
    "EndpointName": "stt-prod",
    "EndpointArn": f"{ACCOUNT}:endpoint/stt-prod",
    "EndpointConfigName": "stt-v1",
    "EndpointStatus": "InService",
    "CreationTime": THEN,
    "LastModifiedTime": THEN,
}


def described(**members: Any) -> dict[str, Any]:
    return {**ENDPOINT, **members}


def snapshot_of(answer: dict[str, Any]) -> Any:
    with scripted("sagemaker") as (client, script):
        script.add_response("describe_endpoint", answer, {"EndpointName": "stt-prod"})
        return SageMakerEndpoints(client, clock).describe("stt-prod")


def no_tags(script: Stubber) -> None:
    script.add_response("list_tags", {"Tags": []})


# describe


def test_snapshot_tells_status_config_and_times_in_utc() -> None:
    snapshot = snapshot_of(described(FailureReason="Request to service failed."))
    assert (snapshot.name, snapshot.status, snapshot.config_name) == ("stt-prod", EndpointStatus.IN_SERVICE, "stt-v1")
    assert snapshot.last_modified == datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
    assert snapshot.last_modified.tzinfo is UTC
    assert snapshot.observed_at == NOW
    assert snapshot.failure_reason == "Request to service failed."
    assert snapshot.pending is None


def test_snapshot_of_an_update_tells_both_fleets_and_sagemakers_newest_words() -> None:
    snapshot = snapshot_of(
        described(
            EndpointStatus="Updating",
            ProductionVariants=[
                {
                    "VariantName": "AllTraffic",
                    "CurrentInstanceCount": 3,
                    "DesiredInstanceCount": 3,
                    "CurrentWeight": 1.0,
                    "DeployedImages": [{"ResolvedImage": "1.dkr.ecr.us-east-1.amazonaws.com/stt@sha256:abc"}],
                }
            ],
            PendingDeploymentSummary={
                "EndpointConfigName": "stt-v2",
                "StartTime": THEN,
                "ProductionVariants": [
                    {
                        "VariantName": "AllTraffic",
                        "CurrentInstanceCount": 1,
                        "DesiredInstanceCount": 3,
                        "InstanceType": "ml.g5.2xlarge",
                        "VariantStatus": [
                            {"Status": "ActivatingTraffic", "StatusMessage": "later", "StartTime": THEN},
                            {
                                "Status": "Creating",
                                "StatusMessage": "earlier",
                                "StartTime": THEN - timedelta(minutes=5),
                            },
                        ],
                    }
                ],
            },
        )
    )
    assert snapshot.is_moving_to("stt-v2")
    assert snapshot.variants[0].image_digest == "sha256:abc"
    assert snapshot.variants[0].weight == 1.0
    green = snapshot.pending.variants[0]
    assert (green.current_count, green.desired_count, green.stage, green.message) == (
        1,
        3,
        "ActivatingTraffic",
        "later",
    )


@pytest.mark.parametrize(
    ("deployment", "in_steps"),
    [
        (None, False),
        (
            {
                "BlueGreenUpdatePolicy": {
                    "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}
                }
            },
            False,
        ),
        (
            {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "CANARY", "WaitIntervalInSeconds": 60}}},
            True,
        ),
        (
            {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "LINEAR", "WaitIntervalInSeconds": 60}}},
            True,
        ),
        (
            {
                "RollingUpdatePolicy": {
                    "MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1},
                    "WaitIntervalInSeconds": 60,
                }
            },
            True,
        ),
    ],
)
def test_snapshot_tells_whether_traffic_was_shifted_in_steps(deployment: Any, in_steps: bool) -> None:
    assert snapshot_of(described(**({"LastDeploymentConfig": deployment} if deployment else {}))).guardrails is in_steps


def test_every_status_of_botocores_model_is_known() -> None:
    statuses = make_client("sagemaker").meta.service_model.shape_for("EndpointStatus").enum
    assert {status.value for status in EndpointStatus} == set(statuses)


def test_a_status_of_tomorrow_is_named_and_does_not_crash() -> None:
    with pytest.raises(GatewayError, match="Hibernating"):
        snapshot_of(described(EndpointStatus="Hibernating"))


def test_missing_endpoint_is_named() -> None:
    with scripted("sagemaker") as (client, script):
        script.add_client_error(
            "describe_endpoint", "ValidationException", f'Could not find endpoint "{ACCOUNT}:endpoint/stt-prod".'
        )
        with pytest.raises(ResourceMissing) as caught:
            SageMakerEndpoints(client, clock).describe("stt-prod")
    assert (caught.value.kind, caught.value.name) == ("endpoint", "stt-prod")


def test_statuses_are_listed_over_all_pages_a_hundred_at_a_time() -> None:
    def summary(name: str) -> dict[str, Any]:
        arn = f"{ACCOUNT}:endpoint/{name}"
        return {
            "EndpointName": name,
            "EndpointArn": arn,
            "CreationTime": THEN,
            "LastModifiedTime": THEN,
            "EndpointStatus": "Updating",
        }

    with scripted("sagemaker") as (client, script):
        asked = {"StatusEquals": "Updating", "MaxResults": 100}
        script.add_response("list_endpoints", {"Endpoints": [summary("a")], "NextToken": "more"}, asked)
        script.add_response("list_endpoints", {"Endpoints": [summary("b")]}, {**asked, "NextToken": "more"})
        found = SageMakerEndpoints(client, clock).list_statuses(EndpointStatus.UPDATING)
    assert found == {"a", "b"}


def test_all_endpoints_are_listed_whatever_their_status_may_be_called_tomorrow() -> None:
    def summary(name: str, status: str) -> dict[str, Any]:
        times = {"CreationTime": THEN, "LastModifiedTime": THEN}
        return {"EndpointName": name, "EndpointArn": f"{ACCOUNT}:endpoint/{name}", "EndpointStatus": status, **times}

    with scripted("sagemaker") as (client, script):
        first = {"Endpoints": [summary("a", "InService")], "NextToken": "more"}
        script.add_response("list_endpoints", first, {"MaxResults": 100})
        script.add_response(
            "list_endpoints", {"Endpoints": [summary("b", "Teleporting")]}, {"MaxResults": 100, "NextToken": "more"}
        )
        found = SageMakerEndpoints(client, clock).list()
    assert [(e.name, e.status, e.last_modified) for e in found] == [
        ("a", EndpointStatus.IN_SERVICE, THEN),
        ("b", None, THEN),
    ]


# documents


def test_config_document_holds_what_create_takes_and_its_tags_without_those_of_aws() -> None:
    answer: dict[str, Any] = {
        "EndpointConfigName": "stt-v1",
        "EndpointConfigArn": f"{ACCOUNT}:endpoint-config/stt-v1",
        "CreationTime": THEN,
        "ProductionVariants": [
            {
                "VariantName": "AllTraffic",
                "ModelName": "stt-model-v1",
                "InitialInstanceCount": 2,
                "InstanceType": "ml.g5.2xlarge",
                "VolumeSizeInGB": 256,
                "AcceleratorType": "ml.eia2.medium",
                "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
            }
        ],
        "KmsKeyId": "alias/key",
    }
    with scripted("sagemaker") as (client, script):
        script.add_response("describe_endpoint_config", answer)
        tags = [{"Key": "team", "Value": "speech"}, {"Key": "aws:cloudformation:stack-name", "Value": "x"}]
        script.add_response("list_tags", {"Tags": tags, "NextToken": "t"}, {"ResourceArn": answer["EndpointConfigArn"]})
        script.add_response("list_tags", {"Tags": [{"Key": "cost", "Value": "1"}]})
        config = SageMakerEndpoints(client, clock).describe_config("stt-v1")
    assert config.document == {
        "ProductionVariants": [
            {
                "VariantName": "AllTraffic",
                "ModelName": "stt-model-v1",
                "InitialInstanceCount": 2,
                "InstanceType": "ml.g5.2xlarge",
                "VolumeSizeInGB": 256,
                "RoutingConfig": {"RoutingStrategy": "LEAST_OUTSTANDING_REQUESTS"},
            }
        ],
        "KmsKeyId": "alias/key",
    }
    assert config.tags == {"team": "speech", "cost": "1"}


def test_volume_size_of_a_serverless_variant_is_left_out() -> None:
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": "m",
        "ServerlessConfig": {"MemorySizeInMB": 3072, "MaxConcurrency": 20},
        "VolumeSizeInGB": 5,
    }
    with scripted("sagemaker") as (client, script):
        script.add_response(
            "describe_endpoint_config",
            {
                "EndpointConfigName": "c",
                "EndpointConfigArn": f"{ACCOUNT}:endpoint-config/c",
                "CreationTime": THEN,
                "ProductionVariants": [variant],
            },
        )
        no_tags(script)
        config = SageMakerEndpoints(client, clock).describe_config("c")
    assert "VolumeSizeInGB" not in config.variants()[0]


MODEL = {
    "ModelName": "m",
    "ModelArn": f"{ACCOUNT}:model/m",
    "CreationTime": THEN,
    "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r",
}


def test_model_document_leaves_out_the_empty_list_beside_the_primary_container() -> None:
    with scripted("sagemaker") as (client, script):
        script.add_response("describe_model", {**MODEL, "PrimaryContainer": {"Image": "repo:1"}, "Containers": []})
        no_tags(script)
        model = SageMakerEndpoints(client, clock).describe_model("m")
    assert model.document == {"PrimaryContainer": {"Image": "repo:1"}, "ExecutionRoleArn": MODEL["ExecutionRoleArn"]}


def test_tags_of_a_model_that_nobody_asks_for_cost_no_request() -> None:
    with scripted("sagemaker") as (client, script):
        script.add_response("describe_model", {**MODEL, "PrimaryContainer": {"Image": "repo:1"}})
        model = SageMakerEndpoints(client, clock).describe_model("m", with_tags=False)
    assert model.tags == {}


def test_empty_structures_that_create_would_refuse_are_left_out_over_the_wire() -> None:
    body = {
        "EndpointConfigName": "c",
        "EndpointConfigArn": f"{ACCOUNT}:endpoint-config/c",
        "CreationTime": 1.0,
        "DataCaptureConfig": {},
        "VpcConfig": {},
        "ProductionVariants": [{"VariantName": "A", "InstancePools": []}],
        "MetricsConfig": {},
    }
    with serving(lambda asked: Answer({"Tags": []} if "ListTags" in asked.headers["x-amz-target"] else body)) as stub:
        client = make_client("sagemaker", endpoint_url=stub.url)
        config = SageMakerEndpoints(client, clock).describe_config("c")
        client.close()
    assert config.document == {"ProductionVariants": [{"VariantName": "A"}], "MetricsConfig": {}}


def test_a_member_that_create_does_not_take_is_never_dropped_in_silence(caplog: pytest.LogCaptureFixture) -> None:
    client = make_client("sagemaker")
    service = client.meta.service_model
    described_shape = service.operation_model("DescribeEndpointConfig").output_shape
    described_shape.members["TomorrowsStatus"] = service.shape_for("EndpointStatus")
    with Stubber(client) as script, caplog.at_level(logging.WARNING):
        script.add_response(
            "describe_endpoint_config",
            {
                "EndpointConfigName": "c",
                "EndpointConfigArn": f"{ACCOUNT}:endpoint-config/c",
                "CreationTime": THEN,
                "ProductionVariants": [{"VariantName": "A"}],
                "TomorrowsStatus": "fine",
            },
        )
        no_tags(script)
        config = SageMakerEndpoints(client, clock).describe_config("c")
    assert config.left_out == ("TomorrowsStatus",)
    assert "TomorrowsStatus" in caplog.text
    assert "CreationTime" not in caplog.text


# create

CONFIG_DRAFT = ConfigRecord(
    name="stt-v2",
    arn="",
    document={
        "ProductionVariants": [
            {"VariantName": "A", "ModelName": "m", "InitialInstanceCount": 2, "InstanceType": "ml.m5.large"},
            {"VariantName": "B", "ModelName": "n", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"},
        ]
    },
    tags={"rollout:id": "r1"},
)
TAKEN = (
    "ValidationException",
    f'Cannot create already existing endpoint configuration "{ACCOUNT}:endpoint-config/stt-v2".',
)


def config_found(script: Stubber, variants: list[dict[str, Any]]) -> None:
    script.add_response(
        "describe_endpoint_config",
        {
            "EndpointConfigName": "stt-v2",
            "EndpointConfigArn": f"{ACCOUNT}:endpoint-config/stt-v2",
            "CreationTime": THEN,
            "ProductionVariants": variants,
        },
    )
    no_tags(script)


def test_config_is_created_with_its_tags() -> None:
    with scripted("sagemaker") as (client, script):
        script.add_response(
            "create_endpoint_config",
            {"EndpointConfigArn": f"{ACCOUNT}:endpoint-config/stt-v2"},
            {
                "EndpointConfigName": "stt-v2",
                "Tags": [{"Key": "rollout:id", "Value": "r1"}],
                **CONFIG_DRAFT.document,
            },
        )
        SageMakerEndpoints(client, clock).create_config(CONFIG_DRAFT)


def test_config_that_exists_reordered_and_with_defaults_filled_in_is_success() -> None:
    a, b = CONFIG_DRAFT.document["ProductionVariants"]
    with scripted("sagemaker") as (client, script):
        script.add_client_error("create_endpoint_config", *TAKEN)
        config_found(script, [{**b, "InitialVariantWeight": 1.0}, {**a, "VolumeSizeInGB": 30}])
        SageMakerEndpoints(client, clock).create_config(CONFIG_DRAFT)


def test_config_whose_live_count_moved_between_two_attempts_is_success() -> None:
    a, b = CONFIG_DRAFT.document["ProductionVariants"]
    with scripted("sagemaker") as (client, script):
        script.add_client_error("create_endpoint_config", *TAKEN)
        config_found(script, [{**a, "InitialInstanceCount": 5}, b])
        SageMakerEndpoints(client, clock).create_config(CONFIG_DRAFT)


@pytest.mark.parametrize("other", [{"ModelName": "other"}, {"InstanceType": "ml.m5.xlarge"}])
def test_config_name_taken_by_other_content_is_refused(other: dict[str, str]) -> None:
    a, b = CONFIG_DRAFT.document["ProductionVariants"]
    with scripted("sagemaker") as (client, script):
        script.add_client_error("create_endpoint_config", *TAKEN)
        config_found(script, [{**a, **other}, b])
        with pytest.raises(ResourceExists):
            SageMakerEndpoints(client, clock).create_config(CONFIG_DRAFT)


def test_name_that_is_taken_yet_not_shown_is_worth_trying_again() -> None:
    with scripted("sagemaker") as (client, script):
        script.add_client_error("create_endpoint_config", *TAKEN)
        script.add_client_error(
            "describe_endpoint_config", "ValidationException", 'Could not find endpoint configuration "x".'
        )
        with pytest.raises(TransientError):
            SageMakerEndpoints(client, clock).create_config(CONFIG_DRAFT)


def model_draft(container: dict[str, Any]) -> ModelRecord:
    role = MODEL["ExecutionRoleArn"]
    return ModelRecord(name="m", arn="", document={"PrimaryContainer": container, "ExecutionRoleArn": role})


def create_over_existing(container: dict[str, Any], existing: dict[str, Any]) -> None:
    with scripted("sagemaker") as (client, script):
        script.add_client_error("create_model", "ValidationException", 'Cannot create already existing model "x".')
        script.add_response("describe_model", {**MODEL, "PrimaryContainer": existing})
        no_tags(script)
        SageMakerEndpoints(client, clock).create_model(model_draft(container))


PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/Sentiment/4"


def test_model_by_package_that_exists_with_the_packages_own_members_filled_in_is_success() -> None:
    create_over_existing(
        {"ModelPackageName": PACKAGE, "Environment": {"A": "1"}},
        {"ModelPackageName": PACKAGE.lower(), "Environment": {"A": "1", "SAGEMAKER_PROGRAM": "x"}, "Image": "repo:1"},
    )


@pytest.mark.parametrize(
    "existing",
    [
        {"Image": "repo:1", "Environment": {"A": "1", "B": "2"}},
        {"Image": "repo:2", "Environment": {"A": "1"}},
        {"Image": "repo:1"},
    ],
)
def test_model_name_taken_by_other_content_is_refused(existing: dict[str, Any]) -> None:
    with pytest.raises(ResourceExists):
        create_over_existing({"Image": "repo:1", "Environment": {"A": "1"}}, existing)


def test_missing_subscription_names_the_package() -> None:
    with scripted("sagemaker") as (client, script):
        script.add_client_error(
            "create_model", "ValidationException", "Caller is not subscribed to the marketplace offering."
        )
        with pytest.raises(NotSubscribed) as caught:
            SageMakerEndpoints(client, clock).create_model(model_draft({"ModelPackageName": PACKAGE}))
    assert caught.value.package == "Sentiment/4"


# update


def test_update_keeps_live_counts_and_weights() -> None:
    with scripted("sagemaker") as (client, script):
        asked = {"EndpointName": "stt-prod", "EndpointConfigName": "stt-v2", "RetainAllVariantProperties": True}
        script.add_response("update_endpoint", {"EndpointArn": ENDPOINT["EndpointArn"]}, asked)
        SageMakerEndpoints(client, clock).update("stt-prod", "stt-v2")


def test_update_for_another_count_takes_counts_from_the_config_and_still_keeps_weights() -> None:
    with scripted("sagemaker") as (client, script):
        asked = {
            "EndpointName": "stt-prod",
            "EndpointConfigName": "stt-v2",
            "RetainAllVariantProperties": True,
            "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredInstanceCount"}],
        }
        script.add_response("update_endpoint", {"EndpointArn": ENDPOINT["EndpointArn"]}, asked)
        SageMakerEndpoints(client, clock).update("stt-prod", "stt-v2", counts_from_config=True)


def test_update_takes_weights_from_the_config_and_a_deployment_where_they_are_given() -> None:
    policy = {
        "TrafficRoutingConfiguration": {
            "Type": "CANARY",
            "WaitIntervalInSeconds": 600,
            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 10},
        },
        "TerminationWaitInSeconds": 300,
    }
    deployment = {
        "BlueGreenUpdatePolicy": policy,
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "bot-stt-prod-r7k2-errors"}]},
    }
    with scripted("sagemaker") as (client, script):
        asked = {
            "EndpointName": "stt-prod",
            "EndpointConfigName": "stt-v2",
            "RetainAllVariantProperties": True,
            "ExcludeRetainedVariantProperties": [
                {"VariantPropertyType": "DesiredInstanceCount"},
                {"VariantPropertyType": "DesiredWeight"},
            ],
            "DeploymentConfig": deployment,
        }
        script.add_response("update_endpoint", {"EndpointArn": ENDPOINT["EndpointArn"]}, asked)
        endpoints = SageMakerEndpoints(client, clock)
        endpoints.update("stt-prod", "stt-v2", counts_from_config=True, weights_from_config=True, deployment=deployment)


def test_weights_and_counts_are_set_by_variant_in_one_request() -> None:
    with scripted("sagemaker") as (client, script):
        asked = {
            "EndpointName": "stt-prod",
            "DesiredWeightsAndCapacities": [
                {"VariantName": "AllTraffic", "DesiredWeight": 0.0, "DesiredInstanceCount": 1},
                {"VariantName": "AllTraffic-next", "DesiredWeight": 1.0},
            ],
        }
        script.add_response("update_endpoint_weights_and_capacities", {"EndpointArn": ENDPOINT["EndpointArn"]}, asked)
        SageMakerEndpoints(client, clock).set_weights_and_capacities(
            "stt-prod", {"AllTraffic": 0.0, "AllTraffic-next": 1.0}, {"AllTraffic": 1}
        )


def test_update_of_a_busy_endpoint_is_told_as_such() -> None:
    with scripted("sagemaker") as (client, script):
        script.add_client_error(
            "update_endpoint",
            "ValidationException",
            f'Cannot update in-progress endpoint "{ACCOUNT}:endpoint/stt-prod".',
        )
        with pytest.raises(ResourceBusy):
            SageMakerEndpoints(client, clock).update("stt-prod", "stt-v2")


def an_update(endpoints: SageMakerEndpoints) -> None:
    endpoints.update("stt-prod", "stt-v2")


def a_creation(endpoints: SageMakerEndpoints) -> None:
    endpoints.create("stt-prod", "stt-v2", {"rollout:id": "rabc2345"})


def a_deletion(endpoints: SageMakerEndpoints) -> None:
    endpoints.delete("stt-prod")


def test_an_endpoint_is_created_with_its_tags_and_what_is_there_already_is_told() -> None:
    with scripted("sagemaker") as (client, script):
        asked = {
            "EndpointName": "stt-prod",
            "EndpointConfigName": "stt-v2",
            "Tags": [{"Key": "rollout:id", "Value": "rabc2345"}],
        }
        script.add_response("create_endpoint", {"EndpointArn": ENDPOINT["EndpointArn"]}, asked)
        a_creation(SageMakerEndpoints(client, clock))
        script.add_client_error(
            "create_endpoint",
            "ValidationException",
            f'Cannot create already existing endpoint "{ACCOUNT}:endpoint/stt-prod".',
        )
        with pytest.raises(ResourceExists):
            a_creation(SageMakerEndpoints(client, clock))


def test_an_endpoint_is_deleted_and_one_that_is_busy_or_gone_is_told() -> None:
    with scripted("sagemaker") as (client, script):
        script.add_response("delete_endpoint", {}, {"EndpointName": "stt-prod"})
        a_deletion(SageMakerEndpoints(client, clock))
        for message, error in (
            (f'Cannot update in-progress endpoint "{ACCOUNT}:endpoint/stt-prod".', ResourceBusy),
            (f'Could not find endpoint "{ACCOUNT}:endpoint/stt-prod".', ResourceMissing),
        ):
            script.add_client_error("delete_endpoint", "ValidationException", message)
            with pytest.raises(error):
                a_deletion(SageMakerEndpoints(client, clock))


def new_weights(endpoints: SageMakerEndpoints) -> None:
    endpoints.set_weights_and_capacities("stt-prod", {"A": 0.0, "B": 1.0})


@pytest.mark.parametrize(
    "answer",
    [
        Answer(hangs_up=True),
        Answer(is_silent=True),
        Answer({"__type": "InternalFailure"}, status=500),
        Answer(b"<html>Bad gateway</html>", status=502),
    ],
    ids=["connection lost", "no answer in time", "internal failure", "bad gateway"],
)
@pytest.mark.parametrize("change", [an_update, new_weights, a_creation, a_deletion])
def test_a_change_is_one_request_and_its_outcome_unknown_when_the_answer_is_lost(
    answer: Answer, change: Callable[[SageMakerEndpoints], None]
) -> None:
    with serving(always(answer)) as stub:
        client = make_client("sagemaker", endpoint_url=stub.url)
        with pytest.raises(TransientError) as caught:
            change(SageMakerEndpoints(client, clock))
        client.close()
        assert len(stub.asked) == 1
    assert caught.value.outcome_unknown


def test_throttled_update_is_one_request_and_was_not_carried_out() -> None:
    throttled = Answer({"__type": "ThrottlingException", "message": "Rate exceeded"}, status=400)
    with serving(always(throttled)) as stub:
        client = make_client("sagemaker", endpoint_url=stub.url)
        with pytest.raises(TransientError) as caught:
            SageMakerEndpoints(client, clock).update("stt-prod", "stt-v2")
        client.close()
        assert len(stub.asked) == 1
    assert not caught.value.outcome_unknown


def test_refused_connection_means_that_nothing_was_carried_out() -> None:
    with serving(always(Answer())) as stub:
        url = stub.url
    client = make_client("sagemaker", endpoint_url=url)
    with pytest.raises(TransientError) as caught:
        SageMakerEndpoints(client, clock).update("stt-prod", "stt-v2")
    client.close()
    assert not caught.value.outcome_unknown


def test_a_client_that_retries_by_itself_is_not_accepted() -> None:
    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    with pytest.raises(ValueError, match="total_max_attempts=1"):
        SageMakerEndpoints(client, clock)
