"""An endpoint of the fleet file from its creation to its end and back, on real processes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.stack import Options, Stack

from .running import started
from .story import Story, ask, quick_fleet, wait_until

pytestmark = pytest.mark.flow

NEW = "sentiment-eu"
DECLARED = {
    "model_package_group": "sentiment",
    "instance_type": "ml.m5.xlarge",
    "instance_count": 1,
    "autoscaling": {"min": 1, "max": 3, "target": 100},
    "alarms": {"error_rate": "2%", "p99_ms": 800, "notify": ["arn:aws:sns:us-east-1:123456789012:oncall"]},
}
ALARMS = [f"bot-{NEW}.errors", f"bot-{NEW}.p99"]


def with_a_new_one(folder: Path) -> Path:
    """The sample fleet with an endpoint that does not exist yet."""
    path = quick_fleet(folder)
    fleet = yaml.safe_load(path.read_text())
    fleet["endpoints"][NEW] = DECLARED
    path.write_text(yaml.safe_dump(fleet))
    return path


@pytest.fixture(scope="module")
def running_stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    options = Options(
        fleet=with_a_new_one(tmp_path_factory.mktemp("fleet")), speed=300.0, rate_limits="off", traffic=20.0
    )
    with started(options, request) as stack:
        yield stack


def executed(stack: Stack, operation: str) -> list[dict[str, Any]]:
    return [
        call
        for call in stack.aws.calls(operation)
        if call["executed"] and NEW in str(call["parameters"].get("EndpointName", call["parameters"]))
    ]


def alarms(stack: Stack) -> list[str]:
    """Those beside the endpoint."""
    return sorted(name for name in stack.aws.alarms() if name.startswith(f"bot-{NEW}."))


def deployed(stack: Stack) -> Story:
    story = ask(stack, f"deploy {NEW}").approve("ben")
    story.wait_for_state("succeeded")
    return story


def test_an_endpoint_is_deployed_torn_down_by_two_and_restored(stack: Stack) -> None:
    story = ask(stack, f"deploy {NEW}")
    plan = story.reply("plan").plain
    assert f"Plan for {NEW}: create it with sentiment version" in plan
    assert "an hour." in plan
    story.approve("ben").wait_for_state("succeeded")
    story.assert_told_once(["card", "plan", "progress", "ending"])
    assert NEW in stack.aws.endpoints()
    config = stack.aws.endpoint(NEW)["EndpointConfigName"]
    wait_until(lambda: executed(stack, "PutScalingPolicy"), 20, "its autoscaling")
    wait_until(lambda: alarms(stack) == ALARMS, 20, "its alarms")
    story.wait(lambda: "2 alarms watch it" in story.reply("ending").plain, 20, "that the thread says so")

    gone = ask(stack, f'teardown {NEW} --reason "moved to another region"')
    assert "Needs 2 approvals" in gone.reply("plan").plain
    gone.approve("ben")
    gone.wait(lambda: "1 more" in gone.card.plain, 20, "the first approval")
    gone.approve("carla").wait_for_state("succeeded")
    gone.assert_told_once(["card", "plan", "progress", "ending"])
    assert NEW not in stack.aws.endpoints()
    wait_until(lambda: alarms(stack) == [], 20, "that its alarms are gone, too")
    assert len(executed(stack, "DeleteEndpoint")) == len(executed(stack, "DeregisterScalableTarget")) == 1

    known = {message.ts for message in stack.slack.root_messages("ml-deploys")}
    gone.press("Restore", "anna")
    card = stack.slack.wait_for(
        lambda: next((m for m in stack.slack.root_messages("ml-deploys") if m.ts not in known), None), 20, "its card"
    )
    assert card is not None
    back = Story(stack, card.ts)
    assert "it was torn down" in back.reply("plan").plain
    back.approve("ben").wait_for_state("succeeded")
    assert stack.aws.endpoint(NEW)["EndpointConfigName"] == config
    assert len(executed(stack, "CreateEndpoint")) == 2
    wait_until(lambda: len(executed(stack, "PutScalingPolicy")) == 2, 20, "its autoscaling, as it was")
    wait_until(lambda: alarms(stack) == ALARMS, 20, "its alarms, as they were")


@pytest.mark.parametrize("kind", ["error-before", "error-after"])
def test_an_answer_to_create_endpoint_that_is_lost_makes_one_endpoint(stack: Stack, kind: str) -> None:
    stack.aws.fault("CreateEndpoint", kind)
    deployed(stack)
    assert len(executed(stack, "CreateEndpoint")) == 1


def test_an_answer_to_delete_endpoint_that_is_lost_deletes_once(stack: Stack) -> None:
    deployed(stack)
    stack.aws.fault("DeleteEndpoint", "error-after")
    gone = ask(stack, f'teardown {NEW} --reason "no longer used"').approve("ben")
    gone.wait(lambda: "1 more" in gone.card.plain, 20, "the first approval")
    gone.approve("carla").wait_for_state("succeeded")
    assert len(executed(stack, "DeleteEndpoint")) == 1


def test_a_failed_endpoint_is_deleted_and_created_anew(stack: Stack) -> None:
    deployed(stack)
    stack.aws.force_status(NEW, "Failed")
    again = deployed(stack)
    assert "is Failed" in again.reply("plan").plain
    assert len(executed(stack, "DeleteEndpoint")) == 1
    assert stack.aws.endpoint(NEW)["EndpointStatus"] == "InService"
