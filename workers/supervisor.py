"""Keeps the children of `python -m workers` running: restarts what dies, stops them in good order."""

import logging
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field

log = logging.getLogger(__name__)

LOOK_SECONDS = 0.2
QUICK_DEATH_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 5.0
GRACE_SECONDS = 130.0
"""A little longer than a job may take: a child finishes the job in hand before it ends."""


@dataclass
class Child:
    """One role, and the process that plays it now."""

    role: str
    process: "subprocess.Popen[bytes] | None" = None
    started_at: float = 0.0
    quick_deaths: int = 0
    start_after: float = 0.0
    restarts: int = 0


@dataclass
class Supervisor:
    """Starts one process per role and puts a new one in the place of each that dies."""

    roles: tuple[str, ...]
    children: list[Child] = field(default_factory=list)

    def run(self, stop: threading.Event) -> None:
        """Supervise until told to stop; returns when every child has ended."""
        self.children = [Child(role) for role in self.roles]
        while not stop.wait(LOOK_SECONDS):
            for child in self.children:
                self._look_after(child)
        self._stop_all()

    def _look_after(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is not None and child.process.poll() is not None:
            self._note_death(child, now)
        if child.process is None and now >= child.start_after:
            # A session of its own, so that Ctrl-C in a terminal reaches the supervisor only, and children stop once, in order.
            child.process = subprocess.Popen(
                [sys.executable, "-m", "workers.child", child.role], stdin=subprocess.PIPE, start_new_session=True
            )
            child.started_at = now

    def _note_death(self, child: Child, now: float) -> None:
        assert child.process is not None
        status = child.process.returncode
        _close(child.process)
        child.process = None
        child.restarts += 1
        is_quick = now - child.started_at < QUICK_DEATH_SECONDS
        child.quick_deaths = child.quick_deaths + 1 if is_quick else 0
        pause = min(0.25 * 2**child.quick_deaths, LONGEST_PAUSE_SECONDS) if is_quick else 0.0
        child.start_after = now + pause
        log.warning("worker %s ended with status %s; starting it again in %.1f s", child.role, status, pause)

    def _stop_all(self) -> None:
        """Ask all of them to finish what they have in hand; who does not in time is killed, and its work goes on elsewhere."""
        running = [c.process for c in self.children if c.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + GRACE_SECONDS
        for process in running:
            try:
                process.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            _close(process)


def _close(process: "subprocess.Popen[bytes]") -> None:
    """Close our end of its stdin, which may be broken already."""
    if process.stdin is not None:
        try:
            process.stdin.close()
        except BrokenPipeError:
            pass
