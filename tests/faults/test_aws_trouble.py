"""AWS throttles, stumbles or swallows answers: each change is made once, and nobody has to do anything."""

from __future__ import annotations

import pytest
from flow.story import TOLD_BY_A_PROMOTION, executed_updates, promote, update_calls

from sandbox.stack import Stack

pytestmark = [pytest.mark.flow, pytest.mark.faults]

PLANNING = ("DescribeModel", "DescribeModelPackage", "ListTags")
UPDATING = ("DescribeEndpoint", "DescribeEndpointConfig", "GetMetricData")
WRITES = ("CreateModel", "CreateEndpointConfig", "UpdateEndpoint")


@pytest.mark.parametrize("kind", ["throttle", "error-before", "error-after", "timeout-before", "timeout-after"])
def test_every_operation_failing_once_changes_nothing_but_the_time_it_takes(stack: Stack, kind: str) -> None:
    for operation in PLANNING:
        stack.aws.fault(operation, kind, seconds=0.3)
    story = promote(stack, "sentiment-prod", "--version 4")
    story.wait_for_state("awaiting approval")
    for operation in (*UPDATING, *WRITES):
        stack.aws.fault(operation, kind, seconds=0.3)
    story.approve().wait_for_state("succeeded", timeout=60)
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert executed_updates(stack, "sentiment-prod") == 1
    assert len(update_calls(stack, "sentiment-prod")) == (1 if kind.endswith("after") else 2)
    for operation in ("CreateModel", "CreateEndpointConfig"):
        assert sum(call["executed"] for call in stack.aws.calls(operation)) == 1
    met = {call["operation"] for call in stack.aws.calls() if call["fault"] == kind}
    assert met == {*PLANNING, *UPDATING, *WRITES}


def test_half_of_all_calls_throttled_is_lived_through(stack: Stack) -> None:
    stack.aws.scenario("throttling", share=0.5)
    story = promote(stack, "sentiment-prod", "--version 4").approve()
    story.wait_for_state("succeeded", timeout=90)
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert executed_updates(stack, "sentiment-prod") == 1


def test_a_permission_that_is_missing_ends_the_rollout_with_its_name_and_the_endpoint_untouched(stack: Stack) -> None:
    stack.aws.fault("CreateModel", "access-denied", times=10)
    story = promote(stack, "sentiment-prod", "--version 4").approve()
    story.wait_for_state("failed")
    story.assert_told_once(["card", "plan", "progress", "ending"])
    assert "not allowed CreateModel" in story.reply("ending").plain
    assert update_calls(stack, "sentiment-prod") == []
