"""Application Auto Scaling: what is registered, what goes with it, and what registering does to the live count."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.scenarios import ScenarioRefused

from .local import LocalAws

SERVICE = "application-autoscaling"
VARIANT = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/sentiment-prod/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


def described(aws: LocalAws, what: str, **more: Any) -> list[dict[str, Any]]:
    return list(aws.ask(f"Describe{what}", SERVICE, ServiceNamespace="sagemaker", **more)[what])


def test_the_sample_fleet_scales_one_variant(aws: LocalAws) -> None:
    (target,) = described(aws, "ScalableTargets")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 8)
    assert described(aws, "ScalingPolicies")[0]["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 200.0
    assert described(aws, "ScheduledActions")[0]["Timezone"] == "Europe/Berlin"


def test_deregistering_deletes_policies_and_scheduled_actions(aws: LocalAws) -> None:
    aws.ask("DeregisterScalableTarget", SERVICE, **VARIANT)
    for what in ("ScalableTargets", "ScalingPolicies", "ScheduledActions"):
        assert described(aws, what) == []
    assert aws.refusal("DeregisterScalableTarget", SERVICE, **VARIANT).code == "ObjectNotFoundException"


def test_what_was_described_can_be_put_back(aws: LocalAws) -> None:
    (target,), (policy,), (action,) = (
        described(aws, what) for what in ("ScalableTargets", "ScalingPolicies", "ScheduledActions")
    )
    aws.ask("DeregisterScalableTarget", SERVICE, **VARIANT)
    aws.ask("RegisterScalableTarget", SERVICE, **VARIANT, MinCapacity=2, MaxCapacity=8)
    for operation, saved, dropped in (
        ("PutScalingPolicy", policy, {"PolicyARN", "CreationTime", "Alarms"}),
        ("PutScheduledAction", action, {"ScheduledActionARN", "CreationTime"}),
    ):
        aws.ask(operation, SERVICE, **{key: value for key, value in saved.items() if key not in dropped})
    changing = {"CreationTime", "PolicyARN", "ScheduledActionARN", "ScalableTargetARN"}
    for what, saved in (("ScalableTargets", target), ("ScalingPolicies", policy), ("ScheduledActions", action)):
        (again,) = described(aws, what)
        assert {k: v for k, v in again.items() if k not in changing} == {
            k: v for k, v in saved.items() if k not in changing
        }


def test_registering_again_changes_only_what_is_given(aws: LocalAws) -> None:
    aws.ask("RegisterScalableTarget", SERVICE, **VARIANT, SuspendedState={"ScheduledScalingSuspended": True})
    (target,) = described(aws, "ScalableTargets")
    assert (target["MinCapacity"], target["MaxCapacity"]) == (2, 8)
    assert target["SuspendedState"] == {
        "DynamicScalingInSuspended": False,
        "DynamicScalingOutSuspended": False,
        "ScheduledScalingSuspended": True,
    }


def test_registering_clamps_the_live_count_into_the_bounds(aws: LocalAws) -> None:
    aws.ask("RegisterScalableTarget", SERVICE, **VARIANT, MinCapacity=6, MaxCapacity=8)
    assert aws.describe()["EndpointStatus"] == "Updating"
    assert aws.until_settled()[-1]["ProductionVariants"][0]["CurrentInstanceCount"] == 6


def test_only_variants_that_exist_can_be_registered(aws: LocalAws) -> None:
    other = VARIANT | {"ResourceId": "endpoint/nope/variant/AllTraffic"}
    assert (
        aws.refusal("RegisterScalableTarget", SERVICE, **other, MinCapacity=1, MaxCapacity=2).code
        == "ValidationException"
    )


def test_a_new_target_needs_both_bounds_in_order(aws: LocalAws) -> None:
    other = VARIANT | {"ResourceId": "endpoint/product-perception/variant/AllTraffic"}
    assert aws.refusal("RegisterScalableTarget", SERVICE, **other, MinCapacity=1).code == "ValidationException"
    assert (
        aws.refusal("RegisterScalableTarget", SERVICE, **other, MinCapacity=3, MaxCapacity=2).code
        == "ValidationException"
    )
    assert len(described(aws, "ScalableTargets")) == 1


def test_a_dimension_is_accepted_only_with_resource_ids(aws: LocalAws) -> None:
    dimension = {"ScalableDimension": VARIANT["ScalableDimension"]}
    refused = aws.refusal("DescribeScalableTargets", SERVICE, ServiceNamespace="sagemaker", **dimension)
    assert refused.code == "ValidationException"
    assert len(described(aws, "ScalableTargets", ResourceIds=[VARIANT["ResourceId"]], **dimension)) == 1
    assert described(aws, "ScalableTargets", ResourceIds=["endpoint/stt-prod/variant/AllTraffic"]) == []


def test_policies_need_a_target(aws: LocalAws) -> None:
    other = VARIANT | {"ResourceId": "endpoint/stt-prod/variant/AllTraffic"}
    refused = aws.refusal("PutScalingPolicy", SERVICE, **other, PolicyName="p", PolicyType="TargetTrackingScaling")
    assert refused.code == "ObjectNotFoundException"


def test_suspended_scaling_changes_no_count(aws: LocalAws) -> None:
    aws.ask("RegisterScalableTarget", SERVICE, **VARIANT, SuspendedState={"DynamicScalingOutSuspended": True})
    with pytest.raises(ScenarioRefused, match="Scaling out is suspended"):
        aws.scenario("autoscaled", count=6)
    aws.scenario("autoscaled", count=3)
    assert aws.describe()["ProductionVariants"][0]["DesiredInstanceCount"] == 3


def test_a_scaling_that_fails_rolls_back_to_the_former_count(aws: LocalAws) -> None:
    aws.scenario("scaling-fails")
    wanted = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 6}]
    ask = {"EndpointName": "sentiment-prod", "DesiredWeightsAndCapacities": wanted}
    aws.ask("UpdateEndpointWeightsAndCapacities", **ask)
    aws.clock.advance(185)
    assert aws.describe()["EndpointStatus"] == "RollingBack"
    aws.clock.advance(60)
    after = aws.describe()
    assert (after["EndpointStatus"], after["ProductionVariants"][0]["CurrentInstanceCount"]) == ("InService", 4)
    assert "InsufficientInstanceCapacity" in after["FailureReason"]
    aws.ask("UpdateEndpointWeightsAndCapacities", **ask)
    assert aws.until_settled()[-1]["ProductionVariants"][0]["CurrentInstanceCount"] == 6
