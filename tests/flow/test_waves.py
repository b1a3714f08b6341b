"""Waves on real processes: one plan over three endpoints, halted by the one that got worse, whatever dies in between."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from sandbox.stack import COMPANY_FLEET, Options, Stack

from .running import started
from .story import BEYOND_CHANCE, Story, ask, config_of, executed_updates

pytestmark = pytest.mark.flow

ENDPOINTS = ("intent-staging", "intent-eu", "intent-us")
TIMING = {"poll": "1s", "settle": "1s", "sweep": "2s", "lease": "2s"}


def the_fleet(folder: Path) -> Path:
    """Three endpoints of the company that share a model, one after the other, and no manager."""
    company = yaml.safe_load(COMPANY_FLEET.read_text())
    company["defaults"] |= {"timing": TIMING}
    company["defaults"]["watch"] |= {"duration": "10s", "warm_up": "1s", "baseline": "5m"} | BEYOND_CHANCE
    wave = {"stages": [[name] for name in ENDPOINTS], "soak": "2s"}
    endpoints = {name: company["endpoints"][name] | {"policy": "ask"} for name in ENDPOINTS}
    fleet = {"version": 1, "defaults": company["defaults"], "waves": {"intent": wave}, "endpoints": endpoints}
    path = folder / "fleet.yaml"
    path.write_text(yaml.safe_dump(fleet))
    return path


@pytest.fixture(scope="module")
def running_stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    fleet = the_fleet(tmp_path_factory.mktemp("fleet"))
    options = Options(fleet=fleet, estate="company", speed=300.0, rate_limits="off", traffic=20.0)
    with started(options, request) as stack:
        yield stack


def configs(stack: Stack) -> list[str]:
    return [config_of(stack, name) for name in ENDPOINTS]


def started_wave(stack: Stack) -> Story:
    """A wave that Anna asked for and Ben approved."""
    stack.aws.scenario("version-unapproved", "intent-eu", version=4, status="Approved")
    wave = ask(stack, "wave start intent --version 4")
    wave.wait_for_state("awaiting approval")
    assert executed_updates(stack, "intent-staging") == 0
    wave.press("Start wave", by="ben")
    wave.wait_for_state("running", "stopped", "finished")
    return wave


def test_a_worse_version_stops_the_wave_before_it_comes_further(stack: Stack) -> None:
    before = configs(stack)
    stack.aws.scenario("slower-version", "intent-eu", factor=3)
    wave = started_wave(stack)
    wave.wait_for_state("stopped", timeout=90)
    told = wave.reply("alert 2").plain
    assert "Stopped at intent-eu: " in told
    assert "is held on intent-us" in told
    assert executed_updates(stack, "intent-us") == 0

    wave.press("Resume", by="dave")
    wave.wait_for_answer("dave", "you may not")
    wave.press("Resume", by="ben")
    wave.wait_for_state("finished", timeout=90)
    assert executed_updates(stack, "intent-us") == 1
    there = [now != then for now, then in zip(configs(stack), before, strict=True)]
    assert there == [True, False, True]
    assert "2 of 3 endpoints" in wave.reply("ending").plain


def test_a_wave_goes_on_after_every_process_died(stack: Stack) -> None:
    wave = started_wave(stack)
    wave.wait(lambda: executed_updates(stack, "intent-staging") == 1, 40, "the first update")
    stack.kill_everything_of_ours()
    stack.restart("bot")
    stack.restart("workers")
    wave.wait_for_state("finished", timeout=120)
    assert [executed_updates(stack, name) for name in ENDPOINTS] == [1, 1, 1]
    wave.wait_for_slots(["card", "plan", "progress 1", "progress 2", "progress 3", "ending"])
