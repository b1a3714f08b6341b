"""The alarms that a rollout makes for itself: on the new fleet only, and only for as long as SageMaker watches it.

The dimension EndpointConfigName keeps them about the new fleet: an alarm over the whole endpoint also goes off when it is the old
fleet that suffers, and then ends the very deployment that would have mended it.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from bot.domain.alarm_rules import NAMESPACE, AlarmRule, error_rule, latency_rules, mid_stream_rule
from bot.domain.alarms import Alarm
from bot.domain.endpoint import ConfigRecord
from bot.domain.fleet import EndpointSpec
from bot.domain.rollout import Rollout
from bot.domain.strategy import Strategy, alarm_period

MAXIMUM_ALARMS = 10
"""As many as SageMaker watches during one deployment."""

USUAL_ERROR_CEILING = 0.05
"""Errors per request, where the fleet file names no ceiling.

A healthy endpoint answers far less than 1 % with a 5XX, a broken one nearly all; one request in twenty, minute after minute, is
beyond chance for any traffic worth a canary. Latencies have no such ceiling: 5 ms is slow for one model, a minute quick for
another. So without thresholds only errors send the traffic back, and the watch compares latencies afterwards.
"""

BROKEN_STREAMS_CEILING = 5
"""Streams that break per datapoint. CloudWatch has MidStreamErrors only when there are any, so no rate can be made of it alone:
its average is 1 after a single error. A healthy endpoint has none; the watch afterwards judges the rate.
"""

_MOST_DATAPOINTS = 3


def alarms_for(rollout: Rollout, spec: EndpointSpec, target: ConfigRecord, strategy: Strategy) -> tuple[Alarm, ...]:
    """Our own alarms for one rollout, the most telling first; none where SageMaker would not watch them.

    Args:
        rollout: Whose alarms they are.
        spec: Its ceilings, its kind, and the length of its datapoints.
        target: The target config; one alarm per ceiling and production variant.
        strategy: Its bake bounds how much one evaluation may look at.
    """
    if not strategy.bakes:
        return ()
    variants = tuple(v["VariantName"] for v in target.variants())
    period = alarm_period(spec.watch.metric_period)
    datapoints = _datapoints(strategy.bake, period)
    # Endpoint and variant have 63 characters at most and a rollout's id 64, so names stay below CloudWatch's 255.
    name = f"bot-{spec.name}-{rollout.id}"
    return tuple(
        Alarm(
            name=f"{name}-{rule.label}" if len(variants) == 1 else f"{name}-{rule.label}-{variant}",
            namespace=NAMESPACE,
            metric=rule.metric,
            dimensions={"EndpointName": spec.name, "VariantName": variant, "EndpointConfigName": target.name},
            statistic=rule.statistic,
            period=period,
            evaluation_periods=datapoints,
            datapoints_to_alarm=-(-datapoints * 2 // 3),
            threshold=rule.ceiling,
            missing_data="notBreaching",  # a quiet minute is no error, and a new fleet begins with none but quiet ones
            description=f"Rollout {rollout.id} of {spec.name}: {rule.meaning}. The bot deletes it when the rollout ends.",
        )
        for rule in _rules(spec)
        for variant in variants
    )


def fitting(own: Sequence[Alarm], standing: Sequence[str]) -> tuple[Alarm, ...]:
    """Those of our own alarms that there is room for: what people asked for comes first."""
    return tuple(own[: max(0, MAXIMUM_ALARMS - len(standing))])


def left_out(own: Sequence[Alarm], spec: EndpointSpec, target: ConfigRecord) -> int:
    """How many of our own alarms there was no room for."""
    return len(tuple(_rules(spec))) * len(target.variants()) - len(own)


def _rules(spec: EndpointSpec) -> Iterator[AlarmRule]:
    thresholds = spec.watch.thresholds
    yield error_rule(USUAL_ERROR_CEILING if thresholds.error_rate is None else thresholds.error_rate)
    if spec.kind == "streaming":
        yield mid_stream_rule(BROKEN_STREAMS_CEILING)
    yield from latency_rules(spec.kind, thresholds.p99_ms, thresholds.p90_ms, thresholds.p50_ms)


def _datapoints(bake: timedelta, period: timedelta) -> int:
    """How many datapoints one evaluation looks at; of three, two have to breach, so that one bad minute is not enough.

    They take no more than half of the bake, because CloudWatch shows the last of them one to three minutes late.
    """
    return max(1, min(_MOST_DATAPOINTS, bake // (2 * period)))
