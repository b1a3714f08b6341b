"""The windows of the watch, and their numbers from CloudWatch."""

import math
from datetime import UTC, datetime, timedelta

from bot.domain.endpoint import Snapshot
from bot.domain.reconcile import watch_ends_at
from bot.domain.rollout import Rollout
from bot.domain.signals import latency_metric
from bot.domain.verdict import Comparison, Point, Window
from workers.ports import Metrics, Subject

MOST_POINTS = 240
"""Points of a chart: more than a phone can show."""


def windows(rollout: Rollout, now: datetime) -> tuple[Window, Window] | None:
    """The baseline before the update and the watched window so far; None while the warm-up lasts.

    Both are made of whole periods, because CloudWatch counts in those: what it says of a window is then about that window only.
    """
    called_at = rollout.called_at
    if rollout.cutover_at is None or called_at is None:
        return None
    period, over = rollout.watch.metric_period, watch_ends_at(rollout)
    after = whole_periods(rollout.cutover_at + rollout.watch.warm_up, over, now, period)
    if after is None:
        return None
    minute = timedelta(minutes=1)
    began = _floor(called_at, minute if rollout.watch.baseline >= 2 * minute else period)
    return Window(start=began - rollout.watch.baseline, end=began), after


def whole_periods(start: datetime, over: datetime, now: datetime, period: timedelta) -> Window | None:
    """As much of `start` to `over` as has passed, in whole periods; None while none has passed."""
    first, last = _ceil(start, period), _floor(min(now, over), period)
    if last > first:
        return Window(start=first, end=last)
    if now < over:
        return None
    # A watch shorter than its period: the periods that it touches say something, no period would say nothing.
    return Window(start=_floor(start, period), end=_ceil(over, period))


def _floor(at: datetime, step: timedelta) -> datetime:
    seconds = step.total_seconds()
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)


def _ceil(at: datetime, step: timedelta) -> datetime:
    floor = _floor(at, step)
    return floor if floor == at else floor + step


def subject_of(rollout: Rollout, snapshot: Snapshot) -> Subject:
    """Whose numbers a watch is about: everything that the endpoint's variants serve."""
    variants = tuple(v.name for v in snapshot.variants)
    components = rollout.watch.inference_components
    return Subject(endpoint=rollout.endpoint, variants=variants, kind=rollout.watch.kind, components=components)


def compare(rollout: Rollout, metrics: Metrics, now: datetime, *, with_points: bool) -> Comparison | None:
    """Before against after, as far as CloudWatch tells; None while the warm-up lasts.

    Points cost another request, so they are fetched for the chart only.
    """
    spans = windows(rollout, now)
    if spans is None or rollout.snapshot is None:
        return None
    before, after = spans
    subject = subject_of(rollout, rollout.snapshot)
    points: tuple[Point, ...] = ()
    if with_points:
        shown = Window(start=max(before.start, before.end - _shown_before(rollout)), end=after.end)
        points = metrics.series(subject, shown, _chart_period(rollout, shown))
    return Comparison(
        latency_metric=latency_metric(rollout.watch.kind),
        before=metrics.measure(subject, before),
        after=metrics.measure(subject, after),
        points=points,
    )


def _shown_before(rollout: Rollout) -> timedelta:
    """As much of the baseline as makes the after visible beside it."""
    return max(2 * rollout.watch.duration, 20 * rollout.watch.metric_period)


def _chart_period(rollout: Rollout, shown: Window) -> timedelta:
    """The period of the watch, or a longer one that CloudWatch accepts, so that the chart has a readable number of points."""
    seconds = max(rollout.watch.metric_period.total_seconds(), (shown.end - shown.start).total_seconds() / MOST_POINTS)
    allowed = next((p for p in (1, 5, 10, 20, 30) if p >= seconds), None)
    return timedelta(seconds=allowed if allowed is not None else 60 * math.ceil(seconds / 60))
