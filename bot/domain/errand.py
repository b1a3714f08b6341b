"""What the Slack process hands to the workers: a command somebody typed, a button somebody pressed, a form somebody filled in.

An errand is stored before Slack gets its acknowledgement, under an id that derives from Slack's own (trigger or event id), so
that the same delivery twice is one errand. It is identity and intent only: what a button *means* is read from the store.
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from bot.domain.commands import Command
from bot.domain.model import Value


class ReplyTo(Value):
    """Where an answer goes: a response_url, a thread, or a waiting terminal; else to that person's direct messages.

    A button in the App Home tab has neither a response_url nor a channel.
    """

    user_id: str
    channel_id: str | None = None
    thread_ts: str | None = None
    response_url: str | None = None
    terminal: str | None = None
    """The key under which a terminal waits for its answer."""
    trigger_id: str | None = None
    """The right to open one modal for that person. Slack takes it back after 3 seconds, so that may come to nothing."""
    in_place: bool = False
    """Whether the answer takes the place of the message whose button was pressed, as the next page does."""

    @property
    def is_elsewhere(self) -> bool:
        """Whether it was asked outside every conversation, as in the App Home tab: what happens in a channel is not seen there."""
        return self.channel_id is None and self.terminal is None


class Click(StrEnum):
    """What a button asks for."""

    APPROVE = "approve"
    SCHEDULE = "schedule"
    RUN_NOW = "run_now"
    REJECT = "reject"
    CANCEL = "cancel"
    ABORT = "abort"
    ROLL_BACK = "roll_back"
    ADD_REASON = "add_reason"
    EXTEND_WATCH = "extend_watch"
    ACCEPT = "accept"


class ButtonValue(Value):
    """What our buttons carry: which rollout, and which plan was seen. A hint, never an authority."""

    rollout_id: str
    endpoint: str
    fingerprint: str = ""


class BreakValue(Value):
    """What a Break lock button carries: which request. What becomes of it is read from the store."""

    request_id: str


class CommandValue(Value):
    """What a button carries that types a command: pressing it is typing it, with the rights of whoever presses."""

    command: Command
    in_place: bool = False
    """Whether the answer takes the place of the message that the button stands on."""


class HomeLook(Value):
    """Which rows of the board somebody looks at in the App Home tab."""

    only: Literal["all", "attention", "mine"] = "all"
    page: int = Field(default=1, ge=1)


class Form(StrEnum):
    """What a modal asks for."""

    REJECT_REASON = "reject_reason"
    ACCEPT_REASON = "accept_reason"
    REJECT_VERSION = "reject_version"


class FormContext(Value):
    """What a modal carries unseen, and hands back with what was entered. A hint, never an authority.

    Slack does not say from where a modal was opened, so the thread stands here too: an answer to the person goes there.
    """

    rollout_id: str = ""
    command: Command | None = None
    """The command that the form completes, for a form that is about no rollout."""
    channel_id: str | None = None
    thread_ts: str | None = None


class CommandErrand(Value):
    """Somebody typed a command that only a worker can answer."""

    kind: Literal["command"] = "command"
    id: str
    command: Command
    actor: str
    reply: ReplyTo
    at: datetime


class ClickErrand(Value):
    """Somebody pressed a button of a rollout."""

    kind: Literal["click"] = "click"
    id: str
    click: Click
    value: ButtonValue
    actor: str
    message_ts: str
    reply: ReplyTo
    at: datetime


class FormErrand(Value):
    """Somebody submitted a modal, of a rollout or of a command."""

    kind: Literal["form"] = "form"
    id: str
    form: Form
    rollout_id: str = ""
    command: Command | None = None
    values: Mapping[str, str]
    """What was entered, by the input's id; what was left empty is not there."""
    actor: str
    reply: ReplyTo
    at: datetime


class HomeErrand(Value):
    """Somebody opened the App Home tab, or asked for other rows there."""

    kind: Literal["home"] = "home"
    id: str
    look: HomeLook | None
    """What they asked for; None: what they looked at the last time."""
    actor: str
    reply: ReplyTo
    at: datetime


class BreakErrand(Value):
    """Somebody pressed Break lock."""

    kind: Literal["break"] = "break"
    id: str
    value: BreakValue
    actor: str
    reply: ReplyTo
    at: datetime


class SettleBreaksErrand(Value):
    """Requests to break locks are over while their messages still offer the button. From the pump, not from a person."""

    kind: Literal["settle_breaks"] = "settle_breaks"
    id: str
    actor: str
    reply: ReplyTo
    at: datetime


Errand = Annotated[
    CommandErrand | ClickErrand | FormErrand | HomeErrand | BreakErrand | SettleBreaksErrand,
    Field(discriminator="kind"),
]


def short_id(seed: str, length: int = 10) -> str:
    """A short id of lower-case letters and digits, always the same for the same seed."""
    alphabet = "23456789abcdefghjkmnpqrstuvwxyz"  # no 0/o, 1/i/l: people read these aloud
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:16])
    digits = []
    for _ in range(length):
        number, index = divmod(number, len(alphabet))
        digits.append(alphabet[index])
    return "".join(digits)


def rollout_id_for(seed: str) -> str:
    """The id of the rollout that an errand opens: always the same one, however often the errand is run."""
    return "r" + short_id("rollout " + seed, 7)
