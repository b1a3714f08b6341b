"""A channel or a thread as plain text: who said what when, buttons, files, edits, and what people did. Standard library only."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sandbox.slack.blocks.walk import elements
from sandbox.slack.plain_text import Names, button_labels, lines_of, readable

Json = dict[str, Any]

WIDTH = 100


@dataclass(frozen=True)
class Entry:
    """One paragraph of the transcript."""

    at: float
    who: str
    lines: tuple[str, ...]
    note: str = ""
    depth: int = 0

    def laid_out(self) -> Iterable[str]:
        indent = "    │ " * self.depth
        note = f"  ({self.note})" if self.note else ""
        yield f"{indent}{datetime.fromtimestamp(self.at, UTC):%H:%M:%S}  {self.who}{note}"
        for line in self.lines:
            for part in textwrap.wrap(line, WIDTH - len(indent), subsequent_indent="  ", drop_whitespace=False) or [""]:
                yield f"{indent}          {part}".rstrip()


def transcript(
    title: str, messages: list[Json], deliveries: list[Json], names: Names, opened: Mapping[str, str] | None = None
) -> str:
    """Lays out messages with what people did to the app in between.

    Args:
        title: the first line.
        messages: Message objects of API.md, of one channel or one thread.
        deliveries: the payloads that people caused; those of other places are left out.
        names: ids → names.
        opened: the modals by their ids, each with the trigger_id that opened it: a form shows where it was asked for.
    """
    by_ts = {message["ts"]: message for message in messages}
    pressed = {d["payload"].get("trigger_id"): message for d in deliveries if (message := _message_of(d, by_ts))}
    asked = {view_id: pressed[trigger] for view_id, trigger in (opened or {}).items() if trigger in pressed}
    threads: dict[str, list[Entry]] = {}
    for message in messages:
        root = _root_of(message)
        depth = 0 if root == message["ts"] else 1
        threads.setdefault(root, []).append(_message_entry(message, names, depth))
    for delivery in _first_of_each(deliveries):
        entry, root = _deed(delivery, by_ts, asked, names)
        if entry:
            threads.setdefault(root or f"typed {entry.at}", []).append(entry)
    blocks = [
        "\n".join(
            line for entry in sorted(entries, key=lambda each: (each.at, each.depth)) for line in entry.laid_out()
        )
        for entries in sorted(threads.values(), key=lambda entries: min(entry.at for entry in entries))
    ]
    return "\n\n".join([title, *blocks]) + "\n"


def visible_lines(message: Json, names: Names) -> list[str]:
    """What a person reads of a message: its blocks, or its text when it has none."""
    if message["blocks"]:
        return lines_of(message["blocks"], names)
    return readable(message["text"], names).splitlines()


def _message_entry(message: Json, names: Names, depth: int) -> Entry:
    lines = visible_lines(message, names)
    buttons = button_labels(message["blocks"])
    if buttons:
        lines.append("  ".join(f"[{label}]" for label in buttons))
    lines += [f"[{file['name']} {_size(file['size'])}]" for file in message["files"]]
    notes = []
    if message["ephemeral"]:
        notes.append(f"only {names.get(message['visible_to'], message['visible_to'])} sees this")
    if message["version"] > 1:
        notes.append(f"edited {message['version'] - 1}×")
    who = names.get(message["user"], message["user"])
    return Entry(float(message["ts"]), who, tuple(lines), ", ".join(notes), depth)


def _first_of_each(deliveries: list[Json]) -> Iterable[Json]:
    seen = set()
    for delivery in deliveries:
        key = delivery["payload"].get("trigger_id")
        if key and key not in seen:
            seen.add(key)
            yield delivery


def _deed(
    delivery: Json, by_ts: Mapping[str, Json], asked: Mapping[str, Json], names: Names
) -> tuple[Entry | None, str]:
    """What somebody did, and the thread in which it shows (empty: the channel)."""
    payload = delivery["payload"]
    at = delivery["time"] - delivery["took_seconds"]  # it was done before it was acknowledged
    if delivery["kind"] == "command":
        who = names.get(payload["user_id"], payload["user_id"])
        return Entry(at, who, (f"{payload['command']} {readable(payload['text'], names)}".strip(),)), ""
    if payload.get("type") == "view_submission" and payload["view"]["root_view_id"] in asked:
        who, view = names.get(payload["user"]["id"], payload["user"]["id"]), payload["view"]
        submits = f"{who} submits “{view['title']['text']}”"
        return Entry(at, submits, tuple(_entered(view)), depth=1), _root_of(asked[view["root_view_id"]])
    message = _message_of(delivery, by_ts)
    if payload.get("type") != "block_actions" or message is None:
        return None, ""
    root = _root_of(message)
    who = names.get(payload["user"]["id"], payload["user"]["id"])
    chosen = payload["actions"][0]
    label = (chosen.get("text") or {}).get("text") or (chosen.get("selected_option") or {}).get("text", {}).get("text")
    return Entry(at, f"{who} presses [{label or chosen['action_id']}]", (), depth=1), root


def _message_of(delivery: Json, by_ts: Mapping[str, Json]) -> Json | None:
    """The message on which somebody pressed something."""
    return by_ts.get(delivery["payload"].get("container", {}).get("message_ts", ""))


def _entered(view: Json) -> Iterable[str]:
    """What was filled in, input by input."""
    for block, element in elements(view["blocks"]):
        state = view["state"]["values"].get(block["block_id"], {}).get(element["action_id"], {})
        value = next((value for key, value in state.items() if key != "type" and value), None)
        if value is not None:
            told = value["text"]["text"] if isinstance(value, dict) else str(value)
            yield from f"{(block.get('label') or {}).get('text', element['action_id'])}: {told}".splitlines()


def _root_of(message: Json) -> str:
    return str(message["thread_ts"] or message["ts"])


def _size(size: int) -> str:
    return f"{size} bytes" if size < 1000 else f"{round(size / 1000)} kB"
