"""A message as plain text, for terminals: the same words as in Slack, without its markup."""

import re

from bot.domain.names import as_typed
from bot.messages.blocks import Block, Message

_DATE = re.compile(r"<!date\^\d+\^[^|>]*\|([^>]*)>")
_LINK = re.compile(r"<(https?://[^|>]+)\|([^>]*)>")
_GROUP = re.compile(r"<!subteam\^([A-Z0-9]+)(?:\|[^>]*)?>")
_MENTION = re.compile(r"<([@#])([A-Z0-9]+)(?:\|[^>]*)?>")
_BOLD = re.compile(r"(?<![\w*])\*([^*\n]+)\*(?![\w*])")


def plain(message: Message) -> str:
    """What the blocks say, or the text where there are none."""
    parts = [_block(block) for block in message.blocks]
    return "\n\n".join(p for p in parts if p) or plain_text(message.text)


def plain_text(text: str) -> str:
    """Slack's mrkdwn as plain text."""
    text = _DATE.sub(r"\1", text)
    text = _LINK.sub(r"\2 (\1)", text)
    text = _GROUP.sub(r"@\1", text)
    text = _MENTION.sub(r"\1\2", text)
    text = _BOLD.sub(r"\1", text).replace("```", "").replace("`", "")
    return as_typed(text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")).strip()


def _block(block: Block) -> str:
    match block["type"]:
        case "section" if "fields" in block:
            return "\n".join(plain_text(cell["text"]) for cell in block["fields"])
        case "section":
            return plain_text(block["text"]["text"])
        case "context":
            return "\n".join(plain_text(element["text"]) for element in block["elements"])
        case "actions":
            labels = [element["text"]["text"] for element in block["elements"] if element["type"] == "button"]
            return f"Buttons in Slack: {', '.join(labels)}" if labels else ""
        case _:
            return ""
