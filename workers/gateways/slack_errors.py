"""Slack's ways of failing, translated once: slack_sdk's and urllib's exceptions in, ours out."""

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError

from slack_sdk.errors import SlackApiError

from bot.domain.errors import RolloutBotError, SlackRefused, TransientError

RATE_LIMITED = frozenset({"ratelimited", "rate_limited"})

HALF_DONE = frozenset({"fatal_error", "internal_error", "request_timeout", "service_unavailable"})
"""Slack's own trouble. Of the first two its documentation says that some of the call may have been carried out."""

_NOT_SENT = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)
"""Failures to connect; urllib wraps others in the same URLError, which may come while or after the request is sent."""


@contextmanager
def translated(method: str) -> Iterator[None]:
    """Turn whatever slack_sdk raises inside into our errors.

    Args:
        method: Slack's name of the call, e.g. `chat.postMessage`.

    Raises:
        TransientError: with `retry_after` when Slack says how long to wait, and with `outcome_unknown` when Slack may have
            carried the call out although its answer was lost.
        SlackRefused: Slack's own error code for anything else.
    """
    try:
        yield
    except SlackApiError as error:
        answer = error.response
        # One call of the SDK may be several of Slack's; the address tells which of them failed.
        called = str(answer.api_url).partition("?")[0].rpartition("/")[2] or method
        raise refusal(called, answer.status_code, _error_code(answer), answer.headers) from error
    except HTTPError as error:  # only from the upload of a file's bytes: the SDK reads its other answers itself
        with error:
            raise refusal(method, error.code, f"http_{error.code}", dict(error.headers)) from error
    except URLError as error:
        not_sent = isinstance(error.reason, _NOT_SENT)
        raise TransientError(method, "Slack could not be reached", outcome_unknown=not not_sent) from error
    except TimeoutError as error:
        raise TransientError(method, "Slack did not answer in time", outcome_unknown=True) from error
    except (HTTPException, OSError) as error:
        raise TransientError(method, "the connection to Slack was lost", outcome_unknown=True) from error


def refusal(method: str, status: int, code: str, headers: Mapping[str, Any]) -> RolloutBotError:
    """The error for an answer that is no success.

    Args:
        method: Slack's name of the call.
        status: The HTTP status.
        code: Slack's error code, or the body where there is none.
        headers: The answer's headers.
    """
    if status == 429 or code in RATE_LIMITED:
        return TransientError(method, "Slack asks for a slower pace", retry_after=_retry_after(headers))
    if status >= 500 or code in HALF_DONE:
        return TransientError(method, f"Slack answered {code} (HTTP {status})", outcome_unknown=True)
    if not re.fullmatch(r"[\w.:/-]{1,80}", code):
        # A proxy's page instead of Slack's JSON: what became of the call is not known.
        return TransientError(method, f"Slack's answer could not be read (HTTP {status})", outcome_unknown=True)
    return SlackRefused(method, code)


def _error_code(answer: Any) -> str:
    return str(answer.data.get("error", "unknown_error")) if isinstance(answer.data, Mapping) else ""


def _retry_after(headers: Mapping[str, Any]) -> timedelta | None:
    value = next((value for name, value in headers.items() if name.lower() == "retry-after"), None)
    if isinstance(value, list):
        value = value[0] if value else None
    return timedelta(seconds=int(value)) if value is not None and str(value).isdigit() else None
