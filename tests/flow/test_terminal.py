"""The terminal face: the same commands beside the running processes, with exit statuses for scripts."""

from __future__ import annotations

import pytest

from sandbox.stack import Stack

from .story import Story, slot_of, terminal

pytestmark = pytest.mark.flow


def test_questions_are_answered_on_standard_output_with_status_0(stack: Stack) -> None:
    told = terminal(stack, "status", "stt-prod")
    assert told.returncode == 0, told.stderr
    assert "ml.g5.2xlarge" in told.stdout
    planned = terminal(stack, "plan", "stt-prod", "--instance-type", "ml.g5.4xlarge")
    assert planned.returncode == 0, planned.stderr
    assert "Plan for stt-prod" in planned.stdout
    explained = terminal(stack, "help", "promote")
    assert explained.returncode == 0
    assert "python -m bot promote" in explained.stdout
    assert "`" not in told.stdout + planned.stdout


def test_a_promotion_from_the_terminal_is_approved_in_slack(stack: Stack) -> None:
    asked = terminal(stack, "promote", "stt-prod", "--reason", "from a script")
    assert asked.returncode == 0, asked.stderr
    assert "Plan for stt-prod" in asked.stdout
    assert "awaiting approval" in asked.stdout
    assert "@ben" in asked.stdout
    assert "U0BEN" not in asked.stdout
    (card,) = [message for message in stack.slack.root_messages() if slot_of(message) == "card"]
    story = Story(stack, card.ts)
    assert "(terminal)" in card.plain
    assert story.rollout_id in asked.stdout
    stopped = terminal(stack, "cancel", story.rollout_id)
    assert stopped.returncode == 0, stopped.stderr
    story.wait_for_state("cancelled")


@pytest.mark.parametrize(
    ("words", "status", "expected"),
    [
        (["promot", "stt-prod"], 2, "promote"),
        (["promote", "stt-prot"], 2, "stt-prod"),
        (["cancel", "rzzzzzzz"], 2, "There is no rollout"),
        (["promote", "stt-prod", "--env", "ENGINE_MAX_ACTIVE_REQUESTS=120"], 1, "nothing to change"),
    ],
)
def test_what_goes_wrong_is_said_on_standard_error_with_its_status(
    stack: Stack, words: list[str], status: int, expected: str
) -> None:
    told = terminal(stack, *words)
    assert told.returncode == status, told.stdout
    assert expected in told.stderr


def test_without_redis_the_terminal_says_so_with_status_1(stack: Stack) -> None:
    stack.redis.kill()
    try:
        told = terminal(stack, "status")
    finally:
        stack.redis.start()
    assert told.returncode == 1
    assert "Redis" in told.stderr
