"""The alarms that stand as long as their endpoint does, as the fleet file declares them, and where those that exist differ.

They look at the whole endpoint, whatever fleet serves. Their names follow from the endpoint's alone, so whoever looks for them
needs no record of them.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.domain.alarm_rules import NAMESPACE, AlarmRule, error_rule, latency_rules, mid_stream_rule
from bot.domain.alarms import Alarm
from bot.domain.durations import format_duration
from bot.domain.fleet import EndpointSpec, KeptAlarms
from bot.domain.plan import Difference

_KEYS: Mapping[str, str] = {
    "errors": "error_rate",
    "mid-stream": "mid_stream_errors",
    "p99": "p99_ms",
    "p90": "p90_ms",
    "p50": "p50_ms",
    "overhead": "overhead_ms",
    "backlog": "backlog",
}
"""The fleet file's key of each alarm, by the end of its name."""

_IN_MICROSECONDS = frozenset({"p99", "p90", "p50", "overhead"})
_MARK = "The bot keeps it as the fleet file says."
"""How the description of each ends."""

_OF_THE_ENDPOINT = "backlog"
"""Its metric has no dimension but the endpoint's name."""


@dataclass(frozen=True)
class AlarmChange:
    """What is to be done so that exactly the declared alarms stand."""

    put: tuple[Alarm, ...] = ()
    """Those that are missing, or have another rule or other people to tell."""
    drop: tuple[str, ...] = ()
    """Names of those that the file declares no more."""

    def __bool__(self) -> bool:
        return bool(self.put or self.drop)


def kept_alarms(spec: EndpointSpec) -> tuple[Alarm, ...]:
    """The alarms that the file asks for, the most telling first; none of metrics that its kind of endpoint does not have.

    None either for endpoints whose models are inference components: SageMaker counts requests for each of those, not for a variant.
    """
    wanted = spec.alarms
    if wanted is None or spec.watch.inference_components:
        return ()
    return tuple(_alarm(spec, wanted, rule) for rule in _rules(spec, wanted))


def kept_alarm_names(endpoint: str) -> tuple[str, ...]:
    """The names of all alarms that the bot may have made for an endpoint."""
    return tuple(_name(endpoint, label) for label in _KEYS)


def kept_for(alarm: Alarm) -> str | None:
    """The endpoint beside which the bot keeps that alarm; None for any other alarm.

    Its name alone would not do: name, subject and description all have to be as the bot writes them.
    """
    endpoint = alarm.endpoint
    is_ours = endpoint is not None and alarm.name in kept_alarm_names(endpoint) and alarm.description.endswith(_MARK)
    return endpoint if is_ours and alarm.namespace == NAMESPACE else None


def heeded_alarms(spec: EndpointSpec) -> tuple[str, ...]:
    """The names of all alarms that the watch of a change heeds: those that people name, and those that the bot keeps."""
    kept = (alarm.name for alarm in kept_alarms(spec))
    return tuple(dict.fromkeys((*spec.watch.alarms, *kept)))


def change_of(spec: EndpointSpec, there: Mapping[str, Alarm]) -> AlarmChange:
    """From those that are there to those that are declared; nothing where the file says nothing about alarms.

    Args:
        spec: What the file says.
        there: The endpoint's kept alarms that exist, by name.
    """
    if spec.alarms is None:
        return AlarmChange()
    wanted = kept_alarms(spec)
    put = tuple(a for a in wanted if a.name not in there or not is_as_declared(there[a.name], a))
    return AlarmChange(put, tuple(sorted(there.keys() - {alarm.name for alarm in wanted})))


def is_as_declared(there: Alarm, declared: Alarm) -> bool:
    """Whether it goes off when it should, and tells whom it should."""
    return there.has_rule_of(declared) and set(there.notify) == set(declared.notify)


def alarm_drift(spec: EndpointSpec, there: Mapping[str, Alarm]) -> Iterator[Difference]:
    """Every alarm that is missing, changed or not declared, in the file's own words."""
    change = change_of(spec, there)
    for declared in change.put:
        path, found = f"alarms.{_KEYS[_label(declared)]}", there.get(declared.name)
        if found is None:
            yield Difference(path=path, before=None, after=ceiling_words(declared))
        elif not found.has_rule_of(declared):
            words = ceiling_words if found.threshold != declared.threshold else rule_words
            yield Difference(path=path, before=words(found), after=words(declared))
        else:
            yield Difference(path=f"{path} notify", before=_told(found), after=_told(declared))
    for name in change.drop:
        alarm = there[name]
        yield Difference(path=f"alarms.{_KEYS[_label(alarm)]}", before=ceiling_words(alarm), after=None)


def is_about_alarms(difference: Difference) -> bool:
    """Whether an endpoint differs in this only beside itself: no rollout is needed to end it."""
    return difference.path.startswith("alarms.")


def ceiling_words(alarm: Alarm) -> str:
    """Its ceiling as the file would write it, e.g. `800 ms`."""
    label, ceiling = _label(alarm), alarm.threshold
    if ceiling is None:
        return "no ceiling"
    if label in _IN_MICROSECONDS:
        return f"{ceiling / 1_000:g} ms"
    return f"{100 * ceiling:g} %" if label == "errors" else f"{ceiling:g}"


def rule_words(alarm: Alarm) -> str:
    """When it goes off, e.g. `p99 of ModelLatency above 800 ms in 2 of 3 datapoints of 1m`."""
    period = format_duration(alarm.period) if alarm.period is not None else "unknown length"
    needed = alarm.datapoints_to_alarm or alarm.evaluation_periods
    return f"{ceiling_of_metric(alarm)} in {needed} of {alarm.evaluation_periods} datapoints of {period}"


def ceiling_of_metric(alarm: Alarm) -> str:
    """What is too much, e.g. `p99 of ModelLatency above 800 ms`."""
    return f"{alarm.statistic} of {alarm.metric} above {ceiling_words(alarm)}"


def _rules(spec: EndpointSpec, wanted: KeptAlarms) -> Iterator[AlarmRule]:
    if wanted.error_rate is not None:
        yield error_rule(wanted.error_rate)
    if spec.kind == "streaming" and wanted.mid_stream_errors is not None:
        yield mid_stream_rule(wanted.mid_stream_errors)
    yield from latency_rules(spec.kind, wanted.p99_ms, wanted.p90_ms, wanted.p50_ms)
    # Neither async endpoints nor bidirectional streams have it, and CloudWatch knows no percentiles of it.
    if spec.kind in ("realtime", "serverless") and wanted.overhead_ms is not None:
        ms = wanted.overhead_ms
        yield AlarmRule(
            "overhead", "OverheadLatency", "Average", ms * 1_000, f"average of OverheadLatency above {ms:g} ms"
        )
    if spec.kind == "async" and wanted.backlog is not None:
        most = wanted.backlog
        yield AlarmRule("backlog", "ApproximateBacklogSize", "Average", most, f"more than {most} requests in the queue")


def _alarm(spec: EndpointSpec, wanted: KeptAlarms, rule: AlarmRule) -> Alarm:
    variant = {} if rule.label == _OF_THE_ENDPOINT else {"VariantName": spec.variant}
    return Alarm(
        name=_name(spec.name, rule.label),
        namespace=NAMESPACE,
        metric=rule.metric,
        dimensions={"EndpointName": spec.name, **variant},
        statistic=rule.statistic,
        period=wanted.period,
        evaluation_periods=wanted.evaluation_periods,
        datapoints_to_alarm=wanted.datapoints_to_alarm,
        threshold=rule.ceiling,
        missing_data="notBreaching",  # a minute without requests is no outage that these numbers could tell
        notify=wanted.notify,
        description=f"{spec.name}: {rule.meaning}. {_MARK}",
    )


def _name(endpoint: str, label: str) -> str:
    """No endpoint's name and no rollout's id has a dot, so it can be no alarm of a single rollout."""
    return f"bot-{endpoint}.{label}"


def _label(alarm: Alarm) -> str:
    return alarm.name.rpartition(".")[2]


def _told(alarm: Alarm) -> str:
    return ", ".join(topic.rpartition(":")[2] for topic in alarm.notify) or "nobody"
