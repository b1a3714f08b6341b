"""What happened in the workspace, in order, for those who may see it: the source of the page's server-sent events."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

KEPT_EVENTS = 5000
"""How far back a reconnecting page can resume; older ones get `reset` and read the state again."""


@dataclass(frozen=True)
class Event:
    """One thing that happened; `audience` is None when everybody may see it."""

    id: int
    audience: frozenset[str] | None
    data: dict[str, Any]

    def is_for(self, user_id: str) -> bool:
        return self.audience is None or user_id in self.audience


class Stream:
    """An append-only log of events with live subscribers."""

    def __init__(self) -> None:
        self._events: deque[Event] = deque(maxlen=KEPT_EVENTS)
        self._last_id = 0
        self._waiting: set[asyncio.Event] = set()

    @property
    def last_id(self) -> int:
        return self._last_id

    def publish(self, data: dict[str, Any], audience: Iterable[str] | None = None) -> None:
        """Appends an event and wakes everybody who waits for one."""
        self._last_id += 1
        self._events.append(Event(self._last_id, None if audience is None else frozenset(audience), data))
        for waiter in self._waiting:
            waiter.set()

    def since(self, after: int, user_id: str) -> list[Event] | None:
        """The events after `after` that this person may see, or None if some of them are no longer kept."""
        first_kept = self._events[0].id if self._events else self._last_id + 1
        if after > self._last_id or after + 1 < first_kept:
            return None
        return [event for event in self._events if event.id > after and event.is_for(user_id)]

    async def wait(self, after: int, timeout: float) -> bool:
        """Waits until something newer than `after` exists; False when `timeout` seconds passed first."""
        if self._last_id > after:
            return True
        waiter = asyncio.Event()
        self._waiting.add(waiter)
        try:
            await asyncio.wait_for(waiter.wait(), timeout)
        except TimeoutError:
            return False
        finally:
            self._waiting.discard(waiter)
        return True
