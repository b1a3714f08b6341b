"""The call log: every request with its parameters and what became of it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class LoggedCall:
    """One request. `executed` says whether its effect took place, whatever the client was told."""

    id: int
    at: datetime
    service: str
    operation: str
    account: str
    region: str
    parameters: dict[str, Any]
    outcome: str = "in progress"  # ok, an error code, or how the answer was lost
    status: int | None = None
    executed: bool = False
    fault: str | None = None

    def shown(self) -> dict[str, Any]:
        return vars(self) | {"at": self.at.isoformat()}


@dataclass
class CallLog:
    entries: list[LoggedCall] = field(default_factory=list)
    _ids: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def begin(
        self, at: datetime, service: str, operation: str, account: str, region: str, parameters: dict[str, Any]
    ) -> LoggedCall:
        entry = LoggedCall(next(self._ids), at, service, operation, account, region, parameters)
        self.entries.append(entry)
        return entry

    def of(self, operation: str | None) -> list[LoggedCall]:
        return [entry for entry in self.entries if operation in {None, entry.operation}]
