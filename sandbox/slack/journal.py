"""What the app did and was sent, for tests and for the curious: every call, every delivery, every warning."""

from __future__ import annotations

import time
from collections import deque
from typing import Any

KEPT_ENTRIES = 20_000


class Journal:
    """Three bounded logs; entries are plain JSON, as the control API gives them out."""

    def __init__(self) -> None:
        self.calls: deque[dict[str, Any]] = deque(maxlen=KEPT_ENTRIES)
        self.deliveries: deque[dict[str, Any]] = deque(maxlen=KEPT_ENTRIES)
        self.warnings: deque[dict[str, Any]] = deque(maxlen=KEPT_ENTRIES)
        self._last_id = 0

    def reset(self) -> None:
        """Forgets the entries; ids go on, so that `after` stays meaningful."""
        for log in (self.calls, self.deliveries, self.warnings):
            log.clear()

    def call(self, method: str, args: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """Logs a Web API call; the entry may be completed later."""
        entry = {"id": self._next_id(), "time": time.time(), "method": method, "args": args, **fields}
        self.calls.append(entry)
        return entry

    def delivery(self, kind: str, **fields: Any) -> None:
        """Logs a payload that was sent to the app, with its fate."""
        self.deliveries.append({"id": self._next_id(), "time": time.time(), "kind": kind, **fields})

    def warn(self, method: str, warning: str, detail: str) -> None:
        """Logs something that Slack accepts but a good app avoids."""
        self.warnings.append({"time": time.time(), "method": method, "warning": warning, "detail": detail})

    def _next_id(self) -> int:
        self._last_id += 1
        return self._last_id
