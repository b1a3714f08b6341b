"""Buttons, menus, modals, shortcuts and the Home tab."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from slack_bolt import App
from slack_sdk import WebClient

from sandbox.slack.driver import ButtonNotFound, ControlFailure, SlackDriver
from sandbox_slack.clients import CHANNEL, Connect, actions, button, modal, section, text_input

PLAN = [
    section("*Plan*"),
    actions(
        button("Approve", "rollout.approve", value="r1:3", style="primary"),
        button("Reject", "rollout.reject"),
        block_id="decision",
    ),
]


def post_plan(client: WebClient, **fields: Any) -> str:
    return str(client.chat_postMessage(channel=CHANNEL, text="Plan", blocks=PLAN, **fields)["ts"])


def remembering(app: App, action_id: str) -> list[dict[str, Any]]:
    """Acknowledges an action and keeps what came."""
    bodies: list[dict[str, Any]] = []

    @app.action(action_id)
    def remember(ack: Any, body: dict[str, Any]) -> None:
        bodies.append(body)
        ack()

    return bodies


def test_a_click_carries_what_slack_sends(slack: SlackDriver, app: App, connect: Connect, client: WebClient) -> None:
    bodies = remembering(app, "rollout.approve")
    connect(app)
    root = post_plan(client)
    reply = post_plan(client, thread_ts=root)

    assert slack.person("ben").click("Approve", thread_ts=root).status == "ok"

    (body,) = bodies
    assert body["user"] == {"id": "U0BEN", "username": "ben", "name": "ben", "team_id": "T0SANDBOX"}
    assert body["container"] == {
        "type": "message",
        "message_ts": reply,
        "channel_id": CHANNEL,
        "is_ephemeral": False,
        "thread_ts": root,
    }
    assert body["channel"] == {"id": CHANNEL, "name": "ml-deploys"}
    assert (body["message"]["ts"], body["message"]["blocks"][1]["block_id"]) == (reply, "decision")
    (action,) = body["actions"]
    assert (action["action_id"], action["block_id"], action["value"]) == ("rollout.approve", "decision", "r1:3")
    assert action["text"]["text"] == "Approve"
    assert body["state"] == {"values": {}}
    assert body["response_url"].startswith(slack.url)
    assert body["team"]["id"] == "T0SANDBOX"


def test_a_guest_of_another_team_is_recognisable(
    slack: SlackDriver, app: App, connect: Connect, client: WebClient
) -> None:
    bodies = remembering(app, "rollout.approve")
    connect(app)
    post_plan(client)

    slack.person("eve").click("Approve")

    assert bodies[0]["user"]["team_id"] == "T0OTHER"
    assert client.users_info(user="U0EVE")["user"]["team_id"] == "T0OTHER"


def test_the_same_click_can_be_delivered_twice(
    slack: SlackDriver, app: App, connect: Connect, client: WebClient
) -> None:
    bodies = remembering(app, "rollout.approve")
    connect(app)
    post_plan(client)

    slack.person("ben").click("Approve", duplicate=True)

    assert len(bodies) == 2
    assert len({body["trigger_id"] for body in bodies}) == 1


def test_two_people_can_click_at_once(slack: SlackDriver, app: App, connect: Connect, client: WebClient) -> None:
    bodies = remembering(app, "rollout.approve")
    connect(app)
    post_plan(client)

    clicks = [threading.Thread(target=slack.person(name).click, args=["Approve"]) for name in ("ben", "carla")]
    for click in clicks:
        click.start()
    for click in clicks:
        click.join()

    assert {body["user"]["id"] for body in bodies} == {"U0BEN", "U0CARLA"}


def test_a_button_that_was_edited_away_is_gone_except_on_a_stale_screen(
    slack: SlackDriver, app: App, connect: Connect, client: WebClient
) -> None:
    bodies = remembering(app, "rollout.approve")
    connect(app)
    ts = post_plan(client)
    client.chat_update(channel=CHANNEL, ts=ts, text="Approved", blocks=[section("Approved")])
    ben = slack.person("ben")

    with pytest.raises(ButtonNotFound, match="no buttons at all"):
        ben.click("Approve")
    assert ben.click("Approve", stale=True).status == "ok"
    assert bodies[0]["message"]["blocks"][0]["text"]["text"] == "Approved"


def test_a_missing_button_is_reported_with_those_that_exist(slack: SlackDriver, client: WebClient) -> None:
    post_plan(client)
    with pytest.raises(ButtonNotFound, match=r"no \[Roll back\] .* but \[Approve\], \[Reject\]"):
        slack.person("ben").click("Roll back")


def test_nobody_can_click_in_a_channel_they_are_not_in(slack: SlackDriver, client: WebClient) -> None:
    client.chat_postMessage(channel="C0SENTIMENT", text="Plan", blocks=PLAN)
    with pytest.raises(ControlFailure, match="dave is not in #sentiment"):
        slack.person("dave").click("Approve", channel="sentiment")


def test_a_button_for_some_people_is_not_there_for_others(
    slack: SlackDriver, app: App, connect: Connect, client: WebClient
) -> None:
    remembering(app, "rollout.approve")
    connect(app)
    approve = button("Approve", "rollout.approve", visible_to_user_ids=["U0BEN"])
    client.chat_postMessage(channel=CHANNEL, text="Plan", blocks=[actions(approve)])

    with pytest.raises(ButtonNotFound):
        slack.person("dave").click("Approve")
    assert slack.person("ben").click("Approve").status == "ok"


def test_a_click_on_an_ephemeral_message_carries_no_message(
    slack: SlackDriver, app: App, connect: Connect, client: WebClient
) -> None:
    bodies = remembering(app, "rollout.approve")
    connect(app)
    client.chat_postEphemeral(channel=CHANNEL, user="U0BEN", text="Plan", blocks=PLAN)

    slack.person("ben").click("Approve")

    assert bodies[0]["container"]["is_ephemeral"] is True
    assert "message" not in bodies[0]


def test_an_ephemeral_message_can_be_replaced_only_by_its_response_url(
    slack: SlackDriver, app: App, connect: Connect, client: WebClient
) -> None:
    @app.action("rollout.approve")
    def replace(ack: Any, respond: Any) -> None:
        ack()
        respond("Approved", replace_original=True)

    connect(app)
    client.chat_postEphemeral(channel=CHANNEL, user="U0BEN", text="Plan", blocks=PLAN)
    ben = slack.person("ben")
    ben.click("Approve")

    slack.wait_for(lambda: [message.plain for message in ben.ephemerals()] == ["Approved"], what="the replacement")


def test_a_menu_in_a_message_says_what_was_chosen(
    slack: SlackDriver, app: App, connect: Connect, client: WebClient
) -> None:
    bodies = remembering(app, "endpoint.pick")
    connect(app)
    options = [{"text": {"type": "plain_text", "text": name}, "value": name} for name in ("stt-prod", "sentiment-prod")]
    client.chat_postMessage(
        channel=CHANNEL,
        text="Which?",
        blocks=[actions({"type": "static_select", "action_id": "endpoint.pick", "options": options})],
    )

    slack.person("anna").choose("endpoint.pick", "stt-prod")

    assert bodies[0]["actions"][0]["selected_option"]["value"] == "stt-prod"
    (block_id,) = bodies[0]["state"]["values"]
    assert bodies[0]["state"]["values"][block_id]["endpoint.pick"]["selected_option"]["value"] == "stt-prod"
    with pytest.raises(ControlFailure, match="does not offer 'nope'"):
        slack.person("anna").choose("endpoint.pick", "nope")


def test_what_a_screen_keeps_of_an_edited_message_is_left_out(
    slack: SlackDriver, app: App, connect: Connect, client: WebClient
) -> None:
    bodies = remembering(app, "rollout.approve")
    connect(app)
    ts = post_plan(client)
    kept = {
        "notes": {"note": {"type": "plain_text_input", "value": "as seen"}},
        "gone": {"old": {"type": "plain_text_input", "value": "x"}},
    }
    note = text_input("notes", "Notes")
    note["element"]["action_id"] = "note"
    client.chat_update(channel=CHANNEL, ts=ts, text="Plan", blocks=[*PLAN, note])

    slack.person("ben").click("Approve", values=kept)

    assert bodies[0]["state"]["values"] == {"notes": kept["notes"]}


@pytest.fixture
def opened(slack: SlackDriver, app: App, connect: Connect, client: WebClient) -> list[dict[str, Any]]:
    """Anna has a modal in front of her; what the app receives on submission is kept."""
    submissions: list[dict[str, Any]] = []

    @app.action("rollout.approve")
    def open_modal(ack: Any, body: dict[str, Any], client: WebClient) -> None:
        ack()
        external = {"type": "external_select", "action_id": "endpoint.search", "min_query_length": 0}
        pick = {
            "type": "input",
            "block_id": "endpoint",
            "label": {"type": "plain_text", "text": "Endpoint"},
            "element": external,
        }
        view = modal(pick, text_input("reason", "Reason", optional=True), private_metadata="p", notify_on_close=True)
        client.views_open(trigger_id=body["trigger_id"], view=view)

    @app.options("endpoint.search")
    def suggest(ack: Any, body: dict[str, Any]) -> None:
        names = [name for name in ("stt-prod", "sentiment-prod") if body["value"] in name]
        ack(options=[{"text": {"type": "plain_text", "text": name}, "value": name} for name in names])

    @app.view("promote")
    def submitted(ack: Any, body: dict[str, Any], view: dict[str, Any]) -> None:
        submissions.append(body)
        reason = view["state"]["values"]["reason"]["reason.input"]["value"]
        if reason == "bad":
            ack(response_action="errors", errors={"reason": "Say why"})
        elif reason == "again":
            ack(response_action="update", view=modal(section("Once more"), text_input("reason", "Reason")))
        elif reason == "more":
            ack(response_action="push", view=modal(text_input("sure", "Sure?")))
        else:
            ack()

    connect(app)
    post_plan(client)
    anna = slack.person("anna")
    anna.click("Approve")
    slack.wait_for(anna.modal, what="the modal")
    return submissions


def test_a_modal_is_filled_in_and_submitted(slack: SlackDriver, opened: list[dict[str, Any]]) -> None:
    anna = slack.person("anna")
    assert anna.suggest("endpoint.search", "stt") == ["stt-prod"]

    answer = anna.submit({"Endpoint": "stt-prod", "Reason": "faster"})

    assert (answer.delivery.status, answer.errors) == ("ok", {})
    values = opened[0]["view"]["state"]["values"]
    assert values["endpoint"]["endpoint.search"]["selected_option"]["value"] == "stt-prod"
    assert values["reason"]["reason.input"] == {"type": "plain_text_input", "value": "faster"}
    assert opened[0]["view"]["private_metadata"] == "p"
    assert "response_url" not in opened[0]
    assert anna.modal() is None


def test_slack_itself_asks_for_required_inputs(slack: SlackDriver, opened: list[dict[str, Any]]) -> None:
    answer = slack.person("anna").submit({"Reason": "faster"})
    assert answer.errors == {"endpoint": "Please complete this required field."}
    assert opened == []


def test_errors_keep_the_modal_open_with_what_was_entered(slack: SlackDriver, opened: list[dict[str, Any]]) -> None:
    anna = slack.person("anna")
    anna.suggest("endpoint.search", "")

    answer = anna.submit({"Endpoint": "stt-prod", "Reason": "bad"})

    assert (answer.response_action, answer.errors) == ("errors", {"reason": "Say why"})
    view = anna.modal()
    assert view is not None
    assert view["values"]["reason"]["reason.input"]["value"] == "bad"


def test_an_updated_modal_keeps_what_was_entered(slack: SlackDriver, opened: list[dict[str, Any]]) -> None:
    anna = slack.person("anna")
    anna.suggest("endpoint.search", "")

    assert anna.submit({"Endpoint": "stt-prod", "Reason": "again"}).response_action == "update"

    view = anna.modal()
    assert view is not None
    assert view["blocks"][0]["text"]["text"] == "Once more"
    assert view["values"] == {"reason": {"reason.input": {"type": "plain_text_input", "value": "again"}}}


def test_a_pushed_modal_lies_on_top_and_closing_it_shows_the_first(
    slack: SlackDriver, opened: list[dict[str, Any]]
) -> None:
    anna = slack.person("anna")
    anna.suggest("endpoint.search", "")
    anna.submit({"Endpoint": "stt-prod", "Reason": "more"})
    top = anna.modal()
    assert top is not None
    assert top["blocks"][0]["block_id"] == "sure"

    assert anna.close_modal() is None  # this one did not ask to hear of it

    below = anna.modal()
    assert below is not None
    assert below["blocks"][0]["block_id"] == "endpoint"
    assert top["previous_view_id"] == below["id"]


def test_closing_is_told_to_an_app_that_asked(
    slack: SlackDriver, app: App, connect: Connect, opened: list[dict[str, Any]]
) -> None:
    closed: list[bool] = []

    @app.view_closed("promote")
    def remember(ack: Any, body: dict[str, Any]) -> None:
        closed.append(body["is_cleared"])
        ack()

    delivery = slack.person("anna").close_modal()
    assert delivery is not None
    assert delivery.status == "ok"
    assert closed == [False]


def test_the_home_tab_is_published_when_it_is_opened(slack: SlackDriver, app: App, connect: Connect) -> None:
    @app.event("app_home_opened")
    def publish(event: dict[str, Any], client: WebClient) -> None:
        if event["tab"] == "home":
            view = {"type": "home", "blocks": [section("Fleet"), actions(button("Refresh", "home.refresh"))]}
            client.views_publish(user_id=event["user"], view=view)

    bodies = remembering(app, "home.refresh")
    connect(app)
    anna = slack.person("anna")
    anna.open_home()
    slack.wait_for(anna.home, what="the Home tab")

    anna.click("Refresh", where="home")

    assert bodies[0]["container"]["type"] == "view"
    assert bodies[0]["view"]["type"] == "home"
    assert slack.person("ben").home() is None


def test_a_message_shortcut_knows_its_thread(slack: SlackDriver, app: App, connect: Connect, client: WebClient) -> None:
    bodies: list[dict[str, Any]] = []

    @app.shortcut("rollback_from_message")
    def remember(ack: Any, body: dict[str, Any]) -> None:
        bodies.append(body)
        ack()

    connect(app)
    root = post_plan(client)
    post_plan(client, thread_ts=root)
    slack.person("carla").shortcut("rollback_from_message", slack.thread("ml-deploys", root)[1])

    assert bodies[0]["type"] == "message_action"
    assert bodies[0]["message"]["thread_ts"] == root
    assert bodies[0]["channel"]["id"] == CHANNEL
