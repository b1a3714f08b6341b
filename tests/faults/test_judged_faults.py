"""Trouble between the verdict and the way back, and trouble with the numbers themselves."""

from __future__ import annotations

import pytest
from flow.story import TOLD_BY_A_PROMOTION, Story, executed_updates, promote, update_calls, wait_until

from sandbox.stack import Stack

from .killing import kill_while_it_waits_for_aws

pytestmark = [pytest.mark.flow, pytest.mark.faults]

BEFORE = "stt-prod-config-v1"


def regressing(stack: Stack) -> Story:
    """A rollout whose new version fails every second request; on its way to the watch."""
    stack.aws.scenario("erroring-version", "stt-prod", ratio=0.5)
    story = promote(stack, "stt-prod").approve()
    wait_until(lambda: executed_updates(stack, "stt-prod") == 1, 30, "the UpdateEndpoint")
    return story


def assert_went_back_once(stack: Stack, story: Story) -> None:
    story.wait_for_state("rolled back", timeout=60)
    assert stack.aws.endpoint("stt-prod")["EndpointConfigName"] == BEFORE
    targets = [c["parameters"]["EndpointConfigName"] for c in update_calls(stack, "stt-prod") if c["executed"]]
    assert targets.count(BEFORE) == 1
    assert len(targets) == 2
    assert "REGRESSED" in story.reply("summary").plain


def test_workers_killed_before_and_after_the_call_that_goes_back_by_itself(stack: Stack) -> None:
    story = regressing(stack)
    stack.aws.fault("UpdateEndpoint", "pause-before")
    stack.aws.fault("UpdateEndpoint", "pause-after")
    for _ in ("before", "after"):
        kill_while_it_waits_for_aws(stack, "UpdateEndpoint", "urgent", "worker and horse")
    assert_went_back_once(stack, story)


@pytest.mark.parametrize("moment", ["pause-before", "pause-after"])
def test_everything_killed_around_the_call_that_goes_back_by_itself(stack: Stack, moment: str) -> None:
    story = regressing(stack)
    stack.aws.fault("UpdateEndpoint", moment)
    stack.aws.wait_until_paused("UpdateEndpoint")
    stack.kill_everything_of_ours()
    stack.restart("workers")
    stack.restart("bot")
    assert_went_back_once(stack, story)


def test_numbers_that_are_throttled_are_asked_for_again(stack: Stack) -> None:
    stack.aws.scenario("throttling", operation="GetMetricData", share=0.5)
    story = promote(stack, "stt-prod").approve()
    story.wait_for_state("succeeded", timeout=60)
    story.assert_told_once(TOLD_BY_A_PROMOTION)


def test_without_cloudwatch_the_watch_ends_and_says_what_it_did_not_see(stack: Stack) -> None:
    story = promote(stack, "stt-prod").approve()
    story.wait_for_state("watching", "updating")
    stack.aws.scenario("throttling", operation="GetMetricData", share=1.0)
    story.wait_for_state("succeeded", timeout=60)
    assert "INCONCLUSIVE" in story.reply("summary").plain


def test_numbers_that_come_late_are_waited_for(stack: Stack) -> None:
    stack.aws.scenario("metric-delay", seconds=1.0)
    stack.aws.scenario("erroring-version", "stt-prod", ratio=0.5)
    assert_went_back_once(stack, promote(stack, "stt-prod").approve())
