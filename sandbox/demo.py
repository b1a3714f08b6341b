"""`make demo`: everything on this machine, one address to open."""

from __future__ import annotations

import shutil
import signal
import sys
import threading
from urllib.parse import urlencode

from sandbox.stack import COMPANY_FLEET, DidNotStart, Options, Stack, free_port

PREFERRED_PORT = 8400
LOOK_SECONDS = 1.0


def run_demo() -> int:
    """Start everything and keep it running until Ctrl-C."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    stack = Stack(Options(slack_port=_port(), fleet=COMPANY_FLEET, estate="company"))
    print("Starting Redis, the stand-ins for Slack and AWS, the bot and the workers …", flush=True)
    try:
        with stack:
            stack.wait_until_ready()
            _welcome(stack)
            while not stop.wait(LOOK_SECONDS):
                dead = [p.name for p in stack.processes.values() if not p.is_running()]
                if dead:
                    raise DidNotStart(f"{', '.join(dead)} ended; the logs are in {stack.folder}")
            print("\nStopping …", flush=True)
        shutil.rmtree(stack.folder)
    except DidNotStart as exc:
        print(f"The demo could not go on: {exc}", file=sys.stderr)
        return 1
    return 0


def _welcome(stack: Stack) -> None:
    address = f"{stack.slack.url}/?{urlencode({'aws': stack.aws.url})}"
    print(
        f"""
Open this address in a browser:

    {address}

Then, as anna, type    /endpoint promote stt-prod
and, as ben, press     Approve

The panel "What AWS does" makes the next version slow, lets SageMaker run out of capacity, and more.
Logs are in {stack.folder}. Ctrl-C stops everything.
""",
        flush=True,
    )


def _port() -> int:
    """The same port every time, if it is free, so that the address may be bookmarked."""
    import socket

    try:
        with socket.create_server(("127.0.0.1", PREFERRED_PORT)):
            return PREFERRED_PORT
    except OSError:
        return free_port()
