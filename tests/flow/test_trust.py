"""Plans that can be trusted, on real processes and over signed HTTP: what was approved is what runs, and only when it may."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from sandbox.aws.demand import QUIET_HOUR_UTC
from sandbox.stack import Options, Stack

from .running import started
from .story import Story, ask, console, executed_updates, promote, quick_fleet, update_calls, wait_until

pytestmark = pytest.mark.flow

APPROVERS = {"users": ["U0BEN"], "groups": ["S0MLOPS"], "requester_may_approve": False, "expires_after": "30m"}
PEOPLE = ("anna", "ben", "carla", "dave", "eve")


def closed_now() -> str:
    """A change window that does not open before the day after tomorrow."""
    return f"{datetime.now(UTC) + timedelta(days=2):%a} 09:00-17:00 UTC"


@pytest.fixture(scope="module")
def running_stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    fleet = quick_fleet(
        tmp_path_factory.mktemp("fleet"),
        endpoints={
            "sentiment-prod": {"approval": APPROVERS | {"quorum": 2}},
            "product-perception": {"windows": [closed_now()]},
        },
    )
    options = Options(fleet=fleet, speed=300.0, delivery="http", rate_limits="off", traffic=20.0)
    with started(options, request) as stack:
        yield stack


def plan_of(story: Story) -> str:
    return story.reply("plan").plain


def called_at(stack: Stack, endpoint: str) -> datetime:
    """When SageMaker was asked to update the endpoint."""
    (call,) = update_calls(stack, endpoint)
    return datetime.fromisoformat(call["at"])


def test_a_plan_whose_endpoint_changed_is_not_run_but_drawn_up_again_and_approved_anew(stack: Stack) -> None:
    story = promote(stack, "stt-prod")
    story.wait_for_state("awaiting approval")
    stack.aws.scenario("foreign-update", "stt-prod", finished=True)
    story.approve("ben").wait_for_answer("ben", "Endpoint config changed since it was made")
    story.wait(lambda: plan_of(story).startswith("This plan was drawn up again"), 40, "the fresh plan")
    assert "`stt-prod-config-v1` → `stt-prod-console-1`" in plan_of(story)
    assert story.slots == ["card", "plan"]
    assert update_calls(stack, "stt-prod") == stack.aws.calls("CreateModel") == []

    story.approve("ben")
    wait_until(lambda: executed_updates(stack, "stt-prod") == 1, 20, "the update of the fresh plan")


def test_an_endpoint_that_changes_between_approval_and_update_voids_the_approval(stack: Stack) -> None:
    stack.aws.fault("CreateEndpointConfig", "pause-after")
    story = promote(stack, "stt-prod").approve("ben")
    stack.aws.wait_until_paused("CreateEndpointConfig")
    stack.aws.scenario("foreign-update", "stt-prod", finished=True)
    stack.aws.release()
    story.wait(lambda: "that does not count for this one" in plan_of(story), 40, "a fresh plan")
    assert "@ben had approved the older plan" in plan_of(story)
    assert story.wait_for_state("awaiting approval") == "awaiting approval"
    assert story.reply("plan").buttons[0] == "Approve"
    assert update_calls(stack, "stt-prod") == []


def test_fifty_clicks_of_five_people_are_two_approvals_one_update_and_fifty_answers(stack: Stack) -> None:
    story = promote(stack, "sentiment-prod", "--version 4")
    story.wait(lambda: "Approve" in story.reply("plan").buttons, 20, "the plan")
    with ThreadPoolExecutor(50) as pool:
        deliveries = list(pool.map(lambda name: story.press_stale("Approve", name), PEOPLE * 10))
    assert {delivery.status for delivery in deliveries} == {"ok"}

    def answers() -> Counter[str]:
        told = Counter({name: len(story.answers_to(name)) for name in PEOPLE})
        return told - Counter(anna=1)  # she also read the acknowledgement of her command

    story.wait(lambda: answers().total() == 48, 40, "an answer to each click that is no approval")
    assert answers() == {"anna": 10, "ben": 9, "carla": 9, "dave": 10, "eve": 10}
    assert any(f"Approved by {both}" in plan_of(story) for both in ("@ben and @carla", "@carla and @ben"))
    story.wait_for_state("watching", "succeeded")
    assert executed_updates(stack, "sentiment-prod") == len(update_calls(stack, "sentiment-prod")) == 1


def make_config_on_instances(stack: Stack) -> str:
    """What somebody might make in the console: the model of the serverless endpoint, on an instance."""
    name = "credibility-on-instances"
    variant = {"VariantName": "AllTraffic", "ModelName": "credibility-v1", "InstanceType": "ml.m5.large"}
    with console(stack, "sagemaker") as sagemaker:
        sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[variant | {"InitialInstanceCount": 1}]
        )
    return name


def test_what_no_rollback_could_undo_takes_two_people_where_anything_else_takes_one(stack: Stack) -> None:
    name = make_config_on_instances(stack)
    story = ask(stack, f"rollback credibility --to {name}", by="anna")
    story.approve("ben").wait(
        lambda: "Approved by @ben so far. Needs 1 more approval" in plan_of(story), 10, "the first one"
    )
    assert story.state == "awaiting approval"
    assert update_calls(stack, "credibility") == []
    story.approve("carla").wait_for_state("rolling back", "rolled back")
    wait_until(lambda: executed_updates(stack, "credibility") == 1, 20, "the update")


def wait_out_the_last_minute_before_the_quiet_hour() -> None:
    """In it, a change that waits for the quiet hour might begin before anybody presses the next button."""

    def is_too_late() -> bool:
        now = datetime.now(UTC)
        return (now.hour, now.minute) == (QUIET_HOUR_UTC - 1, 59)

    wait_until(lambda: not is_too_late(), 70, "the quiet hour of today to begin")


def test_a_change_for_the_quiet_hour_waits_for_it_unless_an_approver_runs_it_now(stack: Stack) -> None:
    wait_out_the_last_minute_before_the_quiet_hour()
    story = promote(stack, "stt-prod")
    story.press("Schedule", by="ben")
    story.wait_for_state("scheduled")
    story.wait(
        lambda: "as the approver chose" in plan_of(story), 10, "the plan with its time in the place of the buttons"
    )
    assert stack.aws.calls("CreateModel") == []
    story.press("Run now", by="dave")
    story.wait_for_answer("dave", "You may not start")
    assert story.state == "scheduled"
    story.press("Run now", by="carla")
    story.wait_for_state("watching", "succeeded")
    assert executed_updates(stack, "stt-prod") == 1


def test_a_change_for_a_later_time_runs_then_and_one_outside_its_window_not_before_it_opens(stack: Stack) -> None:
    asked_at = datetime.now(UTC)
    timed = promote(stack, "stt-prod", "--at +20s").approve("ben")  # counted from when a worker takes the command
    timed.wait_for_state("scheduled")
    closed = promote(stack, "product-perception").approve("ben")
    closed.wait_for_state("scheduled")
    assert "when its change window opens" in closed.card.plain
    assert closed.reply("plan").buttons == ["Cancel"]

    timed.wait_for_state("watching", "succeeded", timeout=60)
    assert called_at(stack, "stt-prod") > asked_at + timedelta(seconds=20)
    closed.press("Cancel", by="anna")
    closed.wait_for_state("cancelled")
    assert update_calls(stack, "product-perception") == []


def test_a_promotion_behind_another_one_waits_for_its_turn_and_is_planned_from_what_that_one_left(stack: Stack) -> None:
    stack.aws.scenario("slow-update", "stt-prod", factor=2)
    first = promote(stack, "stt-prod").approve("ben")
    first.wait_for_state("updating")
    second = promote(stack, "stt-prod", "--env ENGINE_MAX_ACTIVE_REQUESTS=150", by="carla")
    assert f"Waits for its turn: rollout `{first.rollout_id}` comes first" in second.card.plain
    first.wait(lambda: f"`{second.rollout_id}` of @carla" in first.card.plain, 10, "who waits behind it")

    first.wait_for_state("succeeded")
    second.wait_for_state("awaiting approval")
    assert "change the settings of acme-stt-en-v2" in plan_of(second)
    second.approve("ben")
    wait_until(lambda: executed_updates(stack, "stt-prod") == 2, 20, "the second update")


def test_scaling_changes_the_count_and_nothing_else(stack: Stack) -> None:
    story = ask(stack, "scale stt-prod --count 3 --reason 'a busy week'")
    story.approve("ben").wait_for_state("succeeded")
    seen = stack.aws.endpoint("stt-prod")
    assert [v["CurrentInstanceCount"] for v in seen["ProductionVariants"]] == [3]
    assert seen["EndpointConfigName"] == "stt-prod-config-v1"
    (asked,) = stack.aws.calls("UpdateEndpointWeightsAndCapacities")
    assert asked["parameters"]["DesiredWeightsAndCapacities"][0]["DesiredInstanceCount"] == 3
    assert update_calls(stack, "stt-prod") == stack.aws.calls("CreateEndpointConfig") == []


def test_nobody_is_sent_back_to_what_was_rolled_back_from(stack: Stack) -> None:
    story = promote(stack, "stt-prod").approve("ben")
    story.wait_for_state("watching", "succeeded")
    bad = stack.aws.endpoint("stt-prod")["EndpointConfigName"]
    story.press("Roll back", by="anna")
    story.wait_for_state("rolled back")

    back = ask(stack, f"rollback stt-prod --to {bad}", by="ben")
    back.wait_for_state("blocked")
    assert f"{bad} is what rollout {story.rollout_id} was rolled back from" in plan_of(back)
    assert not any(message.buttons for message in back.messages)
    again = promote(stack, "stt-prod")
    again.wait_for_state("awaiting approval")
    assert f"@anna rolled it back in rollout {story.rollout_id}" in plan_of(again)
    assert executed_updates(stack, "stt-prod") == 2
