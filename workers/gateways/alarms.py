"""CloudWatch alarms."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from bot.domain.alarms import Alarm, AlarmKind, AlarmState
from bot.domain.endpoint import Document
from bot.domain.errors import InvariantError, ResourceExists, ResourceMissing, TransientError
from bot.domain.kept_alarms import kept_for
from workers.gateways.aws_errors import Subject, translated

OWN_PREFIX = "bot-"
"""Alarms of any other name belong to people: they are read, and never written."""

_AT_ONCE = 100
"""Names in one call, and alarms on one page: as many as CloudWatch takes and gives."""

_SIMPLE_STATISTICS = frozenset({"SampleCount", "Average", "Sum", "Minimum", "Maximum"})


class CloudWatchAlarms:
    """`ports.Alarms` for one account and region."""

    def __init__(self, client: Any) -> None:
        """Take a boto3 `cloudwatch` client, which may retry by itself: every call here may be repeated."""
        self._client = client

    def describe(self, names: Sequence[str]) -> Mapping[str, Alarm]:
        """The alarms of these names; CloudWatch says nothing of names that it does not know."""
        found: dict[str, Alarm] = {}
        for start in range(0, len(names), _AT_ONCE):
            asked = list(names[start : start + _AT_ONCE])
            with translated("DescribeAlarms", Subject("alarms", ", ".join(asked))):
                # Composite and log alarms are shown only to those who ask for them.
                pages = self._client.get_paginator("describe_alarms").paginate(
                    AlarmNames=asked, AlarmTypes=["MetricAlarm", "CompositeAlarm", "LogAlarm"]
                )
                found.update((alarm.name, alarm) for page in pages for alarm in _alarms(page))
        return found

    def kept(self) -> tuple[Alarm, ...]:
        """Every alarm that the bot keeps beside an endpoint, be the endpoint gone or not; 100 a page."""
        with translated("DescribeAlarms", Subject("alarms", f"{OWN_PREFIX}*")):
            pages = self._client.get_paginator("describe_alarms").paginate(
                AlarmNamePrefix=OWN_PREFIX, AlarmTypes=["MetricAlarm"], PaginationConfig={"PageSize": _AT_ONCE}
            )
            return tuple(alarm for page in pages for alarm in _alarms(page) if kept_for(alarm) is not None)

    def create(self, alarm: Alarm, tags: Mapping[str, str]) -> None:
        """Create it; an alarm of that name with the same rule is success. Raises ResourceExists for another rule.

        PutMetricAlarm would overwrite whatever is there, so it is asked for only where nothing is.
        """
        _refuse_foreign(alarm.name)
        known = self.describe([alarm.name]).get(alarm.name)
        if known is None:
            with translated("PutMetricAlarm", Subject("alarm", alarm.name)):
                self._client.put_metric_alarm(**_request(alarm), Tags=_tag_list(tags))
        elif not known.has_rule_of(alarm):
            raise ResourceExists("alarm", alarm.name, operation="PutMetricAlarm", code="ResourceAlreadyExists")

    def put(self, alarm: Alarm, tags: Mapping[str, str]) -> None:
        """Create it, or give the one of that name this rule and these people to tell; tags are of new ones only."""
        _refuse_foreign(alarm.name)
        with translated("PutMetricAlarm", Subject("alarm", alarm.name)):
            self._client.put_metric_alarm(**_request(alarm), Tags=_tag_list(tags))

    def delete(self, names: Sequence[str]) -> None:
        """Delete them; gone already is fine."""
        for name in names:
            _refuse_foreign(name)
        there = list(self.describe(names))
        if not there:
            return
        try:
            with translated("DeleteAlarms", Subject("alarm", ", ".join(there))):
                self._client.delete_alarms(AlarmNames=there)
        except ResourceMissing as error:
            # One went away in this moment; whether the others were deleted with it, only another look can tell.
            raise TransientError("DeleteAlarms", "an alarm was deleted by somebody else") from error

    def trip(self, name: str, reason: str) -> None:
        """Set it to ALARM by hand, until CloudWatch evaluates it again. Raises ResourceMissing(kind="alarm")."""
        _refuse_foreign(name)
        with translated("SetAlarmState", Subject("alarm", name)):
            self._client.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason=reason[:1023])


def _refuse_foreign(name: str) -> None:
    if not name.startswith(OWN_PREFIX):
        raise InvariantError(f"alarm {name} is not the bot's own: it has to begin with {OWN_PREFIX}")


def _request(alarm: Alarm) -> dict[str, Any]:
    if alarm.kind is not AlarmKind.METRIC or alarm.period is None or alarm.statistic is None:
        raise InvariantError(f"alarm {alarm.name} is none on a single metric, and no other is ever created")
    kind_of_statistic = "Statistic" if alarm.statistic in _SIMPLE_STATISTICS else "ExtendedStatistic"
    request: dict[str, Any] = {
        "AlarmName": alarm.name,
        "Namespace": alarm.namespace,
        "MetricName": alarm.metric,
        "Dimensions": [{"Name": name, "Value": value} for name, value in alarm.dimensions.items()],
        kind_of_statistic: alarm.statistic,
        "Period": int(alarm.period.total_seconds()),
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm or alarm.evaluation_periods,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison,
        "TreatMissingData": alarm.missing_data,
    }
    told = {"AlarmActions": list(alarm.notify), "OKActions": list(alarm.notify)} if alarm.notify else {}
    return request | told | ({"AlarmDescription": alarm.description} if alarm.description else {})


def _alarms(page: Document) -> Iterator[Alarm]:
    for answer in page.get("MetricAlarms", ()):
        yield _metric_alarm(answer)
    for answer in page.get("CompositeAlarms", ()):
        yield _alarm(answer, AlarmKind.COMPOSITE)
    for answer in page.get("LogAlarms", ()):
        yield _alarm(answer, AlarmKind.LOG)


def _metric_alarm(answer: Document) -> Alarm:
    rule = {
        "evaluation_periods": answer.get("EvaluationPeriods", 1),
        "datapoints_to_alarm": answer.get("DatapointsToAlarm"),
        "threshold": answer.get("Threshold"),
        "comparison": answer.get("ComparisonOperator", ""),
        "missing_data": answer.get("TreatMissingData", "missing"),
    }
    if "MetricName" not in answer:
        return _alarm(answer, AlarmKind.EXPRESSION, **rule, **_expression(answer.get("Metrics", ())))
    return _alarm(
        answer,
        AlarmKind.METRIC,
        **rule,
        namespace=answer.get("Namespace"),
        metric=answer["MetricName"],
        dimensions=_dimensions(answer),
        statistic=answer.get("Statistic") or answer.get("ExtendedStatistic"),
        period=_period(answer),
    )


def _expression(queries: Sequence[Document]) -> dict[str, Any]:
    """What the metrics of an expression have in common; an expression without metrics (a query) has nothing."""
    stats = [query["MetricStat"] for query in queries if "MetricStat" in query]
    periods = [_period(stat) for stat in stats] + [_period(query) for query in queries if "Period" in query]
    shared: dict[str, str] = _dimensions(stats[0]["Metric"]) if stats else {}
    for stat in stats[1:]:
        shared = dict(shared.items() & _dimensions(stat["Metric"]).items())
    return {"dimensions": shared, "period": max((p for p in periods if p is not None), default=None)}


def _alarm(answer: Document, kind: AlarmKind, **rule: Any) -> Alarm:
    return Alarm(
        name=answer["AlarmName"],
        kind=kind,
        description=answer.get("AlarmDescription", ""),
        notify=tuple(answer.get("AlarmActions", ())) if answer.get("ActionsEnabled", True) else (),
        state=AlarmState(answer.get("StateValue", AlarmState.INSUFFICIENT_DATA)),
        state_reason=answer.get("StateReason", ""),
        # Moved also by a new reason or new datapoints, StateUpdatedTimestamp is only the second best.
        since=answer.get("StateTransitionedTimestamp") or answer.get("StateUpdatedTimestamp"),
        **rule,
    )


def _dimensions(metric: Document) -> dict[str, str]:
    return {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", ())}


def _period(answer: Document) -> timedelta | None:
    return timedelta(seconds=answer["Period"]) if "Period" in answer else None


def _tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
