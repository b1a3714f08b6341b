"""`python -m sandbox.slack`: serves the stand-in on 127.0.0.1 until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import socket
import sys
from pathlib import Path

from aiohttp import web

from sandbox.slack.limits import RateLimits
from sandbox.slack.manifest import read_manifest
from sandbox.slack.people import AppConfig
from sandbox.slack.server import make_app
from sandbox.slack.world import Options, World

HOST = "127.0.0.1"


def parse_arguments(arguments: list[str] | None = None) -> tuple[Options, socket.socket, bool]:
    """The options, the listening socket, which decides the port, and whether to stop when standard input ends."""
    defaults = Options(port=0)
    parser = argparse.ArgumentParser(prog="python -m sandbox.slack", description="A Slack workspace on this machine.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--delivery", choices=("socket", "http"), default=defaults.delivery)
    parser.add_argument("--request-url", default=defaults.request_url, help="where HTTP delivery posts to")
    parser.add_argument("--signing-secret", default=defaults.signing_secret)
    parser.add_argument("--bot-token", default=defaults.bot_token)
    parser.add_argument("--app-token", default=defaults.app_token)
    parser.add_argument(
        "--rate-limits", type=rate_limits, default=defaults.rate_limits, help="real, off, or a factor: 10x"
    )
    parser.add_argument("--event-retry-delays", type=delays, default=defaults.event_retry_delays, metavar="0,60,300")
    parser.add_argument(
        "--manifest", dest="app", type=manifest, default=defaults.app, help="what the app asks Slack for"
    )
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input ends")
    given = vars(parser.parse_args(arguments))
    stops_with_stdin = given.pop("stop_with_stdin")
    listener = socket.create_server((HOST, given.pop("port")), backlog=256)
    return Options(port=listener.getsockname()[1], **given), listener, stops_with_stdin


def rate_limits(text: str) -> str:
    """A mode that RateLimits understands."""
    return RateLimits(text).mode


def delays(text: str) -> tuple[float, ...]:
    """Seconds before each retry of an event, separated by commas."""
    return tuple(float(part) for part in text.split(","))


def manifest(text: str) -> AppConfig:
    """The app that a manifest file declares."""
    return read_manifest(Path(text))


async def serve(options: Options, listener: socket.socket, stops_with_stdin: bool) -> None:
    """Runs the server until SIGINT or SIGTERM, or until standard input ends."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    if stops_with_stdin:  # the parent holds the other end; it ends with the parent, however that ended
        loop.add_reader(sys.stdin.fileno(), stopped.set)
    runner = web.AppRunner(make_app(World(options)), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    print(f"slack stand-in on {options.base_url}", flush=True)
    await stopped.wait()
    await runner.cleanup()


def main() -> None:
    """Entry point."""
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(*parse_arguments()))


if __name__ == "__main__":
    main()
