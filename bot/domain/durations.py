"""Durations as people write them: a whole number and a unit, `20s`, `30m`, `4h`, `7d`."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from bot.domain.names import quoted

_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_PATTERN = re.compile(r"([0-9]{1,9})([smhd])", re.ASCII)


def parse_duration(text: str) -> timedelta:
    """Read `20s`, `30m`, `4h` or `7d`.

    Raises:
        ValueError: the text is none of these; its message says what is wanted.
    """
    match = _PATTERN.fullmatch(text)
    if not match:
        raise ValueError(f"{quoted(text)} is no duration: give a whole number and a unit, such as 20s, 30m, 4h or 7d")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2]])


def format_duration(duration: timedelta) -> str:
    """The shortest text that `parse_duration` reads back: in the largest unit that divides it. Whole seconds only."""
    seconds = int(duration.total_seconds())
    unit = next(unit for unit in "dhms" if seconds % _SECONDS[unit] == 0 and (seconds or unit == "s"))
    return f"{seconds // _SECONDS[unit]}{unit}"


def span(duration: timedelta) -> str:
    """A duration in at most two units, for people: `45 s`, `3 min 20 s`, `1 h 5 min`, `2 d`."""
    seconds = max(0, round(duration.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes} min {seconds} s" if seconds and minutes < 10 else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"


_WORDS = {"d": "day", "h": "hour", "m": "minute", "s": "second"}


def say_duration(duration: timedelta) -> str:
    """A duration in words, for a sentence: `10 minutes`, `1 hour 30 minutes`. Whole seconds; no more than two units."""
    left = int(duration.total_seconds())
    parts = []
    for unit, word in _WORDS.items():
        amount, left = divmod(left, _SECONDS[unit])
        if amount:
            parts.append(f"{amount} {word}{'' if amount == 1 else 's'}")
    return " ".join(parts[:2]) or "0 seconds"


def about(duration: timedelta) -> str:
    """An estimate, which is no more precise than minutes: `about 12 minutes`, `about 2 hours 30 minutes`."""
    minutes = max(1, round(duration.total_seconds() / 60))
    return f"about {say_duration(timedelta(minutes=minutes))}"


def _read(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise ValueError(f"{value} has no unit: write 20s, 30m, 4h or 7d")
    return parse_duration(value)


def _read_wait(value: object) -> timedelta:
    duration = _read(value)
    if duration < timedelta(seconds=1):
        raise ValueError("must be at least 1s")
    return duration


_AS_TEXT = PlainSerializer(format_duration)
_SCHEMA = WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,9}[smhd]$"})
_WAIT_SCHEMA = WithJsonSchema({"type": "string", "pattern": "^0*[1-9][0-9]{0,8}[smhd]$"})

Duration = Annotated[timedelta, BeforeValidator(_read), _AS_TEXT, _SCHEMA]
"""A duration in a file; zero is allowed. JSON: the text."""

Wait = Annotated[timedelta, BeforeValidator(_read_wait), _AS_TEXT, _WAIT_SCHEMA]
"""A wait of ours: at least one second, because a shorter one would be a busy loop."""
