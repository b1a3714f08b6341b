"""A promotion with most to put right, own alarms and autoscaling taken off, under SIGKILL, a dead Redis and throttling."""

from __future__ import annotations

import pytest
from flow.behind import own_alarms, scaling_of
from flow.story import TOLD_BY_A_PROMOTION, Story, promote, update_calls, wait_until

from sandbox.stack import Stack

from .killing import kill_while_it_waits_for_aws

pytestmark = [pytest.mark.flow, pytest.mark.faults]

ENDPOINT = "sentiment-prod"
BEFORE_THE_UPDATE = ("PutMetricAlarm", "DeregisterScalableTarget", "UpdateEndpoint")
AFTER_THE_UPDATE = ("RegisterScalableTarget", "PutScalingPolicy", "PutScheduledAction", "DeleteAlarms")


def guarded_change_of_instances(stack: Stack) -> Story:
    """A canary to another instance type, which SageMaker refuses as long as the variant is scaled."""
    return promote(stack, ENDPOINT, "--version 4 --instance-type ml.m5.2xlarge --strategy canary --size 25% --bake 10m")


def assert_done_once_and_all_put_right(stack: Stack, story: Story, scaling: object) -> None:
    wait_until(lambda: not own_alarms(stack, ENDPOINT), 20, "the end of its alarms")
    assert scaling_of(stack, ENDPOINT) == scaling
    assert [call["executed"] for call in update_calls(stack, ENDPOINT)].count(True) == 1
    (live,) = stack.aws.endpoint(ENDPOINT)["ProductionVariants"]
    assert (live["CurrentInstanceCount"], live["DesiredInstanceCount"]) == (4, 4)
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert "Autoscaling is as it was before" in story.reply("progress").plain
    assert "by hand" not in "".join(message.plain for message in story.messages)


def test_killed_before_and_after_each_call_that_takes_something_away_or_puts_it_back(stack: Stack) -> None:
    scaling = scaling_of(stack, ENDPOINT)
    story = guarded_change_of_instances(stack)
    for operation in (*BEFORE_THE_UPDATE, *AFTER_THE_UPDATE):
        stack.aws.fault(operation, "pause-before")
        stack.aws.fault(operation, "pause-after")
    story.approve()
    for operation in (*BEFORE_THE_UPDATE, *AFTER_THE_UPDATE):
        for _ in ("before", "after"):
            kill_while_it_waits_for_aws(stack, operation, "ticks", "horse")
    story.wait_for_state("succeeded")
    assert_done_once_and_all_put_right(stack, story, scaling)
    assert [call["executed"] for call in update_calls(stack, ENDPOINT)] == [False, True]


def test_autoscaling_comes_back_though_redis_dies_while_it_is_away_and_a_third_of_all_calls_is_throttled(
    stack: Stack,
) -> None:
    scaling = scaling_of(stack, ENDPOINT)
    stack.aws.scenario("throttling", share=0.33)
    story = guarded_change_of_instances(stack).approve()
    wait_until(lambda: not stack.aws.endpoint(ENDPOINT)["scalable_targets"], 40, "autoscaling to be taken off")
    stack.redis.kill()
    stack.redis.start()
    story.wait_for_state("succeeded", timeout=90)
    assert_done_once_and_all_put_right(stack, story, scaling)
    assert "ThrottlingException" in {call["outcome"] for call in stack.aws.calls()}
