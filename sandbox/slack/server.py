"""The HTTP server: which address leads where."""

from __future__ import annotations

import inspect
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.slack.control import Actions
from sandbox.slack.errors import ControlError, SlackError
from sandbox.slack.inspection import Questions
from sandbox.slack.web_api.dispatch import WebApi
from sandbox.slack.web_api.files import receive_upload
from sandbox.slack.web_api.trouble import with_trouble
from sandbox.slack.world import World

Json = dict[str, Any]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

PAGE = Path(__file__).parent / "page"
NO_PAGE = (
    "The page is not there (sandbox/slack/page/index.html). The control API is described in sandbox/slack/API.md.\n"
)
LARGEST_REQUEST = 64 * 1024 * 1024


def make_app(world: World) -> web.Application:
    """The whole server over one world."""
    app = web.Application(client_max_size=LARGEST_REQUEST, middlewares=[tell_control_errors])
    server = Server(world)
    web_api, questions, actions = WebApi(world), Questions(world), Actions(world)
    app.router.add_route("*", "/api/{method}", web_api.handle)
    app.router.add_get("/link", world.socket_mode.handle)
    app.router.add_post("/upload/{file_id}", server.upload)
    app.router.add_post("/response/{key}", server.response_url)
    app.router.add_get("/files/{file_id}/{name}", server.file)
    app.router.add_get("/", server.page)
    app.router.add_get("/page/{path:.*}", server.page)
    app.router.add_get("/archives/{rest:.*}", server.page)
    for question in ("state", "messages", "history", "calls", "deliveries", "warnings", "health", "faults"):
        app.router.add_get(f"/sandbox/{question}", asked(getattr(questions, question)))
    app.router.add_get("/sandbox/stream", questions.stream)
    for action in (
        "command",
        "message",
        "click",
        "suggest",
        "submit",
        "close_view",
        "open_home",
        "open_dm",
        "shortcut",
    ):
        app.router.add_post(f"/sandbox/{action}", done(getattr(actions, action)))
    for action in ("invite", "kick"):
        app.router.add_post(f"/sandbox/{action}", done(getattr(actions, action)))
    for setting in ("faults", "down", "disconnect", "rate_limits", "verify_request_url", "reset"):
        app.router.add_post(f"/sandbox/{setting}", done(getattr(server, setting)))
    app.router.add_delete("/sandbox/faults", server.clear_faults)

    async def close(_: web.Application) -> None:
        await world.close()

    app.on_shutdown.append(close)
    return app


class Server:
    """The addresses that are neither Web API nor people: settings, files, the page."""

    def __init__(self, world: World) -> None:
        self._world = world

    def faults(self, body: Json) -> Json:
        self._world.faults.add(body)
        return {"faults": self._world.faults.listed()}

    async def clear_faults(self, request: web.Request) -> web.StreamResponse:
        is_down = self._world.faults.is_down
        self._world.faults.reset()
        self._world.faults.is_down = is_down
        return web.json_response({"faults": []})

    def down(self, body: Json) -> Json:
        self._world.faults.is_down = bool(body.get("down", True))
        return {"down": self._world.faults.is_down}

    async def disconnect(self, body: Json) -> Json:
        await self._world.socket_mode.disconnect(str(body.get("reason", "refresh_requested")))
        return {"connections": self._world.socket_mode.connections}

    def rate_limits(self, body: Json) -> Json:
        try:
            self._world.limits.set_mode(str(body.get("mode", "")))
        except ValueError as error:
            raise ControlError(400, "unknown_mode", str(error)) from error
        return {"mode": self._world.limits.mode}

    async def verify_request_url(self, body: Json) -> Json:
        if self._world.http is None:
            raise ControlError(409, "no_request_url", "deliveries go through Socket Mode")
        ok, detail = await self._world.http.verify()
        return {"ok": ok, "detail": detail}

    def reset(self, body: Json) -> Json:
        self._world.reset()
        return {"ok": True}

    async def response_url(self, request: web.Request) -> web.StreamResponse:
        """What the app posts to a response_url; errors as Slack words them."""
        try:
            body = json.loads(await request.text())
        except json.JSONDecodeError:
            return web.Response(status=400, text="invalid_payload")

        async def execute(entry: Json) -> web.StreamResponse:
            try:
                self._world.responses.use(request.match_info["key"], body)
            except SlackError as error:
                status = 404 if error.error in ("used_url", "expired_url") else 400
                entry |= {"status": status, "ok": False, "error": error.error}
                if status == 404:
                    return web.json_response({"ok": False, "error": error.error}, status=status)
                return web.Response(status=status, text=error.error)
            entry |= {"status": 200, "ok": True}
            return web.Response(text="ok")

        return await with_trouble(self._world, request, "response_url", body if isinstance(body, dict) else {}, execute)

    async def upload(self, request: web.Request) -> web.StreamResponse:
        """The second step of an upload."""

        async def execute(entry: Json) -> web.StreamResponse:
            response = await receive_upload(self._world, request)
            entry |= {"status": response.status, "ok": response.status == 200}
            return response

        args = {"file_id": request.match_info["file_id"], "length": request.content_length}
        return await with_trouble(self._world, request, "upload", args, execute)

    async def file(self, request: web.Request) -> web.StreamResponse:
        """The bytes of a file; never served as something that a browser would run."""
        file = self._world.files.by_id.get(request.match_info["file_id"])
        if file is None or not file.is_complete:
            return web.Response(status=404, text="no such file")
        headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
        return web.Response(body=file.content, content_type=file.mimetype, headers=headers)

    async def page(self, request: web.Request) -> web.StreamResponse:
        """The page and its static files."""
        wanted = (PAGE / request.match_info.get("path", "index.html")).resolve()
        if wanted.is_file() and wanted.is_relative_to(PAGE.resolve()):
            return web.FileResponse(wanted, headers={"Cache-Control": "no-cache"})
        return web.Response(status=404 if "path" in request.match_info else 200, text=NO_PAGE)


def asked(question: Callable[[Json], Json]) -> Handler:
    """A GET handler that answers with JSON."""

    async def handle(request: web.Request) -> web.StreamResponse:
        return web.json_response(question(dict(request.query)))

    return handle


def done(action: Callable[[Json], Any]) -> Handler:
    """A POST handler that reads and answers JSON; the action may be a coroutine."""

    async def handle(request: web.Request) -> web.StreamResponse:
        text = await request.text()
        try:
            body = json.loads(text) if text else {}
        except json.JSONDecodeError as error:
            raise ControlError(400, "invalid_json", str(error)) from error
        if not isinstance(body, dict):
            raise ControlError(400, "invalid_json", "the body must be an object")
        answer = action(body)
        return web.json_response(await answer if inspect.isawaitable(answer) else answer)

    return handle


@web.middleware
async def tell_control_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns a ControlError into its status and sentence."""
    try:
        return await handler(request)
    except ControlError as error:
        return web.json_response({"error": error.error, "detail": error.detail}, status=error.status)
