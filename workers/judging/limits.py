"""Hard limits: crossed is crossed, whatever the statistics say. They act at once, on numbers that are still coming in as well."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bot.domain.signals import Signal
from bot.domain.watchplan import WatchPlan
from bot.domain.yardstick import Yardsticks
from workers.judging.rates import FEWEST_EVENTS, both_known
from workers.ports import Floats, Measure, Series

DEFAULT_ERROR_CEILING = 0.05
"""Where the fleet file says nothing: more than one failure in twenty requests is an outage on any endpoint."""

FEWEST_PERIODS_FOR_LATENCY = 3
"""One slow minute crosses no limit."""


@dataclass(frozen=True)
class Crossing:
    """A limit that the new fleet crossed. Latencies are microseconds, rates are shares."""

    name: str
    after: float
    ceiling: float
    is_latency: bool
    events: float = 0.0
    requests: float = 0.0
    before: float | None = None
    """What it was before the update."""

    @property
    def was_above_before(self) -> bool:
        """Whether the old fleet was above the same limit."""
        return self.before is not None and self.before > self.ceiling


def crossing(yardsticks: Yardsticks, after: Series, fresh: Series | None, plan: WatchPlan) -> Crossing | None:
    """The first limit that is crossed, errors before latencies."""
    return _of_errors(yardsticks, (after,) if fresh is None else (after, fresh), plan) or _of_latency(
        yardsticks, after, plan
    )


def _of_errors(yardsticks: Yardsticks, several: Sequence[Series], plan: WatchPlan) -> Crossing | None:
    broken, asked = _sum_of(several, Measure.MID_STREAM_ERRORS)
    failed, _ = _sum_of(several, Measure.ERRORS_5XX)
    default = DEFAULT_ERROR_CEILING if plan.error_rate_ceiling is None else plan.error_rate_ceiling
    both = (Signal.ERRORS, Signal.MID_STREAM_ERRORS)
    limits: list[tuple[str, float, float, tuple[Signal, ...]]] = [("requests failed", failed + broken, default, both)]
    if plan.mid_stream_error_rate_ceiling is not None:
        limits.append(
            ("streams broke in the middle", broken, plan.mid_stream_error_rate_ceiling, (Signal.MID_STREAM_ERRORS,))
        )
    for name, events, ceiling, signals in limits:
        if asked > 0 and events >= FEWEST_EVENTS and events / asked > ceiling:
            before = _share_before(yardsticks, signals)
            return Crossing(name, events / asked, ceiling, False, events, asked, before)
    return None


def _of_latency(yardsticks: Yardsticks, after: Series, plan: WatchPlan) -> Crossing | None:
    ceilings = (
        (Signal.P50, Measure.P50, plan.p50_ceiling_ms),
        (Signal.P90, Measure.P90, plan.p90_ceiling_ms),
        (Signal.P99, Measure.P99, plan.p99_ceiling_ms),
    )
    for signal, measure, ceiling_ms in ceilings:
        values = after.of(measure)
        if ceiling_ms is None or np.sum(~np.isnan(values)) < FEWEST_PERIODS_FOR_LATENCY:
            continue
        level = weighted(values, after.of(Measure.REQUESTS))
        if level > ceiling_ms * 1000:
            yardstick = yardsticks.of(signal)
            before = None if yardstick is None else yardstick.before
            return Crossing(signal.value, level, ceiling_ms * 1000, True, before=before)
    return None


def weighted(values: Floats, requests: Floats) -> float:
    """The mean of the periods, each by its requests: what callers met with, not what minutes did."""
    known = ~np.isnan(values)
    weights = np.nan_to_num(requests[known])
    if weights.sum() <= 0:
        return float(np.mean(values[known]))
    return float(np.average(values[known], weights=weights))


def _sum_of(several: Sequence[Series], measure: Measure) -> tuple[float, float]:
    counted = [both_known(s.of(measure), s.of(Measure.REQUESTS)) for s in several]
    return sum(float(failed.sum()) for failed, _ in counted), sum(float(asked.sum()) for _, asked in counted)


def _share_before(yardsticks: Yardsticks, signals: Sequence[Signal]) -> float | None:
    known = [y for y in (yardsticks.count_of(s) for s in signals) if y is not None and y.requests > 0]
    return sum(y.events / y.requests for y in known) if known else None
