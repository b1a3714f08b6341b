"""Watches that are long enough to be judged, on real processes: good, worse, failing and unused versions side by side."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.stack import Options, Stack

from .running import started
from .story import TOLD_BY_A_PROMOTION, Story, config_of, executed_updates, promote, quick_fleet

pytestmark = pytest.mark.flow

JUDGED = {"duration": "10s", "warm_up": "1s"}
NEVER, ALWAYS = ({"watch": {"auto_rollback": policy}} for policy in ("off", "all"))


@pytest.fixture(scope="module")
def running_stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """With so much traffic that at night, too, a stray failure or two leave no doubt about a version that is good."""
    fleet = quick_fleet(
        tmp_path_factory.mktemp("fleet"),
        endpoints={
            "stt-prod": {"watch": {"alarms": ["stt-prod-word-errors"]}},
            "sentiment-prod": ALWAYS,
            "product-perception": NEVER,
        },
        watch=JUDGED | {"baseline": "5m"},
    )
    with started(Options(fleet=fleet, speed=300.0, rate_limits="off", traffic=60.0), request) as stack:
        yield stack


def standing(stack: Stack, endpoint: str) -> str:
    """What `status` says about one endpoint."""
    anna = stack.slack.person("anna")
    known = len(anna.ephemerals())
    anna.command(f"/endpoint status {endpoint}")

    def answer() -> str:
        told = [message.plain for message in anna.ephemerals()[known:]]
        return next((said for said in told if not said.startswith("Working on it")), "")

    return stack.slack.wait_for(answer, 15, f"the status of {endpoint}")


def test_good_slow_and_failing_versions_side_by_side_each_end_as_they_should(stack: Stack) -> None:
    before = {endpoint: config_of(stack, endpoint) for endpoint in ("stt-prod", "sentiment-prod", "product-perception")}
    stack.aws.scenario("slower-version", "sentiment-prod", factor=3)
    stack.aws.scenario("erroring-version", "product-perception", ratio=0.3)
    good, slow, failing = (promote(stack, endpoint).approve() for endpoint in before)
    good.press("Extend by 10 s", by="anna")

    failing.wait_for_state("watching", "succeeded")
    failing.reply("alert", timeout=40)
    failing.press("Accept", by="ben")
    ben = stack.slack.person("ben")
    failing.wait(lambda: ben.modal() is not None, 10, "the form for the reason")
    ben.submit({"Reason": "The errors are of a caller that goes away today."})

    assert good.wait_for_state("succeeded", timeout=60) == "succeeded"
    assert "PASS" in good.reply("summary").plain
    assert "Extended by 10 s by @anna" in good.reply("watch").plain
    good.assert_told_once(TOLD_BY_A_PROMOTION)

    slow.wait_for_state("rolled back")
    assert config_of(stack, "sentiment-prod") == before["sentiment-prod"]
    assert executed_updates(stack, "sentiment-prod") == 2
    assert "REGRESSED" in slow.reply("summary").plain
    assert "HELD" in standing(stack, "sentiment-prod")

    failing.wait_for_state("succeeded")
    assert config_of(stack, "product-perception") != before["product-perception"]
    assert executed_updates(stack, "product-perception") == 1
    failing.wait(lambda: "a caller that goes away today" in thread_of(failing), 10, "the reason of the acceptance")


def thread_of(story: Story) -> str:
    return "\n".join(message.plain for message in story.messages)


def test_what_was_rolled_back_is_held_until_somebody_lifts_it(stack: Stack) -> None:
    stack.aws.scenario("erroring-version", "stt-prod", ratio=0.3)
    story = promote(stack, "stt-prod").approve()
    story.wait_for_state("rolled back", timeout=60)
    again = promote(stack, "stt-prod")
    again.wait_for_state("awaiting approval")
    assert "held" in again.reply("plan").plain
    again.press("Cancel", by="anna")
    again.wait_for_state("cancelled")
    stack.slack.person("ben").command("/endpoint unhold stt-prod")
    story.wait(lambda: "HELD" not in standing(stack, "stt-prod"), 20, "the end of the hold")


def test_a_version_that_sagemaker_cannot_start_is_quarantined(stack: Stack) -> None:
    stack.aws.scenario("health-check-failure", "stt-prod")
    stack.aws.scenario("insufficient-capacity", "product-perception")
    refused, unlucky = promote(stack, "stt-prod").approve(), promote(stack, "product-perception").approve()
    refused.wait_for_state("rolled back by AWS")
    unlucky.wait_for_state("rolled back by AWS")
    assert "QUARANTINED" in standing(stack, "stt-prod")
    assert "QUARANTINED" not in standing(stack, "product-perception"), (
        "a lack of capacity says nothing about the version"
    )


def test_an_endpoint_that_nobody_calls_ends_inconclusive_and_can_be_watched_for_longer(stack: Stack) -> None:
    stack.aws.scenario("no-traffic", "stt-prod")
    story = promote(stack, "stt-prod").approve()
    story.wait_for_state("succeeded", timeout=60)
    summary = story.reply("summary")
    assert "INCONCLUSIVE" in summary.plain
    assert summary.buttons == ["Watch longer", "Roll back"]
    story.press("Watch longer", by="anna")
    story.wait_for_state("watching")
    story.wait_for_state("succeeded", timeout=60)
    assert executed_updates(stack, "stt-prod") == 1


def test_an_alarm_that_people_made_sends_the_new_version_back_at_once(stack: Stack) -> None:
    before = config_of(stack, "stt-prod")
    story = promote(stack, "stt-prod").approve()
    story.wait_for_state("watching")
    stack.aws.scenario("alarm-rings", alarm="stt-prod-word-errors")
    story.wait_for_state("rolled back")
    assert config_of(stack, "stt-prod") == before
    assert "stt-prod-word-errors" in story.reply("summary").plain
