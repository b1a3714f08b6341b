"""What SageMaker refuses, with the codes and texts that clients match on."""

from __future__ import annotations

import re

import pytest

from .local import LocalAws

MARKETPLACE = "arn:aws:sagemaker:us-east-1:865070037744:model-package/acme-stt-en-v2-fedcba9876543210fedcba9876543210"
QUOTA_TEXT = re.compile(
    r"limit '(?P<q>[^']+)' is (?P<lim>\d+) \w+, with current utilization of (?P<use>\d+) \w+ "
    r"and a request delta of (?P<delta>\d+)"
)


def routing(**changes: object) -> dict:
    policy = {"Type": "CANARY", "WaitIntervalInSeconds": 60, "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50}}
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": policy | changes}}


@pytest.mark.parametrize(
    ("operation", "params", "message"),
    [
        ("DescribeEndpoint", {"EndpointName": "Nope"}, 'Could not find endpoint "{arn}:endpoint/nope".'),
        ("DeleteEndpoint", {"EndpointName": "Nope"}, 'Could not find endpoint "{arn}:endpoint/nope".'),
        (
            "UpdateEndpoint",
            {"EndpointName": "sentiment-prod", "EndpointConfigName": "Nope"},
            'Could not find endpoint configuration "{arn}:endpoint-config/nope".',
        ),
        (
            "DescribeEndpointConfig",
            {"EndpointConfigName": "Nope"},
            'Could not find endpoint configuration "{arn}:endpoint-config/nope".',
        ),
        ("DescribeModel", {"ModelName": "Nope"}, 'Could not find model "{arn}:model/nope".'),
        (
            "CreateEndpoint",
            {"EndpointName": "SENTIMENT-prod", "EndpointConfigName": "sentiment-prod-config-v3"},
            'Cannot create already existing endpoint "{arn}:endpoint/sentiment-prod".',
        ),
        (
            "CreateModel",
            {"ModelName": "sentiment-v3", "PrimaryContainer": {"Image": "repo/x:1"}},
            'Cannot create already existing model "{arn}:model/sentiment-v3".',
        ),
        (
            "CreateEndpointConfig",
            {
                "EndpointConfigName": "sentiment-prod-config-v3",
                "ProductionVariants": [{"VariantName": "A", "ModelName": "sentiment-v3"}],
            },
            'Cannot create already existing endpoint configuration "{arn}:endpoint-config/sentiment-prod-config-v3".',
        ),
        (
            "CreateEndpointConfig",
            {
                "EndpointConfigName": "other",
                "ProductionVariants": [
                    {"VariantName": "A", "ModelName": "nope", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
                ],
            },
            'Could not find model "{arn}:model/nope".',
        ),
        (
            "DescribeModelPackage",
            {"ModelPackageName": MARKETPLACE.replace("us-east-1", "us-west-2")},
            "ARN should be scoped to correct region: us-east-1",
        ),
    ],
)
def test_refusals_have_the_codes_and_texts_of_aws(aws: LocalAws, operation: str, params: dict, message: str) -> None:
    refusal = aws.refusal(operation, **params)
    assert refusal.code == "ValidationException"
    assert refusal.message == message.format(arn="arn:aws:sagemaker:us-east-1:123456789012")


def test_a_second_fleet_beyond_the_quota_is_refused_at_once_with_numbers(aws: LocalAws) -> None:
    aws.scenario("low-quota", "stt-prod", limit=3)
    aws.new_config("stt-prod")
    refusal = aws.refusal("UpdateEndpoint", EndpointName="stt-prod", EndpointConfigName="next")
    assert refusal.code == "ResourceLimitExceeded"
    found = QUOTA_TEXT.search(refusal.message)
    assert found is not None
    assert found.groupdict() == {"q": "ml.g5.2xlarge for endpoint usage", "lim": "3", "use": "2", "delta": "2"}
    assert aws.describe("stt-prod")["EndpointStatus"] == "InService"


def test_a_running_update_counts_against_the_quota_of_others(aws: LocalAws) -> None:
    aws.update("stt-prod")
    config = aws.new_config("stt-prod", "big", InitialInstanceCount=5)
    refusal = aws.refusal("CreateEndpoint", EndpointName="second", EndpointConfigName=config)
    assert "current utilization of 4 Instances and a request delta of 5 Instances" in refusal.message


def test_one_endpoint_cannot_have_more_instances_than_the_quota_says(aws: LocalAws) -> None:
    config = aws.new_config("product-perception", InstanceType="ml.m5.xlarge", InitialInstanceCount=21)
    aws.stand_in.world.home().quotas["L-2F737F8D"] = 100
    refusal = aws.refusal("CreateEndpoint", EndpointName="huge", EndpointConfigName=config)
    assert "'Maximum number of instances per endpoint' is 20 Instances" in refusal.message


def test_a_scaled_variant_may_get_another_model(aws: LocalAws) -> None:
    aws.ask("CreateModel", ModelName="other", PrimaryContainer={"Image": "repo/x:1"})
    aws.new_config(ModelName="other")
    aws.ask("UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName="next")


@pytest.mark.parametrize("change", [{"InstanceType": "ml.m5.2xlarge"}, {"VariantName": "Other"}])
def test_a_scaled_variant_can_neither_change_its_type_nor_go(aws: LocalAws, change: dict) -> None:
    aws.new_config(**change)
    refusal = aws.refusal("UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName="next")
    assert "registered as a scalable target" in refusal.message
    aws.ask(
        "DeregisterScalableTarget",
        "application-autoscaling",
        ServiceNamespace="sagemaker",
        ResourceId="endpoint/sentiment-prod/variant/AllTraffic",
        ScalableDimension="sagemaker:variant:DesiredInstanceCount",
    )
    aws.ask("UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName="next")


def test_a_real_time_endpoint_cannot_become_serverless_but_the_way_back_is_open(aws: LocalAws) -> None:
    serverless = {
        "VariantName": "AllTraffic",
        "ModelName": "product-perception-v1",
        "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5},
    }
    aws.ask("CreateEndpointConfig", EndpointConfigName="serverless", ProductionVariants=[serverless])
    refusal = aws.refusal("UpdateEndpoint", EndpointName="product-perception", EndpointConfigName="serverless")
    assert refusal.message.startswith("Cannot convert real-time endpoint")
    aws.ask("UpdateEndpoint", EndpointName="credibility", EndpointConfigName="product-perception-config-v1")


@pytest.mark.parametrize(
    "policy",
    [
        {**routing(), "RollingUpdatePolicy": {"MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1}, "WaitIntervalInSeconds": 0}},
        routing(CanarySize={"Type": "CAPACITY_PERCENT", "Value": 51}),
        routing(CanarySize={"Type": "INSTANCE_COUNT", "Value": 2}),
        routing(Type="LINEAR"),
        routing(Type="ALL_AT_ONCE"),
        {"RollingUpdatePolicy": {"MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 51}, "WaitIntervalInSeconds": 0}},
        {
            "BlueGreenUpdatePolicy": {
                "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
                "TerminationWaitInSeconds": 700,
                "MaximumExecutionTimeoutInSeconds": 600,
            }
        },
    ],
)  # fmt: skip
def test_contradictory_deployment_policies_are_refused(aws: LocalAws, policy: dict) -> None:
    aws.new_config()
    refusal = aws.refusal(
        "UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName="next", DeploymentConfig=policy
    )
    assert refusal.code == "ValidationException"
    assert aws.describe()["EndpointStatus"] == "InService"


def test_a_deployment_policy_needs_the_same_variant_names(aws: LocalAws) -> None:
    aws.new_config("product-perception", VariantName="Other")
    ask = {"EndpointName": "product-perception", "EndpointConfigName": "next"}
    policy = {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0}}
    }
    assert "variant names" in aws.refusal("UpdateEndpoint", **ask, DeploymentConfig=policy).message
    aws.ask("UpdateEndpoint", **ask)


def test_a_model_needs_an_approved_version(aws: LocalAws) -> None:
    for version, code in ((5, "ValidationException"), (2, "ValidationException"), (4, None)):
        container = {"ModelPackageName": f"arn:aws:sagemaker:us-east-1:123456789012:model-package/sentiment/{version}"}
        ask = {"ModelName": f"sentiment-v{version}", "Containers": [container]}
        if code:
            assert aws.refusal("CreateModel", **ask).code == code
        else:
            aws.ask("CreateModel", **ask)


def test_a_marketplace_model_needs_a_subscription_and_isolation(aws: LocalAws) -> None:
    ask = {"ModelName": "stt-v2", "PrimaryContainer": {"ModelPackageName": MARKETPLACE}}
    assert "EnableNetworkIsolation" in aws.refusal("CreateModel", **ask).message
    aws.scenario("not-subscribed", None)
    refusal = aws.refusal("CreateModel", **ask, EnableNetworkIsolation=True)
    assert refusal.message == "Caller is not subscribed to the marketplace offering."
    aws.stand_in.world.scenarios.clear()
    aws.ask("CreateModel", **ask, EnableNetworkIsolation=True)


def test_both_container_members_at_once_are_refused(aws: LocalAws) -> None:
    container = {"Image": "repo/x:1"}
    refusal = aws.refusal("CreateModel", ModelName="m", PrimaryContainer=container, Containers=[container])
    assert refusal.code == "ValidationException"


def test_accounts_and_regions_do_not_see_each_other(aws: LocalAws) -> None:
    assert aws.ask("ListEndpoints", region="eu-west-1")["Endpoints"] == []
    assert len(aws.ask("ListEndpoints")["Endpoints"]) == 4
