"""CloudWatch metric alarms, evaluated against the generated traffic whenever someone looks."""

from __future__ import annotations

import operator
import re
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
_COMPOSITE_PERIOD_SECONDS = 60
_LONGEST_SPAN_SECONDS = 86_400
_RULE_TERM = re.compile(r"""ALARM\(["']?([^"'()]+)["']?\)""")


@dataclass
class Alarm:
    """A metric or a composite alarm. A state that was set by hand holds for one period, as on AWS."""

    name: str
    arn: str
    spec: dict[str, Any]
    created: datetime
    updated: datetime
    state: str = "INSUFFICIENT_DATA"
    reason: str = "Unchecked: Initial alarm creation"
    since: datetime | None = None
    forced_until: datetime | None = None

    @property
    def is_composite(self) -> bool:
        return "AlarmRule" in self.spec

    def period(self, region: Region) -> timedelta:
        """How long one of its periods lasts on the clock."""
        return timedelta(seconds=self.spec.get("Period", _COMPOSITE_PERIOD_SECONDS) / region.world.settings.speed)

    def state_at(self, region: Region, at: datetime) -> str:
        """The state at an instant, evaluated anew unless it was set by hand a moment ago, or rings by scenario."""
        ringing = region.world.scenarios.params_of("alarm-rings")
        if ringing is not None and _is_meant(self.name, ringing["alarm"]):
            if self.state != "ALARM":
                self.move("ALARM", "Threshold Crossed: 3 of the last 3 datapoints were breaching.", at)
            return self.state
        if self.forced_until is not None and at < self.forced_until:
            return self.state
        self.forced_until = None
        judged = _follow(self.spec["AlarmRule"], region, at) if self.is_composite else _evaluate(self, region, at)
        if judged is not None and judged[0] != self.state:
            self.move(*judged, at)
        return self.state

    def move(self, state: str, reason: str, at: datetime) -> None:
        self.state, self.reason, self.since = state, reason, at


def _is_meant(alarm: str, named: str) -> bool:
    """Whether an alarm rings: the one that was named, or any that people made, which is not one of the bot's own."""
    return alarm == named if named else not alarm.startswith("bot-")


@operation("cloudwatch", "PutMetricAlarm")
def put_metric_alarm(call: Call) -> dict[str, Any]:
    if "Metrics" not in call.params:
        _check(call.params)
    return _put(call)


@operation("cloudwatch", "PutCompositeAlarm")
def put_composite_alarm(call: Call) -> dict[str, Any]:
    for name in _terms(call.params["AlarmRule"]):
        if name not in call.region.alarms:
            raise AwsError("ValidationError", f"The alarm rule names an alarm that does not exist: {name}")
    return _put(call)


@operation("cloudwatch", "DescribeAlarms")
def describe_alarms(call: Call) -> dict[str, Any]:
    region, params = call.region, call.params
    kinds = params.get("AlarmTypes", ["MetricAlarm"])  # composite alarms must be asked for
    names, prefix = params.get("AlarmNames"), params.get("AlarmNamePrefix", "")
    found = [a for a in region.alarms.values() if (names is None or a.name in names) and a.name.startswith(prefix)]
    found = [a for a in found if ("CompositeAlarm" if a.is_composite else "MetricAlarm") in kinds]
    wanted = params.get("StateValue")
    found = [a for a in found if wanted in {None, a.state_at(region, call.now)}]
    chosen, more = page(sorted(found, key=lambda a: a.name), params, default=50, size="MaxRecords")
    return {
        "MetricAlarms": [_shown(alarm, region) for alarm in chosen if not alarm.is_composite],
        "CompositeAlarms": [_shown(alarm, region) for alarm in chosen if alarm.is_composite],
        **more,
    }


@operation("cloudwatch", "DeleteAlarms")
def delete_alarms(call: Call) -> dict[str, Any]:
    for name in call.params["AlarmNames"]:
        if name not in call.region.alarms:
            raise AwsError("ResourceNotFound", f"Unknown alarm: {name}", status=404)
    for name in call.params["AlarmNames"]:
        call.region.tags.pop(call.region.alarms.pop(name).arn, None)
    return {}


@operation("cloudwatch", "SetAlarmState")
def set_alarm_state(call: Call) -> dict[str, Any]:
    alarm = call.region.alarms.get(call.params["AlarmName"])
    if alarm is None:
        raise AwsError("ResourceNotFound", f"Unknown alarm: {call.params['AlarmName']}", status=404)
    alarm.move(call.params["StateValue"], call.params["StateReason"], call.now)
    alarm.forced_until = call.now + alarm.period(call.region)
    return {}


@operation("cloudwatch", "ListTagsForResource")
def list_tags_for_resource(call: Call) -> dict[str, Any]:
    arn = call.params["ResourceARN"]
    if not any(alarm.arn == arn for alarm in call.region.alarms.values()):
        raise AwsError("ResourceNotFoundException", f"Unknown resource: {arn}", status=404)
    return {"Tags": [{"Key": key, "Value": value} for key, value in call.region.tags.get(arn, {}).items()]}


def _put(call: Call) -> dict[str, Any]:
    """Create an alarm, or overwrite everything but the state and the tags of the one that has this name."""
    region, name = call.region, call.params["AlarmName"]
    spec = {key: value for key, value in call.params.items() if key not in _NOT_SHOWN}
    existing = region.alarms.get(name)
    if existing is not None:
        existing.spec, existing.updated = spec, call.now
        return {}
    arn = f"arn:aws:cloudwatch:{region.name}:{region.account}:alarm:{name}"
    region.alarms[name] = Alarm(name, arn, spec, call.now, call.now)
    region.tags[arn] = {tag["Key"]: tag["Value"] for tag in call.params.get("Tags", [])}
    return {}


def _check(params: dict[str, Any]) -> None:
    """Refuse an alarm on a metric that could not be evaluated."""
    needed = ("MetricName", "Namespace", "Period", "EvaluationPeriods", "Threshold")
    missing = [member for member in needed if member not in params]
    if missing:
        raise AwsError("ValidationError", f"The parameter {missing[0]} is required for an alarm on a metric.")
    if ("Statistic" in params) == ("ExtendedStatistic" in params):
        raise AwsError("ValidationError", "Exactly one of Statistic and ExtendedStatistic must be given.")
    statistic(params.get("ExtendedStatistic") or params["Statistic"])
    if params["ComparisonOperator"] not in _COMPARISONS:
        raise AwsError("ValidationError", f"{params['ComparisonOperator']} needs an anomaly detection band in Metrics.")

    period, count = params["Period"], params["EvaluationPeriods"]
    if period not in {10, 20, 30} and period % 60:
        raise AwsError("ValidationError", f"Period must be 10, 20, 30 or a multiple of 60, not {period}.")
    if period * count > _LONGEST_SPAN_SECONDS:
        raise AwsError(
            "ValidationError", "Metrics cannot be checked across more than a day (EvaluationPeriods * Period)."
        )
    if params.get("DatapointsToAlarm", count) > count:
        raise AwsError("ValidationError", "DatapointsToAlarm must not be greater than EvaluationPeriods.")


def _evaluate(alarm: Alarm, region: Region, at: datetime) -> tuple[str, str] | None:
    """State and reason by the last complete periods; None to leave the state as it is."""
    spec = alarm.spec
    if "Metrics" in spec:
        return "INSUFFICIENT_DATA", "This stand-in does not evaluate alarms on expressions."
    period, wanted = alarm.period(region).total_seconds(), spec["EvaluationPeriods"]
    end = datetime.fromtimestamp(at.timestamp() // period * period, UTC)
    start = end - timedelta(seconds=period * wanted)
    samples = samples_of(region, spec, start, end)
    compute = statistic(spec.get("ExtendedStatistic") or spec["Statistic"])
    found = {begin: compute(values) for begin, values in per_period(samples, start, end, period)} if samples else {}
    breaches = _COMPARISONS[spec["ComparisonOperator"]]
    breaching = sum(1 for value in found.values() if breaches(value, spec["Threshold"]))
    missing = wanted - len(found)
    treatment = spec.get("TreatMissingData", "missing")
    if not found and treatment == "ignore":
        return None
    if not found and treatment == "missing":
        return "INSUFFICIENT_DATA", "Insufficient Data: there are no datapoints."
    if treatment == "breaching":
        breaching += missing
    needed = spec.get("DatapointsToAlarm", wanted)
    if breaching >= needed:
        return "ALARM", f"Threshold Crossed: {breaching} of the last {wanted} datapoints were breaching."
    return "OK", f"Threshold not crossed: {breaching} of the last {wanted} datapoints were breaching."


def _terms(rule: str) -> list[str]:
    """Names of the alarms in a rule of the one form that is understood here: `ALARM("a") OR ALARM("b")`."""
    terms = [_RULE_TERM.fullmatch(term.strip()) for term in rule.split(" OR ")]
    if not all(terms):
        raise AwsError(
            "ValidationError", f'This stand-in reads only rules like ALARM("a") OR ALARM("b"), not {rule!r}.'
        )
    return [term[1] for term in terms if term]


def _follow(rule: str, region: Region, at: datetime) -> tuple[str, str]:
    named = [region.alarms[name] for name in _terms(rule) if name in region.alarms]
    ringing = [alarm.name for alarm in named if alarm.state_at(region, at) == "ALARM"]
    return ("ALARM", f"In ALARM: {', '.join(ringing)}") if ringing else ("OK", "No alarm of the rule is in ALARM.")


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
