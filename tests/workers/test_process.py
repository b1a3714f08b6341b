"""What a worker process keeps when the fleet file changes, and what it puts together anew."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from fakes.engine import FLEET
from fakes.records import ENDPOINT

from bot.domain.announcing import watched_groups
from bot.domain.errors import GatewayError
from bot.settings import load_settings
from workers.wiring import Process
from workers.world import place_of


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Process:
    """One whose settings lead nowhere: nothing is asked before there is a job."""
    path = tmp_path / "fleet.yaml"
    path.write_text(FLEET)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    return begun(path)


def begun(path: Path) -> Process:
    environ = {"SLACK_BOT_TOKEN": "xoxb-1", "REDIS_URL": "redis://127.0.0.1:1/0", "FLEET_FILE": str(path)}
    return Process(load_settings(environ, "worker"))


def change(process: Process, text: str) -> bool:
    """Write the file, and keep up as if it had been written a while ago."""
    path = process.fleet_file.path
    path.write_text(text)
    deadline = time.monotonic() + 20
    while not process.keep_up():
        assert time.monotonic() < deadline, "the change was never read"
        time.sleep(0.05)
    return True


def test_gateways_are_kept_and_everything_that_knows_the_fleet_is_put_together_anew(process: Process) -> None:
    before = process.parts
    assert change(process, FLEET + "  later: {model_package_group: sentiment}\n")
    assert list(process.parts.world.fleet.endpoints) == [ENDPOINT, "later"]
    assert process.parts.desk.world is process.parts.world
    assert (process.parts.world.aws, process.parts.world.store) == (before.world.aws, before.world.store)


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_region_that_is_left_out_is_the_workers_own_and_no_other_place(
    process: Process, variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "eu-west-1")
    anywhere = FLEET.replace("  region: us-east-1\n", "")
    process.fleet_file.path.write_text(anywhere + "  named: {model_package_group: sentiment, region: eu-west-1}\n")
    process = begun(process.fleet_file.path)
    assert {place_of(spec) for spec in process.parts.world.fleet.endpoints.values()} == {"own:eu-west-1"}
    assert len(watched_groups(process.parts.world.fleet)) == 1
    assert change(process, anywhere + "  later: {model_package_group: sentiment}\n")
    assert {place_of(spec) for spec in process.parts.world.fleet.endpoints.values()} == {"own:eu-west-1"}


def test_without_any_region_the_workers_stay_and_say_what_is_missing(
    process: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    assert change(process, FLEET.replace("  region: us-east-1\n", ""))
    world = process.parts.world
    with pytest.raises(GatewayError, match="AWS_REGION is not set"):
        world.aws(world.fleet.endpoint(ENDPOINT))


def test_nothing_is_put_together_anew_for_mistakes_or_for_a_comment(process: Process) -> None:
    before = process.parts
    assert change(process, FLEET + "mistaken: 1\n")
    assert process.fleet_file.trouble is not None
    assert process.parts is before
    assert change(process, FLEET + "# a comment\n")
    assert process.fleet_file.trouble is None
    assert process.parts is before
