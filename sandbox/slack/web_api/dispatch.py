"""Every Web API call passes here: faults, tokens, rate limits, the method, the log."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from aiohttp import web

from sandbox.slack import web_api  # noqa: F401  (its import registers the methods)
from sandbox.slack.errors import SlackError
from sandbox.slack.faults import Fault
from sandbox.slack.web_api.registry import METHODS, Call
from sandbox.slack.world import World

Json = dict[str, Any]

APP_TOKEN_METHODS = ("apps.connections.open",)
TOKENLESS_METHODS = ("api.test",)


class WebApi:
    """Serves `/api/<method>`."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers one call, or fails as a pending fault says."""
        method = request.match_info["method"]
        if self._world.faults.is_down:
            return drop(request)
        args, warnings = await read_arguments(request)
        token = bearer(request) or str(args.pop("token", "") or "")
        started = time.monotonic()
        entry = self._world.journal.call(
            method, args, status=None, ok=None, error=None, result=None, took_ms=None, fault=None
        )
        fault = self._world.faults.for_call(method)
        if fault:
            entry["fault"] = fault.kind
            refused = await self._suffer(request, fault, entry)
            if refused is not None:
                return refused
        status, answer, headers = self._answer(method, args, token)
        if warnings and answer["ok"]:
            answer["warning"] = ",".join(warnings)
        entry |= {
            "status": status,
            "ok": answer["ok"],
            "error": answer.get("error"),
            "result": answer,
            "took_ms": round((time.monotonic() - started) * 1000, 1),
        }
        if fault and fault.kind == "lost":
            return drop(request)
        return web.json_response(answer, status=status, headers=headers)

    def _answer(self, method: str, args: Json, token: str) -> tuple[int, Json, dict[str, str]]:
        handler = METHODS.get(method)
        if handler is None:
            return 200, {"ok": False, "error": "unknown_method", "req_method": method}, {}
        try:
            self._check_token(method, token)
            wait = self._world.limits.check(method, str(args.get("channel") or "") or None)
            if wait is not None:
                return 429, {"ok": False, "error": "ratelimited"}, {"Retry-After": str(wait)}
            return 200, {"ok": True, **handler(Call(self._world, method, args))}, {}
        except SlackError as error:
            return 200, {"ok": False, "error": error.error, **error.details}, {}

    def _check_token(self, method: str, token: str) -> None:
        if method in TOKENLESS_METHODS:
            return
        if not token:
            raise SlackError("not_authed")
        options = self._world.options
        wanted, other = options.bot_token, options.app_token
        if method in APP_TOKEN_METHODS:
            wanted, other = other, wanted
        if token == other:
            raise SlackError("not_allowed_token_type")
        if token != wanted:
            raise SlackError("invalid_auth")

    async def _suffer(self, request: web.Request, fault: Fault, entry: Json) -> web.StreamResponse | None:
        """Plays a fault; None when the call goes on (`slow`, and `lost`, which strikes after it)."""
        match fault.name:
            case "429":
                entry |= {"status": 429, "ok": False, "error": "ratelimited"}
                headers = {"Retry-After": str(fault.retry_after)}
                return web.json_response({"ok": False, "error": "ratelimited"}, status=429, headers=headers)
            case "500":
                entry |= {"status": 500, "ok": False, "error": "internal_error"}
                return web.Response(status=500, text="Internal Server Error")
            case "error":
                entry |= {"status": 200, "ok": False, "error": fault.argument}
                return web.json_response({"ok": False, "error": fault.argument})
            case "timeout":
                await hold(request, fault.seconds)
                return drop(request)
            case "slow":
                await asyncio.sleep(fault.seconds)
        return None


async def read_arguments(request: web.Request) -> tuple[Json, list[str]]:
    """The arguments of a call from query, form or JSON body, and what Slack would warn about."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        text = await request.text()
        try:
            body = json.loads(text) if text else {}
        except json.JSONDecodeError:
            body = {}
        args |= body if isinstance(body, dict) else {}
        return args, [] if request.charset or not text else ["missing_charset"]
    args |= {name: value for name, value in (await request.post()).items() if isinstance(value, str)}
    return args, []


def bearer(request: web.Request) -> str:
    """The token of the Authorization header."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


async def hold(request: web.Request, seconds: float) -> None:
    """Keeps a connection waiting, at most until the client gives up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(0.05)


def drop(request: web.Request) -> web.Response:
    """Ends the connection without an answer."""
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=500)
