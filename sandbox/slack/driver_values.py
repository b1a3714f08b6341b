"""What the driver hands out, and the thin HTTP link below it. Standard library only."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from sandbox.slack.blocks.walk import elements, label_of
from sandbox.slack.plain_text import Names, button_labels
from sandbox.slack.transcript import visible_lines

Json = dict[str, Any]

REQUEST_SECONDS = 60.0
ONLOOKER = "carla"
"""Whoever asks for the directory of people and channels; she is in all of them."""


class ControlFailure(Exception):
    """The control API refused; `code` is its error code."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{detail} ({code})")
        self.code = code


@dataclass(frozen=True)
class Message:
    """A message as people see it; `raw` is the Message object of API.md."""

    raw: Json
    names: Names

    @property
    def ts(self) -> str:
        return str(self.raw["ts"])

    @property
    def thread_ts(self) -> str | None:
        thread_ts: str | None = self.raw["thread_ts"]
        return thread_ts

    @property
    def is_reply(self) -> bool:
        return self.thread_ts not in (None, self.ts)

    @property
    def user(self) -> str:
        """The sender's name."""
        return self.names.get(self.raw["user"], self.raw["user"])

    @property
    def text(self) -> str:
        """The fallback text, as the app sent it."""
        return str(self.raw["text"])

    @property
    def blocks(self) -> list[Json]:
        blocks: list[Json] = self.raw["blocks"]
        return blocks

    @property
    def plain(self) -> str:
        """What is visible, as lines: the blocks, or the text when there are none."""
        return "\n".join(visible_lines(self.raw, self.names))

    @property
    def buttons(self) -> list[str]:
        """The labels of the buttons."""
        return button_labels(self.blocks)

    def button(self, label: str) -> Json:
        """The button with this label: its value, style, confirm."""
        for _, element in elements(self.blocks):
            if label_of(element) == label:
                return element
        raise LookupError(f"no button {label!r} in {self.buttons}")

    @property
    def files(self) -> list[Json]:
        files: list[Json] = self.raw["files"]
        return files

    @property
    def metadata(self) -> Json | None:
        metadata: Json | None = self.raw["metadata"]
        return metadata

    @property
    def ephemeral(self) -> bool:
        return bool(self.raw["ephemeral"])

    @property
    def visible_to(self) -> str | None:
        """The name of the only reader of an ephemeral message."""
        return self.names.get(self.raw["visible_to"]) if self.raw["visible_to"] else None

    @property
    def edits(self) -> int:
        """How many times it was edited."""
        return int(self.raw["version"]) - 1

    @property
    def versions(self) -> list[Message]:
        """Every version, oldest first, the current one last."""
        return [Message(version, self.names) for version in self.raw.get("versions", [self.raw])]


class Link:
    """Requests to the control API."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._opener = build_opener(ProxyHandler({}))  # a proxy of the environment does not lead to this machine

    def get(self, path: str, **query: Any) -> Json:
        """GET /sandbox/<path>."""
        answer: Json = json.loads(self._open(Request(f"{self._url}/sandbox/{path}?{urlencode(query)}")))
        return answer

    def post(self, path: str, **body: Any) -> Json:
        """POST /sandbox/<path> with a JSON body."""
        data = json.dumps(body).encode()
        request = Request(f"{self._url}/sandbox/{path}", data, {"Content-Type": "application/json"}, method="POST")
        answer: Json = json.loads(self._open(request))
        return answer

    def delete(self, path: str) -> None:
        """DELETE /sandbox/<path>."""
        self._open(Request(f"{self._url}/sandbox/{path}", method="DELETE"))

    def read(self, path: str) -> bytes:
        """GET of any path, as bytes."""
        return self._open(Request(f"{self._url}{path}"))

    def messages(self, channel: str, **query: str | None) -> list[Message]:
        """Messages of a channel, with all versions."""
        given = {name: value for name, value in query.items() if value}
        found = self.get("messages", channel=channel, **given)["messages"]
        return [Message(raw, self.names) for raw in found]

    @functools.cached_property
    def names(self) -> Names:
        """Ids of people, groups and channels → names."""
        state = self.get("state", **{"as": ONLOOKER})
        people = {user["id"]: user["name"] for user in state["users"]}
        groups = {group["id"]: group["handle"] for group in state["usergroups"]}
        return {**people, **groups, **{channel["id"]: channel["name"] for channel in state["channels"]}}

    def channel_id(self, channel: str) -> str:
        """The id of a channel by name."""
        wanted = channel.lstrip("#")
        return next((id for id, name in self.names.items() if name == wanted and id[0] in "CG"), wanted)

    def channels_with_messages(self) -> list[str]:
        """The names of the channels in which something was said."""
        state = self.get("state", **{"as": ONLOOKER})
        return [
            channel["name"]
            for channel in state["channels"]
            if channel["kind"] != "im" and state["messages"][channel["id"]]
        ]

    def _open(self, request: Request) -> bytes:
        try:
            with self._opener.open(request, timeout=REQUEST_SECONDS) as response:
                return bytes(response.read())
        except HTTPError as error:
            with error:
                body = error.read()
            try:
                told = json.loads(body)
            except json.JSONDecodeError:
                raise ControlFailure(str(error.code), body.decode(errors="replace")) from None
            raise ControlFailure(told["error"], told["detail"]) from None
