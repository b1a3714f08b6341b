"""A memory that lapses by the test's own clock."""

from collections.abc import Callable
from datetime import datetime, timedelta


class LapsingMemory:
    """Implements `workers.ports.Memory`."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._known: dict[str, tuple[datetime, str]] = {}

    def recall(self, key: str) -> str | None:
        until, value = self._known.get(key, (self._now(), ""))
        return value if self._now() < until else None

    def remember(self, key: str, value: str, ttl: timedelta) -> None:
        self._known[key] = (self._now() + ttl, value)
