"""Every Web API call passes here: troubles, tokens, scopes, rate limits, the method, the log."""

from __future__ import annotations

import contextlib
import json
from typing import Any

from aiohttp import web

from sandbox.slack import web_api  # noqa: F401  (its import registers the methods)
from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.registry import METHODS, Call
from sandbox.slack.web_api.scopes import check_scope
from sandbox.slack.web_api.trouble import with_trouble
from sandbox.slack.world import World

Json = dict[str, Any]

APP_TOKEN_METHODS = ("apps.connections.open",)
TOKENLESS_METHODS = ("api.test",)
JSON_ARGUMENTS = ("attachments", "blocks", "files", "message", "metadata", "view")


class WebApi:
    """Serves `/api/<method>`."""

    def __init__(self, world: World) -> None:
        self._world = world

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answers one call, or fails as a pending fault says."""
        method = request.match_info["method"]
        args, warnings = await read_arguments(request)
        token = bearer(request) or str(args.pop("token", "") or "")

        async def execute(entry: Json) -> web.StreamResponse:
            status, answer, headers = self._answer(method, args, token)
            if warnings and answer["ok"]:
                answer["warning"] = ",".join(warnings)
            entry |= {"status": status, "ok": answer["ok"], "error": answer.get("error"), "result": answer}
            return web.json_response(answer, status=status, headers=headers)

        return await with_trouble(self._world, request, method, args, execute)

    def _answer(self, method: str, args: Json, token: str) -> tuple[int, Json, dict[str, str]]:
        handler = METHODS.get(method)
        if handler is None:
            return 200, {"ok": False, "error": "unknown_method", "req_method": method}, {}
        try:
            self._check_token(method, token)
            check_scope(method, args, self._world.workspace.app.scopes)
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
    form = await request.post()
    args |= {name: unpacked(name, value) for name, value in form.items() if isinstance(value, str)}
    return args, []


def unpacked(name: str, value: str) -> Any:
    """A form's value; JSON arguments as what they hold, unless they are malformed, which their method will say."""
    if name in JSON_ARGUMENTS:
        with contextlib.suppress(json.JSONDecodeError):
            return json.loads(value)
    return value


def bearer(request: web.Request) -> str:
    """The token of the Authorization header."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""
