"""Runs the stand-in as the separate process that it is meant to be. Standard library only."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from sandbox.slack.driver import SlackDriver

STOP_SECONDS = 5.0
ANNOUNCEMENT = "slack stand-in on "


@contextmanager
def running_slack(*arguments: str) -> Iterator[SlackDriver]:
    """Starts `python -m sandbox.slack` with these arguments, yields its driver, and stops it.

    Raises:
        RuntimeError: it ended before it said where it listens.
    """
    command = [sys.executable, "-m", "sandbox.slack", "--stop-with-stdin", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None, "stdout was asked for"
        try:
            first_line = process.stdout.readline().strip()
            if not first_line.startswith(ANNOUNCEMENT):
                raise RuntimeError(f"the Slack stand-in did not start; it said {first_line!r}")
            yield SlackDriver(first_line.removeprefix(ANNOUNCEMENT))
        finally:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
