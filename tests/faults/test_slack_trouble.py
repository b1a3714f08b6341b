"""Slack refuses, stumbles or swallows answers: the rollout goes on, and its thread ends complete and without doubles."""

from __future__ import annotations

import pytest
from flow.story import TOLD_BY_A_PROMOTION, Story, executed_updates, promote

from sandbox.stack import Stack

pytestmark = [pytest.mark.flow, pytest.mark.faults]

MESSAGES = ("usergroups.users.list", "chat.postMessage", "chat.update")
UPLOAD = ("files.getUploadURLExternal", "upload", "files.completeUploadExternal")


@pytest.mark.parametrize(("first", "second"), [("429", "lost"), ("500", "timeout:0.3")])
def test_every_method_failing_costs_no_message_and_doubles_none(stack: Stack, first: str, second: str) -> None:
    for method in MESSAGES:
        stack.slack.fault(method, first)
        stack.slack.fault(method, second)
    for method, kind in zip(UPLOAD, (first, first, second), strict=True):
        stack.slack.fault(method, kind)
    stack.slack.person("anna").command("/endpoint promote stt-prod")
    cards = stack.slack.wait_for(stack.slack.root_messages, 20, "the card")
    story = Story(stack, cards[0].ts).approve("carla")
    story.wait_for_state("succeeded", timeout=60)
    story.wait_for_slots(TOLD_BY_A_PROMOTION, timeout=40)
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert len(stack.slack.root_messages()) == 1
    assert executed_updates(stack, "stt-prod") == 1
    met = {(call["method"], call["fault"]) for call in stack.slack.calls() if call["fault"]}
    assert met >= {(method, kind) for method in MESSAGES for kind in (first, second)}
    assert {method for method, _ in met} == {*MESSAGES, *UPLOAD}


def test_slack_not_answering_for_as_long_as_the_client_waits_leads_to_one_message(stack: Stack) -> None:
    stack.slack.fault("chat.postMessage", "lost:30")
    stack.slack.person("anna").command("/endpoint promote stt-prod")
    stack.slack.wait_for(
        lambda: "Approve" in [b for m in stack.slack.messages() for b in m.buttons], 40, "the plan with its buttons"
    )
    assert len(stack.slack.root_messages()) == 1


def test_slack_down_for_a_while_stops_no_rollout_and_the_thread_catches_up(stack: Stack) -> None:
    story = promote(stack, "stt-prod").approve()
    story.wait(lambda: "progress" in story.slots, 20, "the progress")
    stack.slack.down()
    target = story.rollout_id
    stack.slack.wait_for(
        lambda: target in stack.aws.endpoint("stt-prod")["description"]["EndpointConfigName"], 20, "the cutover"
    )
    stack.slack.wait_for(lambda: stack.aws.calls("GetMetricData"), 20, "the watch")
    stack.slack.up()
    story.wait_for_state("succeeded", timeout=60)
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert executed_updates(stack, "stt-prod") == 1


def test_a_message_that_somebody_deleted_comes_back(stack: Stack) -> None:
    story = promote(stack, "stt-prod")
    story.wait(lambda: "plan" in story.slots, 20, "the plan")
    stack.slack.fault("chat.update", "error:message_not_found")
    story.approve()
    story.wait(lambda: "State: succeeded" in story.reply("card").plain, 40, "the end on the new card")
    assert len(stack.slack.root_messages()) == 1
    story.wait_for_slots(["card", "plan", "card", *TOLD_BY_A_PROMOTION[2:]])
