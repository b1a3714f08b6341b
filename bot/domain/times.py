"""Points in time as people write them for `--at` and `--until`, read strictly: what could mean two instants is refused."""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from functools import cache
from zoneinfo import available_timezones

from bot.domain.durations import format_duration
from bot.domain.names import quoted
from bot.domain.nearest import either
from bot.domain.zones import zone_named

FURTHEST = timedelta(days=14)
"""How far ahead a time may lie. A plan that waits longer rests on facts that nobody remembers."""

_EXAMPLES = "write it like 14:30, tomorrow 06:00, Mon 09:00 Europe/Berlin, 2026-11-23 02:00 UTC or +2h"

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY = "|".join(f"{day}|{day[:3]}" for day in _DAYS)
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}

_FROM_NOW = re.compile(
    r"(?:in |\+ ?)?(\d{1,9}) ?(s|m|h|d|sec|min|seconds?|minutes?|hours?|days?)", re.ASCII | re.IGNORECASE
)
_WALL_CLOCK = re.compile(
    rf"(?:(?P<date>20\d\d-\d\d-\d\d)[T ]|(?P<day>today|tomorrow|{_DAY}),? )?"
    r"(?P<clock>(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-5]\d)?)(?:\.\d+)?(?: ?(?P<zone>\S+))?",
    re.ASCII | re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:utc|gmt)?([+-])([01]?\d|2[0-3])(?::?([0-5]\d))?", re.ASCII)

_PLACES = {
    "et": "America/New_York",
    "est": "America/New_York",
    "edt": "America/New_York",
    "ct": "America/Chicago",
    "cst": "America/Chicago",
    "cdt": "America/Chicago",
    "mst": "America/Denver",
    "mdt": "America/Denver",
    "pt": "America/Los_Angeles",
    "pst": "America/Los_Angeles",
    "pdt": "America/Los_Angeles",
    "bst": "Europe/London",
    "cet": "Europe/Berlin",
    "cest": "Europe/Berlin",
    "ist": "Asia/Kolkata",
    "jst": "Asia/Tokyo",
}
"""What people mean by abbreviations. They are refused, with this as a hint: IST is three zones, and EST is wrong all summer."""


def parse_time(text: str, now: datetime, zone: str) -> datetime:
    """Read a coming point in time: `14:30`, `tomorrow 06:00`, `Mon 09:00 Europe/Berlin`, `2026-11-23T02:00Z`, `+2h`, `in 2h`.

    A clock time alone is the next time that a clock shows it: today, or tomorrow once it is past. A named day stays that day.

    Args:
        text: What was typed.
        now: An aware instant.
        zone: IANA name of the time zone of a time that names none.

    Returns:
        An aware instant in UTC, later than `now`.

    Raises:
        ValueError: the text is no time, is past, lies more than `FURTHEST` ahead, or is a clock time that the zone skips or has
            twice that night. Its message says what to write instead.
    """
    written = " ".join(text.split())
    if match := _FROM_NOW.fullmatch(written):
        ahead = timedelta(**{_UNITS[match[2][0].lower()]: int(match[1])})
        if not timedelta() < ahead <= FURTHEST:  # before it is added: a date so far off may not exist
            raise ValueError(f"{quoted(text)} is not from 1s to {format_duration(FURTHEST)} ahead")
        return now.astimezone(UTC) + ahead
    match = _WALL_CLOCK.fullmatch(written)
    if match is None:
        raise ValueError(f"{quoted(text)} is no time: {_EXAMPLES}")
    where = zone_named(zone) if match["zone"] is None else _zone_of(match["zone"])
    days = _days_meant(match["date"], match["day"], now.astimezone(where).date())
    instants = (_instant(datetime.combine(day, _clock(match["clock"])), where, now) for day in days)
    instant = next((at for at in instants if at is not None), None)
    if instant is None:
        raise ValueError(f"{quoted(text)} is past: it is {_described(now, where)} now")
    if instant > now + FURTHEST:
        raise ValueError(
            f"{quoted(text)} is more than {FURTHEST.days} days ahead: the latest is {_described(now + FURTHEST, where)}"
        )
    return instant


def describe_time(at: datetime, zone: str = "UTC") -> str:
    """An instant in words that stay true however old a message gets: `Mon 23 Nov 2026, 14:30 Europe/Berlin (13:30 UTC)`.

    Args:
        at: An aware instant; its seconds are left out.
        zone: IANA name.

    Raises:
        ValueError: there is no such time zone.
    """
    return _described(at, zone_named(zone))


def _described(at: datetime, where: tzinfo) -> str:
    utc, local = at.astimezone(UTC), at.astimezone(where)
    words = f"{local:%a} {local.day} {local:%b %Y, %H:%M} {where}"
    if str(where) == "UTC":
        return words
    return f"{words} ({utc:%H:%M} UTC)" if utc.date() == local.date() else f"{words} ({utc:%a %H:%M} UTC)"


def _clock(text: str) -> time:
    hour, _, rest = text.partition(":")
    return time.fromisoformat(f"{hour:0>2}:{rest}")


def _days_meant(written: str | None, named: str | None, today: date) -> tuple[date, ...]:
    """The days on which the clock time may be meant, best first."""
    if written is not None:
        try:
            return (date.fromisoformat(written),)
        except ValueError:
            raise ValueError(f"{quoted(written)} is not in the calendar") from None
    if named is None:
        return today, today + timedelta(days=1)
    if (word := named.lower()) in ("today", "tomorrow"):
        return (today + timedelta(days=word == "tomorrow"),)
    ahead = next(index for index, day in enumerate(_DAYS) if day.startswith(word)) - today.weekday()
    return today + timedelta(days=ahead % 7), today + timedelta(days=ahead % 7 + 7)


def _instant(wall: datetime, where: tzinfo, now: datetime) -> datetime | None:
    """When the clocks there show that time, in UTC; None if that is past.

    Raises:
        ValueError: they skip it, or are still to show it twice.
    """
    # PEP 495: fold=0 reads a wall time by the offset before a change of the clocks, fold=1 by the one after it. So the first
    # reading is the later instant where the clocks skip that time, and the earlier one where they show it twice.
    first, second = (wall.replace(tzinfo=where, fold=fold).astimezone(UTC) for fold in (0, 1))
    if max(first, second) <= now:
        return None
    if first > second:
        raise ValueError(
            f"{wall:%H:%M} does not exist in {where} on {wall:%Y-%m-%d}: the clocks go forward then. "
            f"Write {first.astimezone(where):%H:%M}, or give the time in UTC"
        )
    if first < second and first > now:
        before, after = (i.astimezone(where).isoformat(" ", "minutes") for i in (first, second))
        raise ValueError(
            f"{wall:%H:%M} comes twice in {where} on {wall:%Y-%m-%d}: the clocks go back then. Write {before} or {after}"
        )
    return second


def _zone_of(name: str) -> tzinfo:
    """A zone as people name it, in any case: UTC, Z, an offset, or an IANA name."""
    written = name.lower()
    if written in ("z", "utc", "gmt"):
        return UTC
    if match := _OFFSET.fullmatch(written):
        offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
        return timezone(-offset if match[1] == "-" else offset)
    if written in ("am", "pm"):
        raise ValueError("write hours from 0 to 23: 14:30 rather than 2:30 pm")
    if written in _PLACES:
        raise ValueError(
            f"{quoted(name)} is not read alike everywhere: name a place, such as {_PLACES[written]}, or UTC"
        )
    if written in _zone_names():
        return zone_named(_zone_names()[written])
    cities = sorted(key for lower, key in _zone_names().items() if lower.rpartition("/")[2] == written)
    if cities:
        raise ValueError(f"{quoted(name)} is no time zone. Did you mean {either(cities)}?")
    return zone_named(name)


@cache
def _zone_names() -> Mapping[str, str]:
    """The IANA names of places by their lower case; without the all-capitals ones, which are abbreviations."""
    return {key.lower(): key for key in available_timezones() if not key.isupper()}
