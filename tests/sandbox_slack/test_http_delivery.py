"""HTTP delivery: signed requests to a real Bolt app behind its WSGI adapter, and to servers that answer badly."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import make_server

import pytest
from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk import WebClient

from sandbox.slack.driver import SlackDriver
from sandbox_slack.clients import CHANNEL, actions, button, client_of, section
from sandbox_slack.http_apps import SECRET, Quiet, Requests, http_slack, raw_server, served


def test_a_bolt_app_behind_its_wsgi_adapter_is_reached() -> None:
    """One story through all three kinds of payload: command, click, mention."""
    logging.getLogger("slack_bolt").setLevel(logging.CRITICAL)
    entry: list[Callable[..., Any]] = []
    server = make_server("127.0.0.1", 0, lambda environ, start: entry[0](environ, start), handler_class=Quiet)
    with served(server), http_slack(f"http://127.0.0.1:{server.server_port}/slack/events") as slack:
        app = App(client=client_of(slack), signing_secret=SECRET)

        @app.command("/endpoint")
        def plan(ack: Any, client: WebClient) -> None:
            ack("Working on it…")
            client.chat_postMessage(
                channel=CHANNEL, text="Plan", blocks=[section("Plan"), actions(button("Approve", "approve"))]
            )

        @app.action("approve")
        def approve(ack: Any, body: dict[str, Any], client: WebClient) -> None:
            ack()
            ts = body["container"]["message_ts"]
            client.chat_update(channel=CHANNEL, ts=ts, text=f"Approved by <@{body['user']['id']}>")

        @app.event("app_mention")
        def answer(event: dict[str, Any], say: Any) -> None:
            say("All well", thread_ts=event["thread_ts"])

        entry.append(SlackRequestHandler(app))
        assert slack.verify_request_url() == {"ok": True, "detail": "The request URL returned the challenge."}
        anna, ben = slack.person("anna"), slack.person("ben")
        delivery = anna.command("/endpoint promote stt-prod")
        assert (delivery.status, delivery.ack_text, delivery.http_status) == ("ok", "Working on it…", 200)
        assert slack.wait_for(lambda: ben.click("Approve"), what="the button").status == "ok"
        card = slack.wait_for(
            lambda: [each for each in slack.root_messages() if "Approved by @ben" in each.plain], what="approval"
        )[0]
        anna.say("@endpoint-bot status", thread_ts=card.ts)
        slack.wait_for(lambda: slack.thread("ml-deploys", card.ts)[2].plain == "All well", what="the answer")


@pytest.fixture
def requests() -> Requests:
    return Requests()


@pytest.fixture
def slack(requests: Requests) -> Iterator[SlackDriver]:
    with raw_server(requests) as url, http_slack(url) as slack:
        yield slack


def test_requests_are_signed_and_shaped_as_slack_does(slack: SlackDriver, requests: Requests) -> None:
    client = client_of(slack)
    client.chat_postMessage(channel=CHANNEL, text="Plan", blocks=[actions(button("Approve", "approve"))])
    anna = slack.person("anna")
    anna.command("/endpoint status  stt-prod")
    anna.click("Approve")
    anna.say("@endpoint-bot hi")

    assert requests.are_signed_with(SECRET)
    (command, command_body), (click, click_body), (event, event_body) = requests.received
    assert command["Content-Type"] == click["Content-Type"] == "application/x-www-form-urlencoded"
    assert parse_qs(command_body)["text"] == ["status  stt-prod"]
    assert json.loads(parse_qs(click_body)["payload"][0])["type"] == "block_actions"
    assert event["Content-Type"] == "application/json"
    assert json.loads(event_body)["event"]["type"] == "app_mention"


def test_a_server_error_is_shown_as_dispatch_failed_and_commands_are_not_repeated(
    slack: SlackDriver, requests: Requests
) -> None:
    requests.status = 500
    delivery = slack.person("anna").command("/endpoint status")
    assert (delivery.status, delivery.http_status) == ("dispatch_failed", 500)
    assert delivery.ack_text == '/endpoint failed with the error "dispatch_failed"'
    assert len(requests.received) == 1


def test_events_are_repeated_three_times_with_their_reason(slack: SlackDriver, requests: Requests) -> None:
    requests.status = 503
    slack.person("anna").say("@endpoint-bot hi")
    slack.wait_for(lambda: len(requests.received) == 4, what="three repetitions")
    numbers = [headers.get("X-Slack-Retry-Num") for headers, _ in requests.received]
    assert numbers == [None, "1", "2", "3"]
    assert requests.received[1][0]["X-Slack-Retry-Reason"] == "http_error"
    assert len({body for _, body in requests.received}) == 1


def test_a_late_acknowledgement_is_an_operation_timeout(slack: SlackDriver, requests: Requests) -> None:
    requests.wait_seconds = 3.3
    assert slack.person("anna").command("/endpoint status").status == "operation_timeout"


def test_nobody_at_the_request_url_is_dispatch_failed() -> None:
    with http_slack("http://127.0.0.1:9/slack/events") as slack:
        assert slack.person("anna").command("/endpoint status").status == "dispatch_failed"
        assert slack.verify_request_url()["ok"] is False


def test_a_request_url_that_does_not_return_the_challenge_is_not_verified(
    slack: SlackDriver, requests: Requests
) -> None:
    requests.body = b'{"challenge": "something else"}'
    assert slack.verify_request_url() == {"ok": False, "detail": "The request URL answered 200 without the challenge."}
