"""Every block of Block Kit with its limits and the surfaces that take it."""

from __future__ import annotations

from typing import Any

from sandbox.slack.blocks.catalog_elements import (
    ELEMENTS,
    ID,
    IN_ACTIONS,
    IN_CONTEXT_ACTIONS,
    IN_INPUT,
    IN_SECTION,
    element,
)
from sandbox.slack.blocks.charts import CHART
from sandbox.slack.blocks.schema import (
    Report,
    Rule,
    anything,
    boolean,
    by_type,
    image_source,
    integer,
    items,
    one_of,
    plain,
    shape,
    slack_file,
    string,
    text,
)
from sandbox.slack.blocks.walk import texts

DATA_TABLE_CHARACTERS = 20_000
MESSAGE, MODAL, HOME = "message", "modal", "home"
EVERYWHERE = frozenset({MESSAGE, MODAL, HOME})

SURFACES: dict[str, frozenset[str]] = {
    "section": EVERYWHERE,
    "divider": EVERYWHERE,
    "image": EVERYWHERE,
    "actions": EVERYWHERE,
    "context": EVERYWHERE,
    "header": EVERYWHERE,
    "input": EVERYWHERE,
    "rich_text": EVERYWHERE,
    "video": EVERYWHERE,
    "card": EVERYWHERE,
    "markdown": frozenset({MESSAGE}),
    "context_actions": frozenset({MESSAGE}),
    "plan": frozenset({MESSAGE}),
    "task_card": frozenset({MESSAGE}),
    "table": frozenset({MESSAGE, HOME}),
    "data_table": frozenset({MESSAGE, HOME}),
    "data_visualization": frozenset({MESSAGE}),
    "container": frozenset({MESSAGE, HOME}),
    "carousel": frozenset({MESSAGE, HOME}),
    "alert": frozenset({MODAL}),
}


def _section_has_something(report: Report, block: Any, pointer: str) -> None:
    if block.get("text") is None and not block.get("fields"):
        report.add(pointer, "must provide one of: text, fields")


def _pending_only_in_a_plan(report: Report, block: Any, pointer: str) -> None:
    if block.get("status") == "pending" and "/tasks/" not in pointer:
        report.add(f"{pointer}/status", "must be one of: in_progress, complete, error")


def _container_holds_simple_blocks(report: Report, block: Any, pointer: str) -> None:
    for index, child in enumerate(block.get("child_blocks") or []):
        if isinstance(child, dict) and child.get("type") in ("plan", "alert", "container"):
            report.add(f"{pointer}/child_blocks/{index}/type", f"unsupported type: {child['type']}", "unsupported_type")


def _data_table_has_room(report: Report, block: Any, pointer: str) -> None:
    if sum(len(each) for each in texts(block.get("rows"))) > DATA_TABLE_CHARACTERS:
        report.add(f"{pointer}/rows", f"must have less than {DATA_TABLE_CHARACTERS + 1} characters in total")


def _block(required: tuple[str, ...] = (), also: Rule | None = None, **fields: Rule) -> Rule:
    return shape({"block_id": ID, **fields}, required, also)


def _child_block(report: Report, value: Any, pointer: str) -> None:
    by_type(BLOCKS)(report, value, pointer)


def _rich_text_part(report: Report, value: Any, pointer: str) -> None:
    by_type(RICH_TEXT_PARTS)(report, value, pointer)


RICH_TEXT_LEAVES: dict[str, Rule] = {
    "text": shape({"text": string(4000), "style": anything}, ["text"]),
    "link": shape({"url": string(3000), "text": string(4000, 0), "style": anything, "unsafe": boolean}, ["url"]),
    "user": shape({"user_id": ID, "style": anything}, ["user_id"]),
    "usergroup": shape({"usergroup_id": ID, "style": anything}, ["usergroup_id"]),
    "channel": shape({"channel_id": ID, "style": anything}, ["channel_id"]),
    "emoji": shape(
        {"name": string(100), "unicode": string(100), "skin_tone": integer(1, 6), "style": anything}, ["name"]
    ),
    "broadcast": shape({"range": one_of("here", "channel", "everyone"), "style": anything}, ["range"]),
    "color": shape({"value": string(20)}, ["value"]),
    "date": shape(
        {
            "timestamp": integer(0, 10**11),
            "format": string(200),
            "url": string(3000),
            "fallback": string(500),
            "style": anything,
        },
        ["timestamp", "format"],
    ),
    "team": shape({"team_id": ID, "style": anything}, ["team_id"]),
}
LEAVES = items(by_type(RICH_TEXT_LEAVES), 0, 10_000)
RICH_TEXT_PARTS: dict[str, Rule] = {
    "rich_text_section": shape({"elements": LEAVES}, ["elements"]),
    "rich_text_preformatted": shape(
        {"elements": LEAVES, "border": integer(0, 1), "language": string(50)}, ["elements"]
    ),
    "rich_text_quote": shape({"elements": LEAVES, "border": integer(0, 1)}, ["elements"]),
    "rich_text_list": shape(
        {
            "elements": items(_rich_text_part, 1, 1000),
            "style": one_of("bullet", "ordered"),
            "indent": integer(0, 8),
            "offset": integer(0, 10_000),
            "border": integer(0, 1),
        },
        ["elements", "style"],
    ),
}
RICH_TEXT = _block(("elements",), elements=items(_rich_text_part, 0, 1000))
CELL = by_type(
    {
        "raw_text": shape({"text": string(10_000, 0)}, ["text"]),
        "raw_number": shape({"text": string(100), "value": anything}, ["value"]),
        "rich_text": RICH_TEXT,
    }
)
COLUMN = shape({"align": one_of("left", "center", "right"), "is_wrapped": boolean})
URL_SOURCE = by_type({"url": shape({"url": string(3000), "text": string(3000)}, ["url", "text"])})
TASK_CARD = _block(
    ("task_id", "title"),
    _pending_only_in_a_plan,
    task_id=string(255),
    title=string(255),
    status=one_of("pending", "in_progress", "complete", "error"),
    details=by_type({"rich_text": RICH_TEXT}),
    output=by_type({"rich_text": RICH_TEXT}),
    sources=items(URL_SOURCE, 0, 100),
)

BLOCKS: dict[str, Rule] = {
    "section": _block(
        (),
        _section_has_something,
        text=text(3000),
        fields=items(text(2000), 1, 10),
        accessory=element(*IN_SECTION),
        expand=boolean,
    ),
    "divider": _block(),
    "image": _block(
        ("alt_text",),
        image_source,
        image_url=string(3000),
        slack_file=slack_file,
        alt_text=string(2000),
        title=plain(2000),
    ),
    "actions": _block(("elements",), elements=items(element(*IN_ACTIONS), 1, 25)),
    "context": _block(
        ("elements",),
        elements=items(by_type({"plain_text": plain(3000), "mrkdwn": text(3000), "image": ELEMENTS["image"]}), 1, 10),
    ),
    "context_actions": _block(("elements",), elements=items(element(*IN_CONTEXT_ACTIONS), 1, 5)),
    "header": _block(("text",), text=plain(150)),
    "input": _block(
        ("label", "element"),
        label=plain(2000),
        hint=plain(2000),
        element=element(*IN_INPUT),
        optional=boolean,
        dispatch_action=boolean,
    ),
    "rich_text": RICH_TEXT,
    "markdown": _block(("text",), text=string(12_000)),
    "video": _block(
        ("alt_text", "title", "thumbnail_url", "video_url"),
        alt_text=string(2000),
        title=plain(200),
        title_url=string(3000),
        description=plain(200),
        video_url=string(3000),
        thumbnail_url=string(3000),
        author_name=string(50),
        provider_name=string(255),
        provider_icon_url=string(3000),
    ),
    "table": _block(("rows",), rows=items(items(CELL, 1, 20), 1, 100), column_settings=items(COLUMN, 0, 20)),
    "data_table": _block(
        ("caption", "rows"),
        _data_table_has_room,
        caption=anything,
        rows=items(items(CELL, 1, 20), 1, 201),
        page_size=integer(1, 100),
        column_settings=anything,
        columns=anything,
    ),
    "data_visualization": _block(("title", "chart"), title=string(50), chart=CHART, alt_text=string(2000)),
    "task_card": TASK_CARD,
    "plan": _block(("title",), title=string(255), tasks=items(by_type({"task_card": TASK_CARD}), 1, 50)),
    "card": _block(
        (),
        None,
        hero_image=ELEMENTS["image"],
        icon=ELEMENTS["image"],
        title=text(150),
        subtitle=text(150),
        body=text(200),
        actions=items(element("button"), 1, 3),
    ),
    "container": _block(
        ("child_blocks",),
        _container_holds_simple_blocks,
        title=plain(150),
        rich_text_title=anything,
        subtitle=plain(150),
        child_blocks=items(_child_block, 1, 10),
        width=one_of("narrow", "standard", "wide", "full"),
        icon=anything,
        is_collapsible=boolean,
        default_collapsed=boolean,
        has_header_divider=boolean,
    ),
    "carousel": _block(("elements",), elements=items(_child_block, 1, 10)),
    "alert": _block(("text",), text=text(200), level=one_of("default", "info", "warning", "error", "success")),
}
