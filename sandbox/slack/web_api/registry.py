"""How a Web API method is declared, and how it reads its arguments."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.slack.errors import SlackError
from sandbox.slack.messages import Message
from sandbox.slack.people import Channel, Person
from sandbox.slack.world import World

Json = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One call of a method: what it may touch and what it was given."""

    world: World
    method: str
    args: Json

    def text(self, name: str, missing: str | None = None) -> str:
        """A string argument; `missing` is the error when it is absent."""
        value = self.args.get(name)
        if value in (None, "") and missing:
            raise SlackError(missing)
        return "" if value is None else str(value)

    def flag(self, name: str, default: bool = False) -> bool:
        """A boolean argument: JSON booleans, `1`, `0`, `true`, `false`."""
        value = self.args.get(name)
        if value is None:
            return default
        return value if isinstance(value, bool) else str(value).lower() in ("1", "true")

    def number(self, name: str, default: int) -> int:
        """A whole number."""
        try:
            return int(self.args.get(name) or default)
        except ValueError as error:
            raise SlackError("invalid_arguments") from error

    def json(self, name: str, malformed: str) -> Any:
        """A JSON argument, which a form carries as a string; None if absent, `malformed` is the error when it cannot be read."""
        value = self.args.get(name)
        if not isinstance(value, str):
            return value
        if not value:
            return None
        try:
            return json.loads(value)
        except json.JSONDecodeError as error:
            raise SlackError(malformed) from error

    def channel(self, must_be_member: bool = True, is_addressed: bool = False) -> Channel:
        """The channel that the call is about, as far as the bot may see it.

        Channels go by id. A new message may also be addressed (`is_addressed`) by a channel's name, or by a user id for the
        direct messages with that person; updates and everything else may not.
        """
        wanted = self.text("channel", missing="channel_not_found")
        workspace = self.world.workspace
        if is_addressed and wanted in workspace.people and wanted.startswith("U"):
            return workspace.open_dm(wanted)
        found = workspace.channel(wanted) if is_addressed else workspace.channels.get(wanted)
        if found is None or (found.kind == "private" and not found.has_bot):
            raise SlackError("channel_not_found")
        if must_be_member and not found.has_bot:
            raise SlackError("not_in_channel")
        return found

    def person(self, name: str = "user") -> Person:
        """The person that the call is about."""
        found = self.world.workspace.people.get(self.text(name, missing="user_not_found"))
        if found is None:
            raise SlackError("user_not_found")
        return found

    def message(self, channel: Channel, name: str = "ts") -> Message:
        """A message of this channel; ephemeral ones do not exist for the Web API."""
        found = self.world.workspace.find(channel.id, self.text(name, missing="message_not_found"))
        if found is None:
            raise SlackError("message_not_found")
        return found

    def page(self, entries: list[Any], default_limit: int = 100) -> tuple[list[Any], Json]:
        """The slice that `limit` and `cursor` ask for, and the response_metadata that goes with it."""
        limit = max(1, min(self.number("limit", default_limit), 1000))
        cursor = self.text("cursor")
        if cursor and not cursor.startswith("next:"):
            raise SlackError("invalid_cursor")
        start = int(cursor.removeprefix("next:") or 0)
        following = start + limit
        next_cursor = f"next:{following}" if following < len(entries) else ""
        return entries[start:following], {"next_cursor": next_cursor}


Handler = Callable[[Call], Json]
METHODS: dict[str, Handler] = {}


def method(name: str) -> Callable[[Handler], Handler]:
    """Registers a function as a Web API method; it returns the answer's fields without `ok`."""

    def register(handler: Handler) -> Handler:
        METHODS[name] = handler
        return handler

    return register
