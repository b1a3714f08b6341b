"""Two variants side by side on real processes: compared, moved by weight, and brought back, whatever dies."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.stack import Stack

from .story import Story, config_of, promote, update_calls, wait_until

pytestmark = pytest.mark.flow

OPTIONS = ("--strategy", "two-variant", "--size", "20%", "--bake")
OLD, NEW = "AllTraffic", "AllTraffic-next"


def weights_of(stack: Stack, endpoint: str) -> dict[str, float]:
    variants = stack.aws.endpoint(endpoint)["description"]["ProductionVariants"]
    return {v["VariantName"]: v["CurrentWeight"] for v in variants}


def executed(stack: Stack, endpoint: str) -> list[str | dict[str, float]]:
    """What took effect on the endpoint, in order: configs by name, and weights by variant."""
    told: list[str | dict[str, float]] = []
    for call in stack.aws.calls():
        if not call["executed"] or call["parameters"].get("EndpointName") != endpoint:
            continue
        if call["operation"] == "UpdateEndpoint":
            told.append(call["parameters"]["EndpointConfigName"])
        if call["operation"] == "UpdateEndpointWeightsAndCapacities":
            told.append(_weights(call["parameters"]))
    return told


def _weights(parameters: dict[str, Any]) -> dict[str, float]:
    return {w["VariantName"]: w["DesiredWeight"] for w in parameters["DesiredWeightsAndCapacities"]}


def baking(stack: Stack, endpoint: str, bake: str = "5s") -> Story:
    """A two-variant promotion whose variants both serve."""
    story = promote(stack, endpoint, *OPTIONS, bake).approve()
    wait_until(lambda: set(weights_of(stack, endpoint)) == {OLD, NEW}, 30, "two variants")
    return story


def test_a_slower_variant_gives_its_traffic_back_by_weight_before_anything_else(stack: Stack) -> None:
    before = config_of(stack, "sentiment-prod")
    stack.aws.scenario("slower-version", "sentiment-prod", factor=3)
    story = baking(stack, "sentiment-prod", "20s")
    bridge = config_of(stack, "sentiment-prod")
    story.wait_for_state("rolled back")
    assert executed(stack, "sentiment-prod") == [bridge, {OLD: 1.0, NEW: 0.0}, before]
    assert config_of(stack, "sentiment-prod") == before
    assert weights_of(stack, "sentiment-prod") == {OLD: 1.0}
    assert any("went back by itself" in m.plain and "REGRESSED" in m.plain for m in story.messages)


def test_every_process_killed_in_the_bake_goes_on_and_changes_nothing_twice(stack: Stack) -> None:
    story = baking(stack, "stt-prod")
    bridge = config_of(stack, "stt-prod")
    assert any("unproven" in m.plain for m in story.messages), "two variants of the Marketplace are unproven"
    stack.kill_everything_of_ours()
    stack.restart("workers")
    stack.restart("bot")
    story.wait_for_state("succeeded")
    target = config_of(stack, "stt-prod")
    assert executed(stack, "stt-prod") == [bridge, {OLD: 0.0, NEW: 1.0}, target]
    assert weights_of(stack, "stt-prod") == {OLD: 1.0}


@pytest.mark.parametrize("call", [1, 2])
def test_an_answer_that_is_lost_on_either_side_of_the_bridge_leads_to_no_second_call(stack: Stack, call: int) -> None:
    if call == 1:
        stack.aws.fault("UpdateEndpoint", "error-after")
    story = baking(stack, "sentiment-prod")
    if call == 2:
        stack.aws.fault("UpdateEndpoint", "error-after")
    story.wait_for_state("succeeded")
    configs = [c["parameters"]["EndpointConfigName"] for c in update_calls(stack, "sentiment-prod")]
    assert len(configs) == len(set(configs)) == 2


def test_a_last_update_without_capacity_leads_all_the_way_back(stack: Stack) -> None:
    before = config_of(stack, "sentiment-prod")
    story = baking(stack, "sentiment-prod")
    stack.aws.scenario("insufficient-capacity", "sentiment-prod")
    story.wait_for_state("rolled back")
    assert config_of(stack, "sentiment-prod") == before
    assert weights_of(stack, "sentiment-prod") == {OLD: 1.0}
    assert any("InsufficientInstanceCapacity" in m.plain for m in story.messages)


def test_with_redis_emptied_in_the_bake_it_goes_on_and_can_still_be_led_back_over_the_bridge(stack: Stack) -> None:
    before = config_of(stack, "sentiment-prod")
    story = baking(stack, "sentiment-prod", "30s")
    bridge = config_of(stack, "sentiment-prod")
    stack.empty_redis()
    story.reply("revived")
    story.press("Cancel", by="anna")
    story.wait_for_state("rolled back")
    assert executed(stack, "sentiment-prod") == [bridge, {OLD: 1.0, NEW: 0.0}, before]
