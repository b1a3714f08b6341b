"""Versions of the registry on real processes: announced, decided on from Slack, revoked, and heard of through the queue."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from sandbox.slack.driver import Message
from sandbox.stack import Options, Stack

from .running import started
from .story import CHANNEL, console, quick_fleet, wait_until

pytestmark = pytest.mark.flow

QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/sagemaker-events"


@pytest.fixture(scope="module")
def running_stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Everything by hand, so that only what is said and decided changes; the bot looks every few seconds."""
    endpoints = {name: {"policy": "manual"} for name in ("stt-prod", "sentiment-prod", "product-perception")}
    path = quick_fleet(tmp_path_factory.mktemp("fleet"), endpoints=endpoints)
    fleet = yaml.safe_load(path.read_text()) | {"manager": {"every": "5s", "census": "2s", "queue": QUEUE}}
    path.write_text(yaml.safe_dump(fleet))
    with started(Options(fleet=path, speed=300.0, rate_limits="off", traffic=20.0), request) as stack:
        yield stack


@pytest.fixture
def sagemaker(stack: Stack) -> Iterator[Any]:
    with console(stack, "sagemaker") as client:
        yield client


def version(sagemaker: Any, number: int) -> dict[str, Any]:
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:model-package/sentiment/{number}"
    return dict(sagemaker.describe_model_package(ModelPackageName=arn))


def said(stack: Stack, words: str, *, timeout: float = 20) -> Message:
    """The message in the channel that says so, as soon as there is one."""
    return stack.slack.wait_for(
        lambda: next((m for m in stack.slack.root_messages(CHANNEL) if words in m.plain), None), timeout, words
    )


def announced(stack: Stack, number: int) -> Message:
    return said(stack, f"sentiment version {number} waits for approval")


def now(stack: Stack, message: Message) -> Message:
    return next(m for m in stack.slack.root_messages(CHANNEL) if m.ts == message.ts)


def test_a_version_is_announced_and_approved_in_slack_and_the_registry_knows_by_whom(
    stack: Stack, sagemaker: Any
) -> None:
    announcement = announced(stack, 5)
    assert announcement.buttons == ["Approve version", "Reject version…"]
    stack.slack.person("dave").click("Approve version")
    stack.slack.wait_for(
        lambda: any("You may not decide" in m.plain for m in stack.slack.person("dave").ephemerals(CHANNEL)),
        10,
        "a refusal of who is no approver",
    )
    assert version(sagemaker, 5)["ModelApprovalStatus"] == "PendingManualApproval"

    stack.slack.person("ben").click("Approve version")
    stack.slack.wait_for(lambda: now(stack, announcement).buttons == [], 10, "the announcement without buttons")
    assert "Approved by @ben" in now(stack, announcement).plain
    decided = version(sagemaker, 5)
    assert decided["ModelApprovalStatus"] == "Approved"
    assert decided["ApprovalDescription"].startswith("approved from Slack by ben (U0BEN)")
    said(stack, "sentiment version 5 is approved. sentiment-prod takes new versions only by hand")


def test_a_rejection_asks_for_its_reason_and_does_nothing_before(stack: Stack, sagemaker: Any) -> None:
    announcement, ben = announced(stack, 5), stack.slack.person("ben")
    ben.click("Reject version…")
    stack.slack.wait_for(ben.modal, 10, "the form")
    assert version(sagemaker, 5)["ModelApprovalStatus"] == "PendingManualApproval"
    ben.submit({"Reason": "recall is worse"})
    stack.slack.wait_for(lambda: now(stack, announcement).buttons == [], 10, "the announcement without buttons")
    assert "Rejected by @ben" in now(stack, announcement).plain
    assert version(sagemaker, 5)["ApprovalDescription"].endswith("recall is worse")


def test_a_version_that_is_registered_is_announced_soon_and_once(stack: Stack, sagemaker: Any) -> None:
    announced(stack, 5)
    specification = version(sagemaker, 5)["InferenceSpecification"]
    sagemaker.create_model_package(
        ModelPackageGroupName="sentiment",
        ModelApprovalStatus="PendingManualApproval",
        InferenceSpecification=specification,
    )
    announced(stack, 6)
    looks = len(stack.aws.calls("ReceiveMessage"))
    wait_until(lambda: len(stack.aws.calls("ReceiveMessage")) > looks + 1, 30, "two more looks into the queue")
    assert len([m for m in stack.slack.root_messages(CHANNEL) if "version 6 waits" in m.plain]) == 1


def test_a_running_version_that_is_revoked_in_the_console_raises_an_alarm_with_a_way_out(stack: Stack) -> None:
    announced(stack, 5)
    stack.aws.scenario("version-unapproved", "sentiment-prod", version=3)
    alarm = said(stack, "sentiment-prod runs sentiment version 3, which is no longer approved")
    assert alarm.buttons == ["Promote to version 4"]
    stack.slack.person("anna").click("Promote to version 4")
    said(stack, "State: awaiting approval")
    stack.aws.scenario("version-unapproved", "sentiment-prod", version=3, status="Approved")
    stack.slack.wait_for(lambda: "approved now" in now(stack, alarm).plain, 20, "the end of the alarm")
    assert now(stack, alarm).buttons == []


def test_without_its_queue_the_bot_hears_of_everything_a_little_later(stack: Stack) -> None:
    stack.aws.fault("ReceiveMessage", "access-denied", times=1000)
    ben = stack.slack.person("ben")
    announced(stack, 5)
    ben.command("/endpoint approve-version sentiment 5 --reason 'better recall'")
    said(stack, "sentiment version 5: Approved by @ben")
