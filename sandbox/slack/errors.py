"""The two ways in which the stand-in says no.

SlackError      to the app, through the Web API: `{"ok": false, "error": …}`
ControlError    to a test or the page, through the control API: an HTTP status and a sentence
"""

from __future__ import annotations

from typing import Any


class SlackError(Exception):
    """Ends a Web API call with `ok: false`; `error` is Slack's own string, `details` are further fields of the answer."""

    def __init__(self, error: str, **details: Any) -> None:
        super().__init__(error)
        self.error = error
        self.details = details


class ControlError(Exception):
    """Ends a control call with an HTTP status, a code and a sentence."""

    def __init__(self, status: int, error: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.error = error
        self.detail = detail
