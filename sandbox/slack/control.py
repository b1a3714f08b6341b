"""The control API's verbs that make people act (see API.md): from JSON to speech, interactions and modals."""

from __future__ import annotations

from typing import Any

from sandbox.slack.delivery import modals, speech
from sandbox.slack.delivery.interactions import Hand, Place
from sandbox.slack.errors import ControlError
from sandbox.slack.messages import Message
from sandbox.slack.people import BOT_NAME, BOT_USER_ID, Channel, Person
from sandbox.slack.views import View
from sandbox.slack.world import World

Json = dict[str, Any]


class Actions:
    """One method per verb; each takes the JSON body and returns the JSON answer."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def command(self, body: Json) -> Json:
        person, channel = self.person(body), self.channel(body)
        typed = str(body.get("text", ""))
        if not typed.startswith("/"):
            raise ControlError(400, "not_a_command", "a command starts with /")
        return {"delivery": await speech.type_command(self._world, person, channel, typed, body.get("thread_ts"))}

    async def message(self, body: Json) -> Json:
        person, channel = self.person(body), self.channel(body)
        thread_ts = self._root_ts(channel, body.get("thread_ts"))
        message, delivery = await speech.say(self._world, person, channel, str(body.get("text", "")), thread_ts)
        return {"message": message.to_page(), "delivery": delivery}

    async def click(self, body: Json) -> Json:
        person = self.person(body)
        return {"delivery": await Hand(self._world, person).click(self._place(person, body), body)}

    async def suggest(self, body: Json) -> Json:
        person = self.person(body)
        place, typed = self._place(person, body), str(body.get("value", ""))
        return await Hand(self._world, person).suggest(
            place, body.get("block_id"), str(body.get("action_id", "")), typed
        )

    async def submit(self, body: Json) -> Json:
        person = self.person(body)
        return await modals.submit(self._world, person, self._modal(person, body), body.get("values") or {})

    async def close_view(self, body: Json) -> Json:
        person = self.person(body)
        view = self._modal(person, body)
        return {"delivery": await modals.close(self._world, person, view, bool(body.get("clear")))}

    async def open_home(self, body: Json) -> Json:
        person = self.person(body)
        delivery = await Hand(self._world, person).open_home("home")
        home = self._world.views.homes.get(person.id)
        return {"delivery": delivery, "home": home.to_page() if home else None}

    async def open_dm(self, body: Json) -> Json:
        person = self.person(body)
        delivery = await Hand(self._world, person).open_home("messages")
        return {"delivery": delivery, "channel": self._world.workspace.open_dm(person.id).to_page()}

    async def shortcut(self, body: Json) -> Json:
        person = self.person(body)
        message = self._message(person, body) if body.get("message_ts") else None
        return {"delivery": await Hand(self._world, person).shortcut(str(body.get("callback_id", "")), message)}

    async def invite(self, body: Json) -> Json:
        channel = self.channel(body)
        self._world.workspace.join(channel, BOT_USER_ID)
        return {"channel": channel.to_page()}

    async def kick(self, body: Json) -> Json:
        channel = self.channel(body)
        self._world.workspace.leave(channel, BOT_USER_ID)
        return {"channel": channel.to_page()}

    def person(self, body: Json) -> Person:
        """The person who acts."""
        found = self._world.workspace.person(str(body.get("user", "")))
        if found is None:
            raise ControlError(404, "no_such_user", f"there is nobody called {body.get('user')!r}")
        return found

    def channel(self, body: Json) -> Channel:
        """The channel in which that person acts; they must be a member."""
        wanted = str(body.get("channel", ""))
        if wanted.lstrip("@") == BOT_NAME:
            return self._world.workspace.open_dm(self.person(body).id)
        found = self._world.workspace.channel(wanted)
        if found is None:
            raise ControlError(404, "no_such_channel", f"there is no channel {wanted!r}")
        if self.person(body).id not in found.members:
            raise ControlError(409, "not_a_member", f"{self.person(body).name} is not in #{found.name}")
        return found

    def _place(self, person: Person, body: Json) -> Place:
        if not body.get("view_id"):
            return Place(message=self._message(person, body))
        view = self._world.views.find(str(body["view_id"]))
        if view is None or view.user != person.id:
            raise ControlError(404, "no_such_view", f"{person.name} has no view {body['view_id']!r} open")
        return Place(view=view)

    def _message(self, person: Person, body: Json) -> Message:
        channel = self.channel(body)
        found = self._world.workspace.find(channel.id, str(body.get("message_ts", "")), as_seen_by=person.id)
        if found is None:
            raise ControlError(
                404, "no_such_message", f"{person.name} sees no message {body.get('message_ts')!r} there"
            )
        return found

    def _modal(self, person: Person, body: Json) -> View:
        view_id = body.get("view_id")
        view = self._world.views.find(str(view_id)) if view_id else self._world.views.top(person.id)
        if view is None or view.user != person.id or view.payload["type"] != "modal":
            raise ControlError(409, "no_such_view", f"{person.name} has no such modal open")
        return view

    def _root_ts(self, channel: Channel, thread_ts: Any) -> str | None:
        if not thread_ts:
            return None
        root = self._world.workspace.find(channel.id, str(thread_ts))
        if root is None:
            raise ControlError(404, "no_such_message", f"there is no thread {thread_ts!r} in #{channel.name}")
        return root.thread_ts if root.is_reply else root.ts
