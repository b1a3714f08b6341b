"""Carries payloads to the app: three seconds, duplicates on demand, retries of events, and a log of every delivery."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.slack.delivery.transport import EVENT, Answer, Retry, Transport, Undeliverable
from sandbox.slack.faults import Faults
from sandbox.slack.journal import Journal


@dataclass(frozen=True)
class Outcome:
    """How one delivery ended; `status` is `ok` or the error that Slack would name."""

    status: str
    took_seconds: float
    payload: dict[str, Any]
    answer: Answer | None = None

    @property
    def is_ok(self) -> bool:
        return self.status == "ok"

    @property
    def body(self) -> Any:
        """What the app acknowledged with."""
        return self.answer.body if self.answer else None

    def to_json(self, ack_text: str = "") -> dict[str, Any]:
        """The Delivery object of API.md."""
        return {
            "status": self.status,
            "ack": self.body,
            "ack_text": ack_text,
            "http_status": self.answer.status if self.answer else None,
            "took_seconds": round(self.took_seconds, 4),
            "payload": self.payload,
        }


class Courier:
    """Delivers over one transport."""

    def __init__(
        self, transport: Transport, faults: Faults, journal: Journal, event_retry_delays: Sequence[float]
    ) -> None:
        self.transport = transport
        self._faults = faults
        self._journal = journal
        self._event_retry_delays = event_retry_delays
        self._tasks: set[asyncio.Task[Any]] = set()

    async def deliver(self, kind: str, payload: dict[str, Any], duplicate: bool = False) -> Outcome:
        """Delivers a payload and waits for its acknowledgement, at most three seconds.

        With `duplicate`, or when such a fault is pending, the same payload goes out twice at once; the person sees the first outcome.
        """
        fault = self._faults.for_delivery(kind)
        if duplicate or (fault and fault.kind == "duplicate"):
            first, _ = await asyncio.gather(self._attempt(kind, payload), self._attempt(kind, payload))
        else:
            first = await self._attempt(kind, payload)
        if fault and fault.kind == "redeliver":
            await self._attempt(kind, payload)
        if kind == EVENT and not first.is_ok:
            self.in_background(self._retry_event(payload, first))
        return first

    def in_background(self, work: Any) -> None:
        """Runs a coroutine without waiting for it."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Gives up what is still under way, and the transport."""
        for task in self._tasks:
            task.cancel()
        await self.transport.close()

    async def _attempt(self, kind: str, payload: dict[str, Any], retry: Retry | None = None) -> Outcome:
        started = time.monotonic()
        answer: Answer | None = None
        try:
            answer = await self.transport.send(kind, payload, retry)
            status = "ok" if 200 <= answer.status < 300 else "dispatch_failed"
        except TimeoutError:
            status = "operation_timeout"
        except Undeliverable:
            status = "dispatch_failed"
        outcome = Outcome(status, time.monotonic() - started, payload, answer)
        self._journal.delivery(
            kind,
            status=status,
            took_seconds=round(outcome.took_seconds, 4),
            payload=payload,
            ack=outcome.body,
            retry=retry.attempt if retry else 0,
        )
        return outcome

    async def _retry_event(self, payload: dict[str, Any], last: Outcome) -> None:
        for attempt, delay in enumerate(self._event_retry_delays, start=1):
            await asyncio.sleep(delay)
            last = await self._attempt(EVENT, payload, Retry(attempt, _reason(last)))
            if last.is_ok:
                return


def _reason(failed: Outcome) -> str:
    if failed.status == "operation_timeout":
        return "http_timeout"
    return "http_error" if failed.answer else "connection_failed"
