"""The supervisor forks, restarts and stops, and says why a child ended. In a process of its own, because forks copy the test's."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

SCRIPT = """
import logging, os, signal, sys, threading
from workers.supervisor import Supervisor
logging.basicConfig(level="INFO", format="%(message)s")

def child(role, alive):
    if role == "broken":
        raise RuntimeError("a bug at its start")
    if role == "fleeting":
        return
    print(role, "runs", os.getsid(0) == os.getpid(), flush=True)
    os.read(alive, 1) if role == "orphan" else signal.pause()
    print(role, "is alone", flush=True)

supervisor = Supervisor(tuple(sys.argv[1:]), child)
if "followed" in sys.argv:
    supervisor.keep_up = lambda: print("kept up", flush=True)
supervisor.run()
print("stopped in good order", flush=True)
"""


def supervise(*roles: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, *roles],
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def lines_until(process: "subprocess.Popen[str]", words: str) -> list[str]:
    assert process.stdout is not None
    seen: list[str] = []
    for line in process.stdout:
        seen.append(line.rstrip())
        if words in line:
            return seen
    raise AssertionError(f"{words!r} never came; it said {seen}")


def test_children_run_in_sessions_of_their_own_and_stop_with_sigterm() -> None:
    with supervise("steady") as process:
        lines_until(process, "steady runs True")
        process.send_signal(signal.SIGTERM)
        lines_until(process, "stopped in good order")
    assert process.returncode == 0


@pytest.mark.parametrize(("role", "status"), [("fleeting", 0), ("broken", 1)])
def test_what_ends_is_started_again_after_a_pause(role: str, status: int) -> None:
    with supervise(role) as process:
        seen = lines_until(process, "starting it again in 1.0 s")
        process.send_signal(signal.SIGTERM)
        lines_until(process, "stopped in good order")
    assert f"worker {role} ended with status {status}; starting it again in 0.5 s" in seen
    assert any("RuntimeError: a bug at its start" in line for line in seen) is (role == "broken")


def test_what_children_begin_with_is_kept_up_to_date_all_the_time() -> None:
    with supervise("followed") as process:
        assert lines_until(process, "kept up") == ["kept up"]  # before any child
        lines_until(process, "followed runs True")
        lines_until(process, "kept up")
        process.send_signal(signal.SIGTERM)
        lines_until(process, "stopped in good order")


def test_children_notice_that_the_supervisor_is_gone() -> None:
    with supervise("orphan") as process:
        lines_until(process, "orphan runs True")
        process.kill()
        lines_until(process, "orphan is alone")
