"""How both processes begin and end: mistakes in the settings, and SIGTERM."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.stack import SAMPLE_FLEET, Stack

from .story import TOLD_BY_A_PROMOTION, promote, update_calls, wait_until

pytestmark = pytest.mark.flow

EX_CONFIG = 78


def start(module: str, environment: dict[str, str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Start a process that shall refuse to run. It knows nothing but this environment."""
    root = Path(__file__).parents[2]
    return subprocess.run(
        [sys.executable, "-m", module],
        env={"PYTHONPATH": str(root), **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("module", ["bot", "workers"])
def test_every_setting_that_is_missing_or_wrong_gets_a_line(module: str, tmp_path: Path) -> None:
    environment = {"SLACK_BOT_TOKEN": "not-a-token", "FLEET_FILE": str(SAMPLE_FLEET), "PORT": "many"}
    told = start(module, environment, tmp_path)
    assert told.returncode == EX_CONFIG
    lines = told.stderr.splitlines()
    assert any(line.startswith("SLACK_BOT_TOKEN: ") for line in lines)
    assert any(line.startswith("REDIS_URL: ") for line in lines)
    assert any(line.startswith("PORT: ") for line in lines)
    assert "not-a-token" not in told.stderr


@pytest.mark.parametrize("module", ["bot", "workers"])
def test_every_mistake_in_the_fleet_file_gets_a_line_with_its_number(module: str, tmp_path: Path) -> None:
    wrong = SAMPLE_FLEET.read_text().replace("quorum: 1", "quorum: none").replace("policy: manual", "policy: never")
    fleet = tmp_path / "fleet.yaml"
    fleet.write_text(wrong)
    environment = {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_SIGNING_SECRET": "secret",
        "REDIS_URL": "redis://127.0.0.1:1",
        "FLEET_FILE": str(fleet),
    }
    told = start(module, environment, tmp_path)
    assert told.returncode == EX_CONFIG
    for key in ("quorum: none", "policy: never"):
        number = next(n for n, line in enumerate(wrong.splitlines(), start=1) if key in line)
        assert f"{fleet}:{number}: " in told.stderr
    assert "Traceback" not in told.stderr


def unlistened(fleet: Path, **settings: str) -> dict[str, str]:
    """Settings that are right in themselves, on a machine without Slack and Redis."""
    return {
        "SLACK_BOT_TOKEN": "xoxb-1",
        "SLACK_SIGNING_SECRET": "secret",
        "SLACK_API_URL": "http://127.0.0.1:1/api/",
        "REDIS_URL": "redis://127.0.0.1:1",
        "FLEET_FILE": str(fleet),
        **settings,
    }


def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        told = start("bot", unlistened(SAMPLE_FLEET, HOST="127.0.0.1", PORT=port), tmp_path)
    assert told.returncode == EX_CONFIG
    assert f"PORT: cannot listen on 127.0.0.1:{port}" in told.stderr
    assert "Traceback" not in told.stderr


def test_a_host_that_is_none_of_ours_is_named(tmp_path: Path) -> None:
    told = start("bot", unlistened(SAMPLE_FLEET, HOST="203.0.113.1", PORT="0"), tmp_path)
    assert told.returncode == EX_CONFIG
    assert "HOST: cannot listen on 203.0.113.1" in told.stderr


def test_an_app_token_that_slack_refuses_is_named(stack: Stack, tmp_path: Path) -> None:
    environment = {**stack.environment(), "SLACK_APP_TOKEN": "xapp-of-another-app", "PORT": "0"}
    told = start("bot", environment, tmp_path)
    assert told.returncode == EX_CONFIG
    assert "SLACK_APP_TOKEN: Slack refuses it" in told.stderr
    assert "xapp-of-another-app" not in told.stderr


def test_sigterm_ends_both_processes_with_0_after_the_tick_in_hand_and_work_goes_on_later(stack: Stack) -> None:
    stack.aws.fault("CreateModel", "pause-before")
    story = promote(stack, "stt-prod").approve()
    stack.aws.wait_until_paused("CreateModel")
    workers = stack.processes["workers"].running
    assert workers is not None
    workers.terminate()
    assert stack.processes["bot"].stop() == 0
    assert workers.poll() is None, "the workers ended in the middle of a tick"
    stack.aws.release()
    assert wait_until(lambda: workers.poll() is not None and [workers.returncode], 15, "the workers to end") == [0]
    assert [call["executed"] for call in stack.aws.calls("CreateModel")] == [True]
    stack.restart("workers")
    stack.restart("bot")
    story.wait_for_state("succeeded")
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert [call["executed"] for call in update_calls(stack, "stt-prod")] == [True]
