"""Trouble on demand: what the app's Slack client meets, and whether the call was executed."""

from __future__ import annotations

import time
from typing import Any
from urllib.error import HTTPError

import pytest
from slack_bolt import App
from slack_sdk import WebClient, WebhookClient
from slack_sdk.errors import SlackApiError, SlackClientError

from sandbox.slack.driver import ControlFailure, SlackDriver
from sandbox_slack.clients import CHANNEL, Connect, client_of, error_of


def post(client: WebClient) -> None:
    client.chat_postMessage(channel=CHANNEL, text="hello")


@pytest.fixture
def hasty(slack: SlackDriver) -> WebClient:
    """A client that never tries again by itself."""
    return client_of(slack, retry_handlers=[], timeout=1)


def test_429_carries_the_retry_after_that_was_asked_for(slack: SlackDriver, hasty: WebClient) -> None:
    slack.fault("chat.postMessage", "429", retry_after=7)
    with pytest.raises(SlackApiError) as refused:
        post(hasty)
    assert (refused.value.response.status_code, refused.value.response.headers["Retry-After"]) == (429, "7")
    post(hasty)
    assert len(slack.messages()) == 1


def test_500_is_not_executed(slack: SlackDriver, hasty: WebClient) -> None:
    slack.fault("chat.postMessage", "500", times=2)
    for _ in range(2):
        with pytest.raises(SlackApiError) as refused:
            post(hasty)
        assert refused.value.response.status_code == 500
    post(hasty)
    assert len(slack.messages()) == 1


def test_a_timeout_is_never_executed(slack: SlackDriver, hasty: WebClient) -> None:
    slack.fault("chat.postMessage", "timeout")
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        post(hasty)
    assert 0.9 < time.monotonic() - started < 3
    assert slack.messages() == []


def test_a_lost_answer_was_executed(slack: SlackDriver, hasty: WebClient) -> None:
    slack.fault("chat.postMessage", "lost")
    with pytest.raises(ConnectionError):
        post(hasty)
    assert [message.plain for message in slack.messages()] == ["hello"]
    assert slack.calls("chat.postMessage")[0]["fault"] == "lost"


def test_a_lost_answer_can_be_held_first_so_that_its_client_can_be_killed_in_between(
    slack: SlackDriver, hasty: WebClient
) -> None:
    slack.fault("chat.postMessage", "lost:0.2")
    began = time.monotonic()
    with pytest.raises(ConnectionError):
        post(hasty)
    assert time.monotonic() - began >= 0.2
    assert len(slack.messages()) == 1


def test_a_client_that_tries_again_after_a_lost_answer_posts_twice(slack: SlackDriver, client: WebClient) -> None:
    slack.fault("chat.postMessage", "lost")
    post(client)
    assert len(slack.messages()) == 2


def test_any_slack_error_can_be_asked_for(slack: SlackDriver, hasty: WebClient) -> None:
    slack.fault("*", "error:fatal_error")
    assert error_of(lambda: post(hasty)) == "fatal_error"


def test_a_slow_call_is_executed_late(slack: SlackDriver, hasty: WebClient) -> None:
    slack.fault("chat.postMessage", "slow:0.3")
    started = time.monotonic()
    post(hasty)
    assert time.monotonic() - started >= 0.3


def test_slack_can_be_down(slack: SlackDriver, hasty: WebClient) -> None:
    slack.down()
    with pytest.raises(ConnectionError):
        post(hasty)
    slack.up()
    post(hasty)
    assert len(slack.messages()) == 1


def test_faults_strike_only_their_method_and_can_be_cleared(slack: SlackDriver, hasty: WebClient) -> None:
    slack.fault("chat.update", "500", times=5)
    post(hasty)
    slack.clear_faults()
    hasty.chat_update(channel=CHANNEL, ts=slack.messages()[0].ts, text="x")
    with pytest.raises(ControlFailure, match="is no fault"):
        slack.fault("chat.update", "explode")


def test_an_upload_can_fail_at_each_of_its_steps(slack: SlackDriver, hasty: WebClient) -> None:
    for step in ("files.getUploadURLExternal", "upload", "files.completeUploadExternal"):
        slack.fault(step, "500")
        with pytest.raises(
            (SlackClientError, HTTPError)
        ) as failed:  # slack_sdk leaves the second step's error to urllib
            hasty.files_upload_v2(channel=CHANNEL, filename="chart.png", content=b"png")
        if isinstance(failed.value, HTTPError):
            failed.value.close()
    assert slack.messages() == []
    hasty.files_upload_v2(channel=CHANNEL, filename="chart.png", content=b"png")
    slack.wait_for(slack.messages, what="the file")


def test_an_answer_to_a_response_url_can_be_lost(slack: SlackDriver, app: App, connect: Connect) -> None:
    outcomes: list[str] = []

    @app.command("/endpoint")
    def answer(ack: Any, body: dict[str, Any]) -> None:
        ack()
        try:
            WebhookClient(body["response_url"], retry_handlers=[]).send(text="here")
        except OSError as error:
            outcomes.append(type(error).__name__)

    connect(app)
    slack.fault("response_url", "lost")
    slack.person("anna").command("/endpoint status")

    slack.wait_for(lambda: outcomes, what="the failure")
    assert [message.plain for message in slack.person("anna").ephemerals()] == ["here"]
