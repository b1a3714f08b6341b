"""Transport faults: what may happen to a request on its way in or its answer on the way out."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass, field

KINDS = {
    "throttle": "ThrottlingException, not executed",
    "error-before": "HTTP 500, not executed",
    "error-after": "HTTP 500, although it was executed",
    "timeout-before": "no answer, not executed; the connection is dropped after `seconds`",
    "timeout-after": "no answer, although it was executed; the connection is dropped after `seconds`",
    "access-denied": "AccessDeniedException, not executed",
    "slow": "executed and answered after `seconds`",
    "pause-before": "held until released, then executed, unless the client has gone",
    "pause-after": "executed, then the answer is held until released",
}
DEFAULT_HOLD_SECONDS = 90.0  # longer than botocore's read timeout of 60
DEFAULT_SLOW_SECONDS = 3.0


class UnknownFault(Exception):
    """No such kind of fault; the text lists those that exist."""


@dataclass
class Fault:
    id: int
    operation: str  # or "*"
    kind: str
    times: int  # how many requests it still hits
    seconds: float | None = None

    def hold_seconds(self) -> float:
        return self.seconds if self.seconds is not None else DEFAULT_HOLD_SECONDS

    def slow_seconds(self) -> float:
        return self.seconds if self.seconds is not None else DEFAULT_SLOW_SECONDS


@dataclass
class FaultBook:
    """The faults that are waiting for a request, and the requests that are held."""

    waiting: list[Fault] = field(default_factory=list)
    held: dict[int, str] = field(default_factory=dict)  # call id -> operation
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _released: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, operation: str, kind: str, times: int, seconds: float | None) -> Fault:
        if kind not in KINDS:
            raise UnknownFault(f"No fault {kind!r}. There are: {', '.join(KINDS)}.")
        if times < 1:
            raise UnknownFault(f"A fault hits at least one request, not {times}.")
        fault = Fault(next(self._ids), operation, kind, times, seconds)
        self.waiting.append(fault)
        return fault

    def take(self, operation: str) -> Fault | None:
        """The fault that hits this request, if any; it is used up by that."""
        for fault in self.waiting:
            if fault.operation in {"*", operation}:
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        self.waiting.clear()
        self.release()

    def release(self) -> int:
        """Let every held request go on; returns how many there were."""
        count = len(self.held)
        self._released.set()
        self._released = asyncio.Event()
        return count

    def gate(self) -> asyncio.Event:
        """Set at the next release."""
        return self._released
