"""A message as plain text, for terminals: the same words as in Slack, without its markup."""

import re
from collections.abc import Callable

from bot.domain.names import as_typed
from bot.messages.blocks import Block, Message

_DATE = re.compile(r"<!date\^\d+\^[^|>]*\|([^>]*)>")
_LINK = re.compile(r"<(https?://[^|>]+)\|([^>]*)>")
_GROUP = re.compile(r"<!subteam\^([A-Z0-9]+)(?:\|[^>]*)?>")
_MENTION = re.compile(r"<([@#][A-Z0-9]+)(?:\|[^>]*)?>")
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")


NameOf = Callable[[str], str]
"""What to show for `@U0BEN`, `@S0MLOPS` or `#C0ML`."""


def as_it_is(reference: str) -> str:
    """The id, where nobody knows a name."""
    return reference


def left_open(reference: str) -> str:
    """Still a mention, for a reader who knows names: see `named`."""
    return f"<{reference}>"


def named(text: str, name_of: NameOf) -> str:
    """Plain text with the mentions that were left open in it filled in."""
    return _MENTION.sub(lambda found: name_of(found[1]), text)


def plain(message: Message, name_of: NameOf = as_it_is) -> str:
    """What the blocks say, or the text where there are none."""
    parts = [_block(block, name_of) for block in message.blocks]
    return "\n\n".join(p for p in parts if p) or plain_text(message.text, name_of)


def plain_text(text: str, name_of: NameOf = as_it_is) -> str:
    """Slack's mrkdwn as plain text."""
    text = _DATE.sub(r"\1", text)
    text = _LINK.sub(r"\2 (\1)", text)
    text = named(_GROUP.sub(r"<@\1>", text), name_of)
    text = _BOLD.sub(r"\1", text).replace("```", "").replace("`", "")
    return as_typed(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")).strip()


def _block(block: Block, name_of: NameOf) -> str:
    match block["type"]:
        case "section" if "fields" in block:
            return "\n".join(plain_text(cell["text"], name_of) for cell in block["fields"])
        case "section":
            return plain_text(block["text"]["text"], name_of)
        case "context":
            return "\n".join(plain_text(element["text"], name_of) for element in block["elements"])
        case "actions":
            labels = [element["text"]["text"] for element in block["elements"] if element["type"] == "button"]
            return f"Buttons in Slack: {', '.join(labels)}" if labels else ""
        case _:
            return ""
