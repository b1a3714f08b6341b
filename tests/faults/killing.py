"""SIGKILL, aimed: the worker of a queue, the work-horse that runs its job, or both."""

from __future__ import annotations

import contextlib
import os
import signal

from flow.story import Story, wait_until

from sandbox.stack import Stack, descendants

VICTIMS = ("horse", "worker and horse")


def kill(pid: int) -> None:
    """SIGKILL; who is dead already stays so."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def kill_role(stack: Stack, role: str, victim: str) -> None:
    """Kill what plays a role of the workers just now; the supervisor starts a new worker in its place."""
    worker = stack.worker_pid(role)
    horses = descendants(worker)
    assert horses or victim == "worker", f"the worker {role} has nothing in hand"
    if "worker" in victim:
        kill(worker)
    if "horse" in victim:
        for horse in horses:
            kill(horse)


def kill_while_it_waits_for_aws(stack: Stack, operation: str, role: str, victim: str) -> None:
    """Kill it while its request of that operation is held; returns when AWS has noticed that its client is gone."""
    stack.aws.wait_until_paused(operation, timeout=20)
    kill_role(stack, role, victim)
    wait_until(lambda: not stack.aws.faults()["held"], 10, f"AWS to drop {operation}")


def wait_for_fault(story: Story, method: str, kind: str) -> None:
    """Wait until a call of the Slack method has run into that fault."""
    slack = story.stack.slack
    story.wait(lambda: any(call["fault"] == kind for call in slack.calls(method)), 20, f"{kind} of {method}")


def wait_until_dead(pids: list[int], timeout: float) -> None:
    """Wait until none of the processes is left."""
    wait_until(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in pids), timeout, f"the end of {pids}")
