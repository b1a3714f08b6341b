"""response_url: five answers within thirty minutes, also where the bot is not a member.

Acknowledgements of commands obey the same rules.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.slack.blocks.catalog import MESSAGE
from sandbox.slack.blocks.rules import problems_in
from sandbox.slack.errors import SlackError
from sandbox.slack.files import Files
from sandbox.slack.messages import Message
from sandbox.slack.people import BOT_USER_ID
from sandbox.slack.workspace import Workspace

MOST_USES = 5
LIFETIME_SECONDS = 30 * 60.0


@dataclass
class Conversation:
    """What one response_url belongs to: a person, a place, and the message that `replace_original` means."""

    user: str
    channel: str
    expires_at: float
    original: Message | None = None
    command: dict[str, str] | None = None
    uses: int = 0


class ResponseUrls:
    """Issues response URLs and acts on what the app posts to them."""

    def __init__(
        self, workspace: Workspace, files: Files, base_url: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._workspace = workspace
        self._files = files
        self._base_url = base_url
        self._clock = clock
        self.reset()

    def reset(self) -> None:
        self._open: dict[str, Conversation] = {}

    def issue(
        self, user: str, channel: str, original: Message | None = None, command: dict[str, str] | None = None
    ) -> tuple[str, Conversation]:
        """A new URL for what this person just did in this channel, and what it stands for."""
        key = secrets.token_urlsafe(18)
        conversation = Conversation(user, channel, self._clock() + LIFETIME_SECONDS, original, command)
        self._open[key] = conversation
        return f"{self._base_url}/response/{key}", conversation

    def use(self, key: str, body: Any) -> None:
        """One of the five answers.

        Raises:
            SlackError: `used_url` (also for a URL that never was), `expired_url`, or what is wrong with the answer.
        """
        conversation = self._open.get(key)
        if conversation is None or conversation.uses >= MOST_USES:
            raise SlackError("used_url")
        if self._clock() > conversation.expires_at:
            raise SlackError("expired_url")
        conversation.uses += 1
        self.answer(conversation, body)

    def answer(self, conversation: Conversation, body: Any) -> Message | None:
        """Posts, replaces or deletes as the body says; returns the message that the person now sees.

        Raises:
            SlackError: `invalid_payload`, `no_text`, `invalid_blocks`.
        """
        if isinstance(body, str):
            body = {"text": body}
        if not isinstance(body, dict):
            raise SlackError("invalid_payload")
        original = self._living(conversation.original)
        if body.get("delete_original"):
            if original:
                self._workspace.delete(original)
            return None
        text, blocks = str(body.get("text") or ""), body.get("blocks") or []
        if not text and not blocks:
            raise SlackError("no_text")
        if problems_in(blocks, MESSAGE, self._files):
            raise SlackError("invalid_blocks")
        if body.get("replace_original") and original:
            self._workspace.edit(original, text=text, blocks=blocks, metadata=body.get("metadata") or original.metadata)
            return original
        return self._post(conversation, text, blocks, body)

    def _post(
        self, conversation: Conversation, text: str, blocks: list[dict[str, Any]], body: dict[str, Any]
    ) -> Message:
        is_shared = body.get("response_type") == "in_channel"
        posted = self._workspace.post(
            conversation.channel,
            BOT_USER_ID,
            text,
            blocks=blocks,
            thread_ts=body.get("thread_ts"),
            metadata=body.get("metadata"),
            visible_to=None if is_shared else conversation.user,
            command=conversation.command,
        )
        if conversation.original is None:
            conversation.original = posted
        return posted

    def _living(self, message: Message | None) -> Message | None:
        if message is None:
            return None
        return self._workspace.find(message.channel, message.ts, as_seen_by=message.visible_to)
