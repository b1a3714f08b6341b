"""Trouble on demand: what shall go wrong, how many times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from sandbox.slack.errors import ControlError

CALL_KINDS = ("429", "500", "timeout", "lost", "error:", "slow:")
DELIVERY_KINDS = ("duplicate", "redeliver")
DELIVERIES = ("command", "interactive", "event", "*")
HOLD_SECONDS = 30.0
"""How long a `timeout` keeps the connection open when nothing else is said (`timeout:5`). A `lost` drops it at once, unless told."""


@dataclass
class Fault:
    """One kind of trouble for one method or delivery; spent when `times` is 0."""

    kind: str
    method: str | None = None
    delivery: str | None = None
    times: int = 1
    retry_after: int = 1

    @property
    def name(self) -> str:
        """The kind without its argument: `slow` of `slow:2`."""
        return self.kind.partition(":")[0]

    @property
    def argument(self) -> str:
        """What follows the colon: `2` of `slow:2`, `not_in_channel` of `error:not_in_channel`."""
        return self.kind.partition(":")[2]

    @property
    def seconds(self) -> float:
        """How long to hold or to delay."""
        return float(self.argument) if self.argument else HOLD_SECONDS


class Faults:
    """The faults that are still to happen, in the order in which they were asked for."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._pending: list[Fault] = []
        self.is_down = False

    def add(self, wanted: dict[str, Any]) -> None:
        """Takes a fault as the control API words it.

        Raises:
            ControlError: an unknown kind, or neither a method nor a delivery.
        """
        fault = Fault(
            kind=str(wanted.get("kind", "")),
            method=wanted.get("method"),
            delivery=wanted.get("delivery"),
            times=int(wanted.get("times", 1)),
            retry_after=int(wanted.get("retry_after", 1)),
        )
        known: tuple[str, ...] = DELIVERY_KINDS if fault.delivery else CALL_KINDS
        if fault.delivery:
            is_known = fault.kind in DELIVERY_KINDS and fault.delivery in DELIVERIES
        else:
            is_known = bool(fault.method) and _is_call_kind(fault)
        if not is_known:
            raise ControlError(
                400, "unknown_fault", f"{wanted!r} is no fault; give a method or delivery and a kind of {known}"
            )
        self._pending.append(fault)

    def for_call(self, method: str) -> Fault | None:
        """The next fault of this Web API method, used up by asking."""
        return self._take(lambda fault: fault.method in (method, "*"))

    def for_delivery(self, kind: str) -> Fault | None:
        """The next fault of this kind of delivery, used up by asking."""
        return self._take(lambda fault: fault.delivery in (kind, "*"))

    def listed(self) -> list[dict[str, Any]]:
        """What is still to happen, for the control API."""
        return [asdict(fault) for fault in self._pending]

    def _take(self, matches: Callable[[Fault], bool]) -> Fault | None:
        for fault in self._pending:
            if matches(fault):
                fault.times -= 1
                self._pending = [each for each in self._pending if each.times > 0]
                return fault
        return None


def _is_call_kind(fault: Fault) -> bool:
    match fault.name:
        case "429" | "500":
            return fault.argument == ""
        case "timeout" | "lost":
            return fault.argument == "" or _is_number(fault.argument)
        case "slow":
            return _is_number(fault.argument)
        case "error":
            return fault.argument != ""
    return False


def _is_number(text: str) -> bool:
    return text.replace(".", "", 1).isdigit()
