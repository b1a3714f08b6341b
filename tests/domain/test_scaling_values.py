"""What scales an endpoint, as a value."""

import pytest
from fakes.surroundings import a_target

from bot.domain.scaling import SUSPENDED_SWITCHES, ScalableTarget, Scaling

TARGET = a_target("stt-prod", minimum=2, maximum=8)


def tracking(**specification: object) -> ScalableTarget:
    policy = {"PolicyName": "p", "TargetTrackingScalingPolicyConfiguration": {"TargetValue": 70.0, **specification}}
    return TARGET.model_copy(update={"policies": (policy,)})


def test_limits_are_read_from_the_document():
    assert (TARGET.minimum, TARGET.maximum) == (2, 8)


def test_a_variant_is_found_by_name_and_others_are_not_scaled():
    scaling = Scaling(targets=(TARGET,))
    assert scaling.of("AllTraffic") is TARGET
    assert scaling.of("other") is None
    assert Scaling().of("AllTraffic") is None


@pytest.mark.parametrize("running", [None, *SUSPENDED_SWITCHES])
def test_only_a_target_with_every_switch_set_stands_still(running: str | None):
    state = {switch: switch != running for switch in SUSPENDED_SWITCHES}
    target = a_target("stt-prod", SuspendedState=state)
    assert target.is_suspended is (running is None)


def test_a_target_that_says_nothing_of_suspension_is_running():
    document = {member: content for member, content in TARGET.document.items() if member != "SuspendedState"}
    assert not TARGET.model_copy(update={"document": document}).is_suspended


@pytest.mark.parametrize(
    ("specification", "metric"),
    [
        (
            {"PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}},
            "SageMakerVariantInvocationsPerInstance",
        ),
        ({"CustomizedMetricSpecification": {"MetricName": "CPUUtilization", "Namespace": "x"}}, "CPUUtilization"),
        ({"CustomizedMetricSpecification": {"Metrics": [{"Id": "e1"}]}}, "a metric expression"),
    ],
)
def test_what_target_tracking_holds_is_named_with_its_value(specification: dict[str, object], metric: str):
    assert tracking(**specification).tracked == ((metric, 70.0),)


def test_step_scaling_holds_nothing():
    steps = {"PolicyName": "s", "StepScalingPolicyConfiguration": {"AdjustmentType": "ExactCapacity"}}
    assert TARGET.model_copy(update={"policies": (steps,)}).tracked == ()
