"""Ordinary messages, and the events that the app gets for them."""

from __future__ import annotations

from typing import Any

from slack_bolt import App
from slack_sdk import WebClient

from sandbox.slack.driver import SlackDriver
from sandbox_slack.clients import CHANNEL, Connect


def remembering(app: App, kind: str) -> list[dict[str, Any]]:
    bodies: list[dict[str, Any]] = []

    @app.event(kind)
    def remember(body: dict[str, Any]) -> None:
        bodies.append(body)

    return bodies


def test_a_mention_in_a_thread_reaches_the_app_with_its_thread(
    slack: SlackDriver, app: App, connect: Connect, client: WebClient
) -> None:
    bodies = remembering(app, "app_mention")
    connect(app)
    root = client.chat_postMessage(channel=CHANNEL, text="card")["ts"]

    delivery = slack.person("anna").say("@endpoint-bot status please", thread_ts=root)

    assert delivery is not None
    assert delivery.status == "ok"
    (body,) = slack.wait_for(lambda: bodies, what="the event")
    event = body["event"]
    assert (event["text"], event["user"], event["channel"]) == ("<@U0BOT> status please", "U0ANNA", CHANNEL)
    assert event["thread_ts"] == root
    assert body["event_id"].startswith("Ev")


def test_the_app_hears_nothing_of_other_messages(slack: SlackDriver, app: App, connect: Connect) -> None:
    connect(app)
    assert slack.person("anna").say("good morning, @ben") is None
    assert slack.deliveries() == []
    assert slack.messages()[0].text == "good morning, <@U0BEN>"


def test_a_mention_where_the_bot_is_no_member_is_answered_by_slack(
    slack: SlackDriver, app: App, connect: Connect
) -> None:
    connect(app)
    dave = slack.person("dave")
    assert dave.say("@endpoint-bot status", channel="random") is None
    assert "not in this channel" in dave.ephemerals("random")[0].plain


def test_direct_messages_reach_the_app_and_its_answer_the_person(
    slack: SlackDriver, app: App, connect: Connect
) -> None:
    @app.event("message")
    def answer(event: dict[str, Any], say: Any) -> None:
        say(f"You said {event['text']}")

    connect(app)
    anna = slack.person("anna")
    anna.say("status", channel="@endpoint-bot")

    slack.wait_for(lambda: len(anna.messages("@endpoint-bot")) == 2, what="the answer")
    assert [message.plain for message in anna.messages("@endpoint-bot")] == ["status", "You said status"]
    own = slack.wait_for(
        lambda: [each for each in slack.deliveries() if "bot_id" in each["payload"]["event"]], what="the echo"
    )
    assert own[0]["payload"]["event"]["channel_type"] == "im"


def test_an_event_that_is_not_acknowledged_comes_again(slack: SlackDriver, app: App, connect: Connect) -> None:
    attempts: list[tuple[str, str]] = []

    @app.middleware
    def fail_once(req: Any, resp: Any, next: Any) -> Any:
        attempts.append((req.headers["x-slack-retry-num"][0], req.headers.get("x-slack-retry-reason", [""])[0]))
        return next() if len(attempts) > 1 else resp

    remembering(app, "app_mention")
    connect(app)
    slack.person("anna").say("@endpoint-bot status")

    slack.wait_for(lambda: len(attempts) == 2, what="the second attempt", timeout=10)
    assert attempts == [("0", ""), ("1", "http_timeout")]
    told = slack.wait_for(lambda: slack.deliveries()[1], what="the second outcome")
    assert (told["retry"], told["status"]) == (1, "ok")
