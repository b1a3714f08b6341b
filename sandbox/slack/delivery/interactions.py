"""People press and choose: elements of messages and of the Home tab, shortcuts, suggestions of external menus."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sandbox.slack.blocks.walk import elements, find_element, is_shown_to
from sandbox.slack.delivery import payloads
from sandbox.slack.delivery.courier import Outcome
from sandbox.slack.delivery.transport import EVENT, INTERACTIVE
from sandbox.slack.errors import ControlError
from sandbox.slack.messages import Message
from sandbox.slack.people import Person
from sandbox.slack.state_values import entered, fill_in, has_state, initial_state
from sandbox.slack.views import View
from sandbox.slack.world import World

Json = dict[str, Any]

TIMED_OUT = "Operation timed out. Apps need to respond within 3 seconds."
BAD_STATUS = "This app responded with Status Code {status}."
UNREACHABLE = "This app is not reachable."


@dataclass(frozen=True)
class Place:
    """Where an element is: a message or a view."""

    message: Message | None = None
    view: View | None = None

    @property
    def blocks(self) -> list[Json]:
        if self.message:
            return self.message.blocks
        assert self.view is not None, "a place is a message or a view"
        return self.view.blocks

    def toast(self, text: str, block_id: str | None = None, action_id: str | None = None) -> Json:
        """A failure shown next to where the person acted."""
        return {
            "type": "toast",
            "level": "error",
            "text": text,
            "channel": self.message.channel if self.message else None,
            "message_ts": self.message.ts if self.message else None,
            "view_id": self.view.id if self.view else None,
            "block_id": block_id,
            "action_id": action_id,
        }


class Hand:
    """What one person does with the pointer."""

    def __init__(self, world: World, person: Person) -> None:
        self._world = world
        self._person = person

    async def click(self, place: Place, wanted: Json) -> Json:
        """Uses an element (`block_actions`); `wanted` is the body of POST /sandbox/click. Returns the Delivery."""
        block, element = self._element(place, wanted)
        state = None
        if "value" in wanted and has_state(element):
            state = entered(element, wanted["value"], self._offered(place).get(element["action_id"], ()))
        payload = payloads.interaction("block_actions", self._person, self._world.triggers.issue(self._person.id))
        values = self._values(place, wanted.get("values") or {})
        if state and place.view:
            place.view.values.setdefault(block["block_id"], {})[element["action_id"]] = state
        elif state:
            values.setdefault(block["block_id"], {})[element["action_id"]] = state
        payload |= self._where(place, values)
        payload["actions"] = [payloads.action(block, element, state)]
        outcome = await self._world.courier.deliver(INTERACTIVE, payload, duplicate=bool(wanted.get("duplicate")))
        self.show_failure(place, outcome, block["block_id"], element["action_id"])
        return outcome.to_json()

    async def suggest(self, place: Place, block_id: str | None, action_id: str, typed: str) -> Json:
        """Types into an external select; returns the delivery and the options that the app offers."""
        found = find_element(place.blocks, block_id, action_id)
        if found is None:
            raise ControlError(409, "no_such_element", f"there is no menu {action_id!r} here")
        block, element = found
        payload = payloads.interaction("block_suggestion", self._person, None)
        payload |= {"action_id": element["action_id"], "block_id": block["block_id"], "value": typed}
        payload |= {key: value for key, value in self._where(place, {}).items() if key not in ("response_url", "state")}
        outcome = await self._world.courier.deliver(INTERACTIVE, payload)
        self.show_failure(place, outcome, block["block_id"], element["action_id"])
        body = outcome.body if isinstance(outcome.body, dict) else {}
        options, groups = body.get("options") or [], body.get("option_groups") or []
        offered = [*options, *(option for group in groups for option in group.get("options", []))]
        self._offered(place)[element["action_id"]] = offered
        return {"delivery": outcome.to_json(), "options": options, "option_groups": groups}

    async def shortcut(self, callback_id: str, message: Message | None) -> Json:
        """Chooses a shortcut from the menu of a message, or a global one."""
        trigger_id = self._world.triggers.issue(self._person.id)
        if message is None:
            payload = payloads.interaction("shortcut", self._person, trigger_id)
            payload |= {"callback_id": callback_id, "action_ts": self._world.workspace.new_ts()}
        else:
            channel = self._world.workspace.channels[message.channel]
            response_url, _ = self._world.responses.issue(self._person.id, channel.id, original=message)
            payload = payloads.interaction("message_action", self._person, trigger_id)
            payload |= {
                "callback_id": callback_id,
                "action_ts": self._world.workspace.new_ts(),
                "response_url": response_url,
                "message_ts": message.ts,
                "channel": payloads.channel_reference(channel),
                "message": message.to_api(),
            }
        outcome = await self._world.courier.deliver(INTERACTIVE, payload)
        self.show_failure(Place(message=message), outcome)
        return outcome.to_json()

    async def open_home(self, tab: str) -> Json | None:
        """Opens the app's Home or Messages tab (`app_home_opened`); None when the app does not listen."""
        workspace = self._world.workspace
        channel = workspace.open_dm(self._person.id)
        if not workspace.app.hears("app_home_opened"):
            return None
        inner: Json = {
            "type": "app_home_opened",
            "user": self._person.id,
            "channel": channel.id,
            "tab": tab,
            "event_ts": workspace.new_ts(),
        }
        home = self._world.views.homes.get(self._person.id)
        if tab == "home" and home:
            inner["view"] = home.to_api()
        outcome = await self._world.courier.deliver(EVENT, payloads.event(inner))
        return outcome.to_json()

    def show_failure(
        self, place: Place, outcome: Outcome, block_id: str | None = None, action_id: str | None = None
    ) -> None:
        """The warning triangle that Slack puts beside an element whose app did not acknowledge."""
        if outcome.is_ok:
            return
        if outcome.status == "operation_timeout":
            text = TIMED_OUT
        else:
            text = BAD_STATUS.format(status=outcome.answer.status) if outcome.answer else UNREACHABLE
        self._world.stream.publish(place.toast(text, block_id, action_id), [self._person.id])

    def _element(self, place: Place, wanted: Json) -> tuple[Json, Json]:
        block_id, action_id = wanted.get("block_id"), str(wanted.get("action_id", ""))
        screens = [place.blocks]
        if wanted.get("stale") and place.message:
            screens += [version["blocks"] for version in reversed(place.message.earlier)]
        for blocks in screens:
            found = find_element(blocks, block_id, action_id)
            if found and is_shown_to(found[1], self._person.id):
                return found
        raise ControlError(409, "no_such_element", f"there is no element {action_id!r} in block {block_id!r} any more")

    def _where(self, place: Place, values: Json) -> Json:
        if place.view:
            where: Json = {"container": {"type": "view", "view_id": place.view.id}, "view": place.view.to_api()}
            return where
        message = place.message
        assert message is not None, "a place is a message or a view"
        channel = self._world.workspace.channels[message.channel]
        response_url, _ = self._world.responses.issue(self._person.id, channel.id, original=message)
        where = {
            "container": payloads.message_container(message),
            "channel": payloads.channel_reference(channel),
            "state": {"values": values},
            "response_url": response_url,
        }
        if message.visible_to is None:  # Slack leaves the message out when it was ephemeral
            where["message"] = message.to_api()
        return where

    def _values(self, place: Place, given: Json) -> Json:
        if place.view:
            fill_in(place.view.values, place.blocks, given, self._offered(place))
            return place.view.values
        values: Json = {}
        for block, element in elements(place.blocks):
            state = initial_state(element)
            if state is not None:
                values.setdefault(block["block_id"], {})[element["action_id"]] = state
        fill_in(values, place.blocks, given, self._offered(place))
        return values

    def _offered(self, place: Place) -> dict[str, list[Json]]:
        """The options that the app last offered to this person, by action id."""
        key = place.view.id if place.view else f"{place.message.channel}/{place.message.ts}" if place.message else ""
        return self._world.offered.setdefault((self._person.id, key), {})
