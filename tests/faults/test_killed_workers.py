"""SIGKILL around every side effect: each happens once, the rollout ends well, and the thread reads as if nothing had been."""

from __future__ import annotations

import pytest
from flow.story import (
    TOLD_BY_A_PROMOTION,
    TOLD_BY_A_ROLLBACK_BUTTON,
    Story,
    executed_updates,
    promote,
    update_calls,
)

from sandbox.stack import Stack

from .killing import VICTIMS, kill_role, kill_while_it_waits_for_aws, wait_for_fault

pytestmark = [pytest.mark.flow, pytest.mark.faults]

AWS_SIDE_EFFECTS = ("CreateModel", "CreateEndpointConfig", "UpdateEndpoint")


@pytest.mark.parametrize("victim", VICTIMS)
def test_killed_before_and_after_every_call_to_aws(undisturbed: dict[str, str], stack: Stack, victim: str) -> None:
    story = promote(stack, "stt-prod")
    for operation in AWS_SIDE_EFFECTS:
        stack.aws.fault(operation, "pause-before")
        stack.aws.fault(operation, "pause-after")
    story.approve()
    for operation in AWS_SIDE_EFFECTS:
        for _ in ("before", "after"):
            kill_while_it_waits_for_aws(stack, operation, "ticks", victim)
    story.wait_for_state("succeeded")
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert story.words == undisturbed
    assert [call["executed"] for call in update_calls(stack, "stt-prod")] == [False, True]
    assert sum(call["executed"] for call in stack.aws.calls("CreateModel")) == 1
    assert sum(call["executed"] for call in stack.aws.calls("CreateEndpointConfig")) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_work_horse_that_outlives_its_worker_and_its_successor_do_nothing_twice(stack: Stack, when: str) -> None:
    story = promote(stack, "stt-prod")
    for operation in AWS_SIDE_EFFECTS:
        stack.aws.fault(operation, f"pause-{when}")
    story.approve()
    for operation in AWS_SIDE_EFFECTS:
        stack.aws.wait_until_paused(operation, timeout=20)
        kill_role(stack, "ticks", "worker")
        stack.aws.release()
    story.wait_for_state("succeeded")
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert [call["executed"] for call in update_calls(stack, "stt-prod")] == [True]


def test_killed_before_and_after_the_update_of_a_rollback(stack: Stack) -> None:
    story = promote(stack, "stt-prod").approve()
    story.wait_for_slots(TOLD_BY_A_PROMOTION, timeout=40)
    stack.aws.fault("UpdateEndpoint", "pause-before")
    stack.aws.fault("UpdateEndpoint", "pause-after")
    story.press("Roll back", by="anna")
    for _ in ("before", "after"):
        kill_while_it_waits_for_aws(stack, "UpdateEndpoint", "urgent", "worker and horse")
    story.wait_for_state("rolled back")
    story.assert_told_once(TOLD_BY_A_PROMOTION + TOLD_BY_A_ROLLBACK_BUTTON)
    assert executed_updates(stack, "stt-prod") == 2
    assert len(update_calls(stack, "stt-prod")) == 3


@pytest.mark.parametrize("victim", VICTIMS)
def test_killed_before_and_after_every_kind_of_call_to_slack(
    undisturbed: dict[str, str], stack: Stack, victim: str
) -> None:
    stack.slack.fault("chat.postMessage", "timeout:30")
    stack.slack.fault("chat.postMessage", "lost:30")
    story = promote_and_kill_at_the_card(stack, victim).approve()
    for method in ("chat.update", "files.completeUploadExternal"):
        stack.slack.fault(method, "timeout:30")
        stack.slack.fault(method, "lost:30")
        for kind in ("timeout:30", "lost:30"):
            wait_for_fault(story, method, kind)
            kill_role(stack, "tells", victim)
    story.wait_for_state("succeeded")
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert story.words == undisturbed
    assert len(stack.slack.root_messages()) == 1
    assert executed_updates(stack, "stt-prod") == 1


def promote_and_kill_at_the_card(stack: Stack, victim: str) -> Story:
    stack.slack.person("anna").command("/endpoint promote stt-prod")
    for kind in ("timeout:30", "lost:30"):
        wait_for_fault(Story(stack, ""), "chat.postMessage", kind)
        kill_role(stack, "tells", victim)
    return Story(stack, stack.slack.root_messages()[-1].ts)
