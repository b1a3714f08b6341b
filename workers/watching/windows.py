"""Which time is compared with which: the baseline before the update, and the judged window after the warm-up.

All windows are made of whole periods, because CloudWatch counts in those: what it says of a window is then about that window only.
"""

from datetime import UTC, datetime, timedelta

from bot.domain.reconcile import judged_from, lateness, watch_ends_at
from bot.domain.rollout import Rollout
from bot.domain.verdict import Window

MINUTE = timedelta(minutes=1)

LONGEST_HISTORY = timedelta(days=14)
"""CloudWatch keeps minutes for 15 days."""

LONGEST_FINE_HISTORY = timedelta(hours=2, minutes=50)
"""It keeps shorter periods for 3 hours."""

MOST_FINE_PERIODS = 3_600
"""More of those teach the judge nothing, and ten thousand, which are what periods of a second come to, take seconds to read."""


def baseline_of(rollout: Rollout) -> Window:
    """What the watch is compared with: the time before SageMaker was first asked to change the endpoint."""
    assert rollout.called_at is not None
    period = rollout.watch.metric_period
    whole_minutes = period >= MINUTE or rollout.watch.baseline >= 2 * MINUTE
    began = floor(rollout.called_at, max(period, MINUTE) if whole_minutes else period)
    return Window(start=began - rollout.watch.baseline, end=began)


def history_before(baseline: Window, period: timedelta, now: datetime) -> Window:
    """As much of the past as CloudWatch keeps in such periods, up to the baseline's end."""
    longest = LONGEST_HISTORY if period >= MINUTE else LONGEST_FINE_HISTORY
    begin = baseline.end - longest
    oldest = now - longest - (timedelta(hours=20) if period >= MINUTE else timedelta(0))
    begin = max(begin, oldest)
    periods = max(0, (baseline.end - begin) // period)
    if period < MINUTE:
        periods = min(periods, max(MOST_FINE_PERIODS, 2 * (baseline.end - baseline.start) // period))
    return Window(start=baseline.end - periods * period, end=baseline.end)


def ended(rollout: Rollout, now: datetime) -> Window | None:
    """The judged window so far; None while the first of its periods lasts, and before the cutover."""
    if rollout.cutover_at is None or rollout.called_at is None:
        return None
    return whole_periods(judged_from(rollout), watch_ends_at(rollout), now, rollout.watch.metric_period)


def settled(rollout: Rollout, read_at: datetime) -> Window | None:
    """As much of it as CloudWatch knew everything about when it was read; None while that is nothing."""
    return ended(rollout, read_at - lateness(rollout.watch))


def whole_periods(start: datetime, over: datetime, now: datetime, period: timedelta) -> Window | None:
    """As much of `start` to `over` as has passed, in whole periods; None while none has passed."""
    first, last = ceil(start, period), floor(min(now, over), period)
    if last > first:
        return Window(start=first, end=last)
    if now < over:
        return None
    # A watch shorter than its period: the periods that it touches say something, no period would say nothing.
    return Window(start=floor(start, period), end=ceil(over, period))


def floor(at: datetime, step: timedelta) -> datetime:
    """The last whole step at or before an instant."""
    seconds = step.total_seconds()
    return datetime.fromtimestamp(at.timestamp() // seconds * seconds, UTC)


def ceil(at: datetime, step: timedelta) -> datetime:
    """The first whole step at or after an instant."""
    last = floor(at, step)
    return last if last == at else last + step
