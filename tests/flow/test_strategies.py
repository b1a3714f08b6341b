"""Strategies on real processes: the traffic moves as planned, under alarms that exist for it alone, and goes back on a sign."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.stack import Stack

from .behind import is_suspended, own_alarms, scaling_of
from .story import Story, executed_updates, promote, update_calls, wait_until

pytestmark = pytest.mark.flow

QUARTER, HALF = ({"Type": "CAPACITY_PERCENT", "Value": share} for share in (25, 50))
BAKE = {"WaitIntervalInSeconds": 600}
CANARY = {"Type": "CANARY", "CanarySize": QUARTER} | BAKE
LINEAR = {"Type": "LINEAR", "LinearStepSize": HALF} | BAKE
SOUND_CHANGE = "--env BATCH=8"  # version 2 of product-perception fails for one request in twenty


def begun(stack: Stack, endpoint: str, *options: str) -> Story:
    """A promotion by somebody that everybody who must has approved; product-perception takes two of them."""
    story = promote(stack, endpoint, *options)
    for name in ("ben", "carla") if endpoint == "product-perception" else ("ben",):
        story.approve(name)
    return story


def give_instances(stack: Stack, endpoint: str, count: int) -> None:
    """Instances enough for steps."""
    stack.aws.scenario("autoscaled", endpoint, count=count)


def asked_of_sagemaker(stack: Stack, endpoint: str) -> dict[str, Any]:
    """The DeploymentConfig of the one UpdateEndpoint, without how long it may take in all, for which there is a domain test."""
    wait_until(lambda: update_calls(stack, endpoint), 40, f"the UpdateEndpoint of {endpoint}")
    (call,) = update_calls(stack, endpoint)
    assert call["parameters"]["RetainAllVariantProperties"] is True
    sent = dict(call["parameters"]["DeploymentConfig"])
    for policy in ("BlueGreenUpdatePolicy", "RollingUpdatePolicy"):
        if policy in sent:
            sent[policy] = {k: v for k, v in sent[policy].items() if k != "MaximumExecutionTimeoutInSeconds"}
    return sent


def assert_alarms_came_before_the_call_and_are_about_the_new_fleet(stack: Stack, endpoint: str) -> None:
    """An alarm that does not exist brings nothing back, and one about both fleets also goes off for the old one."""
    (update,) = update_calls(stack, endpoint)
    named = [a["AlarmName"] for a in update["parameters"]["DeploymentConfig"]["AutoRollbackConfiguration"]["Alarms"]]
    calls = stack.aws.calls()
    earlier = calls[: calls.index(update)]
    made = {c["parameters"]["AlarmName"]: c["parameters"] for c in earlier if c["operation"] == "PutMetricAlarm"}
    looked_at = [c["parameters"].get("AlarmNames", []) for c in earlier if c["operation"] == "DescribeAlarms"]
    assert named
    assert any(set(named) <= set(names) for names in looked_at)
    for name in named:
        about = {d["Name"]: d["Value"] for d in made[name]["Dimensions"]}
        target = update["parameters"]["EndpointConfigName"]
        assert about == {"EndpointName": endpoint, "VariantName": "AllTraffic", "EndpointConfigName": target}


def wait_for_clean_end(stack: Stack, story: Story, endpoint: str, state: str, scaling: dict[str, Any]) -> None:
    """The story ends in that state, with no alarm of its own left and autoscaling as it was."""
    story.wait_for_state(state)
    wait_until(lambda: not own_alarms(stack, endpoint), 20, f"the end of the alarms of {endpoint}")
    assert scaling_of(stack, endpoint) == scaling
    story.wait(lambda: "▸" not in story.reply("progress").plain, 10, "progress that leaves nothing half said")


def test_canary_and_linear_go_as_planned_and_leave_nothing_behind(stack: Stack) -> None:
    give_instances(stack, "product-perception", 4)
    scaling = scaling_of(stack, "sentiment-prod")
    canary = begun(stack, "sentiment-prod", "--version 4 --strategy canary --size 25% --bake 10m")
    linear = begun(stack, "product-perception", SOUND_CHANGE, "--strategy linear --size 50% --bake 10m")
    for endpoint, routing in {"sentiment-prod": CANARY, "product-perception": LINEAR}.items():
        sent = asked_of_sagemaker(stack, endpoint)
        assert sent["BlueGreenUpdatePolicy"] == {
            "TrafficRoutingConfiguration": routing,
            "TerminationWaitInSeconds": 600,
        }
        assert_alarms_came_before_the_call_and_are_about_the_new_fleet(stack, endpoint)
        assert own_alarms(stack, endpoint)
    assert is_suspended(stack, "sentiment-prod")

    wait_for_clean_end(stack, canary, "sentiment-prod", "succeeded", scaling)
    wait_for_clean_end(stack, linear, "product-perception", "succeeded", scaling_of(stack, "product-perception"))
    assert "Autoscaling is as it was before" in canary.reply("progress").plain
    live = stack.aws.endpoint("sentiment-prod")["ProductionVariants"]
    assert [variant["CurrentInstanceCount"] for variant in live] == [4]


def test_rolling_goes_batch_by_batch_while_elsewhere_an_alarm_brings_the_old_fleet_back(stack: Stack) -> None:
    give_instances(stack, "product-perception", 4)
    scaling, before = scaling_of(stack, "sentiment-prod"), stack.aws.endpoint("sentiment-prod")["EndpointConfigName"]
    stack.aws.scenario("erroring-version", "sentiment-prod", ratio=0.6)
    failing = begun(stack, "sentiment-prod", "--version 4 --strategy canary --size 50% --bake 1h")
    rolling = begun(stack, "product-perception", SOUND_CHANGE, "--strategy rolling --size 50% --bake 10m")
    sent = asked_of_sagemaker(stack, "product-perception")
    assert sent["RollingUpdatePolicy"] == {"MaximumBatchSize": HALF, "RollbackMaximumBatchSize": HALF} | BAKE

    wait_for_clean_end(stack, failing, "sentiment-prod", "rolled back by AWS", scaling)
    assert "went into ALARM" in failing.reply("ending").plain
    assert stack.aws.endpoint("sentiment-prod")["EndpointConfigName"] == before
    wait_for_clean_end(stack, rolling, "product-perception", "succeeded", scaling_of(stack, "product-perception"))
    assert executed_updates(stack, "sentiment-prod") == executed_updates(stack, "product-perception") == 1


def test_an_abort_turns_a_canary_round_while_elsewhere_a_lack_of_capacity_is_tried_again(stack: Stack) -> None:
    scaling, before = scaling_of(stack, "sentiment-prod"), stack.aws.endpoint("sentiment-prod")["EndpointConfigName"]
    aborted = begun(stack, "sentiment-prod", "--version 4 --strategy canary --size 25% --bake 1h")
    stack.aws.scenario("insufficient-capacity", "product-perception", times=1)
    retried = begun(stack, "product-perception")
    retried.wait(lambda: "Try 1 of 1 begins" in retried.reply("progress").plain, 20, "the news of another try")

    aborted.press("Abort", by="dave")
    aborted.wait_for_answer("dave", "may abort it")
    aborted.press("Abort", by="anna")
    wait_for_clean_end(stack, aborted, "sentiment-prod", "rolled back by AWS", scaling)
    assert "aborted by @anna" in aborted.reply("ending").plain
    assert stack.aws.endpoint("sentiment-prod")["EndpointConfigName"] == before
    assert executed_updates(stack, "sentiment-prod") == 1

    retried.wait_for_state("watching", "succeeded")
    assert executed_updates(stack, "product-perception") == 2
    targets = {call["parameters"]["EndpointConfigName"] for call in update_calls(stack, "product-perception")}
    assert targets == {stack.aws.endpoint("product-perception")["EndpointConfigName"]}
