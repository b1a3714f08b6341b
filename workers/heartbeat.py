"""Keeps a right alive while the work goes on, and lets it lapse when the process dies."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

from bot.domain.errors import StoreUnavailable

log = logging.getLogger(__name__)


@contextmanager
def beating(beat: Callable[[], object], lease: timedelta) -> Iterator[None]:
    """Call `beat` three times per lease, from a thread of its own, until the block ends.

    A killed process stops beating, so whoever waits for the lease waits at most that long.
    """
    done = threading.Event()

    def run() -> None:
        while not done.wait(lease.total_seconds() / 3):
            try:
                beat()
            except StoreUnavailable as exc:
                log.warning("heartbeat missed: %s", exc)

    thread = threading.Thread(target=run, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()
