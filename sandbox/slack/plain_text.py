"""Block Kit and mrkdwn as lines that a person can read in a terminal. Standard library only."""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.slack.blocks.walk import elements, label_of

Json = dict[str, Any]
Names = Mapping[str, str]
"""Ids of people, channels and groups → what to show for them."""

REFERENCE = re.compile(r"<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>")
EMPHASIS = re.compile(r"(?<![\w*_~`])([*_~])(?=\S)([^\n`]+?)(?<=\S)\1(?![\w*_~`])")


def readable(mrkdwn: str, names: Names) -> str:
    """Mrkdwn without its marks: mentions by name, links by label, emphasis dropped, entities decoded; code keeps its backticks."""

    def reference(match: re.Match[str]) -> str:
        kind, target, label = match.groups()
        if kind == "@":
            return f"@{names.get(target, label or target)}"
        if kind == "#":
            return f"#{label or names.get(target, target)}"
        if kind == "!" and target.startswith("subteam^"):
            return f"@{names.get(target.removeprefix('subteam^'), label or 'group')}".replace("@@", "@")
        if kind == "!":
            return label or f"@{target.partition('^')[0]}"
        return label or target

    text = REFERENCE.sub(reference, mrkdwn)
    for _ in range(2):  # *_both_*
        text = EMPHASIS.sub(lambda match: match[2], text)
    return html.unescape(text)


def lines_of(blocks: list[Json], names: Names) -> list[str]:
    """Every visible line of these blocks, buttons left out, in reading order."""
    return [line for block in blocks for line in _block(block, names)]


def button_labels(blocks: list[Json]) -> list[str]:
    """The labels of the buttons, in reading order."""
    return [label_of(element) for _, element in elements(blocks) if element.get("type") == "button"]


def _block(block: Json, names: Names) -> Iterator[str]:
    kind = str(block.get("type"))
    for name in TEXT_FIELDS.get(kind, ()):
        yield from _lines(block.get(name), names)
    for name in NESTED_BLOCKS.get(kind, ()):
        yield from lines_of(block.get(name, []), names)
    match kind:
        case "section":
            for each in block.get("fields", []):
                yield from _lines(each, names)
        case "context":
            parts = [readable(each["text"], names) for each in block["elements"] if "text" in each]
            yield from " · ".join(parts).splitlines()
        case "divider":
            yield "─" * 24
        case "image":
            yield f"[image: {block.get('alt_text', '')}]"
        case "input":
            yield f"{block['label']['text']}: ____"
        case "rich_text":
            for part in block.get("elements", []):
                yield from _rich_text(part, names)
        case "table" | "data_table":
            yield from _table(block["rows"], names)
        case "task_card":
            yield f"{_MARKS.get(block.get('status', ''), '·')} {block['title']}"
        case "data_visualization":
            yield f"[chart: {block.get('title', '')}]"


TEXT_FIELDS = {
    "section": ("text",),
    "header": ("text",),
    "markdown": ("text",),
    "alert": ("text",),
    "plan": ("title",),
    "card": ("title", "subtitle", "body"),
    "container": ("title",),
}
NESTED_BLOCKS = {"plan": ("tasks",), "container": ("child_blocks",), "carousel": ("elements",)}
_MARKS = {"complete": "✓", "error": "✗", "in_progress": "…", "pending": "○"}


def _lines(text: Any, names: Names) -> Iterator[str]:
    if isinstance(text, dict):
        shown = str(text.get("text", ""))
        yield from (shown if text.get("type") == "plain_text" else readable(shown, names)).splitlines()
    elif isinstance(text, str):
        yield from readable(text, names).splitlines()


def _rich_text(part: Json, names: Names) -> Iterator[str]:
    if part.get("type") == "rich_text_list":
        for item in part.get("elements", []):
            yield from (f"• {line}" for line in _rich_text(item, names))
        return
    yield from "".join(_leaf(leaf, names) for leaf in part.get("elements", [])).splitlines()


def _leaf(leaf: Json, names: Names) -> str:
    shown: dict[str, Callable[[], str]] = {
        "text": lambda: str(leaf["text"]),
        "link": lambda: str(leaf.get("text") or leaf["url"]),
        "user": lambda: f"@{names.get(leaf['user_id'], leaf['user_id'])}",
        "usergroup": lambda: f"@{names.get(leaf['usergroup_id'], leaf['usergroup_id'])}",
        "channel": lambda: f"#{names.get(leaf['channel_id'], leaf['channel_id'])}",
        "emoji": lambda: f":{leaf['name']}:",
        "broadcast": lambda: f"@{leaf['range']}",
        "date": lambda: str(leaf.get("fallback", leaf["timestamp"])),
    }
    return shown.get(str(leaf.get("type")), lambda: "")()


def _table(rows: list[list[Json]], names: Names) -> Iterator[str]:
    cells = [[_cell(cell, names) for cell in row] for row in rows]
    widths = [max(len(row[column]) for row in cells if column < len(row)) for column in range(max(map(len, cells)))]
    for row in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()


def _cell(cell: Json, names: Names) -> str:
    if cell.get("type") == "rich_text":
        return " ".join(line for part in cell.get("elements", []) for line in _rich_text(part, names))
    return str(cell.get("text", cell.get("value", "")))
