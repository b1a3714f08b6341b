"""Slack, as the workers speak to it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol


class Messenger(Protocol):
    """Slack, as far as the workers speak to it. Raises SlackRefused(method, error) and TransientError(retry_after)."""

    def post(
        self,
        channel_id: str,
        *,
        text: str,
        blocks: Sequence[Mapping[str, Any]],
        thread_ts: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> str:
        """chat.postMessage; returns the message_ts."""
        ...

    def edit(self, channel_id: str, message_ts: str, *, text: str, blocks: Sequence[Mapping[str, Any]]) -> None:
        """chat.update."""
        ...

    def whisper(
        self,
        channel_id: str,
        user_id: str,
        *,
        text: str,
        blocks: Sequence[Mapping[str, Any]] = (),
        thread_ts: str | None = None,
    ) -> None:
        """chat.postEphemeral: only that person sees it."""
        ...

    def respond(
        self,
        response_url: str,
        *,
        text: str,
        blocks: Sequence[Mapping[str, Any]] = (),
        in_channel: bool = False,
        in_place: bool = False,
    ) -> None:
        """Answer through a command's or click's response_url (5 uses, 30 minutes; reaches channels without the bot).

        With `in_place` the answer replaces the message that was clicked.
        """
        ...

    def upload(
        self, channel_id: str, thread_ts: str | None, *, filename: str, content: bytes, title: str, alt_text: str
    ) -> None:
        """Upload a file into a thread, or without one into the channel, in Slack's three steps."""
        ...

    def find_own(
        self, channel_id: str, *, event_type: str, payload: Mapping[str, str], since: datetime, thread_ts: str | None
    ) -> str | None:
        """The message_ts of our own message that carries this metadata, or None: asked after the answer to a post was lost."""
        ...

    def has_own_file(self, channel_id: str, thread_ts: str, filename: str) -> bool:
        """Whether we already shared a file of that name in the thread."""
        ...

    def permalink(self, channel_id: str, message_ts: str) -> str:
        """chat.getPermalink."""
        ...

    def group_members(self, group: str) -> frozenset[str]:
        """User ids in a user group, by its id (S…) or @handle; cached for about a minute."""
        ...

    def handle_of(self, user_id: str) -> str:
        """A user's handle, without the @."""
        ...

    def timezone_of(self, user_id: str) -> str | None:
        """A user's time zone by its IANA name, None where Slack does not tell; cached for a day."""
        ...

    def open_view(self, trigger_id: str, view: Mapping[str, Any]) -> None:
        """views.open, once and within 3 seconds of what the person did.

        Raises SlackRefused with `expired_trigger_id` when that was too late, with `exchanged_trigger_id` when one was opened already.
        """
        ...

    def publish_home(self, user_id: str, blocks: Sequence[Mapping[str, Any]]) -> None:
        """views.publish: what that person sees in the app's Home tab from now on."""
        ...

    def own_name(self) -> str:
        """The bot user's name, for "invite me" hints."""
        ...
