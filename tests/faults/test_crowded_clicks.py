"""Several people, several deliveries, one decision."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from flow.story import TOLD_BY_A_PROMOTION, executed_updates, promote, update_calls

from sandbox.stack import Stack

pytestmark = [pytest.mark.flow, pytest.mark.faults]


def test_two_people_approving_at_once_approve_once_and_the_slower_one_is_told(stack: Stack) -> None:
    story = promote(stack, "stt-prod")
    story.wait_for_state("awaiting approval")
    with ThreadPoolExecutor() as pool:
        list(pool.map(story.approve, ["ben", "carla"]))
    story.wait_for_state("succeeded")
    story.assert_told_once(TOLD_BY_A_PROMOTION)

    def told() -> list[str]:
        return [answer for name in ("ben", "carla") for answer in story.answers_to(name) if "approved by" in answer]

    story.wait(told, 40, "an answer to the slower one")
    assert len(told()) == 1
    assert len(update_calls(stack, "stt-prod")) == 1


def test_a_click_and_a_command_delivered_twice_count_once(stack: Stack) -> None:
    stack.slack.delivery_fault("duplicate", "command")
    story = promote(stack, "stt-prod")
    story.press("Approve", by="ben", duplicate=True)
    story.wait_for_state("succeeded")
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert story.answers_to("ben") == []
    assert len(stack.slack.root_messages()) == 1
    stack.slack.delivery_fault("redeliver", "interactive")
    story.press("Roll back", by="anna")
    story.wait_for_state("rolled back")
    assert len(update_calls(stack, "stt-prod")) == 2


def test_a_mention_that_slack_delivers_again_is_answered_once(stack: Stack) -> None:
    stack.slack.delivery_fault("redeliver", "event", times=2)
    stack.slack.person("anna").say("@endpoint-bot promote stt-prod")
    cards = stack.slack.wait_for(
        lambda: [m for m in stack.slack.root_messages() if "awaiting approval" in m.plain], 20, "the card"
    )
    assert len(cards) == 1
    assert len([m for m in stack.slack.root_messages() if m.user == "endpoint-bot"]) == 1


def test_twenty_clicks_of_four_people_are_one_approval_and_nobody_is_ignored(stack: Stack) -> None:
    story = promote(stack, "stt-prod")
    story.wait(lambda: "Approve" in story.reply("plan").buttons, 20, "the plan")
    with ThreadPoolExecutor(20) as pool:
        deliveries = list(
            pool.map(lambda name: story.press_stale("Approve", name), ["anna", "ben", "carla", "dave"] * 5)
        )
    assert {delivery.status for delivery in deliveries} == {"ok"}
    story.wait_for_state("succeeded", timeout=60)
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert executed_updates(stack, "stt-prod") == len(update_calls(stack, "stt-prod")) == 1

    def answers() -> int:
        """To clicks: Anna also read the acknowledgement of her command."""
        return sum(len(story.answers_to(name)) for name in ("anna", "ben", "carla", "dave")) - 1

    story.wait(lambda: answers() >= 19, 40, "an answer to each click that is no approval")
    assert answers() == 19
