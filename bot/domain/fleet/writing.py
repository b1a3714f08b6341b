"""A fleet file as text, with comments: what `fleet import` hands out. Whatever it writes, `parse_fleet` reads. Pure."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bot.domain.fleet.approving import Approval
from bot.domain.fleet.existing import Entry
from bot.domain.fleet.reading import parse_fleet
from bot.domain.fleet.source import FleetFileError

_SHARED = ("region", "role_to_assume", "execution_role")
"""Keys that move to the defaults where all endpoints say the same."""

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*(?::[A-Za-z0-9_./-]*)*[A-Za-z0-9]|[A-Za-z]")
_NO_TEXT = frozenset({"true", "false", "null"})

_HEAD = """\
# yaml-language-server: $schema=./fleet.schema.json
#
# Written by fleet import from the endpoints that exist. Read it before you use it: what nobody can see from outside is left to you.
# Endpoints that stream are written as realtime; give them kind: streaming.
version: 1
"""


@dataclass(frozen=True)
class Written:
    """The file's text, and how many of the endpoints it declares."""

    text: str
    declared: int


def write_fleet(
    entries: Sequence[Entry], *, approval: Approval, channel: str | None, remarks: Sequence[str] = ()
) -> Written:
    """The file. An endpoint that parse_fleet would refuse becomes a comment that says why.

    Args:
        entries: The endpoints, in their order.
        approval: Who decides, to begin with.
        channel: Where the bot tells what happens.
        remarks: Sentences for the end of the file.

    Raises:
        FleetFileError: it would be refused for something that no endpoint is to blame for.
    """
    text = _text(entries, approval, channel, remarks)
    while any(entry.why_not is None for entry in entries) and (refused := _refused(text)):
        entries = [replace(entry, why_not=refused.get(entry.name, entry.why_not)) for entry in entries]
        text = _text(entries, approval, channel, remarks)
    return Written(text, sum(entry.why_not is None for entry in entries))


def _refused(text: str) -> dict[str, str]:
    """Endpoints that the file could not be read with, and why."""
    try:
        parse_fleet(text, "fleet.yaml")
    except FleetFileError as error:
        told = [(mistake.key.split("."), mistake.problem) for mistake in error.mistakes]
        refused = {
            key[1]: ": ".join(part for part in (".".join(key[2:]), problem) if part)
            for key, problem in told
            if key[0] == "endpoints" and len(key) > 1
        }
        if not refused:
            raise
        return refused
    return {}


def _text(entries: Sequence[Entry], approval: Approval, channel: str | None, remarks: Sequence[str]) -> str:
    declared = [entry for entry in entries if entry.why_not is None]
    shared = {key: value for key in _SHARED if (value := _said_by_all(declared, key)) is not None}
    defaults = {**shared, **({"channel": channel} if channel else {}), "approval": _approval(approval)}
    lines = [_HEAD, "defaults:", *_block(defaults, "  "), "", "endpoints:"]
    for entry in declared:
        lines += [f"  {_scalar(entry.name)}:", *(f"    # {remark}" for remark in entry.remarks)]
        lines += [*_block({key: value for key, value in entry.keys.items() if key not in shared}, "    "), ""]
    for entry in entries:
        if entry.why_not is not None:
            lines.append(f"  # {entry.name} cannot be declared: {entry.why_not}.")
    return "\n".join([*lines, *(f"# {remark}" for remark in remarks)]).rstrip() + "\n"


def _approval(approval: Approval) -> dict[str, Any]:
    people = {"users": list(approval.users), "groups": list(approval.groups)}
    return {key: names for key, names in people.items() if names} | {"quorum": approval.quorum}


def _said_by_all(entries: Sequence[Entry], key: str) -> Any:
    values = {entry.keys.get(key) for entry in entries}
    return values.pop() if len(values) == 1 else None


def _block(keys: Mapping[str, Any], indent: str) -> Iterator[str]:
    for key, value in keys.items():
        if key == "environment":
            yield f"{indent}{key}:"
            yield from (f"{indent}  {_scalar(name)}: {json.dumps(text)}" for name, text in value.items())
        elif key == "track":
            yield f"{indent}{key}:"
            yield from (f"{indent}  - {_scalar(arn)}" for arn in value)
        else:
            yield f"{indent}{_scalar(key)}: {_flow(value)}"


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_scalar(key)}: {_flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return f"[{', '.join(map(_flow, value))}]"
    return _scalar(value)


def _scalar(value: object) -> str:
    """Text without quotes where YAML reads it as the same text; numbers as they are."""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else format(value, "f").rstrip("0")
    if not isinstance(value, str):
        return str(value)
    return value if _PLAIN.fullmatch(value) and value.lower() not in _NO_TEXT else json.dumps(value)
