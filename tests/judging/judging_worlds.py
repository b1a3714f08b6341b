"""Endpoints as CloudWatch would show them, made up for the judge's tests."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import numpy as np
from scipy.signal import lfilter

from bot.domain.verdict import Verdict, Window
from bot.domain.watchplan import WatchPlan
from bot.domain.yardstick import Yardsticks
from workers.judging import judge, make_yardsticks
from workers.ports import Floats, Measure, Series

MINUTE = timedelta(minutes=1)
BEGINNING = datetime(2026, 3, 2, tzinfo=UTC)
LATENCIES = (Measure.P50, Measure.P90, Measure.P99)
BASELINE, GAP, LOOKS = 60, 8, 30


def plan_of(period: timedelta = MINUTE, **said: object) -> WatchPlan:
    fields: dict[str, object] = {
        "duration": LOOKS * period,
        "warm_up": 3 * period,
        "metric_period": period,
        "baseline": BASELINE * period,
    }
    return WatchPlan.model_validate({**fields, **said})


def noise(rng: np.random.Generator, count: int, deviation: float, likeness: float = 0.3) -> Floats:
    """Logarithms of minutes that resemble the one before."""
    steps = rng.standard_normal(count) * np.sqrt(1 - likeness**2)
    return np.asarray(deviation * lfilter([1.0], [1.0, -likeness], steps), dtype=np.float64)


def endpoint(
    count: int,
    *,
    seed: int = 1,
    deviation: float = 0.05,
    requests: float = 500,
    error_rate: float = 0.0,
    level_ms: float = 412,
    period: timedelta = MINUTE,
    rhythm: Floats | None = None,
) -> Series:
    """A healthy endpoint over so many periods."""
    rng = np.random.default_rng(seed)
    log_level = np.log(level_ms * 1000) + noise(rng, count, deviation) + (0 if rhythm is None else rhythm)
    asked = rng.poisson(requests, count).astype(float)
    values: Mapping[Measure, Floats] = {
        Measure.P50: np.exp(log_level),
        Measure.P90: np.exp(log_level + 0.6 + 0.02 * rng.standard_normal(count)),
        Measure.P99: np.exp(log_level + 1.1 + 0.06 * rng.standard_normal(count)),
        Measure.REQUESTS: asked,
        Measure.ERRORS_5XX: rng.binomial(asked.astype(int), error_rate).astype(float),
        Measure.ERRORS_4XX: rng.binomial(asked.astype(int), 0.01).astype(float),
        Measure.MID_STREAM_ERRORS: np.full(count, np.nan),
    }
    return Series(BEGINNING, period, values)


def part(series: Series, first: int, end: int) -> Series:
    """The periods [first, end)."""
    return series.between(series.start + first * series.period, series.start + end * series.period)


def changed(series: Series, **measures: Floats | float) -> Series:
    """With some measures replaced; a number stands for that many in each period."""
    values = dict(series.values)
    for name, value in measures.items():
        values[Measure(name)] = np.broadcast_to(np.asarray(value, dtype=np.float64), (series.length,)).copy()
    return Series(series.start, series.period, values)


def slower(series: Series, times: float, measures: tuple[Measure, ...] = LATENCIES) -> Series:
    """Every latency so many times as long."""
    return Series(series.start, series.period, {m: v * times if m in measures else v for m, v in series.values.items()})


class Story:
    """A past, a cutover at its end, and a watch."""

    def __init__(self, past: int = 3 * 1440, plan: WatchPlan | None = None, **said: object) -> None:
        self.plan = plan or plan_of()
        self.whole = endpoint(past + GAP + LOOKS, period=self.plan.metric_period, **said)  # type: ignore[arg-type]
        self.past = part(self.whole, 0, past)
        self.after = part(self.whole, past + GAP, past + GAP + LOOKS)
        self.yardsticks = self.measured(self.past)

    def measured(self, past: Series, plan: WatchPlan | None = None) -> Yardsticks:
        period = past.period
        ends = past.start + past.length * period
        window = Window(start=ends - BASELINE * period, end=ends)
        return make_yardsticks(past, plan or self.plan, window, ends + GAP * period, LOOKS, ends)

    def verdict(self, after: Series | None = None, *, is_over: bool = True) -> Verdict:
        return judge(self.yardsticks, self.after if after is None else after, self.plan, is_over=is_over)

    def first(self, periods: int, after: Series | None = None) -> Series:
        return part(self.after if after is None else after, 0, periods)
