"""The time, and what is remembered for a while."""

from datetime import datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """The time, as an aware datetime in UTC."""

    def __call__(self) -> datetime: ...


class Memory(Protocol):
    """Remembers texts for a while, for every process."""

    def recall(self, key: str) -> str | None:
        """What was remembered under that key, unless it has lapsed."""
        ...

    def remember(self, key: str, value: str, ttl: timedelta) -> None:
        """Remember it for that long."""
        ...
