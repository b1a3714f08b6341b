"""Starts a stack for tests, and keeps its logs if they failed."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator

import pytest

from sandbox.stack import Options, Stack

READY_SECONDS = 60.0


@contextlib.contextmanager
def started(options: Options, request: pytest.FixtureRequest) -> Iterator[Stack]:
    """A stack that is ready; its logs are kept if a test failed meanwhile."""
    failed_before = request.session.testsfailed
    with Stack(options) as stack:
        stack.wait_until_ready(READY_SECONDS)
        yield stack
    if request.session.testsfailed == failed_before:
        shutil.rmtree(stack.folder, ignore_errors=True)
    else:
        print(f"the logs of the stack are in {stack.folder}")
