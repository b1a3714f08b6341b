"""Socket Mode: the app opens WebSockets to us, each payload goes to one of them and is acknowledged by its envelope id."""

from __future__ import annotations

import asyncio
import json
import secrets
import uuid
from collections.abc import Callable
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from sandbox.slack.delivery.transport import ACK_SECONDS, COMMAND, EVENT, INTERACTIVE, Answer, Retry, Undeliverable
from sandbox.slack.errors import ControlError, SlackError
from sandbox.slack.people import APP_ID

ENVELOPE_TYPES = {COMMAND: "slash_commands", INTERACTIVE: "interactive", EVENT: "events_api"}
MOST_CONNECTIONS = 10
PING_SECONDS = 15.0
GRACE_SECONDS = 0.1
"""Between `refresh_requested` and the moment at which the connection is cut; slack_sdk hears nothing new before that."""


class SocketMode:
    """The connections of the app and the envelopes that wait for an acknowledgement."""

    def __init__(self, on_change: Callable[[bool], None]) -> None:
        self._on_change = on_change
        self._tickets: set[str] = set()
        self._connections: list[web.WebSocketResponse] = []
        self._waiting: dict[str, asyncio.Future[Answer]] = {}
        self._cutting: set[asyncio.Task[None]] = set()

    @property
    def is_connected(self) -> bool:
        return bool(self._connections)

    @property
    def connections(self) -> int:
        return len(self._connections)

    def issue_ticket(self) -> str:
        """A single-use right to connect, as apps.connections.open hands it out."""
        if len(self._connections) >= MOST_CONNECTIONS:
            raise SlackError("too_many_websockets")
        ticket = str(uuid.uuid4())
        self._tickets.add(ticket)
        return ticket

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serves one WebSocket until either side ends it."""
        ticket = request.query.get("ticket", "")
        if ticket not in self._tickets:
            return web.Response(status=401, text="invalid or used ticket")
        self._tickets.discard(ticket)
        socket = web.WebSocketResponse(heartbeat=PING_SECONDS)
        await socket.prepare(request)
        await socket.send_json(self._hello())
        self._connections.append(socket)
        self._on_change(True)
        try:
            async for frame in socket:
                if frame.type is WSMsgType.TEXT:
                    self._acknowledge(frame.data)
        finally:
            self._drop(socket)
        return socket

    async def send(self, kind: str, payload: dict[str, Any], retry: Retry | None = None) -> Answer:
        """Sends an envelope to the connection whose turn it is and waits for its acknowledgement."""
        if not self._connections:
            raise Undeliverable("no Socket Mode connection")
        socket = self._connections.pop(0)
        self._connections.append(socket)
        envelope_id = str(uuid.uuid4())
        envelope: dict[str, Any] = {
            "envelope_id": envelope_id,
            "type": ENVELOPE_TYPES[kind],
            "payload": payload,
            "accepts_response_payload": kind != EVENT,
        }
        if kind == EVENT:
            envelope |= {"retry_attempt": retry.attempt if retry else 0, "retry_reason": retry.reason if retry else ""}
        answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[envelope_id] = answer
        try:
            await socket.send_json(envelope)
            return await asyncio.wait_for(answer, ACK_SECONDS)
        except ConnectionError as error:
            raise Undeliverable(str(error)) from error
        finally:
            self._waiting.pop(envelope_id, None)

    async def disconnect(self, reason: str) -> None:
        """Tells every connection to come back (`refresh_requested`, `warning`, `link_disabled`), or cuts them (`abort`)."""
        if reason not in ("refresh_requested", "warning", "link_disabled", "abort"):
            raise ControlError(400, "unknown_reason", f"{reason!r} is no reason to disconnect")
        for socket in list(self._connections):
            if reason == "abort":
                self._drop(socket)
                await socket.close(code=WSCloseCode.GOING_AWAY)
                continue
            await socket.send_json({"type": "disconnect", "reason": reason, "debug_info": {"host": "sandbox"}})
            if reason == "refresh_requested":
                self._drop(socket)
                task = asyncio.create_task(self._cut_later(socket))
                self._cutting.add(task)
                task.add_done_callback(self._cutting.discard)

    async def close(self) -> None:
        """Ends every connection, at shutdown."""
        for task in self._cutting:
            task.cancel()
        for socket in list(self._connections):
            await socket.close(code=WSCloseCode.GOING_AWAY)

    async def _cut_later(self, socket: web.WebSocketResponse) -> None:
        await asyncio.sleep(GRACE_SECONDS)
        await socket.close(code=WSCloseCode.GOING_AWAY)

    def _acknowledge(self, text: str) -> None:
        try:
            frame = json.loads(text)
        except json.JSONDecodeError:
            return
        waiting = self._waiting.get(frame.get("envelope_id", "")) if isinstance(frame, dict) else None
        if waiting and not waiting.done():
            waiting.set_result(Answer(200, frame.get("payload") or None))

    def _drop(self, socket: web.WebSocketResponse) -> None:
        if socket in self._connections:
            self._connections.remove(socket)
            self._on_change(self.is_connected)

    def _hello(self) -> dict[str, Any]:
        return {
            "type": "hello",
            "num_connections": len(self._connections) + 1,
            "debug_info": {
                "host": f"sandbox-{secrets.token_hex(2)}",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
            "connection_info": {"app_id": APP_ID},
        }
