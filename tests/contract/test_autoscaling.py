"""The autoscaling gateway against botocore's service model."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from bot.domain.errors import GatewayError, TransientError
from bot.domain.scaling import ScalableTarget, Scaling
from workers.gateways.autoscaling import ApplicationAutoscaling, is_over

from .clients import NOW, clock, scripted

SERVICE = "application-autoscaling"
RESOURCE = "endpoint/stt-prod/variant/AllTraffic"
INSTANCES = "sagemaker:variant:DesiredInstanceCount"
WHICH = {"ServiceNamespace": "sagemaker", "ResourceId": RESOURCE, "ScalableDimension": INSTANCES}
RUNNING = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}
SUSPENDED = dict.fromkeys(RUNNING, True)
SERVICE_ROLE = (
    "arn:aws:iam::123456789012:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRole"
)
THEN = datetime(2026, 1, 1, tzinfo=UTC)

TARGET = {
    **WHICH,
    "MinCapacity": 1,
    "MaxCapacity": 6,
    "RoleARN": SERVICE_ROLE,
    "CreationTime": THEN,
    "SuspendedState": RUNNING,
    "ScalableTargetARN": "arn:aws:application-autoscaling:us-east-1:123456789012:scalable-target/0abc",
}
TRACKING = {
    "TargetValue": 70.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    "ScaleInCooldown": 300,
    "DisableScaleIn": False,
}
STEPS = {
    "AdjustmentType": "ChangeInCapacity",
    "StepAdjustments": [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 2}],
    "Cooldown": 60,
}
POLICIES = [
    {
        **WHICH,
        "PolicyARN": "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:1:policyName/keep-70",
        "PolicyName": "keep-70",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": TRACKING,
        "Alarms": [{"AlarmName": "TargetTracking-x", "AlarmARN": "arn:aws:cloudwatch:us-east-1:1:alarm:x"}],
        "CreationTime": THEN,
    },
    {
        **WHICH,
        "PolicyARN": "arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:2:policyName/steps",
        "PolicyName": "steps",
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": STEPS,
        "Alarms": [{"AlarmName": "cpu-high", "AlarmARN": "arn:aws:cloudwatch:us-east-1:1:alarm:cpu-high"}],
        "CreationTime": THEN,
    },
]
ACTIONS = [
    {
        **WHICH,
        "ScheduledActionARN": "arn:aws:autoscaling:us-east-1:123456789012:scheduledAction:1:mornings",
        "ScheduledActionName": "mornings",
        "Schedule": "cron(0 7 * * ? *)",
        "Timezone": "Europe/Berlin",
        "StartTime": datetime(2026, 11, 1, tzinfo=UTC),
        "EndTime": datetime(2026, 12, 24, tzinfo=UTC),
        "ScalableTargetAction": {"MinCapacity": 3, "MaxCapacity": 6},
        "CreationTime": THEN,
    }
]


def finds(
    script: Stubber, targets: list[dict[str, Any]], policies: list[dict[str, Any]], actions: list[dict[str, Any]]
) -> None:
    """One look at one variant: its target, and for a target its policies and scheduled actions."""
    asked = {"ServiceNamespace": "sagemaker", "ResourceIds": [RESOURCE]}
    script.add_response("describe_scalable_targets", {"ScalableTargets": targets}, asked)
    script.add_response("describe_scaling_policies", {"ScalingPolicies": policies}, WHICH)
    script.add_response("describe_scheduled_actions", {"ScheduledActions": actions}, WHICH)


def read_one() -> ScalableTarget:
    with scripted(SERVICE) as (client, script):
        finds(script, [TARGET], POLICIES, ACTIONS)
        (target,) = ApplicationAutoscaling(client, clock).read("stt-prod", ["AllTraffic"]).targets
    return target


# what is read


def test_a_target_is_read_with_everything_that_put_takes_and_nothing_else() -> None:
    target = read_one()
    assert target.variant == "AllTraffic"
    assert target.document == {
        "ResourceId": RESOURCE,
        "ScalableDimension": INSTANCES,
        "MinCapacity": 1,
        "MaxCapacity": 6,
        "SuspendedState": RUNNING,
    }
    tracking, steps = target.policies
    assert tracking["TargetTrackingScalingPolicyConfiguration"] == TRACKING
    assert steps["StepScalingPolicyConfiguration"] == STEPS
    for policy in target.policies:
        assert not {"PolicyARN", "Alarms", "CreationTime"} & policy.keys()
    (action,) = target.scheduled
    assert action["Timezone"] == "Europe/Berlin"
    assert action["EndTime"] == "2026-12-24T00:00:00+00:00"
    assert not {"ScheduledActionARN", "CreationTime"} & action.keys()


def test_alarms_that_people_pointed_at_step_scaling_are_known_by_name() -> None:
    assert read_one().step_alarms == ("cpu-high",)


def test_what_was_read_survives_a_stay_in_redis() -> None:
    scaling = Scaling(targets=(read_one(),))
    assert Scaling.model_validate_json(scaling.model_dump_json()) == scaling


def test_a_role_of_ones_own_is_kept() -> None:
    own = "arn:aws:iam::123456789012:role/scaling"
    with scripted(SERVICE) as (client, script):
        finds(script, [{**TARGET, "RoleARN": own}], [], [])
        (target,) = ApplicationAutoscaling(client, clock).read("stt-prod", ["AllTraffic"]).targets
    assert target.document["RoleARN"] == own


def test_all_pages_are_read_and_other_dimensions_left_alone() -> None:
    component = {**TARGET, "ScalableDimension": "sagemaker:inference-component:DesiredCopyCount"}
    with scripted(SERVICE) as (client, script):
        script.add_response("describe_scalable_targets", {"ScalableTargets": [component], "NextToken": "more"})
        script.add_response("describe_scalable_targets", {"ScalableTargets": [TARGET]})
        script.add_response("describe_scaling_policies", {"ScalingPolicies": POLICIES[:1], "NextToken": "more"})
        script.add_response("describe_scaling_policies", {"ScalingPolicies": POLICIES[1:]})
        script.add_response("describe_scheduled_actions", {"ScheduledActions": []})
        scaling = ApplicationAutoscaling(client, clock).read("stt-prod", ["AllTraffic"])
    (target,) = scaling.targets
    assert [policy["PolicyName"] for policy in target.policies] == ["keep-70", "steps"]


def test_an_endpoint_that_is_not_scaled_has_no_targets() -> None:
    with scripted(SERVICE) as (client, script):
        script.add_response("describe_scalable_targets", {"ScalableTargets": []})
        assert ApplicationAutoscaling(client, clock).read("stt-prod", ["AllTraffic"]) == Scaling()


# stopping


def test_suspending_sends_nothing_but_the_switches() -> None:
    target = read_one()
    with scripted(SERVICE) as (client, script):
        script.add_response("register_scalable_target", {}, {**WHICH, "SuspendedState": SUSPENDED})
        ApplicationAutoscaling(client, clock).suspend(target)


def test_a_target_that_is_gone_already_counts_as_deregistered() -> None:
    target = read_one()
    with scripted(SERVICE) as (client, script):
        script.add_response("deregister_scalable_target", {}, WHICH)
        script.add_client_error("deregister_scalable_target", "ObjectNotFoundException", "No scalable target found")
        scaling = ApplicationAutoscaling(client, clock)
        scaling.deregister(target)
        scaling.deregister(target)


def test_a_change_by_somebody_else_at_that_moment_is_worth_trying_again() -> None:
    target = read_one()
    with scripted(SERVICE) as (client, script):
        script.add_client_error("register_scalable_target", "ConcurrentUpdateException", "another update")
        with pytest.raises(TransientError) as caught:
            ApplicationAutoscaling(client, clock).suspend(target)
    assert not caught.value.outcome_unknown


# putting back


def puts(script: Stubber, target: ScalableTarget) -> None:
    for policy in target.policies:
        script.add_response("put_scaling_policy", {"PolicyARN": "arn"}, {"ServiceNamespace": "sagemaker", **policy})
    for action in target.scheduled:
        script.add_response("put_scheduled_action", {}, {"ServiceNamespace": "sagemaker", **action})


def test_a_target_that_was_taken_away_comes_back_whole() -> None:
    target = read_one()
    with scripted(SERVICE) as (client, script):
        script.add_response("describe_scalable_targets", {"ScalableTargets": []})
        registered = {**WHICH, "MinCapacity": 1, "MaxCapacity": 6, "SuspendedState": RUNNING}
        script.add_response("register_scalable_target", {"ScalableTargetARN": "arn"}, registered)
        script.add_response("describe_scaling_policies", {"ScalingPolicies": []}, WHICH)
        script.add_response("describe_scheduled_actions", {"ScheduledActions": []}, WHICH)
        puts(script, target)
        ApplicationAutoscaling(client, clock).restore(target)


def test_restoring_goes_on_where_a_crash_ended_it_and_leaves_newer_settings_alone() -> None:
    target = read_one()
    with scripted(SERVICE) as (client, script):
        there = {**TARGET, "MaxCapacity": 20, "SuspendedState": SUSPENDED}
        script.add_response("describe_scalable_targets", {"ScalableTargets": [there]})
        script.add_response("register_scalable_target", {}, {**WHICH, "SuspendedState": RUNNING})
        script.add_response("describe_scaling_policies", {"ScalingPolicies": POLICIES[:1]})
        script.add_response("describe_scheduled_actions", {"ScheduledActions": ACTIONS})
        script.add_response(
            "put_scaling_policy", {"PolicyARN": "arn"}, {"ServiceNamespace": "sagemaker", **target.policies[1]}
        )
        ApplicationAutoscaling(client, clock).restore(target)


def test_one_refused_policy_does_not_keep_the_rest_from_coming_back() -> None:
    target = read_one()
    with scripted(SERVICE) as (client, script):
        script.add_response("describe_scalable_targets", {"ScalableTargets": [TARGET]})
        script.add_response("register_scalable_target", {})
        script.add_response("describe_scaling_policies", {"ScalingPolicies": []})
        script.add_response("describe_scheduled_actions", {"ScheduledActions": []})
        script.add_client_error("put_scaling_policy", "ValidationException", "no such metric")
        script.add_response("put_scaling_policy", {"PolicyARN": "arn"})
        script.add_response("put_scheduled_action", {})
        with pytest.raises(GatewayError) as caught:
            ApplicationAutoscaling(client, clock).restore(target)
    assert caught.value.message == "no such metric"


def test_a_scheduled_action_whose_time_has_gone_by_is_left_out() -> None:
    read = read_one()
    late = {**read.scheduled[0], "EndTime": "2026-11-22T06:59:00+00:00"}
    with scripted(SERVICE) as (client, script):
        script.add_response("describe_scalable_targets", {"ScalableTargets": []})
        script.add_response("register_scalable_target", {})
        script.add_response("describe_scaling_policies", {"ScalingPolicies": []})
        script.add_response("describe_scheduled_actions", {"ScheduledActions": []})
        ApplicationAutoscaling(client, clock).restore(read.model_copy(update={"policies": (), "scheduled": (late,)}))


@pytest.mark.parametrize(
    ("action", "over"),
    [
        ({"Schedule": "cron(0 7 * * ? *)"}, False),
        ({"Schedule": "rate(1 day)", "EndTime": "2026-11-22T06:59:59+00:00"}, True),
        ({"Schedule": "rate(1 day)", "EndTime": "2026-11-22T07:00:01+00:00"}, False),
        ({"Schedule": "at(2026-11-22T06:30:00)"}, True),
        ({"Schedule": "at(2026-11-22T07:30:00)"}, False),
        ({"Schedule": "at(2026-11-22T07:30:00)", "Timezone": "Europe/Berlin"}, True),
        ({"Schedule": "at(2026-11-22T06:30:00)", "Timezone": "America/New_York"}, False),
        ({"Schedule": "at(some day)"}, False),
        ({"Schedule": "at(2020-01-01T00:00:00)", "Timezone": "Mars/Olympus"}, False),
    ],
)
def test_whether_a_scheduled_action_will_ever_run_again(action: dict[str, str], over: bool) -> None:
    assert is_over(action, NOW) is over


def test_putting_makes_it_so_and_deletes_what_tracks_another_metric_last() -> None:
    with scripted(SERVICE) as (client, script):
        other = {**POLICIES[0], "PolicyName": "cpu-by-hand"}
        wanted = {k: v for k, v in POLICIES[0].items() if k not in ("PolicyARN", "Alarms", "CreationTime")}
        put = {k: v for k, v in wanted.items() if k != "ServiceNamespace"}
        limits = {"MinCapacity": 2, "MaxCapacity": 8, "SuspendedState": RUNNING}
        script.add_response("register_scalable_target", {"ScalableTargetARN": "arn"}, {**WHICH, **limits})
        script.add_response("describe_scaling_policies", {"ScalingPolicies": [other, POLICIES[1]]}, WHICH)
        script.add_response("describe_scheduled_actions", {"ScheduledActions": []}, WHICH)
        script.add_response("put_scaling_policy", {"PolicyARN": "arn", "Alarms": []}, wanted)
        script.add_response("delete_scaling_policy", {}, {**WHICH, "PolicyName": "cpu-by-hand"})
        document = {"ResourceId": RESOURCE, "ScalableDimension": INSTANCES, **limits}
        target = ScalableTarget(variant="AllTraffic", document=document, policies=(put,))
        ApplicationAutoscaling(client, clock).put(target)
