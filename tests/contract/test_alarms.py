"""The alarms gateway against botocore's service model."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.domain.alarms import Alarm, AlarmKind, AlarmState
from bot.domain.errors import InvariantError, ResourceExists, ResourceMissing, TransientError
from workers.gateways.alarms import CloudWatchAlarms

from .clients import scripted

OURS = Alarm(
    name="bot-stt-prod-r7k2-errors",
    namespace="AWS/SageMaker",
    metric="Invocation5XXErrors",
    dimensions={"EndpointName": "stt-prod", "VariantName": "AllTraffic", "EndpointConfigName": "stt-v2"},
    statistic="Average",
    period=timedelta(seconds=60),
    evaluation_periods=3,
    datapoints_to_alarm=2,
    threshold=0.02,
    missing_data="notBreaching",
    description="of rollout r7k2",
)
TOPIC = "arn:aws:sns:us-east-1:123456789012:oncall"
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=5)
DIMENSIONS = [{"Name": name, "Value": value} for name, value in OURS.dimensions.items()]
RULE = {
    "AlarmName": OURS.name,
    "AlarmDescription": "of rollout r7k2",
    "Namespace": "AWS/SageMaker",
    "MetricName": "Invocation5XXErrors",
    "Dimensions": DIMENSIONS,
    "Statistic": "Average",
    "Period": 60,
    "EvaluationPeriods": 3,
    "DatapointsToAlarm": 2,
    "Threshold": 0.02,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}


def answered(*metric_alarms: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"MetricAlarms": list(metric_alarms), "CompositeAlarms": [], **more}


def described(*names: str, answer: dict[str, Any]) -> dict[str, Alarm]:
    with scripted("cloudwatch") as (client, script):
        asked = {"AlarmNames": list(names), "AlarmTypes": ["MetricAlarm", "CompositeAlarm", "LogAlarm"]}
        script.add_response("describe_alarms", answer, asked)
        return dict(CloudWatchAlarms(client).describe(names))


# reading


def test_an_alarm_on_a_metric_is_read_with_its_rule_and_state() -> None:
    answer = {**RULE, "StateValue": "ALARM", "StateReason": "Threshold Crossed"}
    found = described(OURS.name, answer=answered(answer))[OURS.name]
    assert found == OURS.model_copy(update={"state": AlarmState.ALARM, "state_reason": "Threshold Crossed"})
    assert (found.endpoint, found.span) == ("stt-prod", timedelta(minutes=3))


@pytest.mark.parametrize(
    ("told", "since"),
    [
        ({"StateTransitionedTimestamp": NOON, "StateUpdatedTimestamp": LATER}, NOON),
        ({"StateUpdatedTimestamp": LATER}, LATER),
        ({}, None),
    ],
)
def test_since_when_it_rings_is_when_its_state_changed_not_when_it_was_evaluated_last(
    told: dict[str, datetime], since: datetime | None
) -> None:
    answer = {**RULE, "StateValue": "ALARM", **told}
    assert described(OURS.name, answer=answered(answer))[OURS.name].since == since


def test_a_percentile_is_read_like_any_statistic() -> None:
    answer = {**RULE, "ExtendedStatistic": "p99", "StateValue": "OK"}
    del answer["Statistic"]
    assert described(OURS.name, answer=answered(answer))[OURS.name].statistic == "p99"


def test_names_that_do_not_exist_are_missing_and_names_that_were_not_asked_for_are_not_invented() -> None:
    assert described("people-errors", answer=answered()) == {}


def test_nobody_is_asked_about_no_names() -> None:
    with scripted("cloudwatch") as (client, _):
        assert CloudWatchAlarms(client).describe([]) == {}


def test_more_names_than_one_call_takes_are_asked_for_in_several() -> None:
    names = [f"alarm-{number}" for number in range(130)]
    with scripted("cloudwatch") as (client, script):
        types = ["MetricAlarm", "CompositeAlarm", "LogAlarm"]
        for part in (names[:100], names[100:]):
            script.add_response("describe_alarms", answered(), {"AlarmNames": part, "AlarmTypes": types})
        CloudWatchAlarms(client).describe(names)


def test_the_alarms_kept_beside_endpoints_are_found_page_by_page_and_no_others() -> None:
    kept = {**RULE, "AlarmName": "bot-stt-prod.errors", "StateValue": "OK"}
    kept["AlarmDescription"] = "stt-prod: more than 2 % errors. The bot keeps it as the fleet file says."
    others = (
        {**kept, "AlarmName": "bot-stt-prod-r7k2abcd-errors"},  # of a rollout
        {**kept, "AlarmName": "bot-other.errors"},
        {**kept, "AlarmName": "bot-stt-prod.disk"},
        {**kept, "AlarmDescription": "ours, do not touch"},
        {**kept, "Namespace": "Acme"},
    )
    asked = {"AlarmNamePrefix": "bot-", "AlarmTypes": ["MetricAlarm"], "MaxRecords": 100}
    with scripted("cloudwatch") as (client, script):
        script.add_response("describe_alarms", answered(*others, NextToken="more"), asked)
        script.add_response("describe_alarms", answered(kept), {**asked, "NextToken": "more"})
        assert [alarm.name for alarm in CloudWatchAlarms(client).kept()] == ["bot-stt-prod.errors"]


def stat(endpoint: str, period: int, variant: str = "A") -> dict[str, Any]:
    dimensions = [{"Name": "EndpointName", "Value": endpoint}, {"Name": "VariantName", "Value": variant}]
    metric = {"Namespace": "AWS/SageMaker", "MetricName": "Invocations", "Dimensions": dimensions}
    return {"Id": f"m{period}", "MetricStat": {"Metric": metric, "Period": period, "Stat": "Sum"}}


@pytest.mark.parametrize(
    ("metrics", "endpoint", "span"),
    [
        ([stat("stt-prod", 60), stat("stt-prod", 300, "B")], "stt-prod", timedelta(minutes=10)),
        ([stat("stt-prod", 60), stat("other", 60)], None, timedelta(minutes=2)),
        ([{"Id": "q", "Expression": "SELECT AVG(x)", "Period": 60}], None, timedelta(minutes=2)),
        ([], None, None),
    ],
    ids=["one endpoint", "two endpoints", "a query", "nothing to see"],
)
def test_an_expression_is_about_the_endpoint_that_all_of_its_metrics_share(
    metrics: list[dict[str, Any]], endpoint: str | None, span: timedelta | None
) -> None:
    answer = {"AlarmName": "ratio", "Metrics": metrics, "EvaluationPeriods": 2, "StateValue": "OK", "Threshold": 1.0}
    found = described("ratio", answer=answered(answer))["ratio"]
    assert (found.kind, found.endpoint, found.span) == (AlarmKind.EXPRESSION, endpoint, span)


def test_composite_and_log_alarms_exist_and_nobody_can_tell_what_they_are_about() -> None:
    answer = answered(
        CompositeAlarms=[{"AlarmName": "all-bad", "AlarmRule": "ALARM(a) AND ALARM(b)", "StateValue": "OK"}],
        LogAlarms=[{"AlarmName": "panics", "StateValue": "ALARM"}],
    )
    found = described("all-bad", "panics", answer=answer)
    assert (found["all-bad"].kind, found["all-bad"].endpoint, found["all-bad"].span) == (
        AlarmKind.COMPOSITE,
        None,
        None,
    )
    assert (found["panics"].kind, found["panics"].state) == (AlarmKind.LOG, AlarmState.ALARM)


# writing


def test_an_alarm_is_created_with_its_tags_where_none_is() -> None:
    with scripted("cloudwatch") as (client, script):
        script.add_response("describe_alarms", answered())
        script.add_response("put_metric_alarm", {}, {**RULE, "Tags": [{"Key": "rollout:id", "Value": "r7k2"}]})
        CloudWatchAlarms(client).create(OURS, {"rollout:id": "r7k2"})


def test_a_percentile_is_sent_as_an_extended_statistic() -> None:
    with scripted("cloudwatch") as (client, script):
        script.add_response("describe_alarms", answered())
        expected = {**RULE, "ExtendedStatistic": "p99", "Tags": []}
        del expected["Statistic"]
        script.add_response("put_metric_alarm", {}, expected)
        CloudWatchAlarms(client).create(OURS.model_copy(update={"statistic": "p99"}), {})


def test_the_same_alarm_once_more_is_success_whatever_state_it_is_in() -> None:
    with scripted("cloudwatch") as (client, script):
        script.add_response("describe_alarms", answered({**RULE, "StateValue": "ALARM"}))
        CloudWatchAlarms(client).create(OURS, {})


def test_another_rule_under_that_name_is_not_overwritten() -> None:
    with scripted("cloudwatch") as (client, script):
        script.add_response("describe_alarms", answered({**RULE, "Threshold": 0.5, "StateValue": "OK"}))
        with pytest.raises(ResourceExists):
            CloudWatchAlarms(client).create(OURS, {})


def test_who_is_told_is_read_and_nobody_is_while_the_actions_are_switched_off() -> None:
    answer = {**RULE, "StateValue": "OK", "AlarmActions": [TOPIC], "ActionsEnabled": True}
    assert described(OURS.name, answer=answered(answer))[OURS.name].notify == (TOPIC,)
    silent = {**answer, "ActionsEnabled": False}
    assert described(OURS.name, answer=answered(silent))[OURS.name].notify == ()


def test_an_alarm_that_is_kept_is_set_whatever_it_was_and_tells_when_it_is_over_too() -> None:
    with scripted("cloudwatch") as (client, script):
        told = {"AlarmActions": [TOPIC], "OKActions": [TOPIC]}
        script.add_response("put_metric_alarm", {}, {**RULE, **told, "Tags": [{"Key": "rollout:id", "Value": "r7k2"}]})
        CloudWatchAlarms(client).put(OURS.model_copy(update={"notify": (TOPIC,)}), {"rollout:id": "r7k2"})


def test_only_what_is_there_is_deleted() -> None:
    with scripted("cloudwatch") as (client, script):
        script.add_response("describe_alarms", answered({**RULE, "StateValue": "OK"}))
        script.add_response("delete_alarms", {}, {"AlarmNames": [OURS.name]})
        script.add_response("describe_alarms", answered())
        alarms = CloudWatchAlarms(client)
        alarms.delete([OURS.name, "bot-gone"])
        alarms.delete([OURS.name, "bot-gone"])


def test_an_alarm_that_goes_away_in_the_very_moment_is_worth_another_look() -> None:
    with scripted("cloudwatch") as (client, script):
        script.add_response("describe_alarms", answered({**RULE, "StateValue": "OK"}))
        script.add_client_error("delete_alarms", "ResourceNotFound", "Unknown alarm", http_status_code=404)
        with pytest.raises(TransientError):
            CloudWatchAlarms(client).delete([OURS.name])


def test_an_alarm_is_tripped_by_name() -> None:
    with scripted("cloudwatch") as (client, script):
        asked = {"AlarmName": OURS.name, "StateValue": "ALARM", "StateReason": "aborted by <@U1>"}
        script.add_response("set_alarm_state", {}, asked)
        script.add_client_error("set_alarm_state", "ResourceNotFound", "Unknown alarm", http_status_code=404)
        alarms = CloudWatchAlarms(client)
        alarms.trip(OURS.name, "aborted by <@U1>")
        with pytest.raises(ResourceMissing):
            alarms.trip(OURS.name, "again")


def test_alarms_of_people_are_never_written() -> None:
    foreign = OURS.model_copy(update={"name": "people-errors"})
    with scripted("cloudwatch") as (client, _):
        alarms = CloudWatchAlarms(client)
        with pytest.raises(InvariantError):
            alarms.create(foreign, {})
        with pytest.raises(InvariantError):
            alarms.put(foreign, {})
        with pytest.raises(InvariantError):
            alarms.delete([OURS.name, foreign.name])
        with pytest.raises(InvariantError):
            alarms.trip(foreign.name, "no")


def test_only_alarms_on_a_single_metric_are_created() -> None:
    with scripted("cloudwatch") as (client, script):
        script.add_response("describe_alarms", answered())
        with pytest.raises(InvariantError):
            CloudWatchAlarms(client).create(Alarm(name="bot-all-bad", kind=AlarmKind.COMPOSITE), {})
