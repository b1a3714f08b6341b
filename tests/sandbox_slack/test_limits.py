"""Rate limits and triggers, on a clock of the test's own."""

from __future__ import annotations

import pytest
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from sandbox.slack.delivery.triggers import Triggers
from sandbox.slack.driver import SlackDriver
from sandbox.slack.errors import SlackError
from sandbox.slack.limits import BURST, POST_MESSAGE_BURST, TIER_3, RateLimits
from sandbox_slack.clients import CHANNEL


class Clock:
    """A clock that moves when told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def calls_until_refused(limits: RateLimits, method: str, channel: str | None = None) -> int:
    return next(count for count in range(1000) if limits.check(method, channel) is not None)


def test_a_tier_allows_so_many_calls_a_minute_and_says_how_long_to_wait() -> None:
    clock = Clock()
    limits = RateLimits(clock=clock)
    assert calls_until_refused(limits, "chat.update") == TIER_3 + BURST
    clock.now += 20
    assert limits.check("chat.update", CHANNEL) == 40
    clock.now += 40
    assert limits.check("chat.update", CHANNEL) is None


def test_methods_are_counted_apart() -> None:
    limits = RateLimits(clock=Clock())
    calls_until_refused(limits, "chat.update")
    assert limits.check("chat.delete", CHANNEL) is None


def test_a_channel_takes_one_message_a_second_after_a_burst() -> None:
    clock = Clock()
    limits = RateLimits(clock=clock)
    assert calls_until_refused(limits, "chat.postMessage", "C1") == POST_MESSAGE_BURST
    assert limits.check("chat.postMessage", "C1") == 1
    assert limits.check("chat.postMessage", "C2") is None
    clock.now += 1
    assert limits.check("chat.postMessage", "C1") is None
    assert limits.check("chat.postMessage", "C1") == 1


def test_limits_can_be_scaled_and_switched_off() -> None:
    limits = RateLimits("10x", clock=Clock())
    assert calls_until_refused(limits, "chat.update") == (TIER_3 + BURST) * 10
    limits.set_mode("off")
    assert all(limits.check("chat.update", None) is None for _ in range(1000))
    for nonsense in ("fast", "10", "-1x"):
        with pytest.raises(ValueError, match=r"."):
            limits.set_mode(nonsense)


def test_the_client_meets_a_429_with_retry_after(slack: SlackDriver, client: WebClient) -> None:
    for _ in range(POST_MESSAGE_BURST):
        client.chat_postMessage(channel=CHANNEL, text="x")
    with pytest.raises(SlackApiError, match="ratelimited") as refused:
        client.chat_postMessage(channel=CHANNEL, text="x")
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "1"
    assert len(slack.messages()) == POST_MESSAGE_BURST
    slack.rate_limits("off")
    for _ in range(POST_MESSAGE_BURST + 1):
        client.chat_postMessage(channel=CHANNEL, text="x")


def test_a_trigger_lasts_three_seconds_and_works_once() -> None:
    clock = Clock()
    triggers = Triggers(clock)
    used, late = triggers.issue("U0ANNA"), triggers.issue("U0ANNA")
    assert triggers.exchange(used) == "U0ANNA"
    with pytest.raises(SlackError, match="exchanged_trigger_id"):
        triggers.exchange(used)
    clock.now += 3.1
    with pytest.raises(SlackError, match="expired_trigger_id"):
        triggers.exchange(late)
    with pytest.raises(SlackError, match="invalid_trigger_id"):
        triggers.exchange("made-up")
