"""The control API's questions: what a person sees, what the app did, and the stream of events."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web

from sandbox.slack.errors import ControlError
from sandbox.slack.people import BOT_NAME, BOT_USER_ID, TEAM_ID, Person, dm_id
from sandbox.slack.world import World

Json = dict[str, Any]

HEARTBEAT_SECONDS = 10.0


class Questions:
    """One method per address that is read with GET."""

    def __init__(self, world: World) -> None:
        self._world = world

    def state(self, query: Json) -> Json:
        """Everything that one person sees."""
        person = self._person(query)
        world, workspace = self._world, self._world.workspace
        channels = [channel for channel in workspace.channels.values() if person.id in channel.members]
        home = world.views.homes.get(person.id)
        return {
            "event_id": world.stream.last_id,
            "me": person.to_page(),
            "team": {"id": TEAM_ID, "name": "Sandbox"},
            "users": [each.to_page() for each in workspace.people.values()],
            "usergroups": [
                {"id": group.id, "handle": group.handle, "name": group.name, "users": list(group.users)}
                for group in workspace.groups.values()
                if not group.is_disabled
            ],
            "app": {
                "name": BOT_NAME,
                "user": BOT_USER_ID,
                "commands": list(workspace.app.commands),
                "shortcuts": list(workspace.app.shortcuts),
                "dm": dm_id(person.id),
                "connected": world.courier.transport.is_connected,
            },
            "channels": [channel.to_page() for channel in channels],
            "messages": {
                channel.id: [message.to_page() for message in workspace.visible_messages(channel.id, person.id)]
                for channel in channels
            },
            "files": {file.id: file.to_page() for file in world.files.by_id.values() if file.is_complete},
            "views": [view.to_page() for view in world.views.stacks.get(person.id, [])],
            "home": home.to_page() if home else None,
        }

    def messages(self, query: Json) -> Json:
        """The messages of a channel or thread: one person's view, or everything with all versions."""
        channel_id = self._channel_id(query)
        thread_ts = query.get("thread_ts")
        seen_by = self._person(query).id if query.get("as") else None
        return {
            "messages": [
                {**message.to_page(), "versions": message.versions()}
                for message in self._world.workspace.messages.get(channel_id, [])
                if (seen_by is None or message.visible_to in (None, seen_by))
                and (thread_ts is None or thread_ts in (message.ts, message.thread_ts))
            ]
        }

    def history(self, query: Json) -> Json:
        """Every version of one message."""
        for message in self._world.workspace.messages.get(self._channel_id(query), []):
            if message.ts == query.get("ts"):
                return {"versions": message.versions()}
        raise ControlError(404, "no_such_message", f"there is no message {query.get('ts')!r} there")

    def calls(self, query: Json) -> Json:
        """The Web API calls, all or of one method, from an id on."""
        after, method = int(query.get("after", 0)), query.get("method")
        return {
            "calls": [
                call
                for call in self._world.journal.calls
                if call["id"] > after and method in (None, "", call["method"])
            ]
        }

    def deliveries(self, query: Json) -> Json:
        """Every payload that was sent to the app."""
        return {"deliveries": list(self._world.journal.deliveries)}

    def warnings(self, query: Json) -> Json:
        """What Slack accepts and a good app avoids."""
        return {"warnings": list(self._world.journal.warnings)}

    def health(self, query: Json) -> Json:
        """How the stand-in is set up and whether the app is connected."""
        return {
            "ok": True,
            "delivery": self._world.options.delivery,
            "connections": self._world.socket_mode.connections,
            "rate_limits": self._world.limits.mode,
            "down": self._world.faults.is_down,
        }

    def faults(self, query: Json) -> Json:
        """The faults that are still to happen."""
        return {"faults": self._world.faults.listed()}

    async def stream(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events for one person, resumable by Last-Event-ID or `after`."""
        person = self._person(dict(request.query))
        stream = self._world.stream
        after_text = request.headers.get("Last-Event-ID") or request.query.get("after") or str(stream.last_id)
        after = int(after_text) if after_text.isdigit() else stream.last_id
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
        )
        await response.prepare(request)
        await response.write(b": connected\n\n")
        while request.transport is not None and not request.transport.is_closing():
            events = stream.since(after, person.id)
            after = stream.last_id
            if events is None:
                await response.write(f'id: {after}\ndata: {{"type": "reset"}}\n\n'.encode())
            for event in events or ():
                await response.write(f"id: {event.id}\ndata: {json.dumps(event.data)}\n\n".encode())
            if not await stream.wait(after, HEARTBEAT_SECONDS):
                await response.write(b": still here\n\n")
        return response

    def _person(self, query: Json) -> Person:
        found = self._world.workspace.person(str(query.get("as", "")))
        if found is None:
            raise ControlError(404, "no_such_user", f"say who is looking with as=U0ANNA; {query.get('as')!r} is nobody")
        return found

    def _channel_id(self, query: Json) -> str:
        wanted = str(query.get("channel", ""))
        if wanted.lstrip("@") == BOT_NAME:
            return dm_id(self._person(query).id)
        found = self._world.workspace.channel(wanted)
        if found is None:
            raise ControlError(404, "no_such_channel", f"there is no channel {wanted!r}")
        return found.id
