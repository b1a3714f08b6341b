"""What the promotion app posts: cards, a plan, progress, a modal, and one of everything."""

from __future__ import annotations

import time
from typing import Any

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
        context(
            f"Asked for by <@U0ANNA> · `r-7f3a` · <!date^{int(time.time())}^{{date_short_pretty}} at {{time}}|now>"
        ),
    ]


def plan(*buttons: Json) -> list[Json]:
    changes = (
        "model package   acme-stt-en-v1 → acme-stt-en-v2",
        "instance count  2 (kept)",
        "ENGINE_MAX_ACTIVE_REQUESTS  120 → 160",
        "ACME_LICENSE_KEY  •••••• (kept)",
    )
    diff = "```\n{}```".format("\n".join(changes))
    readiness = ":white_check_mark: *Way back*: `stt-prod-config-v1` and its model exist; quota is enough; about 9 min"
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
    titles = [
        "Create the model",
        "Create the endpoint config",
        "Green fleet: 1 of 2 instances",
        "Cutover",
        "InService on v2",
    ]
    status = ["complete" if at < done else "in_progress" if at == done else "pending" for at in range(len(titles))]
    tasks = [
        {"type": "task_card", "task_id": f"t{at}", "title": title, "status": status[at]}
        for at, title in enumerate(titles)
    ]
    return [{"type": "plan", "title": "Updating stt-prod, 4 min of about 8", "tasks": tasks}]


def table() -> Json:
    def cell(text: str) -> Json:
        return {"type": "raw_text", "text": text}

    rows = [
        ("", "before", "after"),
        ("p50", "212 ms", "214 ms"),
        ("p90", "380 ms", "377 ms"),
        ("p99", "801 ms", "820 ms"),
        ("errors", "0.02 %", "0.02 %"),
    ]
    settings = [{"align": "left"}, {"align": "right"}, {"align": "right"}]
    return {"type": "table", "rows": [[cell(each) for each in row] for row in rows], "column_settings": settings}


def promotion_modal() -> Json:
    def field(block_id: str, label: str, element: Json, **fields: Any) -> Json:
        return {
            "type": "input",
            "block_id": block_id,
            "label": plain(label),
            "element": {"action_id": "entered", **element},
            **fields,
        }

    endpoints = [{"text": plain(name), "value": name} for name in ("stt-prod", "sentiment-prod")]
    guard = {
        "text": plain("Roll back by itself when it gets slower"),
        "description": plain("A hard regression only"),
        "value": "auto",
    }
    return {
        "type": "modal",
        "callback_id": "promotion",
        "title": plain("Promote an endpoint"),
        "submit": plain("Show the plan"),
        "close": plain("Not now"),
        "blocks": [
            field("endpoint", "Endpoint", {"type": "static_select", "options": endpoints}),
            field(
                "version",
                "Version",
                {"type": "external_select", "min_query_length": 1, "placeholder": plain("Type a number")},
            ),
            field("count", "Instances", {"type": "number_input", "is_decimal_allowed": False}, hint=plain("1 to 8")),
            field("guard", "Guard", {"type": "checkboxes", "options": [guard]}, optional=True),
            field("at", "Day", {"type": "datepicker"}, optional=True),
            field("reason", "Reason", {"type": "plain_text_input", "multiline": True}, optional=True),
        ],
    }


def step_modal(title: str, reason_label: str = "Reason") -> Json:
    """One of several modals on top of each other."""
    reason = {"type": "plain_text_input", "action_id": "reason"}
    buttons = [button("Choose another endpoint", "modal.push", "p"), button("Ask differently", "modal.update", "u")]
    return {
        "type": "modal",
        "title": plain(title),
        "blocks": [
            {"type": "input", "block_id": "reason", "label": plain(reason_label), "element": reason, "optional": True},
            {"type": "actions", "elements": buttons},
        ],
        "submit": plain("Go on"),
    }


def gallery() -> list[Json]:
    """One of everything that a message may hold and the other stories do not use."""
    options = [
        {"text": plain(text), "value": text.lower(), "description": plain(f"{text} instances")}
        for text in ("Two", "Four")
    ]
    rich = {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_section",
                "elements": [
                    {"type": "text", "text": "Rich", "style": {"bold": True}},
                    {"type": "text", "text": " text for "},
                    {"type": "user", "user_id": "U0BEN"},
                ],
            },
            {
                "type": "rich_text_list",
                "style": "bullet",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "an item"}]}],
            },
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
        {
            "type": "markdown",
            "text": "#### Markdown\n\n1. **bold** and `code`\n2. [a link](https://example.com)\n\n| a | b |\n|---|---|\n| 1 | 2 |",
        },
        table(),
        {"type": "divider"},
        section("Pick", accessory={"type": "radio_buttons", "action_id": "any.radio", "options": options}),
        {"type": "actions", "elements": pickers},
        section(
            "> quoted\nnot quoted ~struck~ _slanted_ snake_case_name <https://example.com|a link> <#C0RANDOM> :rocket:"
        ),
    ]
