"""Change windows: when an endpoint may be changed, as people write it, `Mon-Fri 09:00-17:00 Europe/Berlin`."""

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from bot.domain.model import Value
from bot.domain.names import quoted
from bot.domain.zones import zone_named

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_CLOCK = "(?:[01][0-9]|2[0-3]):[0-5][0-9]"
_PATTERN = rf"({_DAY}(?:-{_DAY})?(?:,{_DAY}(?:-{_DAY})?)*) ({_CLOCK})-({_CLOCK}) ([A-Za-z][A-Za-z0-9_+/-]*)"


class ChangeWindow(Value):
    """One window: some days of the week, from a time until another, in a time zone.

    A window that ends before it begins goes over midnight and belongs to the day on which it begins.
    """

    text: str
    days: frozenset[int]
    """0 is Monday."""
    start: time
    end: time
    zone: str
    """IANA name."""

    def contains(self, instant: datetime) -> bool:
        """Whether it is open at an aware instant."""
        local = instant.astimezone(ZoneInfo(self.zone))
        clock = local.time()
        if self.start <= self.end:
            return local.weekday() in self.days and self.start <= clock < self.end
        if clock >= self.start:
            return local.weekday() in self.days
        return clock < self.end and (local - timedelta(days=1)).weekday() in self.days


def parse_window(text: str) -> ChangeWindow:
    """Read `Mon-Fri 09:00-17:00 Europe/Berlin` or `Sat,Sun 22:00-04:00 UTC`.

    Raises:
        ValueError: the text is no window, or its time zone is unknown.
    """
    match = re.fullmatch(_PATTERN, text)
    if not match:
        raise ValueError(f"{quoted(text)} is no change window: write it like Mon-Fri 09:00-17:00 Europe/Berlin")
    days, start, end, zone = match.groups()
    if start == end:
        raise ValueError(f"{quoted(text)} begins and ends at the same time")
    zone_named(zone)
    return ChangeWindow(
        text=text,
        days=frozenset(day for part in days.split(",") for day in _days_of(part)),
        start=time.fromisoformat(start),
        end=time.fromisoformat(end),
        zone=zone,
    )


def _days_of(part: str) -> list[int]:
    first, _, last = part.partition("-")
    begin, end = _DAYS.index(first), _DAYS.index(last or first)
    return [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]  # Sat-Mon goes over the week's end


def are_open(windows: Sequence[ChangeWindow], now: datetime) -> bool:
    """Whether changes may happen at an aware instant; without any window they always may."""
    return not windows or any(window.contains(now) for window in windows)


def next_opening(windows: Sequence[ChangeWindow], now: datetime) -> datetime:
    """The first instant from `now` on at which changes may happen."""
    if are_open(windows, now):
        return now
    return next(at for at in _changes(windows, now) if are_open(windows, at))


def closes_at(windows: Sequence[ChangeWindow], now: datetime) -> datetime | None:
    """Until when changes may happen without a break; `now` while they may not, None if no end is in sight."""
    if not are_open(windows, now):
        return now
    return next((at for at in _changes(windows, now) if not are_open(windows, at)), None)


_HORIZON_DAYS = 15
"""Windows recur weekly, and the one that the clocks skip in spring comes again a week later."""


def _changes(windows: Sequence[ChangeWindow], now: datetime) -> list[datetime]:
    """Every instant after `now`, in UTC, at which one of the windows may open or close."""
    return sorted({at for window in windows for at in _changes_of(window, now) if at > now})


def _changes_of(window: ChangeWindow, now: datetime) -> Iterator[datetime]:
    zone = ZoneInfo(window.zone)
    today = now.astimezone(zone).date()
    for day in (today + timedelta(days=ahead) for ahead in range(_HORIZON_DAYS + 1)):
        for clock in (window.start, window.end):
            for fold in (0, 1):  # on the night when the clocks go back, a time comes twice
                yield datetime.combine(day, clock, zone).replace(fold=fold).astimezone(UTC)
    # A window also opens or closes when the clocks jump into it or out of it.
    hour = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    for day_begins in (hour + timedelta(days=ahead) for ahead in range(_HORIZON_DAYS)):
        yield _clock_change(zone, day_begins)


def _clock_change(zone: ZoneInfo, begin: datetime) -> datetime:
    """The minute within the next 24 hours at which the zone's offset from UTC changes; their end if it does not."""
    offset = begin.astimezone(zone).utcoffset()
    minutes = bisect_left(
        range(24 * 60), True, key=lambda m: (begin + timedelta(minutes=m)).astimezone(zone).utcoffset() != offset
    )
    return begin + timedelta(minutes=minutes)


def _read(value: object) -> ChangeWindow:
    if isinstance(value, ChangeWindow):
        return value
    if not isinstance(value, str):
        raise ValueError("must be text: write it like Mon-Fri 09:00-17:00 Europe/Berlin")
    return parse_window(value)


Window = Annotated[
    ChangeWindow,
    BeforeValidator(_read),
    PlainSerializer(lambda window: window.text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_PATTERN}$"}),
]
"""A change window in a file. JSON: its text."""
