"""What Slack refuses in Block Kit, rule by rule."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.slack.blocks.catalog import HOME, MESSAGE, MODAL
from sandbox.slack.blocks.rules import is_too_long, problems_in, view_problems
from sandbox_slack.clients import actions, button, modal, section, text_input

Json = dict[str, Any]


class OneFile:
    """Knows a single file."""

    def usable(self, reference: Json) -> Any:
        return object() if reference.get("id") == "F0CHART000" else None


def plain(text: str) -> Json:
    return {"type": "plain_text", "text": text}


def refusals(*blocks: Json, surface: str = MESSAGE) -> list[str]:
    return [str(problem) for problem in problems_in(list(blocks), surface, OneFile())]


def select(**fields: Any) -> Json:
    return {"type": "static_select", "action_id": "pick", **fields}


OPTION = {"text": plain("One"), "value": "1"}
CONFIRM = {"title": plain("Sure?"), "text": plain("It restarts."), "confirm": plain("Yes"), "deny": plain("No")}
TASK = {"type": "task_card", "task_id": "t", "title": "Create the config", "status": "pending"}
CARD = {"type": "card", "title": plain("stt-prod"), "body": plain("up to date"), "actions": [button("Open", "open")]}

POINTS = [{"label": "p50", "value": 87}, {"label": "p99", "value": 412.5}]
LINES = {"type": "line", "series": [{"name": "v1", "data": POINTS}], "axis_config": {"categories": ["p50", "p99"]}}
CHART = {"type": "data_visualization", "title": "Latency", "chart": LINES}

ACCEPTED = [
    CHART,
    section("x" * 3000),
    {"type": "section", "fields": [plain("a"), plain("b")]},
    {**section("x"), "accessory": button("Go", "go", value="v" * 2000, style="danger", confirm=CONFIRM)},
    {**section("x"), "accessory": select(options=[OPTION], initial_option=OPTION)},
    {"type": "divider"},
    {"type": "header", "text": plain("x" * 150)},
    {"type": "context", "elements": [plain("a"), {"type": "mrkdwn", "text": "b", "verbatim": True}]},
    {"type": "image", "alt_text": "chart", "slack_file": {"id": "F0CHART000"}},
    {"type": "image", "alt_text": "chart", "image_url": "https://x.io/c.png", "title": plain("Chart")},
    actions(button("Docs", "docs", url="https://x.io"), {"type": "overflow", "action_id": "more", "options": [OPTION]}),
    actions(
        {"type": "datepicker", "action_id": "d", "initial_date": "2026-11-22"}, {"type": "timepicker", "action_id": "t"}
    ),
    text_input("reason", "Reason"),
    {"type": "markdown", "text": "# hi"},
    {"type": "plan", "title": "Rollout", "tasks": [TASK]},
    {"type": "table", "rows": [[{"type": "raw_text", "text": "p99"}, {"type": "raw_number", "value": 3}]]},
    CARD,
    {"type": "carousel", "elements": [CARD]},
    {
        "type": "container",
        "title": plain("More"),
        "child_blocks": [section("x"), {"type": "divider"}],
        "is_collapsible": True,
    },
    {
        "type": "context_actions",
        "elements": [{"type": "icon_button", "icon": "trash", "action_id": "i", "text": plain("Delete")}],
    },
    {
        "type": "rich_text",
        "elements": [
            {
                "type": "rich_text_list",
                "style": "bullet",
                "elements": [{"type": "rich_text_section", "elements": [{"type": "user", "user_id": "U0ANNA"}]}],
            }
        ],
    },
]


@pytest.mark.parametrize("block", ACCEPTED, ids=lambda block: block["type"])
def test_a_good_block_is_accepted(block: Json) -> None:
    assert refusals(block) == []


REFUSED = [
    ({"type": "sction"}, "unsupported type: sction [json-pointer:/blocks/0/type]"),
    ({"text": plain("x")}, "missing required field: type [json-pointer:/blocks/0]"),
    (section("x" * 3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
    (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
    ({"type": "section"}, "must provide one of: text, fields [json-pointer:/blocks/0]"),
    ({"type": "section", "text": "bare"}, "missing required field: type [json-pointer:/blocks/0/text]"),
    ({"type": "section", "fields": [plain("x")] * 11}, "no more than 10 items allowed [json-pointer:/blocks/0/fields]"),
    (
        {"type": "section", "fields": [plain("x" * 2001)]},
        "must be less than 2001 characters [json-pointer:/blocks/0/fields/0/text]",
    ),
    ({**section("x"), "block_id": "b" * 256}, "must be less than 256 characters [json-pointer:/blocks/0/block_id]"),
    ({**section("x"), "colour": "red"}, "invalid additional property: colour [json-pointer:/blocks/0]"),
    (
        {"type": "section", "text": {"type": "mrkdwn", "text": "x", "emoji": True}},
        "invalid additional property: emoji [json-pointer:/blocks/0/text]",
    ),
    (
        {**section("x"), "accessory": text_input("a", "A")["element"]},
        "unsupported type: plain_text_input [json-pointer:/blocks/0/accessory/type]",
    ),
    (
        {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
        "unsupported type: mrkdwn [json-pointer:/blocks/0/text/type]",
    ),
    (
        {"type": "header", "text": plain("x" * 151)},
        "must be less than 151 characters [json-pointer:/blocks/0/text/text]",
    ),
    (
        {"type": "context", "elements": [plain("x")] * 11},
        "no more than 10 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (
        {"type": "context", "elements": [button("x", "x")]},
        "unsupported type: button [json-pointer:/blocks/0/elements/0/type]",
    ),
    (actions(), "no less than 1 items allowed [json-pointer:/blocks/0/elements]"),
    (
        actions(*[button("x", f"a{number}") for number in range(26)]),
        "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
    ),
    (actions(button("x" * 76, "a")), "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]"),
    (
        actions(button("x", "a", value="v" * 2001)),
        "must be less than 2001 characters [json-pointer:/blocks/0/elements/0/value]",
    ),
    (
        actions(button("x", "a", style="blue")),
        "must be one of: primary, danger [json-pointer:/blocks/0/elements/0/style]",
    ),
    (actions(button("x", "a" * 256)), "must be less than 256 characters [json-pointer:/blocks/0/elements/0/action_id]"),
    (
        actions(button("x", "a"), button("y", "a")),
        "`action_id` a must be unique within a block [json-pointer:/blocks/0/elements]",
    ),
    (actions({"type": "button", "text": plain("x")}), "missing required field: action_id [json-pointer:/blocks/0]"),
    (
        actions(button("x", "a", confirm={**CONFIRM, "title": plain("x" * 101)})),
        "must be less than 101 characters [json-pointer:/blocks/0/elements/0/confirm/title/text]",
    ),
    (
        actions(button("x", "a", confirm={**CONFIRM, "text": plain("x" * 301)})),
        "must be less than 301 characters [json-pointer:/blocks/0/elements/0/confirm/text/text]",
    ),
    (
        actions(button("x", "a", confirm={**CONFIRM, "deny": plain("x" * 31)})),
        "must be less than 31 characters [json-pointer:/blocks/0/elements/0/confirm/deny/text]",
    ),
    (
        actions(select(options=[OPTION] * 101)),
        "no more than 100 items allowed [json-pointer:/blocks/0/elements/0/options]",
    ),
    (actions(select()), "must have exactly one of: options, option_groups [json-pointer:/blocks/0/elements/0]"),
    (
        actions(select(options=[{**OPTION, "value": "v" * 151}])),
        "must be less than 151 characters [json-pointer:/blocks/0/elements/0/options/0/value]",
    ),
    (
        actions(select(options=[OPTION], initial_option={"text": plain("Two"), "value": "2"})),
        "must be one of the options [json-pointer:/blocks/0/elements/0/initial_option]",
    ),
    ({"type": "image", "alt_text": "x"}, "must provide one of: image_url, slack_file [json-pointer:/blocks/0]"),
    (
        {"type": "image", "alt_text": "x", "image_url": "https://x.io", "slack_file": {"id": "F0CHART000"}},
        "must provide one of: image_url, slack_file [json-pointer:/blocks/0]",
    ),
    (
        {"type": "image", "alt_text": "x", "slack_file": {"id": "F0GONE0000"}},
        "invalid slack file [json-pointer:/blocks/0/slack_file]",
    ),
    ({"type": "image", "image_url": "https://x.io"}, "missing required field: alt_text [json-pointer:/blocks/0]"),
    ({"type": "alert", "text": plain("x")}, "unsupported type: alert [json-pointer:/blocks/0/type]"),
    ({"type": "plan", "title": plain("x")}, "must be a string [json-pointer:/blocks/0/title]"),
    (
        {**CHART, "chart": {**LINES, "axis_config": {"categories": ["p50"]}}},
        "must have every category exactly once [json-pointer:/blocks/0/chart/series/0/data]",
    ),
    (
        {**CHART, "chart": {"type": "pie", "segments": [{"label": "4xx", "value": 0}]}},
        "must be more than 0 [json-pointer:/blocks/0/chart/segments/0/value]",
    ),
    (TASK, "must be one of: in_progress, complete, error [json-pointer:/blocks/0/status]"),
    (
        {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}]] * 101},
        "no more than 100 items allowed [json-pointer:/blocks/0/rows]",
    ),
    (
        {"type": "container", "child_blocks": [{"type": "plan", "title": "x"}]},
        "unsupported type: plan [json-pointer:/blocks/0/child_blocks/0/type]",
    ),
]


@pytest.mark.parametrize(("block", "refusal"), REFUSED, ids=[refusal for _, refusal in REFUSED])
def test_a_bad_block_is_refused_where_it_is_bad(block: Json, refusal: str) -> None:
    assert refusal in refusals(block)


def test_a_message_takes_fifty_blocks_and_a_view_a_hundred() -> None:
    blocks = [section("x")] * 51
    assert refusals(*blocks) == ["no more than 50 items allowed [json-pointer:/blocks]"]
    assert refusals(*blocks, surface=HOME) == []
    assert refusals(*blocks * 2, surface=MODAL) == ["no more than 100 items allowed [json-pointer:/blocks]"]


def test_block_ids_are_unique_in_a_message() -> None:
    twice = refusals({**section("x"), "block_id": "b"}, {**section("y"), "block_id": "b"})
    assert twice[0] == "`block_id` must be unique [json-pointer:/blocks/0/block_id]"


def test_the_same_action_id_in_two_blocks_is_fine() -> None:
    assert refusals(actions(button("x", "a")), actions(button("y", "a"))) == []


@pytest.mark.parametrize(
    ("kind", "surface"), [("markdown", MODAL), ("plan", HOME), ("table", MODAL), ("context_actions", MODAL)]
)
def test_some_blocks_belong_to_some_surfaces(kind: str, surface: str) -> None:
    block = next(block for block in ACCEPTED if block["type"] == kind)
    assert refusals(block, surface=surface) == [f"unsupported type: {kind} [json-pointer:/blocks/0/type]"]


def test_markdown_and_tables_share_their_room_across_blocks() -> None:
    markdown = {"type": "markdown", "text": "x" * 7_000}
    assert "12001" in refusals(markdown, markdown)[0]
    table = {"type": "table", "rows": [[{"type": "raw_text", "text": "x" * 6_000}]]}
    assert "10001" in refusals(table, table)[0]


def test_a_message_takes_two_charts() -> None:
    assert refusals(CHART, CHART) == []
    assert "no more than 2 data_visualization blocks" in refusals(CHART, CHART, CHART)[0]


def test_a_message_has_room_for_so_much_text() -> None:
    assert not is_too_long([section("x" * 3_000)] * 4)
    assert is_too_long([section("x" * 3_000)] * 5)


@pytest.mark.parametrize(
    ("view", "refusal"),
    [
        (modal(text_input("a", "A"), submit=None), "missing required field: submit [json-pointer:/view]"),
        (modal(section("x"), title=plain("x" * 25)), "must be less than 25 characters [json-pointer:/view/title/text]"),
        (
            modal(section("x"), private_metadata="x" * 3001),
            "must be less than 3001 characters [json-pointer:/view/private_metadata]",
        ),
        (modal({"type": "plan", "title": "x"}), "unsupported type: plan [json-pointer:/view/blocks/0/type]"),
        ({"type": "modal", "blocks": []}, "missing required field: title [json-pointer:/view]"),
        ({"type": "popup", "blocks": []}, "must be one of: modal, home [json-pointer:/view/type]"),
    ],
)
def test_a_bad_view_is_refused(view: Json, refusal: str) -> None:
    assert refusal in [str(problem) for problem in view_problems(view, OneFile())]


def test_a_modal_without_inputs_needs_no_submit_and_takes_an_alert() -> None:
    view = modal({"type": "alert", "text": plain("Frozen until Monday"), "level": "warning"}, submit=None)
    assert view_problems(view, OneFile()) == []
