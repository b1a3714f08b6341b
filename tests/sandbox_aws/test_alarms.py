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
    assert aws.ask("DescribeAlarms", "cloudwatch")["MetricAlarms"] == []


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
    assert aws.ask("DescribeAlarms", "cloudwatch")["MetricAlarms"] == []


def test_an_update_of_an_alarm_overwrites_everything(aws: LocalAws) -> None:
    put_alarm(aws, AlarmDescription="first")
    put_alarm(aws, Threshold=5.0)
    assert "AlarmDescription" not in alarm(aws)
    assert alarm(aws)["Threshold"] == 5.0
