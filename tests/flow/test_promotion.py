"""The main job, on real processes: promote, approve, update, watch, summarise, roll back; and every way to stop before."""

from __future__ import annotations

import pytest

from sandbox.stack import Stack

from .story import (
    TOLD_BY_A_PROMOTION,
    TOLD_BY_A_ROLLBACK_BUTTON,
    ask,
    config_of,
    executed_updates,
    promote,
    store,
    update_calls,
)

pytestmark = pytest.mark.flow

STT_SECRET = "lic-9f27c1b84e0d4a6fb3"  # the licence key in the environment of stt-prod's model


def test_a_promotion_is_approved_watched_summed_up_and_rolled_back_in_one_thread(stack: Stack) -> None:
    story = promote(stack, "stt-prod")
    story.approve("ben").wait_for_state("succeeded")
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert "Approved by @ben" in story.reply("plan").plain
    assert story.reply("plan").buttons == []
    summary = story.reply("summary")
    assert "INCONCLUSIVE" in summary.plain, "a watch of two seconds is too short to be judged"
    assert "p50" in summary.plain
    assert summary.buttons == ["Watch longer", "Roll back"]
    assert config_of(stack, "stt-prod") != "stt-prod-config-v1"

    story.press("Roll back", by="anna")
    story.wait_for_state("rolled back")
    story.assert_told_once(TOLD_BY_A_PROMOTION + TOLD_BY_A_ROLLBACK_BUTTON)
    assert config_of(stack, "stt-prod") == "stt-prod-config-v1"
    assert executed_updates(stack, "stt-prod") == len(update_calls(stack, "stt-prod")) == 2
    assert_secret_is_nowhere(stack)


def assert_secret_is_nowhere(stack: Stack) -> None:
    logs = "".join(process.log.read_text() for name, process in stack.processes.items() if name in ("bot", "workers"))
    assert STT_SECRET not in logs
    assert STT_SECRET not in str(stack.slack.calls())
    with store(stack) as client:
        for key in client.scan_iter("endpoint-bot:*"):
            assert STT_SECRET not in str(client.dump(key)), key
        assert STT_SECRET not in str(client.xrange("endpoint-bot:audit"))


def test_a_live_count_that_autoscaling_made_survives_the_promotion(stack: Stack) -> None:
    story = promote(stack, "sentiment-prod")
    story.approve().wait_for_state("watching")
    (variant,) = stack.aws.endpoint("sentiment-prod")["description"]["ProductionVariants"]
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (4, 4)


def test_a_rejected_plan_touches_nothing(stack: Stack) -> None:
    story = promote(stack, "stt-prod")
    story.press("Reject", by="ben")
    story.wait_for_state("rejected")
    story.assert_told_once(["card", "plan", "ending"])
    assert "Rejected by @ben" in story.reply("plan").plain
    assert story.reply("plan").buttons == []
    assert stack.aws.calls("CreateModel") == update_calls(stack, "stt-prod") == []


def test_a_plan_that_nobody_decides_on_expires_and_its_button_says_so(stack: Stack) -> None:
    story = promote(stack, "credibility")
    story.wait_for_state("expired")
    story.assert_told_once(["card", "plan", "ending"])
    story.press_stale("Approve", by="ben")
    story.wait_for_answer("ben", "expired")
    assert story.state == "expired"
    assert update_calls(stack, "credibility") == []


def test_two_approvals_are_needed_where_the_fleet_file_says_so(stack: Stack) -> None:
    story = promote(stack, "product-perception")
    story.approve("ben")
    story.wait(lambda: "Approved by @ben" in story.reply("plan").plain, 10, "the first approval")
    assert story.state == "awaiting approval"
    story.approve("ben")
    story.wait_for_answer("ben", "1 more approval is needed")
    story.approve("carla").wait_for_state("watching")
    assert "Approved by @ben and @carla" in story.reply("plan").plain
    assert executed_updates(stack, "product-perception") == 1


def test_who_may_not_approve_is_told_and_nothing_happens(stack: Stack) -> None:
    story = promote(stack, "stt-prod")
    story.approve("anna")
    story.wait_for_answer("anna", "somebody else has to approve it")
    story.approve("dave")
    story.wait_for_answer("dave", "You may not approve")
    story.approve("eve")
    story.wait_for_answer("eve", "guest from another workspace")
    stack.slack.person("eve").say("@endpoint-bot promote sentiment-prod")
    story.wait(lambda: len([t for t in story.answers_to("eve") if "guest" in t]) == 2, 10, "a second answer to eve")
    assert story.state == "awaiting approval"
    assert [message.user for message in stack.slack.root_messages()] == ["endpoint-bot", "eve"]


def test_a_cancelled_plan_is_dropped(stack: Stack) -> None:
    story = promote(stack, "stt-prod")
    story.press("Cancel", by="dave")
    story.wait_for_answer("dave", "may cancel it")
    story.press("Cancel", by="anna")
    story.wait_for_state("cancelled")
    story.assert_told_once(["card", "plan", "ending"])
    assert update_calls(stack, "stt-prod") == []


def test_cancelling_while_the_model_is_created_leaves_the_endpoint_alone(stack: Stack) -> None:
    stack.aws.fault("CreateModel", "pause-before")
    story = promote(stack, "stt-prod").approve()
    stack.aws.wait_until_paused("CreateModel")
    story.press("Cancel", by="anna")
    story.wait_for_state("cancelled")
    stack.aws.release()
    story.assert_told_once(["card", "plan", "progress", "ending"])
    assert update_calls(stack, "stt-prod") == []


def test_cancelling_during_the_update_rolls_back_as_soon_as_sagemaker_settles(stack: Stack) -> None:
    stack.aws.scenario("slow-update", "stt-prod", factor=3)
    story = promote(stack, "stt-prod").approve()
    story.wait_for_state("updating")
    story.press("Cancel", by="ben")
    story.wait(lambda: "A rollback is queued by @ben" in story.reply("progress").plain, 10, "the queued rollback")
    story.wait_for_state("rolled back")
    story.assert_told_once(["card", "plan", "progress", *TOLD_BY_A_ROLLBACK_BUTTON])
    assert config_of(stack, "stt-prod") == "stt-prod-config-v1"
    assert executed_updates(stack, "stt-prod") == 2


def test_rolling_back_during_the_watch_is_possible_by_command(stack: Stack) -> None:
    story = promote(stack, "stt-prod").approve("carla")
    story.wait_for_state("watching")
    back = ask(stack, "rollback stt-prod", by="carla")
    back.wait_for_state("rolled back")
    story.wait_for_state("rolled back")
    assert config_of(stack, "stt-prod") == "stt-prod-config-v1"
    assert "Needed no further approval" in back.reply("plan").plain


def test_the_rollback_command_of_an_outsider_needs_an_approval(stack: Stack) -> None:
    story = promote(stack, "stt-prod").approve()
    story.wait_for_state("watching")
    back = ask(stack, "rollback stt-prod", by="dave")
    back.wait_for_state("awaiting approval")
    back.approve("ben").wait_for_state("rolled back")
    story.wait_for_state("rolled back")
    assert executed_updates(stack, "stt-prod") == 2

    named = ask(stack, f"rollback stt-prod --to {target_of(stack, 'stt-prod')}", by="ben")
    named.wait_for_state("blocked")
    assert f"is what rollout {story.rollout_id} was rolled back from" in named.reply("ending").plain
    assert config_of(stack, "stt-prod") == "stt-prod-config-v1"


def target_of(stack: Stack, endpoint: str) -> str:
    """The config of the first UpdateEndpoint."""
    return str(update_calls(stack, endpoint)[0]["parameters"]["EndpointConfigName"])


def test_the_roll_back_button_of_an_older_rollout_says_which_newer_one_replaced_it(stack: Stack) -> None:
    older = promote(stack, "stt-prod").approve()
    older.wait_for_state("succeeded")
    newer = promote(stack, "stt-prod", "--env ENGINE_MAX_ACTIVE_REQUESTS=150").approve()
    newer.wait_for_state("succeeded")
    older.press("Roll back", by="anna")
    told = older.wait_for_answer("anna", "superseded")
    assert newer.rollout_id in told
    assert older.state == "succeeded"
    assert executed_updates(stack, "stt-prod") == 2


def test_a_newer_plan_takes_the_place_of_one_that_waits(stack: Stack) -> None:
    older = promote(stack, "stt-prod")
    older.wait_for_state("awaiting approval")
    newer = promote(stack, "stt-prod", "--instance-type ml.g5.4xlarge")
    older.wait_for_state("cancelled")
    older.assert_told_once(["card", "plan", "ending"])
    assert newer.rollout_id in older.reply("plan").plain
    older.press_stale("Approve", by="ben")
    older.wait_for_answer("ben", "cancelled")
    newer.wait_for_state("awaiting approval")
    assert update_calls(stack, "stt-prod") == []
