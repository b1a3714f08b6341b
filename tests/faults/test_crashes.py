"""Whole processes die, and Redis with them: after a restart the work goes on where it was."""

from __future__ import annotations

import time

import pytest
from flow.story import (
    TOLD_BY_A_PROMOTION,
    TOLD_BY_A_ROLLBACK_BUTTON,
    ask,
    config_of,
    executed_updates,
    promote,
    store,
    update_calls,
    wait_until,
)

from sandbox.stack import Stack, descendants

from .killing import kill, wait_until_dead

pytestmark = [pytest.mark.flow, pytest.mark.faults]

ANSWER_SECONDS = 3.0
BACK_AT_WORK_SECONDS = 15.0


def looks_at(stack: Stack, endpoint: str) -> int:
    return sum(call["parameters"].get("EndpointName") == endpoint for call in stack.aws.calls("DescribeEndpoint"))


def wait_until_work_goes_on(stack: Stack, endpoint: str, looks_before: int) -> None:
    wait_until(lambda: looks_at(stack, endpoint) > looks_before, BACK_AT_WORK_SECONDS, "work to go on")


def answer_seconds(stack: Stack, name: str) -> float:
    """From the last click to the answer that only that person reads, by Slack's time stamps: when this process looks counts not."""
    click = stack.slack.deliveries()[-1]["payload"]["actions"][0]
    return float(stack.slack.person(name).ephemerals()[-1].ts) - float(click["action_ts"])


@pytest.mark.parametrize("moment", ["updating", "watching"])
def test_every_process_of_ours_killed_at_once_goes_on_within_15_s_of_the_restart(stack: Stack, moment: str) -> None:
    if moment == "updating":
        stack.aws.fault("UpdateEndpoint", "pause-after")
    story = promote(stack, "stt-prod").approve()
    if moment == "updating":
        stack.aws.wait_until_paused("UpdateEndpoint", timeout=20)
    else:
        story.wait_for_state("watching")
    stack.kill_everything_of_ours()
    looks = looks_at(stack, "stt-prod")
    stack.restart("workers")
    stack.restart("bot")
    wait_until_work_goes_on(stack, "stt-prod", looks)
    story.wait_for_state("succeeded")
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert [call["executed"] for call in update_calls(stack, "stt-prod")] == [True]


def test_a_killed_pump_is_replaced_and_nothing_waits_for_long(stack: Stack) -> None:
    story = promote(stack, "stt-prod")
    story.wait_for_state("awaiting approval")
    kill(stack.worker_pid("pump"))
    began = time.monotonic()
    story.approve().wait_for_state("updating", "watching", timeout=BACK_AT_WORK_SECONDS)
    story.wait_for_state("succeeded")
    assert time.monotonic() - began < 40
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert executed_updates(stack, "stt-prod") == 1


def test_children_end_with_their_supervisor_and_a_new_one_takes_over(stack: Stack) -> None:
    stack.aws.scenario("slow-update", "stt-prod", factor=3)
    story = promote(stack, "stt-prod").approve()
    story.wait_for_state("updating")
    supervisor = stack.processes["workers"].running
    assert supervisor is not None
    children = descendants(supervisor.pid)
    assert len(children) >= 5
    stack.processes["workers"].kill()
    wait_until_dead(children, timeout=15)
    looks = looks_at(stack, "stt-prod")
    stack.restart("workers")
    wait_until_work_goes_on(stack, "stt-prod", looks)
    story.wait_for_state("succeeded")
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert [call["executed"] for call in update_calls(stack, "stt-prod")] == [True]


@pytest.mark.parametrize("moment", ["updating", "watching"])
def test_redis_killed_and_started_again_on_its_append_only_file(stack: Stack, moment: str) -> None:
    stack.aws.scenario("slow-update", "stt-prod", factor=3)
    story = promote(stack, "stt-prod").approve()
    story.wait_for_state(moment)
    stack.redis.kill()
    stack.redis.start()
    story.wait_for_state("succeeded")
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert [call["executed"] for call in update_calls(stack, "stt-prod")] == [True]


def test_without_redis_everybody_is_told_and_nothing_starts_until_it_is_back(stack: Stack) -> None:
    waiting = promote(stack, "sentiment-prod")
    waiting.wait_for_state("awaiting approval")
    waiting.reply("plan")
    stack.aws.scenario("slow-update", "stt-prod", factor=3)
    story = promote(stack, "stt-prod").approve()
    story.wait_for_state("updating")
    stack.redis.kill()

    typed = stack.slack.person("anna").command("/endpoint promote product-perception")
    assert "Redis" in typed.ack_text
    assert "Nothing was started" in typed.ack_text
    assert typed.took_seconds < ANSWER_SECONDS
    asked = stack.slack.person("anna").command("/endpoint status")
    assert "Redis" in asked.ack_text
    assert asked.took_seconds < ANSWER_SECONDS
    waiting.approve("ben")
    waiting.wait_for_answer("ben", "Redis")
    assert answer_seconds(stack, "ben") < ANSWER_SECONDS

    stack.redis.start()
    assert all(process.is_running() for process in stack.processes.values())
    story.wait_for_state("succeeded")
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert executed_updates(stack, "stt-prod") == 1
    assert waiting.state == "awaiting approval"
    waiting.approve("ben").wait_for_state("succeeded")


def test_a_redis_that_takes_connections_and_never_answers_counts_as_away(stack: Stack) -> None:
    waiting = promote(stack, "sentiment-prod")
    waiting.wait_for_state("awaiting approval")
    waiting.reply("plan")
    stack.redis.freeze()
    try:
        typed = stack.slack.person("anna").command("/endpoint promote stt-prod")
        waiting.approve("ben")
        waiting.wait_for_answer("ben", "Redis")
    finally:
        stack.redis.thaw()
    assert typed.status == "ok"
    assert "Redis" in typed.ack_text
    assert answer_seconds(stack, "ben") < ANSWER_SECONDS
    wait_until_everything_stored_is_done(stack)
    assert [message.ts for message in stack.slack.root_messages()] == [waiting.ts]
    assert waiting.state == "awaiting approval"
    with store(stack) as client:
        assert len(list(client.scan_iter("endpoint-bot:errand:*"))) == 1


def wait_until_everything_stored_is_done(stack: Stack) -> None:
    with store(stack) as client:
        wait_until(lambda: client.zcard("endpoint-bot:due:errands") == 0, 20, "the end of every errand")


def test_with_redis_emptied_the_roll_back_button_works_from_tags_alone(stack: Stack) -> None:
    older = promote(stack, "stt-prod").approve()
    older.wait_for_state("succeeded")
    waiting = promote(stack, "sentiment-prod")
    waiting.wait_for_state("awaiting approval")
    waiting.reply("plan")
    newer = promote(stack, "stt-prod", "--env ENGINE_MAX_ACTIVE_REQUESTS=150").approve()
    newer.wait_for_slots(TOLD_BY_A_PROMOTION, timeout=40)
    before = update_calls(stack, "stt-prod")[0]["parameters"]["EndpointConfigName"]
    stack.empty_redis()

    older.press("Roll back", by="anna")
    older.wait_for_answer("anna", "superseded")
    waiting.approve("ben")
    waiting.wait_for_answer("ben", "not known any more")
    newer.press("Roll back", by="dave")
    newer.wait_for_answer("dave", "may roll it back")
    newer.press("Roll back", by="anna")
    newer.wait_for_state("rolled back")
    newer.wait_for_slots(TOLD_BY_A_PROMOTION + TOLD_BY_A_ROLLBACK_BUTTON)
    assert config_of(stack, "stt-prod") == before
    assert executed_updates(stack, "stt-prod") == 3
    assert update_calls(stack, "sentiment-prod") == []


def test_with_redis_emptied_the_rollback_command_works_from_tags_alone(stack: Stack) -> None:
    story = promote(stack, "stt-prod").approve()
    story.wait_for_slots(TOLD_BY_A_PROMOTION, timeout=40)
    stack.empty_redis()
    back = ask(stack, "rollback stt-prod", by="anna")
    back.wait_for_state("rolled back")
    story.wait_for_state("rolled back")
    assert config_of(stack, "stt-prod") == "stt-prod-config-v1"
    assert executed_updates(stack, "stt-prod") == 2
