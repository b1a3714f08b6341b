"""Walks over blocks as plain JSON. Standard library only, because the driver uses it too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

Json = dict[str, Any]


def elements(blocks: Iterable[Json]) -> Iterator[tuple[Json, Json]]:
    """Every interactive element with the block that holds it, in reading order."""
    for block in blocks:
        match block.get("type"):
            case "section":
                found = [block.get("accessory")]
            case "actions" | "context_actions":
                found = list(block.get("elements", []))
            case "input":
                found = [block.get("element")]
            case "card":
                found = list(block.get("actions", []))
            case "carousel":
                yield from elements(block.get("elements", []))
                continue
            case "container":
                yield from elements(block.get("child_blocks", []))
                continue
            case _:
                continue
        yield from (
            (block, element) for element in found if isinstance(element, dict) and element.get("type") != "image"
        )


def label_of(element: Json) -> str:
    """What a person reads on a button or in an empty menu."""
    shown = element.get("text") or element.get("placeholder") or {}
    return str(shown.get("text", "")) if isinstance(shown, dict) else str(shown)


def find_element(blocks: Iterable[Json], block_id: str | None, action_id: str) -> tuple[Json, Json] | None:
    """The element with these ids; without a block id the first with that action id."""
    for block, element in elements(blocks):
        if element.get("action_id") == action_id and block_id in (None, "", block.get("block_id")):
            return block, element
    return None


def is_shown_to(element: Json, user_id: str) -> bool:
    """False for a button that its message shows to others only (`visible_to_user_ids`)."""
    return user_id in element.get("visible_to_user_ids", [user_id])


def texts(value: Any) -> Iterator[str]:
    """Every string that a person would read in this piece of Block Kit, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)
    elif isinstance(value, dict):
        for key in (
            "title",
            "subtitle",
            "text",
            "body",
            "fields",
            "elements",
            "tasks",
            "label",
            "child_blocks",
            "rows",
        ):
            if key in value:
                yield from texts(value[key])
