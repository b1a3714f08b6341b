"""A rejection and its reason, on real processes: one press rejects, a form asks why, and the thread tells it."""

from __future__ import annotations

import pytest

from sandbox.stack import Stack

from .story import Story, promote

pytestmark = pytest.mark.flow

TOLD = ["card", "plan", "ending"]


def rejected(stack: Stack) -> Story:
    """Ben has pressed Reject, and nothing more."""
    story = promote(stack, "sentiment-prod")
    story.press("Reject", by="ben")
    story.wait_for_state("rejected")
    return story


def wait_for_form(stack: Stack, story: Story) -> None:
    """Ben has the form in front of him."""
    form = story.wait(stack.slack.person("ben").modal, 10, "the form")
    assert form["title"]["text"] == "Why reject?"


def test_a_reason_that_is_given_at_once_is_read_in_the_thread(stack: Stack) -> None:
    story, ben = rejected(stack), stack.slack.person("ben")
    wait_for_form(stack, story)
    assert ben.submit({"Reason": "too risky today\nwait for Monday"}).delivery.status == "ok"
    assert ben.modal() is None
    story.wait(lambda: "> wait for Monday" in story.reply("ending").plain, 15, "the reason")
    assert "Rejected by @ben: too risky today wait for Monday" in story.reply("plan").plain
    assert "@ben said no; the thread says why." in story.card.plain
    assert story.reply("ending").buttons == []
    story.assert_told_once(TOLD)


def test_a_form_that_is_closed_leaves_the_rejection_and_a_button_that_asks_again(stack: Stack) -> None:
    story, ben = rejected(stack), stack.slack.person("ben")
    wait_for_form(stack, story)
    ben.close_modal()
    story.press("Add a reason", by="ben")
    wait_for_form(stack, story)
    ben.submit({"Reason": "wrong version"})
    story.wait(lambda: "> wrong version" in story.reply("ending").plain, 15, "the reason")
    story.assert_told_once(TOLD)


def test_nobody_else_is_asked_for_the_rejecters_reason(stack: Stack) -> None:
    story = rejected(stack)
    story.press("Add a reason", by="carla")
    story.wait_for_answer("carla", "Only @ben, who rejected this, can say why.")
    assert stack.slack.person("carla").modal() is None


def test_a_form_that_slack_does_not_open_in_time_can_be_asked_for_again(stack: Stack) -> None:
    stack.slack.fault("views.open", "error:expired_trigger_id")
    story = rejected(stack)
    story.press("Add a reason", by="ben")
    wait_for_form(stack, story)
    assert [call["error"] for call in stack.slack.calls("views.open")] == ["expired_trigger_id", None]
