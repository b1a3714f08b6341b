"""AWS throttles, stumbles or swallows answers: each change is made once, and nobody has to do anything."""

from __future__ import annotations

import pytest
from flow.story import TOLD_BY_A_PROMOTION, promote, update_calls

from sandbox.stack import Stack

pytestmark = [pytest.mark.flow, pytest.mark.faults]

PLANNING = ("DescribeModel", "DescribeModelPackage", "ListTags")
UPDATING = ("DescribeEndpoint", "DescribeEndpointConfig", "GetMetricData")
WRITES = ("CreateModel", "CreateEndpointConfig", "UpdateEndpoint")


@pytest.mark.parametrize("last", ["error-after", "timeout-after"])
def test_every_operation_failing_in_every_way_changes_nothing_but_the_time_it_takes(stack: Stack, last: str) -> None:
    kinds = ("throttle", "error-before", "timeout-before", last)
    for operation in PLANNING:
        stack.aws.fault(operation, last, seconds=0.3)
    story = promote(stack, "sentiment-prod", "--version 4")
    story.wait_for_state("awaiting approval")
    for operation in UPDATING:
        stack.aws.fault(operation, last, seconds=0.3)
    for operation in WRITES:
        for kind in kinds:
            stack.aws.fault(operation, kind, seconds=0.3)
    story.approve().wait_for_state("succeeded", timeout=60)
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert [call["executed"] for call in update_calls(stack, "sentiment-prod")] == [False, False, False, True]
    for operation in ("CreateModel", "CreateEndpointConfig"):
        assert sum(call["executed"] for call in stack.aws.calls(operation)) == 1
    met = {(call["operation"], call["fault"]) for call in stack.aws.calls() if call["fault"]}
    assert met == {(o, last) for o in (*PLANNING, *UPDATING)} | {(o, kind) for o in WRITES for kind in kinds}


def test_a_permission_that_is_missing_ends_the_rollout_with_its_name_and_the_endpoint_untouched(stack: Stack) -> None:
    stack.aws.fault("CreateModel", "access-denied", times=10)
    story = promote(stack, "sentiment-prod", "--version 4").approve()
    story.wait_for_state("failed")
    story.assert_told_once(["card", "plan", "progress", "ending"])
    assert "not allowed CreateModel" in story.reply("ending").plain
    assert update_calls(stack, "sentiment-prod") == []
