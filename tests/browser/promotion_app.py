"""A small Bolt app that uses everything the page has to show: a promotion in miniature, modals, a gallery, mischief."""

from __future__ import annotations

from typing import Any

from fakes.clock import NOW
from fakes.records import at
from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from bot.domain.board import BoardState, Standing
from bot.domain.errand import HomeLook
from bot.domain.phases import Phase
from bot.messages.board import Fleetwide
from bot.messages.home import Home, render_home
from bot.messages.ids import ActionId, CallbackId, InputId
from bot.messages.modals import render_reject_reason
from browser.picture import chart_png
from browser.promotion_blocks import (
    MISCHIEF,
    MODAL_VERSION,
    button,
    card,
    confirm,
    context,
    gallery,
    plain,
    plan,
    promotion_modal,
    section,
    step_modal,
    steps,
    table,
)

Json = dict[str, Any]


def make_app(client: WebClient) -> App:
    """The app; it keeps no state but what is on the screen."""
    app = App(client=client)
    app.command("/endpoint")(answer_command)
    app.action("rollout.approve")(approve)
    app.action("rollout.reject")(reject)
    app.action("rollout.roll_back")(roll_back)
    app.action("any.select")(tell_choice)
    app.action("modal.push")(push_modal)
    app.action("modal.update")(update_modal)
    app.options("entered")(offer_versions)
    app.view("promotion")(submit_promotion)
    app.view(str(CallbackId.REJECT_REASON))(take_reason)
    app.event("app_home_opened")(publish_home)
    app.action(str(ActionId.HOME_ROWS))(steer_home)
    app.event("app_mention")(greet)
    return app


def answer_command(ack: Ack, body: Json, respond: Respond, client: WebClient) -> None:
    word, _, _ = body.get("text", "").partition(" ")
    if word == "slow":
        return  # never acknowledged
    ack()
    channel = body["channel_id"]
    if word == "promote":
        ask_for_approval(client, channel)
    elif word == "gallery":
        client.chat_postMessage(channel=channel, text="One of everything", blocks=gallery())
    elif word == "mischief":
        client.chat_postMessage(channel=channel, text=MISCHIEF)
        client.chat_postMessage(
            channel=channel, text="blocks", blocks=[section(MISCHIEF), {"type": "header", "text": plain(MISCHIEF)}]
        )
    elif word == "steps":
        client.views_open(trigger_id=body["trigger_id"], view=step_modal("First"))
    elif word == "why":
        client.views_open(trigger_id=body["trigger_id"], view=render_reject_reason(at(Phase.REJECTED)))
    elif word == "":
        client.views_open(trigger_id=body["trigger_id"], view=promotion_modal())
    else:
        respond(f"I do not know `{word}`. Try `/endpoint promote stt-prod`.", response_type="ephemeral")


def ask_for_approval(client: WebClient, channel: str) -> None:
    root = client.chat_postMessage(
        channel=channel,
        text="stt-prod: awaiting approval",
        blocks=card("awaiting approval", "the plan is in the thread"),
    )
    approve = button("Approve", "rollout.approve", root["ts"], style="primary")
    question = confirm("Reject this plan?", "`stt-prod` stays as it is.", "Reject")
    reject = button("Reject", "rollout.reject", root["ts"], confirm=question, style="danger")
    client.chat_postMessage(
        channel=channel, thread_ts=root["ts"], text="Plan for stt-prod", blocks=plan(approve, reject)
    )


def approve(ack: Ack, body: Json, client: WebClient) -> None:
    ack()
    channel, message = body["channel"]["id"], body["message"]
    root_ts, user = body["actions"][0]["value"], body["user"]["id"]
    if user not in ("U0BEN", "U0CARLA"):
        text = "You may not approve changes of `stt-prod`. <@U0BEN> or <!subteam^S0MLOPS> can."
        client.chat_postEphemeral(channel=channel, user=user, thread_ts=root_ts, text=text)
        return
    client.chat_update(
        channel=channel,
        ts=message["ts"],
        text="Plan for stt-prod",
        blocks=[*plan(), context(f":white_check_mark: Approved by <@{user}>")],
    )
    client.chat_update(
        channel=channel,
        ts=root_ts,
        text="stt-prod: updating",
        blocks=card("updating", "the green fleet is being launched"),
    )
    progress = client.chat_postMessage(channel=channel, thread_ts=root_ts, text="Updating stt-prod", blocks=steps(2))
    client.chat_update(channel=channel, ts=progress["ts"], text="Updating stt-prod", blocks=steps(3))
    chart = "p50, p90 and p99 before and after the cutover: no difference that matters"
    client.files_upload_v2(
        channel=channel,
        thread_ts=root_ts,
        filename="stt-prod.png",
        content=chart_png(),
        title="Latency before and after",
        alt_txt=chart,
    )
    back = confirm(
        "Roll back stt-prod?", "The config `stt-prod-config-v1` takes over again, in about 9 min.", "Roll back"
    )
    elements = [button("Roll back", "rollout.roll_back", root_ts, confirm=back, style="danger")]
    summary = [
        section(
            ":white_check_mark: *PASS*: after 30 min, p99 differs by 2 %, within noise (95 % interval −3 % to +6 %)."
        ),
        table(),
        {"type": "actions", "elements": elements},
    ]
    client.chat_postMessage(channel=channel, thread_ts=root_ts, text="stt-prod: succeeded", blocks=summary)
    client.chat_update(
        channel=channel, ts=root_ts, text="stt-prod: succeeded", blocks=card("succeeded", "PASS: as good as before")
    )


def reject(ack: Ack, body: Json, client: WebClient) -> None:
    ack()
    user = body["user"]["id"]
    client.chat_update(
        channel=body["channel"]["id"],
        ts=body["message"]["ts"],
        text="Rejected",
        blocks=[*plan(), context(f"Rejected by <@{user}>")],
    )


def roll_back(ack: Ack) -> None:
    ack()


def tell_choice(ack: Ack, body: Json, respond: Respond) -> None:
    ack()
    respond(
        f"You chose {body['actions'][0]['selected_option']['value']}.",
        response_type="ephemeral",
        replace_original=False,
    )


def push_modal(ack: Ack, body: Json, client: WebClient) -> None:
    ack()
    client.views_push(trigger_id=body["trigger_id"], view=step_modal("Second"))


def update_modal(ack: Ack, body: Json, client: WebClient) -> None:
    ack()
    client.views_update(view_id=body["view"]["id"], view=step_modal(body["view"]["title"]["text"], "Why"))


def offer_versions(ack: Ack, body: Json) -> None:
    ack(options=[MODAL_VERSION] if body["value"] in "Version 4" else [])


def submit_promotion(ack: Ack, body: Json, view: Json, client: WebClient) -> None:
    values = view["state"]["values"]
    if not 1 <= int(values["count"]["entered"]["value"]) <= 8:
        ack(response_action="errors", errors={"count": "Between 1 and 8, because the quota is 8."})
        return
    ack()
    endpoint = values["endpoint"]["entered"]["selected_option"]["value"]
    version = values["version"]["entered"]["selected_option"]["value"]
    client.chat_postMessage(
        channel="C0MLDEPLOYS", text=f"<@{body['user']['id']}> wants {endpoint} on version {version}"
    )


def take_reason(ack: Ack, body: Json, view: Json, client: WebClient) -> None:
    """As the bot does; the word “never” is not acknowledged, so that Slack has to say something."""
    words = view["state"]["values"][InputId.REASON][InputId.REASON]["value"]
    if words == "never":
        return
    ack()
    client.chat_postMessage(channel="C0MLDEPLOYS", text=f"Rejected by <@{body['user']['id']}>: {words}")


def publish_home(event: Json, client: WebClient) -> None:
    if event["tab"] == "home":
        draw_home(client, event["user"], HomeLook())


def steer_home(ack: Ack, body: Json, client: WebClient) -> None:
    ack()
    chosen = body["actions"][0]["selected_option"]["value"]
    draw_home(client, body["user"]["id"], HomeLook.model_validate_json(chosen))


def draw_home(client: WebClient, user_id: str, look: HomeLook) -> None:
    """The bot's own tab, of two endpoints."""
    rows = (
        Standing(endpoint="stt-prod", state=BoardState.OUT_OF_DATE, running="v1", newest="v2"),
        Standing(endpoint="sentiment-prod", state=BoardState.UP_TO_DATE, running="v3"),
    )
    home = Home(rows, frozenset({"stt-prod"}), look, Fleetwide(NOW, total=2))
    client.views_publish(user_id=user_id, view={"type": "home", "blocks": list(render_home(home))})


def greet(event: Json, client: WebClient) -> None:
    client.chat_postMessage(
        channel=event["channel"], thread_ts=event.get("thread_ts", event["ts"]), text=f"Hello <@{event['user']}>"
    )
