"""What Slack refuses in a message, a modal or a Home tab as a whole, beyond the rules of each block."""

from __future__ import annotations

from collections import Counter
from typing import Any

from sandbox.slack.blocks.catalog import BLOCKS, HOME, MESSAGE, MODAL, SURFACES
from sandbox.slack.blocks.schema import KnowsFiles, Problem, Report, boolean, by_type, plain, shape, string
from sandbox.slack.blocks.walk import elements, texts

MOST_BLOCKS = {MESSAGE: 50, MODAL: 100, HOME: 100}
MARKDOWN_CHARACTERS = 12_000
TABLE_CHARACTERS = 10_000
BLOCK_TEXT_CHARACTERS = 13_200
"""All texts of a message together; undocumented, users measured 13,170 to 13,300 (bolt-js issue 2509)."""

VIEW_SHAPE = shape(
    {
        "blocks": lambda report, value, pointer: None,
        "title": plain(24),
        "submit": plain(24),
        "close": plain(24),
        "private_metadata": string(3000, 0),
        "callback_id": string(255, 0),
        "external_id": string(255, 0),
        "clear_on_close": boolean,
        "notify_on_close": boolean,
        "submit_disabled": boolean,
    },
    ["blocks"],
)


def problems_in(blocks: Any, surface: str, files: KnowsFiles, pointer: str = "/blocks") -> list[Problem]:
    """Everything that Slack refuses about these blocks on this surface; empty if it takes them."""
    report = Report(surface, files)
    if not isinstance(blocks, list):
        report.add(pointer, "must be an array", "invalid_type")
        return report.problems
    if len(blocks) > MOST_BLOCKS[surface]:
        report.add(pointer, f"no more than {MOST_BLOCKS[surface]} items allowed")
    allowed = [kind for kind, surfaces in SURFACES.items() if surface in surfaces]
    rule = by_type(BLOCKS, allowed)
    for index, block in enumerate(blocks):
        rule(report, block, f"{pointer}/{index}")
    if not report.problems:
        _check_ids(report, blocks, pointer)
        _check_totals(report, blocks, pointer)
    return report.problems


def view_problems(view: Any, files: KnowsFiles, pointer: str = "/view") -> list[Problem]:
    """Everything that Slack refuses about a view."""
    report = Report(MODAL, files)
    kind = view.get("type") if isinstance(view, dict) else None
    if kind not in (MODAL, HOME):
        report.add(f"{pointer}/type", "must be one of: modal, home")
        return report.problems
    VIEW_SHAPE(report, view, pointer)
    blocks = view.get("blocks")
    if kind == MODAL and view.get("title") is None:
        report.add(pointer, "missing required field: title", "missing_field")
    has_inputs = isinstance(blocks, list) and any(
        isinstance(block, dict) and block.get("type") == "input" for block in blocks
    )
    if kind == MODAL and has_inputs and view.get("submit") is None:
        report.add(pointer, "missing required field: submit", "missing_field")
    problems = [*report.problems, *problems_in(blocks, kind, files, f"{pointer}/blocks")]
    if not problems and sum(bool(each.get("focus_on_load")) for _, each in elements(view["blocks"])) > 1:
        problems.append(Problem(f"{pointer}/blocks", "only one element can have focus_on_load"))
    return problems


def is_too_long(blocks: list[dict[str, Any]]) -> bool:
    """True when the blocks together hold more text than a message may (`msg_blocks_too_long`)."""
    return sum(len(each) for each in texts(blocks)) > BLOCK_TEXT_CHARACTERS


def _check_ids(report: Report, blocks: list[dict[str, Any]], pointer: str) -> None:
    block_ids = Counter(block["block_id"] for block in blocks if block.get("block_id"))
    for index, block in enumerate(blocks):
        if block_ids[block.get("block_id", "")] > 1:
            report.add(f"{pointer}/{index}/block_id", "`block_id` must be unique")
        action_ids = Counter(each["action_id"] for _, each in elements([block]) if each.get("action_id"))
        for action_id in (action_id for action_id, count in action_ids.items() if count > 1):
            report.add(f"{pointer}/{index}/elements", f"`action_id` {action_id} must be unique within a block")
        for _, each in elements([block]):
            if not each.get("action_id") and not each.get("url"):
                report.add(f"{pointer}/{index}", "missing required field: action_id", "missing_field")


def _check_totals(report: Report, blocks: list[dict[str, Any]], pointer: str) -> None:
    markdown = sum(len(block["text"]) for block in blocks if block["type"] == "markdown")
    if markdown > MARKDOWN_CHARACTERS:
        report.add(pointer, f"markdown blocks must have less than {MARKDOWN_CHARACTERS + 1} characters in total")
    tables = sum(len(each) for block in blocks if block["type"] == "table" for each in texts(block["rows"]))
    if tables > TABLE_CHARACTERS:
        report.add(pointer, f"tables must have less than {TABLE_CHARACTERS + 1} characters in total")
    charts = sum(block["type"] == "data_visualization" for block in blocks)
    if charts > 2:
        report.add(pointer, "no more than 2 data_visualization blocks allowed")
