"""CloudWatch metric alarms, evaluated against the generated traffic whenever someone looks."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .cloudwatch import per_period, samples_of
from .errors import AwsError
from .listing import page
from .statistics import statistic
from .world import Call, Region, operation

_COMPARISONS = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
_NOT_SHOWN = {"Tags"}


@dataclass
class Alarm:
    """A metric alarm. A state that was set by hand holds for one period, as on AWS."""

    name: str
    arn: str
    spec: dict[str, Any]
    created: datetime
    updated: datetime
    state: str = "INSUFFICIENT_DATA"
    reason: str = "Unchecked: Initial alarm creation"
    since: datetime | None = None
    forced_until: datetime | None = None

    def state_at(self, region: Region, at: datetime) -> str:
        """The state at an instant, evaluated anew unless it was set by hand a moment ago."""
        if self.forced_until is not None and at < self.forced_until:
            return self.state
        self.forced_until = None
        state, reason = _evaluate(self.spec, region, at)
        if state != self.state:
            self.move(state, reason, at)
        return self.state

    def move(self, state: str, reason: str, at: datetime) -> None:
        self.state, self.reason, self.since = state, reason, at


@operation("cloudwatch", "PutMetricAlarm")
def put_metric_alarm(call: Call) -> dict[str, Any]:
    region, params = call.region, call.params
    if "Metrics" not in params:
        _check(params)
    name = params["AlarmName"]
    spec = {key: value for key, value in params.items() if key not in _NOT_SHOWN}
    existing = region.alarms.get(name)
    if existing is not None:
        existing.spec, existing.updated = spec, call.now
        return {}
    arn = f"arn:aws:cloudwatch:{region.name}:{region.account}:alarm:{name}"
    region.alarms[name] = Alarm(name, arn, spec, call.now, call.now)
    return {}


@operation("cloudwatch", "DescribeAlarms")
def describe_alarms(call: Call) -> dict[str, Any]:
    region, params = call.region, call.params
    if "MetricAlarm" not in params.get("AlarmTypes", ["MetricAlarm"]):
        return {"MetricAlarms": [], "CompositeAlarms": []}
    names, prefix = params.get("AlarmNames"), params.get("AlarmNamePrefix", "")
    found = [a for a in region.alarms.values() if (names is None or a.name in names) and a.name.startswith(prefix)]
    wanted = params.get("StateValue")
    found = [a for a in found if wanted in {None, a.state_at(region, call.now)}]
    chosen, more = page(sorted(found, key=lambda a: a.name), params, default=50, size="MaxRecords")
    return {"MetricAlarms": [_shown(alarm, region) for alarm in chosen], "CompositeAlarms": [], **more}


@operation("cloudwatch", "DeleteAlarms")
def delete_alarms(call: Call) -> dict[str, Any]:
    for name in call.params["AlarmNames"]:
        if name not in call.region.alarms:
            raise AwsError("ResourceNotFound", f"Unknown alarm: {name}", status=404)
    for name in call.params["AlarmNames"]:
        del call.region.alarms[name]
    return {}


@operation("cloudwatch", "SetAlarmState")
def set_alarm_state(call: Call) -> dict[str, Any]:
    alarm = call.region.alarms.get(call.params["AlarmName"])
    if alarm is None:
        raise AwsError("ResourceNotFound", f"Unknown alarm: {call.params['AlarmName']}", status=404)
    alarm.move(call.params["StateValue"], call.params["StateReason"], call.now)
    alarm.forced_until = call.now + timedelta(seconds=alarm.spec.get("Period", 60))
    return {}


def _check(params: dict[str, Any]) -> None:
    """Refuse an alarm on a metric that could not be evaluated."""
    missing = [member for member in ("MetricName", "Namespace", "Period", "Threshold") if member not in params]
    if missing:
        raise AwsError("ValidationError", f"The parameter {missing[0]} is required for an alarm on a metric.")
    if ("Statistic" in params) == ("ExtendedStatistic" in params):
        raise AwsError("ValidationError", "Exactly one of Statistic and ExtendedStatistic must be given.")
    statistic(params.get("ExtendedStatistic") or params["Statistic"])
    if params["ComparisonOperator"] not in _COMPARISONS:
        raise AwsError("ValidationError", f"{params['ComparisonOperator']} needs an anomaly detection band in Metrics.")


def _evaluate(spec: dict[str, Any], region: Region, at: datetime) -> tuple[str, str]:
    if "Metrics" in spec:
        return "INSUFFICIENT_DATA", "This stand-in does not evaluate alarms on expressions."
    period, wanted = spec["Period"], spec["EvaluationPeriods"]
    end = datetime.fromtimestamp(at.timestamp() // period * period, UTC)
    start = end - timedelta(seconds=period * wanted)
    samples = samples_of(region, spec, start, end)
    compute = statistic(spec.get("ExtendedStatistic") or spec["Statistic"])
    found = {begin: compute(values) for begin, values in per_period(samples, start, end, period)} if samples else {}
    breaches = _COMPARISONS[spec["ComparisonOperator"]]
    breaching = sum(1 for value in found.values() if breaches(value, spec["Threshold"]))
    missing = wanted - len(found)
    treatment = spec.get("TreatMissingData", "missing")
    if not found and treatment == "missing":
        return "INSUFFICIENT_DATA", "Insufficient Data: there are no datapoints."
    if treatment == "breaching":
        breaching += missing
    needed = spec.get("DatapointsToAlarm", wanted)
    if breaching >= needed:
        return "ALARM", f"Threshold Crossed: {breaching} of the last {wanted} datapoints were breaching."
    return "OK", f"Threshold not crossed: {breaching} of the last {wanted} datapoints were breaching."


def _shown(alarm: Alarm, region: Region) -> dict[str, Any]:
    alarm.state_at(region, region.now)
    defaults = {"ActionsEnabled": True, "OKActions": [], "AlarmActions": [], "InsufficientDataActions": []}
    return (
        defaults
        | alarm.spec
        | {
            "AlarmArn": alarm.arn,
            "AlarmConfigurationUpdatedTimestamp": alarm.updated,
            "StateValue": alarm.state,
            "StateReason": alarm.reason,
            "StateUpdatedTimestamp": alarm.since or alarm.created,
            "StateTransitionedTimestamp": alarm.since or alarm.created,
        }
    )
