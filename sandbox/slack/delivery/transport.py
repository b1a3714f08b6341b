"""What both ways of delivery have in common: kinds of payloads, the three seconds, the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

ACK_SECONDS = 3.0
"""How long Slack waits for an acknowledgement."""

COMMAND, INTERACTIVE, EVENT = "command", "interactive", "event"


@dataclass(frozen=True)
class Retry:
    """The n-th repetition of an event, and why it is repeated (`http_timeout`, `http_error`, `connection_failed`)."""

    attempt: int
    reason: str


@dataclass(frozen=True)
class Answer:
    """The app's acknowledgement: HTTP status (200 in Socket Mode) and the body, parsed if it was JSON; None if empty."""

    status: int
    body: Any


class Undeliverable(Exception):
    """Nobody took the payload: no connection, or it was refused or dropped."""


class Transport(Protocol):
    """One way to the app. `send` raises TimeoutError after ACK_SECONDS and Undeliverable when there is nobody."""

    @property
    def is_connected(self) -> bool: ...

    async def send(self, kind: str, payload: dict[str, Any], retry: Retry | None = None) -> Answer: ...

    async def close(self) -> None: ...
