"""Change windows: when an endpoint may be changed, as people write it, `Mon-Fri 09:00-17:00 Europe/Berlin`."""

import re
from datetime import datetime, time, timedelta
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
