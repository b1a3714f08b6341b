"""Everything that is asked rather than changed, and everything that is refused, on real processes."""

from __future__ import annotations

import pytest

from sandbox.stack import Stack

from .story import TOLD_BY_A_PROMOTION, promote, slot_of, update_calls

pytestmark = pytest.mark.flow


def answer(stack: Stack, words: str, *, by: str = "anna", expected: str) -> str:
    """What somebody reads in answer to a command, from its acknowledgement or afterwards."""
    person = stack.slack.person(by)
    delivery = person.command(f"/endpoint {words}")
    assert delivery.status == "ok"
    return stack.slack.wait_for(
        lambda: next(told.plain for told in person.ephemerals() if expected in told.plain),
        15,
        f"an answer to {words!r} with {expected!r}; acknowledged with {delivery.ack_text!r}",
    )


def test_a_plan_shows_what_would_change_and_asks_for_nothing(stack: Stack) -> None:
    told = answer(stack, "plan stt-prod --instance-type ml.g5.4xlarge", expected="Plan for stt-prod")
    assert "ml.g5.2xlarge` → `ml.g5.4xlarge" in told
    assert "type promote in the place of plan" in told
    assert stack.slack.root_messages() == []


def test_secrets_in_the_environment_are_masked_in_plans(stack: Stack) -> None:
    told = answer(stack, "plan stt-prod --env ACME_LICENSE_KEY=lic-new-and-secret-4711", expected="ACME_LICENSE_KEY")
    assert "lic-" not in told


def test_the_board_and_one_endpoint_in_full(stack: Stack) -> None:
    board = answer(stack, "status", expected="Fleet")
    assert "4 endpoints" in board
    for endpoint in ("stt-prod", "sentiment-prod", "product-perception", "credibility"):
        assert endpoint in board
    story = promote(stack, "stt-prod").approve()
    story.wait_for_state("watching")
    full = answer(stack, "status stt-prod", expected="Variants")
    assert "ml.g5.2xlarge" in full
    assert story.rollout_id in full
    story.wait_for_state("succeeded")
    past = answer(stack, "history stt-prod", expected="Last 1 rollout")
    assert story.rollout_id in past
    assert "succeeded" in past


def test_help_lists_the_commands_and_explains_each(stack: Stack) -> None:
    for words in ("help", ""):
        told = answer(stack, words, expected="promote")
        assert all(command in told for command in ("status", "plan", "promote", "rollback", "history", "cancel"))
    assert "--instance-type" in answer(stack, "help promote", expected="--version")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("promot stt-prod", "Did you mean /endpoint promote"),
        ("promote stt-prot", "Did you mean stt-prod"),
        ("promote stt-prod --versoin 2", "--version"),
        ("promote stt-prod --count many", "count"),
        ("promote sentiment-prod --version 44", "There is no version of sentiment “44”"),
        ("rollback nowhere-prod", "There is no endpoint “nowhere-prod”"),
        ("cancel rzzzzzzz", "There is no rollout “rzzzzzzz”"),
        ("rollback stt-prod", "the bot cannot tell where to go back to"),
    ],
)
def test_what_cannot_be_done_is_answered_with_the_nearest_thing_that_can(
    stack: Stack, words: str, expected: str
) -> None:
    person = stack.slack.person("anna")
    person.command(f"/endpoint {words}")
    stack.slack.wait_for(
        lambda: any(expected in told.plain for told in [*person.ephemerals(), *stack.slack.messages()]),
        20,
        f"{expected!r} in answer to {words!r}",
    )
    assert stack.aws.calls("CreateModel") == update_calls(stack, "stt-prod") == []


@pytest.mark.parametrize(
    ("words", "blocker"),
    [
        ("sentiment-prod --version 5", "is PendingManualApproval, not Approved"),
        ("sentiment-prod --version 2", "is Rejected, not Approved"),
        ("stt-prod --env ENGINE_MAX_ACTIVE_REQUESTS=120", "There is nothing to change"),
        ("stt-prod --instance-type ml.p4d.24xlarge --version 2", "does not support ml.p4d.24xlarge"),
        ("stt-prod --package arn:aws:sagemaker:us-east-1:865070037744:model-package/nothing-like-it", "There is no"),
    ],
)
def test_what_preflight_finds_is_never_offered_for_approval(stack: Stack, words: str, blocker: str) -> None:
    story = promote(stack, words)
    story.wait_for_state("blocked")
    story.wait(lambda: "ending" in story.slots, 10, "the end of the story")
    assert blocker in "\n".join(message.plain for message in story.messages)
    assert not any(message.buttons for message in story.messages)


def test_quotes_and_dashes_as_phones_type_them_are_understood(stack: Stack) -> None:
    story = promote(stack, "stt-prod", "—env GREETING=“good morning” —reason ‘it’s time’")
    story.wait_for_state("awaiting approval")
    plan = story.reply("plan").plain
    assert "good morning" in plan
    assert "it’s time" in plan


def test_in_a_thread_a_mention_needs_neither_endpoint_nor_id(stack: Stack) -> None:
    story = promote(stack, "stt-prod").approve()
    story.wait_for_slots(TOLD_BY_A_PROMOTION, timeout=40)
    anna = stack.slack.person("anna")
    anna.say("@endpoint-bot status", thread_ts=story.ts)
    story.wait(lambda: "Variants" in story.messages[-1].plain, 15, "the answer in the thread")
    anna.say("@endpoint-bot help", thread_ts=story.ts)
    story.wait(lambda: "promote" in story.messages[-1].plain, 15, "help in the thread")
    anna.say("@endpoint-bot rollback", thread_ts=story.ts)
    story.wait_for_state("rolled back")


def test_a_mention_in_the_thread_of_a_plan_cancels_it(stack: Stack) -> None:
    story = promote(stack, "stt-prod")
    story.wait_for_state("awaiting approval")
    stack.slack.person("anna").say("@endpoint-bot cancel", thread_ts=story.ts)
    story.wait_for_state("cancelled")


def test_a_channel_without_the_bot_reads_how_to_invite_it_and_nothing_starts(stack: Stack) -> None:
    anna = stack.slack.person("anna")
    anna.command("/endpoint promote stt-prod", channel="random")
    told = stack.slack.wait_for(
        lambda: next(m.plain for m in anna.ephemerals("random") if "/invite" in m.plain), 20, "the invitation"
    )
    assert "/invite @endpoint-bot" in told
    assert "Nothing was started" in told
    assert stack.slack.root_messages("random") == []
    anna.command("/endpoint history stt-prod", channel="random")
    stack.slack.wait_for(lambda: any("cancelled" in m.plain for m in anna.ephemerals("random")), 15, "the history")
    anna.invite_bot("random")
    promote(stack, "stt-prod", channel="random").wait_for_state("awaiting approval")


def test_the_endpoints_own_channel_gets_a_line_with_a_link_to_the_story(stack: Stack) -> None:
    story = promote(stack, "product-perception")
    (line,) = stack.slack.wait_for(lambda: stack.slack.root_messages("sentiment"), 15, "the line")
    assert "product-perception" in line.plain
    assert story.ts.replace(".", "") in str(line.raw)
    at_home = promote(stack, "product-perception", "--count 2", channel="sentiment")
    at_home.wait_for_state("awaiting approval")
    kinds = [slot_of(message) for message in stack.slack.root_messages("sentiment")]
    assert kinds == ["pointer", "card"]


def test_direct_messages_are_commands_too(stack: Stack) -> None:
    anna = stack.slack.person("anna")
    anna.say("status", channel="@endpoint-bot")
    stack.slack.wait_for(lambda: any("4 endpoints" in m.plain for m in anna.messages("@endpoint-bot")), 15, "the board")
