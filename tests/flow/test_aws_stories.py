"""What AWS and other people do to an endpoint while a rollout is under way, and how the thread tells it."""

from __future__ import annotations

import pytest

from sandbox.stack import Stack

from .story import TOLD_BY_A_PROMOTION, Story, config_of, executed_updates, promote, update_calls

pytestmark = pytest.mark.flow

UNTIL_THE_UPDATE = ["card", "plan", "progress", "ending"]
BEFORE_ANYTHING = ["card", "plan", "ending"]


def test_updates_that_sagemaker_undoes_are_told_as_such(stack: Stack) -> None:
    undone = {
        "stt-prod": ("silent-rollback", "SageMaker gave no reason"),
        "sentiment-prod": ("insufficient-capacity", "InsufficientInstanceCapacity"),
    }
    configs = {endpoint: config_of(stack, endpoint) for endpoint in undone}
    for endpoint, (scenario, _) in undone.items():
        stack.aws.scenario(scenario, endpoint)
    for endpoint, story in promoted(stack, *undone).items():
        story.wait_for_state("rolled back by AWS")
        story.assert_told_once(UNTIL_THE_UPDATE)
        assert undone[endpoint][1] in story.reply("ending").plain
        assert config_of(stack, endpoint) == configs[endpoint]
        assert executed_updates(stack, endpoint) == 1


def test_updates_that_leave_a_mess_call_for_a_person(stack: Stack) -> None:
    stack.aws.scenario("update-fails", "stt-prod")
    stack.aws.scenario("update-rollback-failed", "sentiment-prod")
    for endpoint, story in promoted(stack, "stt-prod", "sentiment-prod").items():
        story.wait_for_state("needs human")
        story.assert_told_once(UNTIL_THE_UPDATE)
        assert {"stt-prod": "Failed", "sentiment-prod": "UpdateRollbackFailed"}[endpoint] in story.reply("ending").plain
        assert executed_updates(stack, endpoint) == 1


def promoted(stack: Stack, *endpoints: str) -> dict[str, Story]:
    """Rollouts of these endpoints, approved and under way side by side."""
    stories = {endpoint: promote(stack, endpoint) for endpoint in endpoints}
    for story in stories.values():
        story.approve()
    return stories


def test_a_mix_of_fleets_can_be_repaired_by_rolling_back(stack: Stack) -> None:
    stack.aws.scenario("update-rollback-failed", "stt-prod")
    story = promote(stack, "stt-prod").approve()
    story.wait_for_state("needs human")
    story.press("Roll back", by="ben")
    story.wait_for_state("rolled back")
    assert config_of(stack, "stt-prod") == "stt-prod-config-v1"
    assert stack.aws.endpoint("stt-prod")["description"]["EndpointStatus"] == "InService"
    assert executed_updates(stack, "stt-prod") == 2


def test_maintenance_of_aws_between_approval_and_update_is_waited_for(stack: Stack) -> None:
    story = promote(stack, "stt-prod")
    story.wait_for_state("awaiting approval")
    stack.aws.scenario("system-updating", "stt-prod", seconds=3)
    story.approve().wait_for_state("succeeded")
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert [call["executed"] for call in update_calls(stack, "stt-prod")] == [True]


def test_somebody_else_changing_the_endpoint_while_the_plan_waits_makes_the_approval_void(stack: Stack) -> None:
    story = promote(stack, "stt-prod")
    story.wait_for_state("awaiting approval")
    stack.aws.scenario("foreign-update", "stt-prod", finished=True)
    story.approve()
    told = story.wait_for_answer("ben", "This plan has moved on")
    assert "Your click changed nothing" in told
    story.wait(lambda: "drawn up again" in story.reply("plan").plain, 20, "the fresh plan in the place of the old one")
    assert "stt-prod-config-v1 → stt-prod-console-1" in story.reply("plan").plain.replace("`", "")
    story.wait_for_state("awaiting approval")
    assert update_calls(stack, "stt-prod") == []


def test_somebody_else_changing_the_endpoint_between_approval_and_update_stops_the_update(stack: Stack) -> None:
    stack.aws.fault("CreateEndpointConfig", "pause-after")
    story = promote(stack, "stt-prod").approve()
    stack.aws.wait_until_paused("CreateEndpointConfig")
    stack.aws.scenario("foreign-update", "stt-prod", finished=True)
    stack.aws.release()
    story.wait(lambda: "drawn up again" in story.reply("plan").plain, 20, "the fresh plan in the place of the old one")
    story.wait_for_state("awaiting approval")
    assert update_calls(stack, "stt-prod") == []


def test_somebody_else_moving_the_endpoint_during_the_watch_calls_for_a_person(stack: Stack) -> None:
    story = promote(stack, "stt-prod").approve()
    story.wait_for_state("watching")
    stack.aws.scenario("foreign-update", "stt-prod", finished=True)
    story.wait_for_state("needs human")
    assert "during the watch" in story.reply("ending").plain
    assert executed_updates(stack, "stt-prod") == 1


def test_the_way_back_is_not_taken_when_its_config_was_deleted(stack: Stack) -> None:
    story = promote(stack, "stt-prod").approve()
    story.wait_for_slots(TOLD_BY_A_PROMOTION, timeout=40)
    stack.aws.scenario("config-deleted", "stt-prod", config="stt-prod-config-v1")
    story.press("Roll back", by="anna")
    anna = stack.slack.person("anna")
    story.wait(
        lambda: any("no way back" in m.plain for m in anna.ephemerals("ml-deploys")), 20, "the reason, to anna alone"
    )
    assert story.state == "succeeded"
    assert executed_updates(stack, "stt-prod") == 1


def test_without_traffic_the_verdict_is_inconclusive_and_no_number_is_made_up(stack: Stack) -> None:
    story = promote(stack, "stt-prod")
    story.wait_for_state("awaiting approval")
    stack.aws.scenario("no-traffic", "stt-prod")
    story.approve().wait_for_state("succeeded")
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    summary = story.reply("summary").plain
    assert "INCONCLUSIVE" in summary
    assert "no data" in summary


def test_eventual_consistency_of_configs_and_statuses_is_lived_with(stack: Stack) -> None:
    stack.aws.scenario("config-lag", "stt-prod", seconds=2)
    stack.aws.scenario("opaque-update", "stt-prod")  # and DescribeEndpoint shows nothing but a status
    stack.aws.scenario("status-lag", "stt-prod", seconds=0.8)
    story = promote(stack, "stt-prod").approve()
    story.wait_for_state("succeeded")
    story.assert_told_once(TOLD_BY_A_PROMOTION)
    assert executed_updates(stack, "stt-prod") == 1


@pytest.mark.parametrize(
    "status",
    [
        "OutOfService",
        "Creating",
        "Updating",
        "SystemUpdating",
        "RollingBack",
        "Deleting",
        "Failed",
        "UpdateRollbackFailed",
    ],
)
def test_an_endpoint_that_is_not_in_service_is_not_offered_for_approval(stack: Stack, status: str) -> None:
    stack.aws.force_status("stt-prod", status)
    story = promote(stack, "stt-prod")
    story.wait_for_state("blocked")
    story.assert_told_once(BEFORE_ANYTHING)
    assert status in story.reply("plan").plain
    assert not any(message.buttons for message in story.messages)


def test_a_change_that_is_asked_for_during_an_update_waits_for_its_turn(stack: Stack) -> None:
    stack.aws.scenario("slow-update", "stt-prod", factor=3)
    story = promote(stack, "stt-prod").approve()
    story.wait_for_state("updating")
    second = promote(stack, "stt-prod", "--env A=1", by="ben")
    second.wait_for_state("planning")
    assert story.rollout_id in second.card.plain
    second.wait_for_state("awaiting approval", timeout=60)
    assert story.state == "succeeded"
    assert executed_updates(stack, "stt-prod") == 1
