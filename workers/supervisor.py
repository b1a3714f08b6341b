"""Keeps the children of `python -m workers` running: forks them, starts anew what dies, stops them in good order.

Everything is imported before the first fork, so a new child costs milliseconds instead of seconds of CPU; that is most of the time
between a crash and work going on. Therefore this process has one thread and opens no connection: nothing is shared by accident.
"""

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from bot.domain.errors import StoreUnavailable

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.1
QUICK_DEATH_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 5.0
GRACE_SECONDS = 130.0
"""A little longer than a job may take: a child finishes the job in hand before it ends."""

Run = Callable[[str, int], None]
"""Be the child of that role; the number is the file descriptor that ends when the supervisor does."""


@dataclass
class Child:
    """One role, and the process that plays it now."""

    role: str
    pid: int | None = None
    started_at: float = 0.0
    quick_deaths: int = 0
    start_after: float = 0.0


@dataclass
class Supervisor:
    """Forks one process per role and puts a new one in the place of each that dies."""

    roles: tuple[str, ...]
    run_child: Run
    keep_up: Callable[[], None] = lambda: None
    """Called again and again before children are looked after: what they are forked with is kept up to date."""
    children: list[Child] = field(default_factory=list)
    _stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Supervise until SIGTERM or SIGINT; returns when every child has ended."""
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        # Only the supervisor keeps the writing end, so the reading end of every child ends with it, however it ended.
        self._reading, self._writing = os.pipe()
        self.children = [Child(role) for role in self.roles]
        while not self._stopping.wait(LOOK_SECONDS):
            self.keep_up()
            for child in self.children:
                self._look_after(child)
        self._stop_all()

    def _stop(self, number: int, frame: object) -> None:
        self._stopping.set()

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.pid is not None:
            pid, status = os.waitpid(child.pid, os.WNOHANG)
            if pid != 0:
                self._note_death(child, os.waitstatus_to_exitcode(status), now)
        if child.pid is None and now >= child.start_after:
            child.pid = self._fork(child.role)
            child.started_at = now
            log.info("worker %s is process %d", child.role, child.pid)

    def _fork(self, role: str) -> int:
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid != 0:
            return pid
        status = 1
        try:
            # A session of its own, so that Ctrl-C in a terminal reaches the supervisor only, and children stop once, in order.
            os.setsid()
            os.close(self._writing)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            self.run_child(role, self._reading)
            status = 0
        finally:
            self._say_why(role, sys.exception())
            sys.stderr.flush()
            os._exit(status)

    def _say_why(self, role: str, error: BaseException | None) -> None:
        """Log what ends a child: `os._exit` would end it without a word."""
        if isinstance(error, StoreUnavailable):
            log.warning("worker %s cannot go on: %s", role, error)
        elif error is not None and not isinstance(error, SystemExit):
            log.error("worker %s cannot go on", role, exc_info=error)

    def _note_death(self, child: Child, status: int, now: float) -> None:
        child.pid = None
        is_quick = now - child.started_at < QUICK_DEATH_SECONDS
        child.quick_deaths = child.quick_deaths + 1 if is_quick else 0
        pause = min(0.25 * 2**child.quick_deaths, LONGEST_PAUSE_SECONDS) if is_quick else 0.0
        child.start_after = now + pause
        log.warning("worker %s ended with status %s; starting it again in %.1f s", child.role, status, pause)

    def _stop_all(self) -> None:
        """Ask all of them to finish what they have in hand; who does not in time is killed, and its work goes on elsewhere."""
        running = {c.pid for c in self.children if c.pid is not None}
        for pid in running:
            os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        pause = threading.Event()
        while running:
            if time.monotonic() > deadline:
                for pid in running:
                    os.kill(pid, signal.SIGKILL)
            running = {pid for pid in running if os.waitpid(pid, os.WNOHANG)[0] == 0}
            pause.wait(LOOK_SECONDS if running else 0)
