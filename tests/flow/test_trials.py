"""An A/B test on real processes: begun, moved and ended by buttons, whatever dies."""

from __future__ import annotations

import pytest

from sandbox.stack import Stack

from .story import Story, ask, config_of, update_calls, wait_until
from .test_two_variant import executed, weights_of

pytestmark = pytest.mark.flow

A, B = "AllTraffic", "AllTraffic-b"
ENDPOINT = "sentiment-prod"


def test_a_test_outlives_its_processes_and_ends_by_a_button(stack: Stack) -> None:
    before = config_of(stack, ENDPOINT)
    stack.aws.fault("UpdateEndpoint", "pause-after")
    test = ask(stack, f"ab start {ENDPOINT} --version 4 --weight 20").approve()
    stack.aws.wait_until_paused("UpdateEndpoint", timeout=20)
    stack.kill_everything_of_ours()
    stack.restart("workers")
    stack.restart("bot")
    test.wait_for_state("succeeded")
    assert set(weights_of(stack, ENDPOINT)) == {A, B}
    assert [call["executed"] for call in update_calls(stack, ENDPOINT)] == [True]

    cards = len(stack.slack.root_messages("ml-deploys"))
    test.press("B 50 %", "anna")
    wait_until(lambda: len(stack.slack.root_messages("ml-deploys")) > cards, 20, "the card of the new weights")
    moved = Story(stack, stack.slack.root_messages("ml-deploys")[-1].ts).approve()
    moved.wait_for_state("succeeded")
    assert weights_of(stack, ENDPOINT) == {A: 1.0, B: 1.0}

    test.press("Keep A", "ben")
    wait_until(lambda: config_of(stack, ENDPOINT) == before, 40, "A alone")
    assert weights_of(stack, ENDPOINT) == {A: 1.0}
    trial = executed(stack, ENDPOINT)[0]
    assert executed(stack, ENDPOINT) == [trial, {A: 1.0, B: 1.0}, {A: 1.0, B: 0.0}, before]
    test.wait(lambda: "A serves alone, as before" in test.reply("trial").plain, 20, "the end of the test in its thread")
