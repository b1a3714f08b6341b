"""Checks what arrives by HTTP before Bolt sees it: everything that is not a readable request signed by Slack gets 400 or 401.

Bolt checks the signature too, but answers a timestamp that is no number, or a body that is no JSON, with 500.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import parse_qs

from slack_sdk.signature import SignatureVerifier

LARGEST_BODY = 5 * 1024 * 1024


@dataclass(frozen=True)
class Refusal:
    """An HTTP status and why."""

    status: str
    why: str


UNSIGNED = Refusal("401 Unauthorized", "This is not signed by Slack, or too long ago.")
UNREADABLE = Refusal("400 Bad Request", "This is signed, but it is nothing that Slack sends.")


def refusal(body: bytes, headers: Mapping[str, str], verifier: SignatureVerifier) -> Refusal | None:
    """Why a POST is not for us, or None if Bolt may have it. Header names are lower case."""
    timestamp, signature = headers.get("x-slack-request-timestamp", ""), headers.get("x-slack-signature", "")
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 15 and signature.isascii()):
        return UNSIGNED
    try:
        text = body.decode()
    except UnicodeDecodeError:
        return UNSIGNED
    if not verifier.is_valid(text, timestamp, signature):
        return UNSIGNED
    return None if _is_readable(text, headers.get("content-type", "")) else UNREADABLE


def _is_readable(text: str, content_type: str) -> bool:
    if content_type.startswith("application/json"):
        return _is_object(text)
    form = parse_qs(text, keep_blank_values=True)
    if "payload" in form:
        return _is_object(form["payload"][0])
    return "command" in form or "ssl_check" in form


def _is_object(text: str) -> bool:
    """Whether it is a JSON object that says its type, as all of Slack's do."""
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(read, dict) and isinstance(read.get("type"), str)
