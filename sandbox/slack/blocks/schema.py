"""A small schema language with Slack's own error texts. A rule looks at one value and reports what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class KnowsFiles(Protocol):
    """Finds the file that a `slack_file` object points at, if it may be shown."""

    def usable(self, reference: dict[str, Any]) -> Any | None: ...


@dataclass(frozen=True)
class Problem:
    """One thing that Slack refuses; `pointer` is a JSON pointer into what was sent."""

    pointer: str
    message: str
    code: str = "failed_constraint"

    def __str__(self) -> str:
        return f"{self.message} [json-pointer:{self.pointer}]"


@dataclass
class Report:
    """What has been found so far, and what rules need to know beyond the value."""

    surface: str
    files: KnowsFiles
    problems: list[Problem] = field(default_factory=list)

    def add(self, pointer: str, message: str, code: str = "failed_constraint") -> None:
        self.problems.append(Problem(pointer, message, code))


Rule = Callable[[Report, Any, str], None]


def string(longest: int, shortest: int = 1) -> Rule:
    """A string within these lengths."""

    def check(report: Report, value: Any, pointer: str) -> None:
        if not isinstance(value, str):
            report.add(pointer, "must be a string", "invalid_type")
        elif len(value) > longest:
            report.add(pointer, f"must be less than {longest + 1} characters")
        elif len(value) < shortest:
            report.add(pointer, f"must be more than {shortest - 1} characters")

    return check


def pattern(expression: str, example: str) -> Rule:
    """A string of this form, which the error names by an example."""

    def check(report: Report, value: Any, pointer: str) -> None:
        if not isinstance(value, str) or not re.fullmatch(expression, value, re.ASCII):
            report.add(pointer, f"must match the format {example}")

    return check


def boolean(report: Report, value: Any, pointer: str) -> None:
    """True or false."""
    if not isinstance(value, bool):
        report.add(pointer, "must be a boolean", "invalid_type")


def integer(lowest: int, highest: int) -> Rule:
    """A whole number within these bounds."""

    def check(report: Report, value: Any, pointer: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool):
            report.add(pointer, "must be an integer", "invalid_type")
        elif not lowest <= value <= highest:
            report.add(pointer, f"must be between {lowest} and {highest}")

    return check


def one_of(*allowed: str) -> Rule:
    """One of these strings."""

    def check(report: Report, value: Any, pointer: str) -> None:
        if value not in allowed:
            report.add(pointer, f"must be one of: {', '.join(allowed)}")

    return check


def anything(report: Report, value: Any, pointer: str) -> None:
    """No rule of ours: Slack's own is not known."""


def items(rule: Rule, fewest: int, most: int) -> Rule:
    """A list of so many values."""

    def check(report: Report, value: Any, pointer: str) -> None:
        if not isinstance(value, list):
            report.add(pointer, "must be an array", "invalid_type")
            return
        if len(value) > most:
            report.add(pointer, f"no more than {most} items allowed")
        if len(value) < fewest:
            report.add(pointer, f"no less than {fewest} items allowed")
        for index, each in enumerate(value):
            rule(report, each, f"{pointer}/{index}")

    return check


def shape(fields: Mapping[str, Rule], required: Collection[str] = (), also: Rule | None = None) -> Rule:
    """An object with these fields and no others; `also` checks what concerns several fields."""

    def check(report: Report, value: Any, pointer: str) -> None:
        if not isinstance(value, dict):
            report.add(pointer, "must be an object", "invalid_type")
            return
        for name in required:
            if value.get(name) is None:
                report.add(pointer, f"missing required field: {name}", "missing_field")
        for name, each in value.items():
            if name == "type" or (each is None and name not in required):
                continue
            if name in fields:
                fields[name](report, each, f"{pointer}/{name}")
            else:
                report.add(pointer, f"invalid additional property: {name}", "additional_property")
        if also:
            also(report, value, pointer)

    return check


def by_type(kinds: Mapping[str, Rule], allowed: Collection[str] | None = None) -> Rule:
    """An object whose `type` chooses its rule; only the `allowed` types, if given."""

    def check(report: Report, value: Any, pointer: str) -> None:
        kind = value.get("type") if isinstance(value, dict) else None
        if kind is None:
            report.add(pointer, "missing required field: type", "missing_field")
        elif kind not in kinds or (allowed is not None and kind not in allowed):
            report.add(f"{pointer}/type", f"unsupported type: {kind}", "unsupported_type")
        else:
            kinds[kind](report, value, pointer)

    return check


def text(longest: int, shortest: int = 1) -> Rule:
    """A text object, plain_text or mrkdwn."""
    content = string(longest, shortest)
    kinds = {
        "plain_text": shape({"text": content, "emoji": boolean}, ["text"]),
        "mrkdwn": shape({"text": content, "verbatim": boolean}, ["text"]),
    }
    return by_type(kinds)


def plain(longest: int, shortest: int = 1) -> Rule:
    """A plain_text object."""
    return by_type({"plain_text": shape({"text": string(longest, shortest), "emoji": boolean}, ["text"])})


def slack_file(report: Report, value: Any, pointer: str) -> None:
    """A reference to a file that has been uploaded and completed."""
    if not isinstance(value, dict) or len(value.keys() & {"id", "url"}) != 1:
        report.add(pointer, "must have exactly one of: id, url")
    elif report.files.usable(value) is None:
        report.add(pointer, "invalid slack file", "invalid_slack_file")


def image_source(report: Report, value: Any, pointer: str) -> None:
    """An image has exactly one source, and Slack's servers must be able to fetch it."""
    given = [name for name in ("image_url", "slack_file") if value.get(name) is not None]
    if len(given) != 1:
        report.add(pointer, "must provide one of: image_url, slack_file")
    elif given == ["image_url"] and not str(value["image_url"]).startswith(("http://", "https://")):
        report.add(f"{pointer}/image_url", "must be a valid URL")
