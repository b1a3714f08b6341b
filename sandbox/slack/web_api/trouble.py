"""Plays pending faults on a request of the app: a Web API call, an upload (`upload`) or an answer (`response_url`)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from sandbox.slack.faults import Fault
from sandbox.slack.world import World

Json = dict[str, Any]

LOOK_AGAIN_SECONDS = 0.05


async def with_trouble(
    world: World,
    request: web.Request,
    method: str,
    args: Json,
    execute: Callable[[Json], Awaitable[web.StreamResponse]],
) -> web.StreamResponse:
    """Logs the request, plays the fault that is pending for it, and executes it unless the fault prevents that.

    `execute` gets the log entry, to add what came of it.
    """
    if world.faults.is_down:
        return drop(request)
    started = time.monotonic()
    outcome = {"status": None, "ok": None, "error": None, "result": None, "took_ms": None, "fault": None}
    entry = world.journal.call(method, args, **outcome)
    fault = world.faults.for_call(method)
    if fault:
        entry["fault"] = fault.kind
        refused = await _suffer(request, fault, entry)
        if refused is not None:
            return refused
    response = await execute(entry)
    entry["took_ms"] = round((time.monotonic() - started) * 1000, 1)
    if fault and fault.name == "lost":
        await _hold(request, fault.seconds if fault.argument else 0.0)
        return drop(request)
    return response


async def _suffer(request: web.Request, fault: Fault, entry: Json) -> web.StreamResponse | None:
    """The answer that the fault gives; None when the request is executed nevertheless (`slow`, `lost`)."""
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
            entry |= {"ok": False, "error": "timeout"}
            await _hold(request, fault.seconds)
            return drop(request)
        case "slow":
            await asyncio.sleep(fault.seconds)
    return None


async def _hold(request: web.Request, seconds: float) -> None:
    """Keeps a connection waiting, at most until the client gives up."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and request.transport is not None and not request.transport.is_closing():
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


def drop(request: web.Request) -> web.Response:
    """Ends the connection without an answer."""
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=500)
