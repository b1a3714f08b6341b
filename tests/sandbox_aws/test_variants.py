"""Endpoints with several variants, and variants with several instance types."""

from __future__ import annotations

from typing import Any

import pytest

from .local import ALL_TRAFFIC, LocalAws
from .test_metrics import series

PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/product-perception/2"
POOLS = [
    {"InstanceType": "ml.c5.xlarge", "Priority": 2},
    {"InstanceType": "ml.m5.2xlarge", "Priority": 1},
]


def bridge(aws: LocalAws, model: str, old_weight: float = 9.0, new_weight: float = 1.0) -> None:
    """Put a second variant with another model beside the first one, both under one config."""
    current = aws.ask("DescribeEndpointConfig", EndpointConfigName="product-perception-config-v1")
    old = current["ProductionVariants"][0] | {"InitialVariantWeight": old_weight}
    new = old | {"VariantName": f"{ALL_TRAFFIC}-next", "ModelName": model, "InitialVariantWeight": new_weight}
    aws.ask("CreateEndpointConfig", EndpointConfigName="bridge", ProductionVariants=[old, new])
    aws.ask("UpdateEndpoint", EndpointName="product-perception", EndpointConfigName="bridge")
    aws.until_settled("product-perception")


def model(aws: LocalAws, name: str = "pp-next", package: str = PACKAGE) -> str:
    aws.ask("CreateModel", ModelName=name, PrimaryContainer={"ModelPackageName": package})
    return name


def weigh(aws: LocalAws, **weights: float) -> None:
    wanted = [{"VariantName": name.replace("_", "-"), "DesiredWeight": weight} for name, weight in weights.items()]
    ask = {"EndpointName": "product-perception", "DesiredWeightsAndCapacities": wanted}
    aws.ask("UpdateEndpointWeightsAndCapacities", **ask)


def requests(aws: LocalAws, variant: str = ALL_TRAFFIC, minutes: int = 20) -> float:
    return sum(series(aws, minutes, "Invocations", endpoint="product-perception", VariantName=variant))


def error_ratio(aws: LocalAws, variant: str, **dimensions: str) -> float:
    found = series(
        aws, 20, "Invocation5XXErrors", "Average", 1200, "product-perception", VariantName=variant, **dimensions
    )
    return found[0]


def test_a_version_is_as_good_as_its_own_model_beside_another(aws: LocalAws) -> None:
    bridge(aws, model(aws), old_weight=1.0)
    aws.clock.advance(1200)
    assert error_ratio(aws, ALL_TRAFFIC) < 0.01
    assert error_ratio(aws, f"{ALL_TRAFFIC}-next") == pytest.approx(0.05, rel=0.4)
    assert error_ratio(aws, f"{ALL_TRAFFIC}-next", EndpointConfigName="bridge") > 0.02


def test_a_slower_version_is_the_new_variant_alone_and_stays_slow_under_the_old_name(aws: LocalAws) -> None:
    def median(variant: str) -> float:
        return series(aws, 20, "ModelLatency", "p50", 1200, "product-perception", VariantName=variant)[0]

    usual = median(ALL_TRAFFIC)
    aws.scenario("slower-version", "product-perception", factor=3.0)
    bridge(aws, model(aws), old_weight=1.0)
    aws.clock.advance(1200)
    assert median(ALL_TRAFFIC) / usual == pytest.approx(1.0, rel=0.1)
    assert median(f"{ALL_TRAFFIC}-next") / usual == pytest.approx(3.0, rel=0.1)
    aws.new_config("product-perception", "target", VariantName=ALL_TRAFFIC, ModelName="pp-next")
    aws.ask("UpdateEndpoint", EndpointName="product-perception", EndpointConfigName="target")
    aws.until_settled("product-perception")
    aws.clock.advance(1200)
    assert median(ALL_TRAFFIC) / usual == pytest.approx(3.0, rel=0.1)


def test_weights_move_live_and_the_status_tells_when_they_have(aws: LocalAws) -> None:
    bridge(aws, model(aws))
    aws.clock.advance(1200)
    assert requests(aws, f"{ALL_TRAFFIC}-next") / requests(aws) == pytest.approx(1 / 9, rel=0.3)
    weigh(aws, AllTraffic=0.0, AllTraffic_next=1.0)
    during = aws.describe("product-perception")
    assert during["EndpointStatus"] == "Updating"
    assert "PendingDeploymentSummary" not in during
    assert [(v["CurrentWeight"], v["DesiredWeight"]) for v in during["ProductionVariants"]] == [(9.0, 0.0), (1.0, 1.0)]
    after = aws.until_settled("product-perception")[-1]
    assert [v["CurrentWeight"] for v in after["ProductionVariants"]] == [0.0, 1.0]
    aws.clock.advance(1200)
    assert requests(aws, minutes=19) == 0
    assert requests(aws, f"{ALL_TRAFFIC}-next", minutes=19) > 1000


def test_weights_and_counts_may_change_in_one_call(aws: LocalAws) -> None:
    bridge(aws, model(aws))
    wanted = [
        {"VariantName": ALL_TRAFFIC, "DesiredWeight": 1.0},
        {"VariantName": f"{ALL_TRAFFIC}-next", "DesiredWeight": 1.0, "DesiredInstanceCount": 3},
    ]
    ask = {"EndpointName": "product-perception", "DesiredWeightsAndCapacities": wanted}
    aws.ask("UpdateEndpointWeightsAndCapacities", **ask)
    after = aws.until_settled("product-perception")[-1]
    shown = [(v["CurrentWeight"], v["CurrentInstanceCount"]) for v in after["ProductionVariants"]]
    assert shown == [(1.0, 1), (1.0, 3)]


def test_counts_beyond_the_quota_unknown_variants_and_several_counts_are_refused(aws: LocalAws) -> None:
    for wanted, code in (
        ([{"VariantName": ALL_TRAFFIC, "DesiredInstanceCount": 11}], "ResourceLimitExceeded"),
        ([{"VariantName": "Nobody", "DesiredWeight": 1.0}], "ValidationException"),
        ([{"VariantName": name, "DesiredInstanceCount": 2} for name in (ALL_TRAFFIC, "B")], "ValidationException"),
    ):
        ask = {"EndpointName": "product-perception", "DesiredWeightsAndCapacities": wanted}
        assert aws.refusal("UpdateEndpointWeightsAndCapacities", **ask).code == code


@pytest.mark.parametrize("size", [{"Type": "CAPACITY_PERCENT", "Value": 10}, {"Type": "INSTANCE_COUNT", "Value": 1}])
def test_there_is_no_part_of_a_single_instance(aws: LocalAws, size: dict[str, Any]) -> None:
    aws.new_config("product-perception")
    routing = {"Type": "CANARY", "CanarySize": size, "WaitIntervalInSeconds": 60}
    policy = {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}}
    ask = {"EndpointName": "product-perception", "EndpointConfigName": "next", "DeploymentConfig": policy}
    assert "CanarySize must be" in aws.refusal("UpdateEndpoint", **ask).message


def test_limits_are_those_of_the_fleet_that_will_run(aws: LocalAws) -> None:
    """The config says 2 instances and 4 are live: what may be a part depends on whether they are retained."""
    aws.new_config()
    size = {"Type": "INSTANCE_COUNT", "Value": 2}
    routing = {"Type": "CANARY", "CanarySize": size, "WaitIntervalInSeconds": 60}
    policy = {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}}
    ask = {"EndpointName": "sentiment-prod", "EndpointConfigName": "next", "DeploymentConfig": policy}
    assert "CanarySize must be" in aws.refusal("UpdateEndpoint", **ask).message
    aws.ask("UpdateEndpoint", **ask, RetainAllVariantProperties=True)


def pooled(aws: LocalAws, count: int = 2) -> None:
    variant = {"VariantName": "A", "ModelName": "product-perception-v1", "InitialInstanceCount": count}
    variants = [variant | {"InstancePools": POOLS}]
    aws.ask("CreateEndpointConfig", EndpointConfigName="pooled", ProductionVariants=variants)


def test_the_preferred_pool_runs_and_all_pools_are_shown(aws: LocalAws) -> None:
    pooled(aws)
    aws.ask("CreateEndpoint", EndpointName="mixed", EndpointConfigName="pooled")
    pending = aws.describe("mixed")["PendingDeploymentSummary"]["ProductionVariants"][0]
    assert [pool["InstanceType"] for pool in pending["InstancePools"]] == ["ml.m5.2xlarge", "ml.c5.xlarge"]
    (variant,) = aws.until_settled("mixed")[-1]["ProductionVariants"]
    assert [pool["CurrentInstanceCount"] for pool in variant["InstancePools"]] == [2, 0]


def test_an_exhausted_pool_gives_way_to_the_next(aws: LocalAws) -> None:
    aws.scenario("insufficient-capacity", None, when="always", instance_type="ml.m5.2xlarge")
    pooled(aws)
    aws.ask("CreateEndpoint", EndpointName="mixed", EndpointConfigName="pooled")
    after = aws.until_settled("mixed")[-1]
    assert after["EndpointStatus"] == "InService"
    assert [pool["CurrentInstanceCount"] for pool in after["ProductionVariants"][0]["InstancePools"]] == [0, 2]


def test_every_pool_needs_quota(aws: LocalAws) -> None:
    aws.scenario("low-quota", None, instance_type="ml.c5.xlarge", limit=1)
    pooled(aws)
    refused = aws.refusal("CreateEndpoint", EndpointName="mixed", EndpointConfigName="pooled")
    assert refused.code == "ResourceLimitExceeded"
    assert "ml.c5.xlarge for endpoint usage" in refused.message


def test_scaled_variants_keep_their_pools(aws: LocalAws) -> None:
    pooled(aws)
    aws.ask("CreateEndpoint", EndpointName="mixed", EndpointConfigName="pooled")
    aws.until_settled("mixed")
    scaled = {
        "ServiceNamespace": "sagemaker",
        "ResourceId": "endpoint/mixed/variant/A",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    aws.ask("RegisterScalableTarget", "application-autoscaling", **scaled, MinCapacity=1, MaxCapacity=4)
    aws.new_config("mixed", InstancePools=POOLS[:1])
    ask = {"EndpointName": "mixed", "EndpointConfigName": "next"}
    assert "registered as a scalable target" in aws.refusal("UpdateEndpoint", **ask).message
    aws.ask("DeregisterScalableTarget", "application-autoscaling", **scaled)
    aws.ask("UpdateEndpoint", **ask)


def test_a_running_update_tells_the_types_that_it_starts(aws: LocalAws) -> None:
    aws.update("stt-prod")
    pending = aws.describe("stt-prod")["PendingDeploymentSummary"]["ProductionVariants"][0]
    assert (pending["InstanceType"], pending["DesiredInstanceCount"]) == ("ml.g5.2xlarge", 2)


def test_shadow_variants_run_and_count_beside_the_production_variant(aws: LocalAws) -> None:
    current = aws.ask("DescribeEndpointConfig", EndpointConfigName="product-perception-config-v1")
    (variant,) = current["ProductionVariants"]
    shadow = variant | {"VariantName": "Shadow", "ModelName": model(aws), "InitialInstanceCount": 3}
    ask = {"EndpointConfigName": "shadowed", "ProductionVariants": [variant], "ShadowProductionVariants": [shadow]}
    aws.ask("CreateEndpointConfig", **ask)
    aws.ask("UpdateEndpoint", EndpointName="product-perception", EndpointConfigName="shadowed")
    (coming,) = aws.describe("product-perception")["PendingDeploymentSummary"]["ShadowProductionVariants"]
    assert (coming["InstanceType"], coming["DesiredInstanceCount"]) == ("ml.m5.large", 3)
    (live,) = aws.until_settled("product-perception")[-1]["ShadowProductionVariants"]
    assert (live["VariantName"], live["CurrentInstanceCount"]) == ("Shadow", 3)
    config = aws.new_config("product-perception", "big", InitialInstanceCount=7)
    refused = aws.refusal("CreateEndpoint", EndpointName="other", EndpointConfigName=config)
    assert "with current utilization of 4 Instances" in refused.message


@pytest.mark.parametrize(("weight", "copied"), [(1.0, 1.0), (0.5, 0.5), (3.0, 1.0)])
def test_a_shadow_gets_copies_of_its_share_of_the_requests_and_takes_none_away(
    aws: LocalAws, weight: float, copied: float
) -> None:
    (variant,) = aws.ask("DescribeEndpointConfig", EndpointConfigName="product-perception-config-v1")[
        "ProductionVariants"
    ]
    shadow = variant | {"VariantName": "Shadow", "ModelName": model(aws), "InitialVariantWeight": weight}
    served = variant | {"InitialVariantWeight": 1.0}
    ask = {"EndpointConfigName": "shadowed", "ProductionVariants": [served], "ShadowProductionVariants": [shadow]}
    aws.ask("CreateEndpointConfig", **ask)
    aws.ask("UpdateEndpoint", EndpointName="product-perception", EndpointConfigName="shadowed")
    aws.until_settled("product-perception")
    alone = requests(aws)
    aws.clock.advance(1200)
    assert requests(aws) == pytest.approx(alone, rel=0.2), "callers are served as before"
    assert requests(aws, "Shadow") == pytest.approx(copied * requests(aws), rel=0.15)
    assert error_ratio(aws, "Shadow") > 0.02, "the shadow's errors are its own"
    assert error_ratio(aws, ALL_TRAFFIC) < 0.01
