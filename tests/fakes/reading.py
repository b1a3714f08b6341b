"""Reads messages as a person, a screen reader or a script does."""

from collections.abc import Iterator, Sequence
from typing import Any

from bot.domain.phases import Phase
from bot.messages.blocks import Message
from bot.messages.plain import plain

STATE_WORDS = sorted((phase.words for phase in Phase), key=len, reverse=True)


def strings_in(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """Every string of a block with the type of its text object (`mrkdwn`, `plain_text`) or the name of its member."""
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, dict):
        kind = value.get("type") if value.get("type") in ("mrkdwn", "plain_text") else None
        for name, inner in value.items():
            yield from strings_in(inner, str(kind or name))
    elif isinstance(value, Sequence):
        for inner in value:
            yield from strings_in(inner, key)


def mrkdwn_of(message: Message) -> list[str]:
    """Every text that Slack would read mentions and links from."""
    return [message.text, *(text for kind, text in strings_in(message.blocks) if kind == "mrkdwn")]


def labels_of(message: Message) -> list[str]:
    """The labels of its buttons, in order."""
    return [e["text"]["text"] for block in message.blocks if block["type"] == "actions" for e in block["elements"]]


def words_of(message: Message) -> str:
    """What a person reads."""
    return plain(message)


def states_in(text: str) -> list[str]:
    """Every state word in a text, the longest reading first: `rolled back by AWS` is not also `rolled back`."""
    found = []
    for words in STATE_WORDS:
        found += [words] * text.count(words)
        text = text.replace(words, "")
    return found
