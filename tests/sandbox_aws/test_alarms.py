"""Alarms: evaluated against the traffic, set by hand, and turning deployments round."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.errors import AwsError

from .local import ALL_TRAFFIC, LocalAws

ROLL_BACK_ON_ALARM: dict[str, Any] = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {
            "Type": "CANARY",
            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
            "WaitIntervalInSeconds": 600,
        },
    },
    "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "latency"}]},
}
OLD = "sentiment-prod-config-v3"


def put_alarm(aws: LocalAws, name: str = "latency", **changes: Any) -> None:
    spec = {
        "Namespace": "AWS/SageMaker",
        "MetricName": "ModelLatency",
        "Dimensions": [
            {"Name": "EndpointName", "Value": "sentiment-prod"},
            {"Name": "VariantName", "Value": ALL_TRAFFIC},
        ],
        "ExtendedStatistic": "p50",
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": 60_000.0,
        "ComparisonOperator": "GreaterThanThreshold",
    }
    aws.ask("PutMetricAlarm", "cloudwatch", AlarmName=name, **spec | changes)


def alarm(aws: LocalAws, name: str = "latency") -> dict[str, Any]:
    (found,) = aws.ask("DescribeAlarms", "cloudwatch", AlarmNames=[name])["MetricAlarms"]
    return dict(found)


def set_state(aws: LocalAws, state: str) -> None:
    aws.ask("SetAlarmState", "cloudwatch", AlarmName="latency", StateValue=state, StateReason="by hand")


def test_an_alarm_tells_what_it_was_given(aws: LocalAws) -> None:
    put_alarm(aws, AlarmDescription="slow", TreatMissingData="notBreaching")
    found = alarm(aws)
    assert found["AlarmArn"] == "arn:aws:cloudwatch:us-east-1:123456789012:alarm:latency"
    assert (found["AlarmDescription"], found["Threshold"], found["ExtendedStatistic"]) == ("slow", 60_000.0, "p50")
    assert found["ActionsEnabled"] is True


@pytest.mark.parametrize(
    "change",
    [
        {"Statistic": "Sum"},
        {"ExtendedStatistic": "p101"},
        {"ComparisonOperator": "LessThanLowerThreshold"},
    ],
)
def test_an_alarm_that_cannot_be_evaluated_is_refused(aws: LocalAws, change: dict[str, Any]) -> None:
    with pytest.raises(AwsError, match="ValidationError"):
        put_alarm(aws, **change)
    assert aws.ask("DescribeAlarms", "cloudwatch", AlarmNames=["latency"])["MetricAlarms"] == []


def test_alarms_follow_the_traffic(aws: LocalAws) -> None:
    put_alarm(aws)
    assert alarm(aws)["StateValue"] == "OK"
    aws.scenario("slower-version", when="always", factor=2.0)
    aws.clock.advance(60)
    assert alarm(aws)["StateValue"] == "OK"
    aws.clock.advance(180)
    assert alarm(aws)["StateValue"] == "ALARM"


@pytest.mark.parametrize(
    ("treatment", "state"), [("missing", "INSUFFICIENT_DATA"), ("notBreaching", "OK"), ("breaching", "ALARM")]
)
def test_missing_data_is_treated_as_asked(aws: LocalAws, treatment: str, state: str) -> None:
    put_alarm(aws, TreatMissingData=treatment, MetricName="FirstChunkLatency")
    assert alarm(aws)["StateValue"] == state


def test_a_state_set_by_hand_holds_for_one_period(aws: LocalAws) -> None:
    put_alarm(aws)
    set_state(aws, "ALARM")
    aws.clock.advance(59)
    assert (alarm(aws)["StateValue"], alarm(aws)["StateReason"]) == ("ALARM", "by hand")
    aws.clock.advance(1)
    assert alarm(aws)["StateValue"] == "OK"


def test_an_alarm_during_the_bake_rolls_the_update_back(aws: LocalAws) -> None:
    put_alarm(aws)
    aws.update(RetainAllVariantProperties=True, DeploymentConfig=ROLL_BACK_ON_ALARM)
    aws.clock.advance(400)
    assert aws.describe()["EndpointStatus"] == "Updating"
    set_state(aws, "ALARM")
    assert aws.describe()["EndpointStatus"] == "Updating"
    after = aws.until_settled()[-1]
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", OLD)
    assert "latency" in after["FailureReason"]


def test_a_slow_canary_trips_the_alarm_by_itself_even_when_nobody_looks(aws: LocalAws) -> None:
    put_alarm(aws)
    aws.scenario("slower-version", factor=4.0)
    aws.update(RetainAllVariantProperties=True, DeploymentConfig=ROLL_BACK_ON_ALARM)
    aws.clock.advance(3600)
    after = aws.describe()
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", OLD)


def test_the_traffic_is_back_on_the_old_fleet_after_a_rollback(aws: LocalAws) -> None:
    put_alarm(aws)
    aws.update(RetainAllVariantProperties=True, DeploymentConfig=ROLL_BACK_ON_ALARM)
    aws.clock.advance(400)
    aws.describe()
    set_state(aws, "ALARM")
    aws.until_settled()
    parts = aws.stand_in.world.home().endpoints["sentiment-prod"].traffic.shifts[-1].parts
    assert [(part.config_name, part.high - part.low) for part in parts] == [(OLD, 1.0)]


def test_an_alarm_that_is_already_on_turns_the_update_round_at_once(aws: LocalAws) -> None:
    put_alarm(aws, Threshold=1.0)
    aws.update(RetainAllVariantProperties=True, DeploymentConfig=ROLL_BACK_ON_ALARM)
    assert len(aws.until_settled(limit=300)) > 1
    assert aws.describe()["EndpointConfigName"] == OLD


def test_missing_alarms_and_insufficient_data_do_not_roll_back(aws: LocalAws) -> None:
    aws.update(RetainAllVariantProperties=True, DeploymentConfig=ROLL_BACK_ON_ALARM)
    assert aws.until_settled()[-1]["EndpointConfigName"] == "next"


def test_unknown_alarms_are_missing_from_the_answer_and_cannot_be_deleted(aws: LocalAws) -> None:
    put_alarm(aws)
    found = aws.ask("DescribeAlarms", "cloudwatch", AlarmNames=["latency", "nope"])["MetricAlarms"]
    assert [a["AlarmName"] for a in found] == ["latency"]
    assert aws.refusal("DeleteAlarms", "cloudwatch", AlarmNames=["latency", "nope"]).code == "ResourceNotFound"
    aws.ask("DeleteAlarms", "cloudwatch", AlarmNames=["latency"])
    assert aws.ask("DescribeAlarms", "cloudwatch", AlarmNames=["latency"])["MetricAlarms"] == []


def test_an_update_of_an_alarm_overwrites_everything(aws: LocalAws) -> None:
    put_alarm(aws, AlarmDescription="first")
    put_alarm(aws, Threshold=5.0)
    assert "AlarmDescription" not in alarm(aws)
    assert alarm(aws)["Threshold"] == 5.0


def rolling() -> dict[str, Any]:
    half = {"Type": "CAPACITY_PERCENT", "Value": 50}
    return {
        "RollingUpdatePolicy": {"MaximumBatchSize": half, "WaitIntervalInSeconds": 600},
        "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "latency"}]},
    }


def test_an_alarm_set_by_hand_while_instances_start_is_not_looked_at(aws: LocalAws) -> None:
    put_alarm(aws)
    aws.update(RetainAllVariantProperties=True, DeploymentConfig=ROLL_BACK_ON_ALARM)
    aws.clock.advance(60)
    set_state(aws, "ALARM")
    assert aws.until_settled()[-1]["EndpointConfigName"] == "next"


def test_an_alarm_that_rang_in_the_middle_of_a_bake_counts_even_if_nobody_looked_then(aws: LocalAws) -> None:
    put_alarm(aws, EvaluationPeriods=1)
    aws.update(RetainAllVariantProperties=True, DeploymentConfig=ROLL_BACK_ON_ALARM)
    aws.clock.advance(400)
    aws.scenario("slower-version", when="always", factor=4.0)
    aws.clock.advance(120)
    aws.stand_in.world.scenarios.clear()
    aws.clock.advance(3600)
    assert aws.describe()["EndpointConfigName"] == OLD


def test_a_rolling_update_that_is_turned_round_starts_old_instances_again(aws: LocalAws) -> None:
    put_alarm(aws)
    aws.update(RetainAllVariantProperties=True, DeploymentConfig=rolling())
    while "Baking" not in str(aws.describe()):
        aws.clock.advance(5)
    aws.clock.advance(620)
    while "Baking" not in str(aws.describe()):
        aws.clock.advance(5)
    assert aws.describe()["ProductionVariants"][0]["CurrentInstanceCount"] == 2
    set_state(aws, "ALARM")
    assert "Launching 2 instance(s)." in str(aws.describe())
    after = aws.until_settled()[-1]
    assert after["EndpointConfigName"] == OLD
    assert after["ProductionVariants"][0]["CurrentInstanceCount"] == 4


def test_periods_are_as_fast_as_everything_else() -> None:
    """At speed 90 a bake of ten minutes passes in seven seconds, and an alarm of ten one-minute periods fits into it."""
    aws = LocalAws(speed=90, traffic=20)
    new_fleet = [
        {"Name": "EndpointName", "Value": "sentiment-prod"},
        {"Name": "VariantName", "Value": ALL_TRAFFIC},
        {"Name": "EndpointConfigName", "Value": "next"},
    ]
    put_alarm(aws, Dimensions=new_fleet, EvaluationPeriods=8, TreatMissingData="notBreaching")
    aws.scenario("slower-version", factor=3.0)
    aws.update(RetainAllVariantProperties=True, DeploymentConfig=ROLL_BACK_ON_ALARM)
    aws.clock.advance(20)
    after = aws.describe()
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", OLD)


def test_an_alarm_on_the_new_fleet_rings_for_errors_and_not_for_those_of_the_old_one(aws: LocalAws) -> None:
    def watch(config: str) -> None:
        names = {"EndpointName": "sentiment-prod", "VariantName": ALL_TRAFFIC, "EndpointConfigName": config}
        dimensions = [{"Name": name, "Value": value} for name, value in names.items()]
        errors = {"MetricName": "Invocation5XXErrors", "Statistic": "Average", "Threshold": 0.02}
        spec = {"Namespace": "AWS/SageMaker", "Period": 60, "EvaluationPeriods": 2, "Dimensions": dimensions}
        more = {"ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": "notBreaching"}
        aws.ask("PutMetricAlarm", "cloudwatch", AlarmName=config, **spec, **errors, **more)

    watch(OLD)
    watch("next")
    assert [alarm(aws, name)["StateValue"] for name in (OLD, "next")] == ["OK", "OK"]
    aws.scenario("erroring-version", ratio=0.2)
    aws.update(RetainAllVariantProperties=True, DeploymentConfig=ROLL_BACK_ON_ALARM)
    aws.clock.advance(700)
    assert [alarm(aws, name)["StateValue"] for name in (OLD, "next")] == ["OK", "ALARM"]


def test_missing_data_that_is_ignored_leaves_the_state_alone(aws: LocalAws) -> None:
    put_alarm(aws, Threshold=1.0, TreatMissingData="ignore")
    assert alarm(aws)["StateValue"] == "ALARM"
    aws.scenario("no-traffic")
    aws.clock.advance(600)
    assert alarm(aws)["StateValue"] == "ALARM"


@pytest.mark.parametrize(
    ("change", "accepted"),
    [
        ({"Period": 10}, True),
        ({"Period": 45}, False),
        ({"Period": 3600, "EvaluationPeriods": 25}, False),
        ({"DatapointsToAlarm": 2}, True),
        ({"DatapointsToAlarm": 4}, False),
    ],
)
def test_periods_and_spans_have_limits(aws: LocalAws, change: dict[str, Any], accepted: bool) -> None:
    if accepted:
        put_alarm(aws, **change)
    else:
        with pytest.raises(AwsError, match="ValidationError"):
            put_alarm(aws, **change)


def test_tags_are_those_of_the_creation_and_go_with_the_alarm(aws: LocalAws) -> None:
    put_alarm(aws, Tags=[{"Key": "rollout:id", "Value": "r1"}])
    put_alarm(aws, Tags=[{"Key": "rollout:id", "Value": "r2"}])
    arn = alarm(aws)["AlarmArn"]
    tags = aws.ask("ListTagsForResource", "cloudwatch", ResourceARN=arn)["Tags"]
    assert tags == [{"Key": "rollout:id", "Value": "r1"}]
    aws.ask("DeleteAlarms", "cloudwatch", AlarmNames=["latency"])
    assert aws.refusal("ListTagsForResource", "cloudwatch", ResourceARN=arn).code == "ResourceNotFoundException"


def test_alarms_are_found_by_prefix_and_composite_ones_only_when_asked_for(aws: LocalAws) -> None:
    put_alarm(aws, "bot-one")
    put_alarm(aws, "other", Threshold=1.0)
    aws.ask("PutCompositeAlarm", "cloudwatch", AlarmName="bot-all", AlarmRule='ALARM("bot-one") OR ALARM("other")')
    by_default = aws.ask("DescribeAlarms", "cloudwatch", AlarmNamePrefix="bot-")
    assert [a["AlarmName"] for a in by_default["MetricAlarms"]] == ["bot-one"]
    assert by_default["CompositeAlarms"] == []
    both = aws.ask("DescribeAlarms", "cloudwatch", AlarmNamePrefix="bot-", AlarmTypes=["MetricAlarm", "CompositeAlarm"])
    assert [(a["AlarmName"], a["StateValue"]) for a in both["CompositeAlarms"]] == [("bot-all", "ALARM")]


@pytest.mark.parametrize("rule", ['ALARM("nope")', "NOT ALARM(latency)"])
def test_a_rule_about_unknown_alarms_or_of_another_form_is_refused(aws: LocalAws, rule: str) -> None:
    put_alarm(aws)
    assert aws.refusal("PutCompositeAlarm", "cloudwatch", AlarmName="c", AlarmRule=rule).code == "ValidationError"
