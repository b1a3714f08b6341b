"""trigger_id: the right to open one modal, within three seconds of what the person did."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from sandbox.slack.errors import SlackError

TRIGGER_SECONDS = 3.0


class Triggers:
    """Issues trigger ids and takes them back once."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        self._open: dict[str, tuple[str, float]] = {}
        self._exchanged: set[str] = set()

    def issue(self, user_id: str) -> str:
        """A new trigger id for what this person just did."""
        trigger_id = f"{secrets.randbelow(10**13):013d}.{secrets.randbelow(10**11):011d}.{secrets.token_hex(16)}"
        self._open[trigger_id] = (user_id, self._clock() + TRIGGER_SECONDS)
        return trigger_id

    def exchange(self, trigger_id: str) -> str:
        """The person behind a trigger id, once.

        Raises:
            SlackError: `invalid_trigger_id`, `exchanged_trigger_id` or `expired_trigger_id`.
        """
        if trigger_id in self._exchanged:
            raise SlackError("exchanged_trigger_id")
        if trigger_id not in self._open:
            raise SlackError("invalid_trigger_id")
        user_id, deadline = self._open.pop(trigger_id)
        self._exchanged.add(trigger_id)
        if self._clock() > deadline:
            raise SlackError("expired_trigger_id")
        return user_id
