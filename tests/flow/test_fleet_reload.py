"""The fleet file is changed while both processes run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
import yaml

from sandbox.stack import Stack

from .story import terminal, wait_until
from .test_commands import answer

pytestmark = pytest.mark.flow

LATER = "declared-later"
SECONDS = 10.0
"""A change counts within a few seconds; the rest is for a machine that does other things, too."""


@pytest.fixture
def fleet_file(stack: Stack) -> Iterator[Path]:
    """The fleet file of the running processes, which is as before afterwards."""
    path = stack.options.fleet
    before = path.read_text()
    yield path
    change(stack, before, "has 4 endpoints")
    wait_until(lambda: LATER not in terminal(stack, "status").stdout, SECONDS, "the workers to see it as well")


def change(stack: Stack, text: str, told: str) -> None:
    """Write the fleet file, and wait until both processes have said in their logs what came of it."""
    logs = [stack.processes[name].log for name in ("bot", "workers")]
    lengths = [len(log.read_text()) for log in logs]
    stack.options.fleet.write_text(text)
    for log, length in zip(logs, lengths, strict=True):
        wait_until(lambda log=log, length=length: told in log.read_text()[length:], SECONDS, f"{log.name}: {told}")


def file_is_ok(stack: Stack, port: int) -> bool:
    with urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as told:
        text = told.read().decode()
    assert "endpoint_bot_fleet_file_ok " in text
    return "endpoint_bot_fleet_file_ok 1.0" in text


def declare_another(path: Path) -> str:
    fleet = yaml.safe_load(path.read_text())
    fleet["endpoints"][LATER] = {"model_package_group": "sentiment"}
    return str(yaml.safe_dump(fleet))


def test_endpoint_that_is_declared_later_is_known_to_bot_and_workers_without_a_restart(
    stack: Stack, fleet_file: Path
) -> None:
    assert "There is no endpoint" in answer(stack, f"status {LATER}", expected=LATER)
    change(stack, declare_another(fleet_file), "has 5 endpoints")
    assert answer(stack, f"status {LATER}", expected="NOT_DEPLOYED")


def test_mistakes_are_told_once_by_each_process_and_change_nothing(stack: Stack, fleet_file: Path) -> None:
    change(stack, declare_another(fleet_file) + "mistaken: 1\n", "has 1 mistake; what it said before stays in force")
    assert not any(file_is_ok(stack, port) for port in (stack.bot_port, stack.metrics_port))
    board = answer(stack, "status", expected="fleet.yaml has 1 mistake since")
    assert LATER not in board
    for name in ("bot", "workers"):
        told = [line for line in stack.processes[name].log.read_text().splitlines() if "mistaken: unknown key" in line]
        assert len(told) == 1, told
