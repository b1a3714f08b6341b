"""`python -m sandbox.slack`: serves the stand-in on 127.0.0.1 until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import socket

from aiohttp import web

from sandbox.slack.server import make_app
from sandbox.slack.world import Options, World

HOST = "127.0.0.1"


def parse_arguments(arguments: list[str] | None = None) -> tuple[Options, socket.socket]:
    """The options, and the listening socket, which decides the port."""
    defaults = Options(port=0)
    parser = argparse.ArgumentParser(prog="python -m sandbox.slack", description="A Slack workspace on this machine.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one (default)")
    parser.add_argument("--delivery", choices=("socket", "http"), default=defaults.delivery)
    parser.add_argument("--request-url", default=defaults.request_url, help="where HTTP delivery posts to")
    parser.add_argument("--signing-secret", default=defaults.signing_secret)
    parser.add_argument("--bot-token", default=defaults.bot_token)
    parser.add_argument("--app-token", default=defaults.app_token)
    parser.add_argument("--rate-limits", default=defaults.rate_limits, help="real, off, or a factor such as 10x")
    parser.add_argument("--event-retry-delays", default="0,60,300", help="seconds before each retry of an event")
    given = vars(parser.parse_args(arguments))
    try:
        given["event_retry_delays"] = tuple(float(part) for part in given["event_retry_delays"].split(","))
    except ValueError:
        parser.error("--event-retry-delays takes seconds separated by commas")
    listener = socket.create_server((HOST, given.pop("port")), backlog=256)
    return Options(port=listener.getsockname()[1], **given), listener


async def serve(options: Options, listener: socket.socket) -> None:
    """Runs the server until SIGINT or SIGTERM."""
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    runner = web.AppRunner(make_app(World(options)), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    await web.SockSite(runner, listener).start()
    print(f"slack stand-in on {options.base_url}", flush=True)
    await stopped.wait()
    await runner.cleanup()


def main() -> None:
    """Entry point."""
    options, listener = parse_arguments()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(options, listener))


if __name__ == "__main__":
    main()
