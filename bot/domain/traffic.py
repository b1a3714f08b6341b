"""How much an endpoint is used, when it is used least, and what a change means for streams that are open.

Everything here rests on hourly sums of one week. Medians are used throughout: one outage or one load test within the week
must not move the advice.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from statistics import median

from bot.domain.model import Value

DRAIN = timedelta(minutes=30)
"""How long a stream may last, and so how long old instances can still serve one after the cutover."""

BUSY_RATIO = 1.5
"""From this multiple of the usual on, an hour is unusual. It is also the difference in load beyond which latencies before and
after a change say little about the change."""

BUSY_SHARE = 0.8
"""From this share of the busiest hour on, it is a peak: SageMaker does not scale out while an update runs, and little is left."""

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)
_PUBLISHING_DELAY = timedelta(minutes=2)  # CloudWatch shows SageMaker's counts one to three minutes late
_ENOUGH_OF_AN_HOUR = timedelta(minutes=10)  # shorter, and its first minutes would speak for all of it
_ENOUGH_DAYS = 3  # the median of fewer is whatever happened on one of them


class TrafficPoint(Value):
    """Requests within one period, of an hour at most, that begins at `at`."""

    at: datetime
    requests: float


class TrafficOutlook(Value):
    """Traffic now against the week before, and the next quiet hour. None always means: not known."""

    now_per_minute: float | None = None
    """In the hour that is running, or in the last one while this one is too young."""
    usual_per_minute: float | None = None
    """Median of the same hour of the day over the last 7 days."""
    busiest_per_minute: float | None = None
    """In the hour of the day that is usually the busiest."""
    next_quiet_at: datetime | None = None
    """Begin, in UTC, of the hour within the next 24 that is usually the quietest of those in which changes may happen."""
    quiet_per_minute: float | None = None
    """What that hour usually sees."""

    @property
    def ratio(self) -> float | None:
        """Traffic now as a multiple of the usual."""
        return (
            self.now_per_minute / self.usual_per_minute
            if self.now_per_minute is not None and self.usual_per_minute
            else None
        )

    @property
    def share_of_peak(self) -> float | None:
        """Traffic now as a share of the usually busiest hour's; more than 1 is a record."""
        if self.now_per_minute is None or not self.busiest_per_minute:
            return None
        return self.now_per_minute / self.busiest_per_minute

    @property
    def quietest_hour(self) -> int | None:
        """The quiet hour as a clock shows it, 0 to 23 in UTC."""
        return None if self.next_quiet_at is None else self.next_quiet_at.hour

    @property
    def is_busy(self) -> bool:
        """Whether now is a bad time: much more traffic than usual, or close to the peak. Never true of what is not known."""
        return (self.ratio or 0) >= BUSY_RATIO or (self.share_of_peak or 0) >= BUSY_SHARE


def outlook(
    points: Iterable[TrafficPoint], now: datetime, may_change: Callable[[datetime], bool] = lambda _: True
) -> TrafficOutlook:
    """What the last week says about now and about the next 24 hours.

    SageMaker counts requests only when there are any, so an hour without a datapoint was quiet, from the endpoint's first
    datapoint on. About the hour that is running a missing datapoint says nothing: it may still come.

    Args:
        points: Of the last 7 days, the running hour included; gaps are fine, and so is nothing at all.
        now: An aware instant.
        may_change: Whether a change may begin at an instant. Where it never may within 24 hours, every hour counts: the change
            waits for its window anyway.
    """
    counted = _by_hour(points)
    per_minute, present = _present(counted, now)
    began = min((hour for hour in counted if present - _WEEK <= hour < present), default=present)
    past = {hour: counted.get(hour, 0.0) for hour in _hours(began, present)}
    usual = {hour: value for hour in range(24) if (value := _usual(past, hour)) is not None}
    coming = [_hour_of(now) + _HOUR * ahead for ahead in range(1, 25)]
    quiet_at, quiet = _quietest(past, [hour for hour in coming if may_change(hour)] or coming)
    return TrafficOutlook(
        now_per_minute=per_minute,
        usual_per_minute=_rate(usual.get(present.hour)),
        busiest_per_minute=_rate(max(usual.values(), default=None)),
        next_quiet_at=quiet_at,
        quiet_per_minute=_rate(quiet),
    )


def traffic_sentence(traffic: TrafficOutlook) -> str:
    """E.g. `120 requests a minute now, 1.1 × the usual of this hour; the quietest hour begins Mon 03:00 UTC (usually 9 a minute)`."""
    return f"{_now_in_words(traffic)}; {_quiet_in_words(traffic)}."


def _now_in_words(traffic: TrafficOutlook) -> str:
    if traffic.now_per_minute is None:
        return "How much traffic there is now is not known"
    noun = "request" if _number(traffic.now_per_minute) == "1" else "requests"
    usual = "the usual is not known" if traffic.usual_per_minute is None else "usually there is none at this hour"
    compared = usual if traffic.ratio is None else f"{traffic.ratio:.1f} × the usual of this hour"
    return f"{_number(traffic.now_per_minute)} {noun} a minute now, {compared}"


def _quiet_in_words(traffic: TrafficOutlook) -> str:
    if traffic.next_quiet_at is None or traffic.quiet_per_minute is None:
        return "there is too little history to name a quiet hour"
    return f"the quietest hour begins {traffic.next_quiet_at:%a %H:%M} UTC (usually {_number(traffic.quiet_per_minute)} a minute)"


def open_connections(concurrency: float | None) -> str:
    """What becomes of the streams that are open.

    Args:
        concurrency: Open streams in the last minutes, as a lower bound; None when it could not be told.
    """
    minutes = DRAIN // timedelta(minutes=1)
    if concurrency is None:
        known = "How many streams are open is not known. They stay"
    elif (streams := round(concurrency)) == 0:
        return "No stream was open in the last minutes."
    else:
        known = (
            "At least 1 stream is open. It stays"
            if streams == 1
            else f"At least {streams:,} streams are open. They stay"
        )
    return f"{known} on the old instances for up to {minutes} minutes after the cutover; new ones go to the new fleet."


def _by_hour(points: Iterable[TrafficPoint]) -> Mapping[datetime, float]:
    hours: dict[datetime, float] = defaultdict(float)
    for point in points:
        hours[_hour_of(point.at)] += point.requests
    return hours


def _hour_of(instant: datetime) -> datetime:
    return instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _hours(begin: datetime, end: datetime) -> Iterable[datetime]:
    return (begin + _HOUR * index for index in range((end - begin) // _HOUR))


def _present(counted: Mapping[datetime, float], now: datetime) -> tuple[float | None, datetime]:
    """Requests a minute, and the hour that they were counted in."""
    hour = _hour_of(now)
    elapsed = now - hour - _PUBLISHING_DELAY
    if hour in counted and elapsed >= _ENOUGH_OF_AN_HOUR:
        return counted[hour] / (elapsed / timedelta(minutes=1)), hour
    return _rate(counted.get(hour - _HOUR)), hour - _HOUR


def _usual(past: Mapping[datetime, float], hour_of_day: int) -> float | None:
    same = [requests for hour, requests in past.items() if hour.hour == hour_of_day]
    return median(same) if len(same) >= _ENOUGH_DAYS else None


def _quietest(past: Mapping[datetime, float], coming: Iterable[datetime]) -> tuple[datetime | None, float | None]:
    """The coming hour with the least to expect, the earliest of equals; nothing before a whole day was seen."""
    if len(past) < _DAY // _HOUR:
        return None, None
    return min(((hour, _expected(past, hour)) for hour in coming), key=lambda pair: pair[1])


def _expected(past: Mapping[datetime, float], coming: datetime) -> float:
    """Median of the same hour on days of the same sort, weekend or not; of all days until one of that sort was seen."""
    same = {hour: requests for hour, requests in past.items() if hour.hour == coming.hour}
    alike = [requests for hour, requests in same.items() if _is_weekend(hour) == _is_weekend(coming)]
    return median(alike or same.values())


def _is_weekend(instant: datetime) -> bool:
    return instant.weekday() >= 5


def _rate(requests: float | None) -> float | None:
    return None if requests is None else requests / 60


def _number(per_minute: float) -> str:
    return "under 1" if 0 < per_minute < 0.5 else f"{per_minute:,.0f}"
