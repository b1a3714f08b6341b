"""A message with everything that Slack knows about it, and its two renderings: for the app and for people."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from sandbox.slack.people import APP_ID, BOT_ID, BOT_USER_ID, TEAM_ID


@dataclass
class Message:
    """One message in one channel; an ephemeral one has `visible_to`."""

    channel: str
    ts: str
    user: str
    text: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    thread_ts: str | None = None
    files: list[dict[str, Any]] = field(default_factory=list)
    """File objects as the page gets them."""
    metadata: dict[str, Any] | None = None
    visible_to: str | None = None
    command: dict[str, str] | None = None
    subtype: str | None = None
    reply_broadcast: bool = False
    edited: dict[str, str] | None = None
    reactions: dict[str, list[str]] = field(default_factory=dict)
    replies: list[str] = field(default_factory=list)
    """The ts of its replies, oldest first."""
    reply_users: list[str] = field(default_factory=list)
    earlier: list[dict[str, Any]] = field(default_factory=list)
    """The page's rendering of every version that an edit replaced, oldest first."""

    @property
    def is_by_bot(self) -> bool:
        return self.user == BOT_USER_ID

    @property
    def is_reply(self) -> bool:
        return self.thread_ts is not None and self.thread_ts != self.ts

    def to_api(self, with_metadata: bool = False) -> dict[str, Any]:
        """Slack's message object, as in conversations.history and in interaction payloads."""
        message: dict[str, Any] = {
            "type": "message",
            "user": self.user,
            "ts": self.ts,
            "text": self.text,
            "team": TEAM_ID,
        }
        if self.is_by_bot:
            message |= {"bot_id": BOT_ID, "app_id": APP_ID}
        if self.blocks:
            message["blocks"] = copy.deepcopy(self.blocks)
        if self.subtype:
            message["subtype"] = self.subtype
        if self.is_reply:
            message["thread_ts"] = self.thread_ts
        elif self.replies:
            message |= {
                "thread_ts": self.ts,
                "reply_count": len(self.replies),
                "reply_users_count": len(self.reply_users),
                "reply_users": list(self.reply_users),
                "latest_reply": self.replies[-1],
                "is_locked": False,
                "subscribed": False,
            }
        if self.files:
            message["files"] = [
                {key: each[key] for key in ("id", "name", "title", "mimetype", "size")} for each in self.files
            ]
        if self.edited:
            message["edited"] = dict(self.edited)
        if self.reactions:
            message["reactions"] = self._reactions()
        if with_metadata and self.metadata:
            message["metadata"] = copy.deepcopy(self.metadata)
        return message

    def to_page(self) -> dict[str, Any]:
        """The Message object of API.md."""
        return {
            "channel": self.channel,
            "ts": self.ts,
            "thread_ts": self.thread_ts or (self.ts if self.replies else None),
            "user": self.user,
            "bot_id": BOT_ID if self.is_by_bot else None,
            "text": self.text,
            "blocks": copy.deepcopy(self.blocks),
            "files": copy.deepcopy(self.files),
            "edited": dict(self.edited) if self.edited else None,
            "version": len(self.earlier) + 1,
            "ephemeral": self.visible_to is not None,
            "visible_to": self.visible_to,
            "reply_count": len(self.replies),
            "reply_users": list(self.reply_users),
            "latest_reply": self.replies[-1] if self.replies else None,
            "reply_broadcast": self.reply_broadcast,
            "reactions": self._reactions(),
            "metadata": copy.deepcopy(self.metadata),
            "command": self.command,
            "subtype": self.subtype,
        }

    def versions(self) -> list[dict[str, Any]]:
        """Every version for the page, oldest first, the current one last."""
        return [*copy.deepcopy(self.earlier), self.to_page()]

    def _reactions(self) -> list[dict[str, Any]]:
        return [{"name": name, "users": list(users), "count": len(users)} for name, users in self.reactions.items()]
