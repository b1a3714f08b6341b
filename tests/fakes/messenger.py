"""Slack as the workers speak to it: keeps what was posted, and fails on demand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.domain.errors import SlackRefused
from bot.messages.blocks import Message
from bot.messages.plain import plain
from fakes.clock import FakeClock
from fakes.failing import Failing


@dataclass
class Posted:
    """One message as the channel shows it now."""

    channel: str
    ts: str
    thread_ts: str | None
    message: Message
    metadata: Mapping[str, Any] | None
    posted_at: datetime
    edits: int = 0

    @property
    def slot(self) -> str:
        return str(self.metadata["event_payload"]["slot"]) if self.metadata else ""

    @property
    def words(self) -> str:
        return plain(self.message)

    @property
    def buttons(self) -> dict[str, Mapping[str, Any]]:
        """Its buttons by their visible labels."""
        rows = (b["elements"] for b in self.message.blocks if b["type"] == "actions")
        return {e["text"]["text"]: e for row in rows for e in row}


@dataclass
class FakeMessenger(Failing):
    """Implements workers.ports.Messenger."""

    clock: FakeClock
    posted: list[Posted] = field(default_factory=list)
    whispers: list[tuple[str, str]] = field(default_factory=list)
    responses: list[tuple[str, str]] = field(default_factory=list)
    files: list[tuple[str | None, str]] = field(default_factory=list)
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    handles: dict[str, str] = field(default_factory=dict)
    timezones: dict[str, str] = field(default_factory=dict)
    views: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    """The modals that were opened, each with the trigger_id that it took."""
    response_messages: list[Message] = field(default_factory=list)
    """The responses as they were sent, blocks included."""
    in_place: list[bool] = field(default_factory=list)
    """Of each response, whether it took the place of the message that was clicked."""
    contents: dict[str, bytes] = field(default_factory=dict)
    """The files that were uploaded, by name."""
    homes: dict[str, Message] = field(default_factory=dict)
    """What each person sees in the Home tab."""
    published: list[str] = field(default_factory=list)
    """Whose Home tab was drawn, once for each time."""

    def __post_init__(self) -> None:
        super().__init__()

    def post(
        self,
        channel_id: str,
        *,
        text: str,
        blocks: Sequence[Mapping[str, Any]],
        thread_ts: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> str:
        with self.called("post", channel_id, text):
            ts = f"{len(self.posted) + 1}.000100"
            message = Message(text, tuple(dict(b) for b in blocks))
            self.posted.append(Posted(channel_id, ts, thread_ts, message, metadata, self.clock()))
        return ts

    def edit(self, channel_id: str, message_ts: str, *, text: str, blocks: Sequence[Mapping[str, Any]]) -> None:
        with self.called("edit", channel_id, message_ts, text):
            found = next((p for p in self.posted if (p.channel, p.ts) == (channel_id, message_ts)), None)
            if found is None:
                raise SlackRefused("chat.update", "message_not_found")
            found.message, found.edits = Message(text, tuple(dict(b) for b in blocks)), found.edits + 1

    def whisper(
        self,
        channel_id: str,
        user_id: str,
        *,
        text: str,
        blocks: Sequence[Mapping[str, Any]] = (),
        thread_ts: str | None = None,
    ) -> None:
        with self.called("whisper", channel_id, user_id):
            self.whispers.append((user_id, text))

    def respond(
        self,
        response_url: str,
        *,
        text: str,
        blocks: Sequence[Mapping[str, Any]] = (),
        in_channel: bool = False,
        in_place: bool = False,
    ) -> None:
        with self.called("respond", response_url):
            message = Message(text, tuple(dict(b) for b in blocks))
            self.responses.append((response_url, plain(message)))
            self.response_messages.append(message)
            self.in_place.append(in_place)

    def upload(
        self, channel_id: str, thread_ts: str | None, *, filename: str, content: bytes, title: str, alt_text: str
    ) -> None:
        with self.called("upload", channel_id, filename):
            assert content.startswith(b"\x89PNG") or not filename.endswith(".png")
            assert alt_text
            self.files.append((thread_ts, filename))
            self.contents[filename] = content

    def find_own(
        self, channel_id: str, *, event_type: str, payload: Mapping[str, str], since: datetime, thread_ts: str | None
    ) -> str | None:
        with self.called("find_own", channel_id, payload["slot"]):
            wanted = {"event_type": event_type, "event_payload": payload}
            return next(
                (
                    p.ts
                    for p in self.posted
                    if (p.channel, p.metadata, p.thread_ts) == (channel_id, wanted, thread_ts) and p.posted_at >= since
                ),
                None,
            )

    def has_own_file(self, channel_id: str, thread_ts: str, filename: str) -> bool:
        with self.called("has_own_file", channel_id, filename):
            return (thread_ts, filename) in self.files

    def permalink(self, channel_id: str, message_ts: str) -> str:
        with self.called("permalink", channel_id, message_ts):
            return f"https://example.slack.com/archives/{channel_id}/p{message_ts}"

    def group_members(self, group: str) -> frozenset[str]:
        with self.called("group_members", group):
            return self.groups.get(group, frozenset())

    def handle_of(self, user_id: str) -> str:
        with self.called("handle_of", user_id):
            return self.handles.get(user_id, "")

    def timezone_of(self, user_id: str) -> str | None:
        with self.called("timezone_of", user_id):
            return self.timezones.get(user_id)

    def open_view(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        with self.called("open_view", trigger_id):
            if trigger_id in [taken for taken, _ in self.views]:
                raise SlackRefused("views.open", "exchanged_trigger_id")
            self.views.append((trigger_id, view))

    def publish_home(self, user_id: str, blocks: Sequence[Mapping[str, Any]]) -> None:
        with self.called("publish_home", user_id):
            self.homes[user_id] = Message("Home", tuple(dict(b) for b in blocks))
            self.published.append(user_id)

    def own_name(self) -> str:
        return "endpoint-bot"

    def delete(self, slot: str) -> None:
        """Somebody deletes our message."""
        self.posted = [p for p in self.posted if p.slot != slot]

    def shown(self, slot: str) -> Posted:
        """The one message of a slot; more than one is a mistake."""
        (found,) = [p for p in self.posted if p.slot == slot]
        return found

    def slots(self) -> list[str]:
        """Every message of the story, in the order in which it was posted."""
        return [p.slot for p in self.posted if p.slot]
