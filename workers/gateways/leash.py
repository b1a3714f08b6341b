"""Holds a program so that nothing of it outlives its end, its time-out, or the worker that wanted it.

It is run by path, as `python -I -S leash.py ALIVE TOLD COMMAND…`, in the program's folder. `ALIVE` is the reading end of a pipe whose
writing end only the worker has: when that closes, however the worker ended, the program and everything that it started is killed.
How the program ended is written to `TOLD`: `exit 3`, `signal 9` or `error …`. This file imports nothing but the standard library:
the program's environment, which it shares, knows no other.
"""

import contextlib
import ctypes
import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

FOLDER_PREFIX = "endpoint-check-"
PR_SET_CHILD_SUBREAPER = 36
KILL_ROUNDS = 200
ROUND_SECONDS = 0.01


def main(alive: int, told: int, command: list[str]) -> None:
    """Run the command and tell how it ended."""
    worker = os.getppid()
    _adopt_orphans()
    try:
        # A group of its own is killed at one blow; the alive pipe and `told` are ours alone.
        program = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)
    except (OSError, ValueError) as exc:
        os.write(told, f"error {getattr(exc, 'strerror', None) or exc}".encode())
        return
    threading.Thread(target=_kill_when_alone, args=(alive, program.pid), daemon=True).start()
    status = program.wait()
    with contextlib.suppress(BrokenPipeError):  # nobody is left to be told
        os.write(told, f"exit {status}".encode() if status >= 0 else f"signal {-status}".encode())
    _kill_all(program.pid)
    if os.getppid() != worker and Path.cwd().name.startswith(FOLDER_PREFIX):  # nor to tidy up
        shutil.rmtree(Path.cwd(), ignore_errors=True)


def _adopt_orphans() -> None:
    """On Linux, have whatever the program leaves behind become our child instead of init's, so that it is found."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _kill_when_alone(alive: int, group: int) -> None:
    os.read(alive, 1)  # nobody ever writes: it returns when the worker's end is closed
    _kill_all(group)


def _kill_all(group: int) -> None:
    """Kill the program's group, then what left it; what is forked meanwhile is found in the next round."""
    with contextlib.suppress(OSError):
        os.killpg(group, signal.SIGKILL)
    for _ in range(KILL_ROUNDS):
        left = _descendants(os.getpid())
        if not left:
            return
        for pid in left:
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)
        select.select([], [], [], ROUND_SECONDS)


def _descendants(ancestor: int) -> list[int]:
    """What runs below a process, as /proc tells; nothing where there is no /proc. The dead who wait to be reaped do not count."""
    children: dict[int, list[int]] = {}
    dead = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError, ValueError, IndexError):
            fields = stat.read_text(errors="replace").rpartition(")")[2].split()
            pid = int(stat.parent.name)
            children.setdefault(int(fields[1]), []).append(pid)
            if fields[0] in "ZX":
                dead.add(pid)
    found: list[int] = []
    waiting = [ancestor]
    while waiting:
        below = children.get(waiting.pop(), [])
        found += [pid for pid in below if pid not in dead]
        waiting += below
    return found


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
