"""Whoever runs a check command dies: nothing of the program is left, it is begun again, and the rollout ends as it should."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from flow.running import started
from flow.story import Story, executed_updates, forget_everything, promote, quick_fleet, wait_until

from sandbox.stack import Options, Stack, descendants

from .killing import kill, wait_until_dead

pytestmark = [pytest.mark.flow, pytest.mark.faults]

ENDPOINT = "stt-prod"
CHECK = """
sleep 600 &
echo $$ $! >> "$WHERE/$CHECK_TIME"
while [ ! -e "$WHERE/go on" ]; do sleep 0.05; done
echo "said on the fleet of $CHECK_TIME"
[ "$CHECK_TIME" = before ] || [ ! -e "$WHERE/is wrong" ]
"""


@pytest.fixture(scope="module")
def where(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the check command leaves word, and is told what to do."""
    return tmp_path_factory.mktemp("checks")


@pytest.fixture(scope="module")
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, where: Path) -> Iterator[Stack]:
    check = {"command": ["sh", "-c", CHECK], "timeout": "2m", "pass_environment": ["WHERE"]}
    fleet = quick_fleet(tmp_path_factory.mktemp("fleet"), endpoints={ENDPOINT: {"watch": {"check": check}}})
    options = Options(fleet=fleet, speed=300.0, rate_limits="off", environment={"WHERE": str(where)})
    with started(options, request) as stack:
        yield stack


@pytest.fixture
def stack(running: Stack, where: Path) -> Stack:
    forget_everything(running)
    for left in where.iterdir():
        left.unlink()
    return running


def programs(where: Path, time: str, attempts: int) -> list[int]:
    """The processes of that many attempts, once the last of them runs."""
    path = where / time
    wait_until(lambda: path.exists() and len(path.read_text().splitlines()) == attempts, 40, f"the check {time}")
    return [int(pid) for pid in path.read_text().split()]


def checked(stack: Stack, where: Path, time: str) -> tuple[Story, list[int]]:
    """An approved promotion whose check of that time has begun."""
    if time == "after":
        (where / "go on").touch()
    story = promote(stack, ENDPOINT).approve()
    if time == "after":
        programs(where, "before", 1)
        wait_until(lambda: executed_updates(stack, ENDPOINT) == 1, 30, "the UpdateEndpoint")
        (where / "go on").unlink()
    return story, programs(where, time, 1)


def horse_of(stack: Stack) -> int:
    """The work-horse of the worker of `checks`: its only child."""
    worker = stack.worker_pid("checks")
    return next(pid for pid in descendants(worker) if parent_of(pid) == worker)


def parent_of(pid: int) -> int | None:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    return None


@pytest.mark.parametrize("time", ["before", "after"])
def test_a_killed_work_horse_takes_the_program_with_it_and_the_check_is_begun_again(
    stack: Stack, where: Path, time: str
) -> None:
    story, first = checked(stack, where, time)
    kill(horse_of(stack))
    wait_until_dead(first, timeout=10)
    programs(where, time, 2)
    (where / "go on").touch()
    story.wait_for_state("succeeded", timeout=60)
    assert executed_updates(stack, ENDPOINT) == 1
    assert len((where / "after").read_text().splitlines()) == (2 if time == "after" else 1)


def test_workers_that_are_told_to_stop_do_not_wait_for_a_check_and_the_next_ones_begin_it_again(
    stack: Stack, where: Path
) -> None:
    story, first = checked(stack, where, "after")
    stack.processes["workers"].stop()
    wait_until_dead(first, timeout=5)
    (where / "is wrong").touch()
    stack.restart("workers")
    programs(where, "after", 2)
    (where / "go on").touch()
    story.wait_for_state("rolled back", timeout=60)
    summary = story.reply("summary").plain
    assert "The check command fails on the new fleet (exit status 1) and passed on the old one." in summary
    assert "said on the fleet of after" in summary
    assert executed_updates(stack, ENDPOINT) == 2


def test_nothing_of_a_check_survives_the_end_of_everything(stack: Stack, where: Path) -> None:
    _, first = checked(stack, where, "before")
    worker = stack.worker_pid("checks")
    for pid in (worker, horse_of(stack)):
        os.kill(pid, signal.SIGKILL)
    wait_until_dead(first, timeout=10)
