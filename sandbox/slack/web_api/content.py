"""What chat methods accept as the content of a message."""

from __future__ import annotations

from typing import Any

from sandbox.slack.blocks.catalog import MESSAGE
from sandbox.slack.blocks.rules import is_too_long, problems_in
from sandbox.slack.blocks.schema import Problem
from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.registry import Call, Json

KEPT_CHARACTERS = 40_000
RECOMMENDED_CHARACTERS = 4_000
METADATA_CHARACTERS = 16_000


def read_blocks(call: Call) -> list[Json] | None:
    """The blocks, checked as Slack checks them; None when the argument is absent."""
    blocks = call.json("blocks", malformed="invalid_blocks_format")
    if blocks is None:
        return None
    if not isinstance(blocks, list):
        raise SlackError("invalid_blocks_format")
    problems = problems_in(blocks, MESSAGE, call.world.files)
    if problems:
        raise SlackError("invalid_blocks", **described(problems))
    if is_too_long(blocks):
        raise SlackError("msg_blocks_too_long")
    return blocks


def read_text(call: Call, blocks: list[Json] | None, refuse_beyond: int | None = None) -> str:
    """The text, cut where Slack cuts it; too long for `chat.update` is refused.

    A message with blocks and no text is accepted, but leaves screen readers and notifications speechless: a warning is logged.
    """
    text = call.text("text")
    if not text and not blocks:
        raise SlackError("no_text")
    if refuse_beyond and len(text) > refuse_beyond:
        raise SlackError("msg_too_long")
    if not text:
        call.world.journal.warn(call.method, "missing_text_in_message", f"blocks without text: {blocks!r:.200}")
    elif len(text) > RECOMMENDED_CHARACTERS:
        call.world.journal.warn(
            call.method, "text_longer_than_recommended", f"{len(text)} characters; 4,000 are recommended"
        )
    return text[:KEPT_CHARACTERS]


def read_metadata(call: Call) -> Json | None:
    """Message metadata: an event type and a flat payload."""
    metadata = call.json("metadata", malformed="invalid_metadata_format")
    if metadata is None:
        return None
    is_complete = (
        isinstance(metadata, dict) and metadata.get("event_type") and isinstance(metadata.get("event_payload"), dict)
    )
    if not is_complete:
        raise SlackError("invalid_metadata_format")
    if len(str(metadata)) > METADATA_CHARACTERS:
        raise SlackError("metadata_too_large")
    result: Json = metadata
    return result


def described(problems: list[Problem]) -> Json:
    """How an error answer tells them."""
    messages = [str(problem) for problem in problems]
    return {"errors": messages, "response_metadata": {"messages": [f"[ERROR] {message}" for message in messages]}}


def listed(problems: list[Problem]) -> list[dict[str, Any]]:
    """How blocks.validate tells them."""
    return [{"pointer": each.pointer, "code": each.code, "message": each.message} for each in problems]
