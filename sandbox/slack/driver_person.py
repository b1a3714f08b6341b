"""A person of the workspace, as tests and stories act them. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sandbox.slack.blocks.walk import elements, is_shown_to, label_of
from sandbox.slack.driver_values import ControlFailure, Link, Message

Json = dict[str, Any]

DEFAULT_CHANNEL = "ml-deploys"
GONE = ("no_such_element", "no_such_message", "no_such_view")


class ButtonNotFound(AssertionError):
    """Nobody can press a button that is not there; the text names the buttons that are."""


@dataclass(frozen=True)
class Delivery:
    """How the app took something that a person did."""

    status: str
    """`ok`, or what went wrong: `operation_timeout`, `dispatch_failed`, `refused_by_slack`, `invalid_command_response`."""
    ack_text: str
    """What the person read in answer, from the app's acknowledgement or from Slack itself."""
    ack: Any
    http_status: int | None
    took_seconds: float

    @classmethod
    def of(cls, raw: Json) -> Delivery:
        """From the Delivery object of API.md."""
        return cls(
            raw["status"], raw.get("ack_text", ""), raw.get("ack"), raw.get("http_status"), raw.get("took_seconds", 0.0)
        )


@dataclass(frozen=True)
class Submission:
    """What became of a submitted modal."""

    delivery: Delivery
    errors: dict[str, str]
    response_action: str | None


class Person:
    """Somebody who types, clicks and reads."""

    def __init__(self, name: str, link: Link) -> None:
        self.name = name
        self._link = link

    @property
    def id(self) -> str:
        """The user id."""
        return next(id for id, name in self._link.names.items() if name == self.name)

    # Typing

    def command(self, text: str, channel: str = DEFAULT_CHANNEL, thread_ts: str | None = None) -> Delivery:
        """Types a slash command."""
        return Delivery.of(self._do("command", channel=channel, text=text, thread_ts=thread_ts)["delivery"])

    def say(self, text: str, channel: str = DEFAULT_CHANNEL, thread_ts: str | None = None) -> Delivery | None:
        """Writes an ordinary message; a delivery comes back if the app heard of it."""
        delivery = self._do("message", channel=channel, text=text, thread_ts=thread_ts)["delivery"]
        return Delivery.of(delivery) if delivery else None

    # Pressing and choosing

    def click(
        self,
        label: str,
        channel: str = DEFAULT_CHANNEL,
        thread_ts: str | None = None,
        occurrence: int = -1,
        duplicate: bool = False,
        stale: bool = False,
        where: str = "channel",
        values: Json | None = None,
    ) -> Delivery:
        """Presses the button with this label, the newest one unless `occurrence` says otherwise.

        Args:
            label: what is written on the button.
            channel: where to look; ephemeral messages to this person count.
            thread_ts: look only in this thread, its root included.
            occurrence: which of several, as an index: 0 is the oldest, -1 the newest.
            duplicate: Slack delivers this click twice at once.
            stale: also find a button that an edit has removed since (the screen was not fresh).
            where: `channel`, `modal` (the top one) or `home`.
            values: what was entered in inputs on the same screen, by label, block id or action id.

        Raises:
            ButtonNotFound: there is none; the text names those that there are.
        """
        places = list(self._places(where, channel, thread_ts, stale))
        found = [spot for spot, element in places if element["type"] == "button" and label_of(element) == label]
        if not found:
            there = ", ".join(f"[{label_of(element)}]" for _, element in places) or "no buttons at all"
            raise ButtonNotFound(f"{self.name} sees no [{label}] in {where} {channel}, but {there}")
        try:
            answer = self._do("click", **found[occurrence], duplicate=duplicate, stale=stale, values=values or {})
        except ControlFailure as failure:
            if failure.code in GONE:  # edited away between the look and the press
                raise ButtonNotFound(f"[{label}] went away just now: {failure}") from failure
            raise
        return Delivery.of(answer["delivery"])

    def choose(
        self,
        menu: str,
        value: Any,
        channel: str = DEFAULT_CHANNEL,
        thread_ts: str | None = None,
        where: str = "channel",
    ) -> Delivery:
        """Chooses an option (by value or label) in the newest menu with this action id or placeholder."""
        places = list(self._places(where, channel, thread_ts, stale=False))
        found = [spot for spot, element in places if menu in (element["action_id"], label_of(element))]
        if not found:
            there = ", ".join(element["action_id"] for _, element in places) or "none"
            raise ButtonNotFound(f"{self.name} sees no menu {menu!r} in {where} {channel}; there are: {there}")
        return Delivery.of(self._do("click", **found[-1], value=value)["delivery"])

    def suggest(self, menu: str, typed: str, where: str = "modal", channel: str = DEFAULT_CHANNEL) -> list[str]:
        """Types into an external menu (by action id); returns the labels that the app offers."""
        found = [spot for spot, each in self._places(where, channel, None, stale=False) if each["action_id"] == menu]
        if not found:
            raise ButtonNotFound(f"{self.name} sees no menu {menu!r} in {where}")
        answer = self._do("suggest", **found[-1], value=typed)
        grouped = [option for group in answer["option_groups"] for option in group["options"]]
        return [option["text"]["text"] for option in [*answer["options"], *grouped]]

    def shortcut(self, callback_id: str, message: Message | None = None) -> Delivery:
        """Chooses a message shortcut, or a global one without a message."""
        place = {"channel": message.raw["channel"], "message_ts": message.ts} if message else {}
        return Delivery.of(self._do("shortcut", callback_id=callback_id, **place)["delivery"])

    # Modals and Home

    def modal(self) -> Json | None:
        """The view in front of this person."""
        views = self._state()["views"]
        return views[-1] if views else None

    def submit(self, values: Json | None = None, view_id: str | None = None) -> Submission:
        """Submits the top modal; keys of `values` are labels, block ids or action ids."""
        answer = self._do("submit", values=values or {}, view_id=view_id)
        return Submission(Delivery.of(answer["delivery"]), answer["errors"], answer["response_action"])

    def close_modal(self, clear: bool = False) -> Delivery | None:
        """Closes the top modal, or all of them."""
        delivery = self._do("close_view", clear=clear)["delivery"]
        return Delivery.of(delivery) if delivery else None

    def open_home(self) -> Delivery | None:
        """Opens the Home tab of the app; None when the app does not listen."""
        delivery = self._do("open_home")["delivery"]
        return Delivery.of(delivery) if delivery else None

    def home(self) -> Json | None:
        """The Home tab as it is now."""
        home: Json | None = self._state()["home"]
        return home

    # Reading

    def messages(self, channel: str = DEFAULT_CHANNEL, thread_ts: str | None = None) -> list[Message]:
        """What this person sees in a channel or thread, ephemerals included, oldest first."""
        return self._link.messages(channel, thread_ts=thread_ts, **{"as": self.name})

    def ephemerals(self, channel: str = DEFAULT_CHANNEL) -> list[Message]:
        """What only this person sees there, oldest first."""
        return [message for message in self.messages(channel) if message.ephemeral]

    def invite_bot(self, channel: str) -> None:
        """Types /invite @endpoint-bot."""
        self._do("invite", channel=channel)

    def _do(self, verb: str, **body: Any) -> Json:
        return self._link.post(verb, user=self.name, **body)

    def _state(self) -> Json:
        return self._link.get("state", **{"as": self.name})

    def _places(self, where: str, channel: str, thread_ts: str | None, stale: bool) -> Iterator[tuple[Json, Json]]:
        """Every element that this person could use, with how the control API addresses it, oldest first."""
        if where != "channel":
            view = self.modal() if where == "modal" else self.home()
            for block, element in elements(view["blocks"] if view else []):
                spot = {
                    "view_id": view and view["id"],
                    "block_id": block["block_id"],
                    "action_id": element["action_id"],
                }
                yield spot, element
            return
        for message in self.messages(channel, thread_ts):
            for version in message.versions if stale else [message]:
                for block, element in elements(version.blocks):
                    if not is_shown_to(element, self.id):
                        continue
                    spot = {
                        "channel": channel,
                        "message_ts": message.ts,
                        "block_id": block["block_id"],
                        "action_id": element["action_id"],
                    }
                    yield spot, element
