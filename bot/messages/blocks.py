"""Block Kit in the few shapes that we use, cut to Slack's limits, and the one place where text from outside is escaped."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bot.domain.commands import Command
from bot.domain.errand import CommandValue
from bot.domain.model import Value
from bot.domain.names import unmarked
from bot.messages.ids import COMMAND_PLACES, ActionId, BlockId

Block = dict[str, Any]

TEXT_LIMIT = 4000  # what Slack recommends for `text`; the rest stands in the blocks
SECTION_LIMIT = 3000
FIELDS_LIMIT = 10
BLOCKS_LIMIT = 50


@dataclass(frozen=True)
class Message:
    """What is posted: blocks for clients that draw them, and the text for notifications, search and screen readers."""

    text: str
    blocks: tuple[Block, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", clip(self.text, TEXT_LIMIT))


def escape(text: str) -> str:
    """Make text harmless in mrkdwn: no mentions, no links, no channel-wide pings. For words that people wrote, see `said`."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


_MENTION = re.compile(r"&lt;(@[UW][A-Z0-9]+|#[CG][A-Z0-9]+|!subteam\^S[A-Z0-9]+)&gt;")


def escape_except_mentions(text: str) -> str:
    """A sentence of our own that may quote somebody's words: only mentions of people, groups and channels stay alive in it."""
    return _MENTION.sub(r"<\1>", escape(text))


def said(text: str) -> str:
    """Somebody's own words, or a vendor's: shown letter by letter, without effect on what stands around them."""
    return escape(unmarked(text))


def code(text: str) -> str:
    """Text from outside as code. A backtick cannot be escaped in mrkdwn, so a look-alike takes its place."""
    return f"`{escape(text).replace('`', 'ˋ')}`"


def clip(text: str, limit: int = SECTION_LIMIT) -> str:
    """Cut text to a limit at the end of a line where possible, and say so."""
    if len(text) <= limit:
        return text
    kept = text[: limit - 20]
    return f"{kept[: kept.rfind(chr(10))] if chr(10) in kept else kept}\n… (shortened)"


def section(text: str) -> Block:
    """A paragraph of mrkdwn. `verbatim` keeps Slack from turning names into links and mentions by itself."""
    return {"type": "section", "text": {"type": "mrkdwn", "text": clip(text), "verbatim": True}}


def fields(*texts: str) -> Block:
    """Short texts in two columns (one below the other on a phone)."""
    cells = [{"type": "mrkdwn", "text": clip(t, 2000), "verbatim": True} for t in texts[:FIELDS_LIMIT]]
    return {"type": "section", "fields": cells}


def context(text: str) -> Block:
    """Small print."""
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": clip(text), "verbatim": True}]}


def divider() -> Block:
    """A line."""
    return {"type": "divider"}


def actions(block_id: BlockId, *buttons: Block) -> Block:
    """A row of buttons."""
    return {"type": "actions", "block_id": str(block_id), "elements": list(buttons)}


@dataclass(frozen=True)
class Confirm:
    """The question before a button does what it says."""

    title: str
    text: str
    yes: str
    no: str = "Keep as it is"


def button(
    label: str, action: ActionId, value: Value, *, style: str | None = None, confirm: Confirm | None = None
) -> Block:
    """A button. Its value names the rollout or the request; what it may do is decided from the store."""
    made: dict[str, Any] = {
        "type": "button",
        "action_id": str(action),
        "text": {"type": "plain_text", "text": label, "emoji": False},
        "value": value.model_dump_json(),
    }
    if style is not None:
        made["style"] = style
    if confirm is not None:
        made["confirm"] = {
            "title": {"type": "plain_text", "text": clip(confirm.title, 100), "emoji": False},
            "text": {"type": "plain_text", "text": clip(confirm.text, 300), "emoji": False},
            "confirm": {"type": "plain_text", "text": confirm.yes, "emoji": False},
            "deny": {"type": "plain_text", "text": confirm.no, "emoji": False},
        }
        if style is not None:
            made["confirm"]["style"] = style
    return made


@dataclass(frozen=True)
class CommandButton:
    """A button that types a command for whoever presses it."""

    label: str
    command: Command
    style: str | None = None
    confirm: Confirm | None = None
    in_place: bool = False
    """Whether the answer takes the place of the message that it stands on."""

    def at(self, place: ActionId) -> Block:
        """The button itself, with an action id that nothing else in its block has."""
        value = CommandValue(command=self.command, in_place=self.in_place)
        return button(self.label, place, value, style=self.style, confirm=self.confirm)


def command_buttons(*wanted: CommandButton, block_id: BlockId | None = BlockId.COMMANDS) -> Block:
    """A row of up to five of them. In messages with several rows, give `block_id` None: Slack makes one up."""
    row = {
        "type": "actions",
        "elements": [w.at(place) for place, w in zip(COMMAND_PLACES, wanted, strict=False)],
    }
    return row if block_id is None else {**row, "block_id": str(block_id)}


def quote(text: str) -> str:
    """Somebody's own words, line by line, set apart from ours."""
    return "\n".join(f"> {said(line)}" for line in text.splitlines() if line.strip())


def listed(lines: Sequence[str], *, most: int = 40) -> str:
    """Lines as bullets; what is left out is counted."""
    shown = [f"• {line}" for line in lines[:most]]
    if len(lines) > most:
        shown.append(f"• … and {len(lines) - most} more")
    return "\n".join(shown)


def listed_in_sections(lines: Sequence[str]) -> list[Block]:
    """Lines as bullets, all of them: as many sections as Slack's limit of one makes necessary."""
    texts = [""]
    for line in lines:
        bullet = f"• {line}"
        if texts[-1] and len(texts[-1]) + len(bullet) >= SECTION_LIMIT:
            texts.append("")
        texts[-1] = f"{texts[-1]}\n{bullet}".lstrip("\n")
    return [section(text) for text in texts if text]
