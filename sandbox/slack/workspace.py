"""The state of the workspace and every way to change it. Each change is published to those who may see it.

Knows nothing of HTTP, of the app's connection or of limits; callers have checked that the change is allowed.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

from sandbox.slack import people
from sandbox.slack.blocks.walk import elements
from sandbox.slack.messages import Message
from sandbox.slack.people import BOT_USER_ID, SLACKBOT_ID, AppConfig, Channel, Person, UserGroup
from sandbox.slack.stream import Stream


class Workspace:
    """People, channels and messages of one team."""

    def __init__(self, stream: Stream, app: AppConfig, clock: Callable[[], float] = time.time) -> None:
        self.app = app
        self._stream = stream
        self._clock = clock
        self._last_ts = 0
        self.reset()

    def reset(self) -> None:
        """Back to the first day: the cast, the channels, no messages."""
        self.people: dict[str, Person] = people.everybody()
        self.groups: dict[str, UserGroup] = people.user_groups()
        self.channels: dict[str, Channel] = people.channels()
        self.messages: dict[str, list[Message]] = {channel_id: [] for channel_id in self.channels}

    # Looking things up

    def person(self, id_or_name: str) -> Person | None:
        """A person by id or by name, with or without `@`."""
        wanted = id_or_name.lstrip("@")
        by_name = (person for person in self.people.values() if person.name == wanted)
        return self.people.get(wanted) or next(by_name, None)

    def channel(self, id_or_name: str) -> Channel | None:
        """A channel by id or by name, with or without `#`."""
        wanted = id_or_name.lstrip("#")
        by_name = (channel for channel in self.channels.values() if channel.kind != "im" and channel.name == wanted)
        return self.channels.get(wanted) or next(by_name, None)

    def find(self, channel_id: str, ts: str, as_seen_by: str | None = None) -> Message | None:
        """A message by its ts; an ephemeral one only as seen by its reader."""
        for message in reversed(self.messages.get(channel_id, [])):
            if message.ts == ts and message.visible_to in (None, as_seen_by):
                return message
        return None

    def replies(self, root: Message) -> list[Message]:
        """The replies in a thread, oldest first, ephemeral ones left out."""
        return [
            message
            for message in self.messages[root.channel]
            if message.thread_ts == root.ts and message.is_reply and message.visible_to is None
        ]

    def visible_messages(self, channel_id: str, user_id: str) -> Iterator[Message]:
        """What this person sees in the channel, ephemerals included, oldest first."""
        return (message for message in self.messages[channel_id] if message.visible_to in (None, user_id))

    # Changing things

    def new_ts(self) -> str:
        """A message timestamp that no other message has, never going backwards."""
        self._last_ts = max(self._last_ts + 1, int(self._clock() * 1_000_000))
        return f"{self._last_ts // 1_000_000}.{self._last_ts % 1_000_000:06d}"

    def open_dm(self, user_id: str) -> Channel:
        """The direct messages of a person with the bot, opened if they were not."""
        channel_id = people.dm_id(user_id)
        if channel_id not in self.channels:
            members = {user_id, BOT_USER_ID}
            self.channels[channel_id] = Channel(channel_id, people.BOT_NAME, "im", members)
            self.messages[channel_id] = []
            self.publish_channel(self.channels[channel_id])
        return self.channels[channel_id]

    def join(self, channel: Channel, user_id: str) -> None:
        """Adds a member, with the line that Slack writes about it."""
        if user_id in channel.members:
            return
        channel.members.add(user_id)
        self.publish_channel(channel)
        self.post(channel.id, user_id, f"<@{user_id}> has joined the channel", subtype="channel_join")

    def leave(self, channel: Channel, user_id: str) -> None:
        """Removes a member."""
        channel.members.discard(user_id)
        self.publish_channel(channel)

    def post(self, channel_id: str, user: str, text: str, **fields: Any) -> Message:
        """Appends a message; `fields` are those of Message."""
        blocks = with_ids(fields.pop("blocks", None) or [])
        message = Message(channel_id, self.new_ts(), user, text, blocks, **fields)
        self.messages[channel_id].append(message)
        self._publish("message_posted", message)
        root = self.find(channel_id, message.thread_ts) if message.is_reply and message.thread_ts else None
        if root and message.visible_to is None:
            root.replies.append(message.ts)
            if user not in root.reply_users:
                root.reply_users.append(user)
            self._publish("message_edited", root)
        return message

    def post_as_slack(self, channel_id: str, user_id: str, text: str, thread_ts: str | None = None) -> Message:
        """Slack itself tells one person something ("Only visible to you")."""
        return self.post(channel_id, SLACKBOT_ID, text, thread_ts=thread_ts, visible_to=user_id)

    def edit(self, message: Message, **changes: Any) -> None:
        """Changes fields of a message and keeps the version that it had; Slack shows "(edited)" only when there are no blocks."""
        if "blocks" in changes:
            changes["blocks"] = with_ids(changes["blocks"] or [])
        before = message.to_page()
        for name, value in changes.items():
            setattr(message, name, value)
        message.earlier.append(before)
        message.edited = None if message.blocks else {"user": message.user, "ts": self.new_ts()}
        self._publish("message_edited", message)

    def react(self, message: Message, name: str, user_id: str) -> None:
        """Adds a reaction."""
        message.reactions.setdefault(name, []).append(user_id)
        self._publish("message_edited", message)

    def delete(self, message: Message) -> None:
        """Removes a message; a root takes nothing with it, as at Slack."""
        self.messages[message.channel].remove(message)
        root = self.find(message.channel, message.thread_ts) if message.is_reply and message.thread_ts else None
        data = {
            "type": "message_deleted",
            "channel": message.channel,
            "ts": message.ts,
            "ephemeral": message.visible_to is not None,
        }
        self._stream.publish(data, self._audience(message))
        if root and message.ts in root.replies:
            root.replies.remove(message.ts)
            self._publish("message_edited", root)

    def publish_channel(self, channel: Channel) -> None:
        """Tells its members what the channel is like now."""
        self._stream.publish({"type": "channel_changed", "channel": channel.to_page()}, channel.members)

    def _publish(self, kind: str, message: Message) -> None:
        data = {"type": kind, "channel": message.channel, "message": message.to_page()}
        self._stream.publish(data, self._audience(message))

    def _audience(self, message: Message) -> set[str]:
        return {message.visible_to} if message.visible_to else set(self.channels[message.channel].members)


def with_ids(blocks: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Fills in the block and action ids that the app left out, as Slack does."""
    filled = [{**block, "block_id": block.get("block_id") or secrets.token_urlsafe(4)} for block in blocks]
    for _, element in elements(filled):
        element.setdefault("action_id", secrets.token_urlsafe(4))
    return filled
