"""A small Bolt app that uses everything the page has to show: a promotion in miniature, a modal, a gallery, mischief."""

from __future__ import annotations

import time
from typing import Any

from browser.picture import chart_png
from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

Json = dict[str, Any]

MISCHIEF = '<img src=x onerror="document.title=1"> <b>bold?</b> &lt;script&gt;alert(1)&lt;/script&gt;'
MODAL_VERSION = {"text": {"type": "plain_text", "text": "Version 4"}, "value": "4"}


def section(text: str, **fields: Any) -> Json:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}, **fields}


def context(text: str) -> Json:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text}]}


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def button(label: str, action_id: str, value: str, **fields: Any) -> Json:
    return {"type": "button", "action_id": action_id, "value": value, "text": plain(label), **fields}


def confirm(title: str, text: str, yes: str) -> Json:
    return {
        "title": plain(title),
        "text": {"type": "mrkdwn", "text": text},
        "confirm": plain(yes),
        "deny": plain("Leave it"),
        "style": "danger",
    }


def card(state: str, news: str) -> list[Json]:
    return [
        section(f"*Promote `stt-prod`* to acme-stt-en v2\n*{state}* · {news}"),
        context(f"Asked for by <@U0ANNA> · `r-7f3a` · <!date^{int(time.time())}^{{date_short_pretty}} at {{time}}|now>"),
    ]


def plan(*buttons: Json) -> list[Json]:
    diff = "```\nmodel package   acme-stt-en-v1 → acme-stt-en-v2\ninstance count  2 (kept)\nENGINE_MAX_ACTIVE_REQUESTS  120 → 160\nACME_LICENSE_KEY  •••••• (kept)```"
    readiness = ":white_check_mark: *Way back*: config `stt-prod-config-v1`, its model and its package exist; quota is enough; about 9 min"
    blocks = [
        {"type": "header", "text": plain("Plan")},
        section(f"All at once, because Marketplace packages allow nothing else.\n{diff}"),
        section(f"{readiness}\n:warning: *Traffic* is 1.8 times the quietest hour (03:00 to 04:00)"),
        {
            "type": "section",
            "fields": [
                {"type": "mrkdwn", "text": "*Cutover*\nabout 8 min, $0.62"},
                {"type": "mrkdwn", "text": "*Afterwards*\n$1,766 a month, as before"},
            ],
        },
    ]
    return [*blocks, {"type": "actions", "block_id": "decide", "elements": list(buttons)}] if buttons else blocks


def steps(done: int) -> list[Json]:
    titles = ["Create the model", "Create the endpoint config", "Green fleet: 1 of 2 instances", "Cutover", "InService on v2"]
    status = ["complete" if at < done else "in_progress" if at == done else "pending" for at in range(len(titles))]
    tasks = [{"type": "task_card", "task_id": f"t{at}", "title": title, "status": status[at]} for at, title in enumerate(titles)]
    return [{"type": "plan", "title": "Updating stt-prod, 4 min of about 8", "tasks": tasks}]


def table() -> Json:
    def cell(text: str) -> Json:
        return {"type": "raw_text", "text": text}

    rows = [("", "before", "after"), ("p50", "212 ms", "214 ms"), ("p90", "380 ms", "377 ms"), ("p99", "801 ms", "820 ms"), ("errors", "0.02 %", "0.02 %")]
    settings = [{"align": "left"}, {"align": "right"}, {"align": "right"}]
    return {"type": "table", "rows": [[cell(each) for each in row] for row in rows], "column_settings": settings}


def promotion_modal() -> Json:
    def field(block_id: str, label: str, element: Json, **fields: Any) -> Json:
        return {"type": "input", "block_id": block_id, "label": plain(label), "element": {"action_id": "entered", **element}, **fields}

    endpoints = [{"text": plain(name), "value": name} for name in ("stt-prod", "sentiment-prod")]
    guard = {"text": plain("Roll back by itself when it gets slower"), "description": plain("A hard regression only"), "value": "auto"}
    return {
        "type": "modal",
        "callback_id": "promotion",
        "title": plain("Promote an endpoint"),
        "submit": plain("Show the plan"),
        "close": plain("Not now"),
        "blocks": [
            field("endpoint", "Endpoint", {"type": "static_select", "options": endpoints}),
            field("version", "Version", {"type": "external_select", "min_query_length": 1, "placeholder": plain("Type a number")}),
            field("count", "Instances", {"type": "number_input", "is_decimal_allowed": False}, hint=plain("1 to 8")),
            field("guard", "Guard", {"type": "checkboxes", "options": [guard]}, optional=True),
            field("at", "Day", {"type": "datepicker"}, optional=True),
            field("reason", "Reason", {"type": "plain_text_input", "multiline": True}, optional=True),
        ],
    }


def gallery() -> list[Json]:
    """One of everything that a message may hold and the other stories do not use."""
    options = [{"text": plain(text), "value": text.lower(), "description": plain(f"{text} instances")} for text in ("Two", "Four")]
    rich = {
        "type": "rich_text",
        "elements": [
            {"type": "rich_text_section", "elements": [{"type": "text", "text": "Rich", "style": {"bold": True}}, {"type": "text", "text": " text for "}, {"type": "user", "user_id": "U0BEN"}]},
            {"type": "rich_text_list", "style": "bullet", "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "an item"}]}]},
            {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "preformatted"}]},
        ],
    }
    pickers: list[Json] = [
        {"type": "static_select", "action_id": "any.select", "placeholder": plain("How many"), "options": options},
        {"type": "users_select", "action_id": "any.user", "placeholder": plain("Whom")},
        {"type": "datepicker", "action_id": "any.date", "placeholder": plain("Day")},
        {"type": "timepicker", "action_id": "any.time", "placeholder": plain("Time")},
        {"type": "overflow", "action_id": "any.more", "options": options},
    ]
    return [
        rich,
        {"type": "markdown", "text": "#### Markdown\n\n1. **bold** and `code`\n2. [a link](https://example.com)\n\n| a | b |\n|---|---|\n| 1 | 2 |"},
        table(),
        {"type": "divider"},
        section("Pick", accessory={"type": "radio_buttons", "action_id": "any.radio", "options": options}),
        {"type": "actions", "elements": pickers},
        section("> quoted\nnot quoted ~struck~ _slanted_ snake_case_name <https://example.com|a link> <#C0RANDOM> :rocket:"),
    ]


def make_app(client: WebClient) -> App:
    """The app; it keeps no state but what is on the screen."""
    app = App(client=client)

    @app.command("/endpoint")
    def command(ack: Ack, body: Json, respond: Respond, client: WebClient) -> None:
        word, _, _ = body.get("text", "").partition(" ")
        if word == "slow":
            return  # never acknowledged
        ack()
        channel = body["channel_id"]
        if word == "promote":
            root = client.chat_postMessage(channel=channel, text="stt-prod: awaiting approval", blocks=card("awaiting approval", "the plan is in the thread"))
            approve = button("Approve", "rollout.approve", root["ts"], style="primary")
            question = confirm("Reject this plan?", "`stt-prod` stays as it is.", "Reject")
            reject = button("Reject", "rollout.reject", root["ts"], confirm=question, style="danger")
            client.chat_postMessage(channel=channel, thread_ts=root["ts"], text="Plan for stt-prod", blocks=plan(approve, reject))
        elif word == "gallery":
            client.chat_postMessage(channel=channel, text="One of everything", blocks=gallery())
        elif word == "mischief":
            client.chat_postMessage(channel=channel, text=MISCHIEF)
            client.chat_postMessage(channel=channel, text="blocks", blocks=[section(MISCHIEF), {"type": "header", "text": plain(MISCHIEF)}])
        elif word == "":
            client.views_open(trigger_id=body["trigger_id"], view=promotion_modal())
        else:
            respond(f"I do not know `{word}`. Try `/endpoint promote stt-prod`.", response_type="ephemeral")

    @app.action("rollout.approve")
    def approve(ack: Ack, body: Json, client: WebClient) -> None:
        ack()
        channel, message = body["channel"]["id"], body["message"]
        root_ts, user = body["actions"][0]["value"], body["user"]["id"]
        if user not in ("U0BEN", "U0CARLA"):
            text = "You may not approve changes of `stt-prod`. <@U0BEN> or <!subteam^S0MLOPS> can."
            client.chat_postEphemeral(channel=channel, user=user, thread_ts=root_ts, text=text)
            return
        client.chat_update(channel=channel, ts=message["ts"], text="Plan for stt-prod", blocks=[*plan(), context(f":white_check_mark: Approved by <@{user}>")])
        client.chat_update(channel=channel, ts=root_ts, text="stt-prod: updating", blocks=card("updating", "the green fleet is being launched"))
        progress = client.chat_postMessage(channel=channel, thread_ts=root_ts, text="Updating stt-prod", blocks=steps(2))
        client.chat_update(channel=channel, ts=progress["ts"], text="Updating stt-prod", blocks=steps(3))
        chart = "p50, p90 and p99 before and after the cutover: no difference that matters"
        client.files_upload_v2(channel=channel, thread_ts=root_ts, filename="stt-prod.png", content=chart_png(), title="Latency before and after", alt_txt=chart)
        back = confirm("Roll back stt-prod?", "The config `stt-prod-config-v1` takes over again, in about 9 min.", "Roll back")
        elements = [button("Roll back", "rollout.roll_back", root_ts, confirm=back, style="danger")]
        summary = [section(":white_check_mark: *PASS*: after 30 min, p99 differs by 2 %, within noise (95 % interval −3 % to +6 %)."), table(), {"type": "actions", "elements": elements}]
        client.chat_postMessage(channel=channel, thread_ts=root_ts, text="stt-prod: succeeded", blocks=summary)
        client.chat_update(channel=channel, ts=root_ts, text="stt-prod: succeeded", blocks=card("succeeded", "PASS: as good as before"))

    @app.action("rollout.reject")
    def reject(ack: Ack, body: Json, client: WebClient) -> None:
        ack()
        user = body["user"]["id"]
        client.chat_update(channel=body["channel"]["id"], ts=body["message"]["ts"], text="Rejected", blocks=[*plan(), context(f"Rejected by <@{user}>")])

    @app.action("rollout.roll_back")
    def roll_back(ack: Ack) -> None:
        ack()

    @app.action("any.select")
    def selected(ack: Ack, body: Json, respond: Respond) -> None:
        ack()
        respond(f"You chose {body['actions'][0]['selected_option']['value']}.", response_type="ephemeral", replace_original=False)

    @app.options("entered")
    def versions(ack: Ack, body: Json) -> None:
        ack(options=[MODAL_VERSION] if body["value"] in "Version 4" else [])

    @app.view("promotion")
    def submitted(ack: Ack, body: Json, view: Json, client: WebClient) -> None:
        values = view["state"]["values"]
        if not 1 <= int(values["count"]["entered"]["value"]) <= 8:
            ack(response_action="errors", errors={"count": "Between 1 and 8, because the quota is 8."})
            return
        ack()
        endpoint = values["endpoint"]["entered"]["selected_option"]["value"]
        version = values["version"]["entered"]["selected_option"]["value"]
        client.chat_postMessage(channel="C0MLDEPLOYS", text=f"<@{body['user']['id']}> wants {endpoint} on version {version}")

    @app.event("app_home_opened")
    def home(event: Json, client: WebClient) -> None:
        if event["tab"] == "home":
            client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [{"type": "header", "text": plain("Fleet board")}, section("`stt-prod` UP_TO_DATE")]})

    @app.event("app_mention")
    def mentioned(event: Json, client: WebClient) -> None:
        client.chat_postMessage(channel=event["channel"], thread_ts=event.get("thread_ts", event["ts"]), text=f"Hello <@{event['user']}>")

    return app
