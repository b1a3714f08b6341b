"""Slash commands: what the app receives over Socket Mode, and what people see in answer."""

from __future__ import annotations

from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient

from sandbox.slack.driver import SlackDriver
from sandbox_slack.clients import CHANNEL, Connect, actions, button, error_of, modal, section, text_input


def test_an_acknowledgement_is_shown_to_the_typist_alone(slack: SlackDriver, app: App, connect: Connect) -> None:
    app.command("/endpoint")(lambda ack, command: ack(f"Looking at {command['text']}"))
    connect(app)

    delivery = slack.person("anna").command("/endpoint status stt-prod")

    assert (delivery.status, delivery.ack_text) == ("ok", "Looking at status stt-prod")
    assert [message.plain for message in slack.person("anna").ephemerals()] == ["Looking at status stt-prod"]
    assert slack.person("ben").messages() == []


def test_an_acknowledgement_may_be_blocks_alone(slack: SlackDriver, app: App, connect: Connect) -> None:
    app.command("/endpoint")(lambda ack: ack(blocks=[section("*All well*")]))
    connect(app)
    assert slack.person("anna").command("/endpoint status").ack_text == "All well"


def test_an_acknowledgement_in_channel_is_shown_to_everybody_with_the_command(
    slack: SlackDriver, app: App, connect: Connect
) -> None:
    app.command("/endpoint")(lambda ack: ack(text="All well", response_type="in_channel"))
    connect(app)

    slack.person("anna").command("/endpoint status")

    (message,) = slack.person("dave").messages()
    assert message.plain == "All well"
    assert message.raw["command"] == {"user": "U0ANNA", "text": "/endpoint status"}


def test_a_command_carries_what_slack_sends_and_names_become_ids(
    slack: SlackDriver, app: App, connect: Connect
) -> None:
    bodies: list[dict[str, Any]] = []

    @app.command("/endpoint")
    def remember(ack: Any, body: dict[str, Any]) -> None:
        bodies.append(body)
        ack()

    connect(app)
    slack.person("anna").command("/endpoint lock stt-prod --for @ben in #sentiment see https://x.io <&>")

    (body,) = bodies
    assert body["text"] == "lock stt-prod --for <@U0BEN> in <#C0SENTIMENT|sentiment> see <https://x.io> &lt;&amp;&gt;"
    assert (body["command"], body["user_id"], body["channel_id"]) == ("/endpoint", "U0ANNA", CHANNEL)
    assert body["channel_name"] == "ml-deploys"
    assert "thread_ts" not in body
    assert body["trigger_id"]
    assert body["response_url"].startswith(slack.url)


def test_a_command_that_is_not_acknowledged_in_time_fails_before_the_typist(
    slack: SlackDriver, app: App, connect: Connect
) -> None:
    app.command("/endpoint")(lambda: None)
    connect(app)

    delivery = slack.person("anna").command("/endpoint status")

    assert delivery.status == "operation_timeout"
    assert 3 <= delivery.took_seconds < 3.5
    assert delivery.ack_text == '/endpoint failed with the error "operation_timeout"'
    assert slack.person("anna").ephemerals()[0].user == "slackbot"


def test_slack_itself_refuses_commands_in_threads(slack: SlackDriver, client: WebClient) -> None:
    root = client.chat_postMessage(channel=CHANNEL, text="card")

    delivery = slack.person("anna").command("/endpoint status", thread_ts=root["ts"])

    assert delivery.status == "refused_by_slack"
    assert delivery.ack_text == "/endpoint is not supported in threads. Sorry!"
    assert slack.deliveries() == []


def test_the_bot_is_invited_and_removed_by_slacks_own_commands(slack: SlackDriver, client: WebClient) -> None:
    dave = slack.person("dave")
    assert dave.command("/invite @endpoint-bot", channel="random").status == "ok"
    assert error_of(lambda: client.chat_postMessage(channel="C0RANDOM", text="hello")) == "ok"
    dave.command("/remove @endpoint-bot", channel="random")
    assert error_of(lambda: client.chat_postMessage(channel="C0RANDOM", text="hello")) == "not_in_channel"


@pytest.mark.parametrize(("who", "typed"), [("anna", "/deploy now"), ("eve", "/endpoint status")])
def test_a_command_that_this_person_does_not_have_is_no_command(slack: SlackDriver, who: str, typed: str) -> None:
    delivery = slack.person(who).command(typed)
    assert delivery.status == "refused_by_slack"
    assert "is not a valid command" in delivery.ack_text


def test_an_acknowledgement_with_bad_blocks_is_an_invalid_response(
    slack: SlackDriver, app: App, connect: Connect
) -> None:
    app.command("/endpoint")(lambda ack: ack(text="x", blocks=[{"type": "no-such-block"}]))
    connect(app)
    assert slack.person("anna").command("/endpoint status").status == "invalid_command_response"


def test_a_response_url_answers_where_the_bot_is_no_member(slack: SlackDriver, app: App, connect: Connect) -> None:
    @app.command("/endpoint")
    def answer(ack: Any, respond: Any) -> None:
        ack("Working on it…")
        assert respond("Invite me first").status_code == 200

    connect(app)
    slack.person("dave").command("/endpoint status", channel="random")

    dave = slack.person("dave")
    slack.wait_for(lambda: len(dave.ephemerals("random")) == 2, what="both answers")
    assert {message.plain for message in dave.ephemerals("random")} == {"Working on it…", "Invite me first"}
    assert slack.person("ben").messages("random") == []


def test_a_response_url_works_five_times(slack: SlackDriver, app: App, connect: Connect) -> None:
    statuses: list[int] = []

    @app.command("/endpoint")
    def answer(ack: Any, respond: Any) -> None:
        ack()
        statuses.extend(respond(f"answer {number}").status_code for number in range(6))

    connect(app)
    slack.person("anna").command("/endpoint status")

    slack.wait_for(lambda: len(statuses) == 6, what="six answers")
    assert statuses == [200, 200, 200, 200, 200, 404]
    assert len(slack.person("anna").ephemerals()) == 5


def test_a_response_url_replaces_and_deletes_the_first_answer(slack: SlackDriver, app: App, connect: Connect) -> None:
    responds: list[Any] = []

    @app.command("/endpoint")
    def answer(ack: Any, respond: Any) -> None:
        ack("Working on it…")
        responds.append(respond)

    connect(app)
    anna = slack.person("anna")
    anna.command("/endpoint status")
    respond = slack.wait_for(lambda: responds[0], what="respond")

    respond("Done", replace_original=True)
    assert [message.plain for message in anna.ephemerals()] == ["Done"]
    respond(delete_original=True)
    assert anna.ephemerals() == []


def test_a_modal_opens_once_per_trigger(slack: SlackDriver, app: App, connect: Connect) -> None:
    outcomes: list[str] = []

    @app.command("/endpoint")
    def open_twice(ack: Any, body: dict[str, Any], client: WebClient) -> None:
        ack()
        for _ in range(2):
            outcomes.append(
                error_of(lambda: client.views_open(trigger_id=body["trigger_id"], view=modal(text_input("a", "A"))))
            )

    connect(app)
    slack.person("anna").command("/endpoint")

    slack.wait_for(lambda: len(outcomes) == 2, what="both calls")
    assert outcomes == ["ok", "exchanged_trigger_id"]


def test_a_redelivered_command_is_the_same_payload_again(slack: SlackDriver, app: App, connect: Connect) -> None:
    triggers: list[str] = []

    @app.command("/endpoint")
    def remember(ack: Any, body: dict[str, Any]) -> None:
        triggers.append(body["trigger_id"])
        ack()

    connect(app)
    slack.delivery_fault("redeliver", delivery="command")
    slack.person("anna").command("/endpoint status")

    slack.wait_for(lambda: len(triggers) == 2, what="the second delivery")
    assert len(set(triggers)) == 1


def test_the_transcript_tells_what_was_typed_and_pressed(slack: SlackDriver, app: App, connect: Connect) -> None:
    @app.command("/endpoint")
    def post(ack: Any, client: WebClient) -> None:
        ack()
        client.chat_postMessage(
            channel=CHANNEL, text="Plan", blocks=[section("*Plan* by <@U0ANNA>"), actions(button("Approve", "a"))]
        )

    app.action("a")(lambda ack: ack())
    connect(app)
    slack.person("anna").command("/endpoint promote stt-prod")
    slack.wait_for(lambda: slack.person("ben").click("Approve"), what="the button")

    told = slack.transcript()
    assert told.index("/endpoint promote stt-prod") < told.index("Plan by @anna") < told.index("[Approve]")
    assert "ben presses [Approve]" in told
