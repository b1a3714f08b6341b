"""Before against after, as the summary and its chart show it."""

import logging
import math
from datetime import datetime, timedelta

import numpy as np

from bot.domain.endpoint import Snapshot
from bot.domain.errors import GatewayError, TransientError
from bot.domain.rollout import Rollout
from bot.domain.signals import EndpointKind, latency_metric
from bot.domain.verdict import Comparison, Measurement, Window
from workers.ports import Floats, Measure, Metrics, Series, Subject
from workers.watching.sampler import Sample
from workers.watching.subjects import whole_endpoint
from workers.watching.windows import baseline_of, ended

log = logging.getLogger(__name__)

MOST_POINTS = 240
"""Points of a chart: more than a phone can show."""

_MOMENT = timedelta(seconds=1)


def in_short(rollout: Rollout, sample: Sample, before: Measurement, window: Window) -> Comparison:
    """A comparison of what is known already, for the looks in between: its percentiles are means of the periods'."""
    return Comparison(
        latency_metric=latency_metric(rollout.watch.kind),
        before=before,
        after=summed_up(sample.series, window, rollout.watch.kind),
        by_config=sample.config is not None,
    )


def in_full(rollout: Rollout, snapshot: Snapshot, metrics: Metrics, short: Comparison) -> Comparison:
    """The same with percentiles over the whole window, and with the points of a chart; as it was if CloudWatch gives no more."""
    whole, window = whole_endpoint(rollout, snapshot), short.after.window
    config = rollout.target_config if short.by_config else None
    fleet = Subject(whole.endpoint, whole.variants, whole.kind, config, whole.components)
    shown = Window(
        start=max(short.before.window.start, baseline_of(rollout).end - _shown_before(rollout)), end=window.end
    )
    try:
        after = metrics.measure(fleet, window)
        points = metrics.series(whole, shown, chart_period(rollout.watch.metric_period, shown))
    except (TransientError, GatewayError) as exc:
        log.warning("rollout %s: no chart: %s", rollout.id, exc)
        return short
    return short.model_copy(update={"after": after, "points": points})


def at_once(
    rollout: Rollout, snapshot: Snapshot, metrics: Metrics, known: Comparison | None, now: datetime
) -> Comparison:
    """Both sides as far as CloudWatch tells of them by now, for a fleet that something else than its numbers speaks against."""
    if known is not None:
        return in_full(rollout, snapshot, metrics, known)
    assert rollout.cutover_at is not None
    window = ended(rollout, now) or Window(start=rollout.cutover_at, end=max(now, rollout.cutover_at + _MOMENT))
    short = nothing_measured(rollout, window)
    try:
        before = metrics.measure(whole_endpoint(rollout, snapshot), baseline_of(rollout))
    except (TransientError, GatewayError) as exc:
        log.warning("rollout %s: no numbers of before: %s", rollout.id, exc)
        return short
    return in_full(rollout, snapshot, metrics, short.model_copy(update={"before": before}))


def nothing_measured(rollout: Rollout, window: Window) -> Comparison:
    """An empty comparison, so that the summary can say "no data" for every number."""
    before = Measurement(window=baseline_of(rollout))
    return Comparison(
        latency_metric=latency_metric(rollout.watch.kind), before=before, after=Measurement(window=window)
    )


def summed_up(series: Series, window: Window, kind: EndpointKind) -> Measurement:
    """One window out of its periods: close to what CloudWatch would say of it as a whole, and it costs no call."""
    there = series.between(window.start, window.end)
    requests = there.of(Measure.REQUESTS)
    return Measurement(
        window=window,
        p50_us=_mean(there.of(Measure.P50), requests),
        p90_us=_mean(there.of(Measure.P90), requests),
        p99_us=_mean(there.of(Measure.P99), requests),
        requests=_total(requests),
        errors_4xx=_total(there.of(Measure.ERRORS_4XX)),
        errors_5xx=_total(there.of(Measure.ERRORS_5XX)),
        mid_stream_errors=_total(there.of(Measure.MID_STREAM_ERRORS)) if kind == "streaming" else None,
    )


def chart_period(period: timedelta, shown: Window) -> timedelta:
    """That period, or a longer one that CloudWatch accepts, so that a chart has a readable number of points."""
    seconds = max(period.total_seconds(), (shown.end - shown.start).total_seconds() / MOST_POINTS)
    allowed = next((p for p in (1, 5, 10, 20, 30) if p >= seconds), None)
    return timedelta(seconds=allowed if allowed is not None else 60 * math.ceil(seconds / 60))


def _shown_before(rollout: Rollout) -> timedelta:
    """As much of the baseline as makes the after visible beside it."""
    return max(2 * rollout.watch.duration, 20 * rollout.watch.metric_period)


def _mean(values: Floats, weights: Floats) -> float | None:
    there = ~np.isnan(values)
    if not there.any():
        return None
    known = np.nan_to_num(weights[there])
    return float(np.average(values[there], weights=known if known.sum() > 0 else None))


def _total(values: Floats) -> float | None:
    return None if np.isnan(values).all() else float(np.nansum(values))
