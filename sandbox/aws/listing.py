"""Filtering, sorting and paging as the List operations share them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

from .errors import AwsError, validation

T = TypeVar("T")


def page(
    items: Sequence[T], params: dict[str, Any], *, default: int, size: str = "MaxResults"
) -> tuple[list[T], dict[str, str]]:
    """One page of `items` and, if there is more, the `NextToken` to ask for it."""
    start = _read_token(params.get("NextToken"))
    limit = params.get(size) or default
    chosen = list(items[start : start + limit])
    more = start + limit < len(items)
    return chosen, {"NextToken": _token(start + limit)} if more else {}


def matching(items: Iterable[T], params: dict[str, Any], describe: Callable[[T], dict[str, Any]]) -> list[T]:
    """Those that pass the filters which SageMaker's lists have in common: NameContains and time bounds.

    Args:
        items: What to choose from.
        params: The request; only filters that are present apply.
        describe: Gives `Name`, `CreationTime` and, where filtered by it, `LastModifiedTime`.
    """

    def fits(item: T) -> bool:
        facts = describe(item)
        if params.get("NameContains", "").lower() not in facts["Name"].lower():
            return False
        bounds: list[tuple[str, Callable[[datetime, datetime], bool]]] = [
            ("After", lambda value, bound: value > bound),
            ("Before", lambda value, bound: value < bound),
        ]
        for field in ("CreationTime", "LastModifiedTime"):
            for side, holds in bounds:
                bound = params.get(f"{field}{side}")
                if bound is not None and not holds(facts[field], bound):
                    return False
        return True

    return [item for item in items if fits(item)]


def ordered(
    items: Iterable[T], params: dict[str, Any], keys: dict[str, Callable[[T], Any]], by: str, order: str
) -> list[T]:
    """Sorted by the request's SortBy and SortOrder, or by the given defaults."""
    key = keys[params.get("SortBy", by)]
    return sorted(items, key=key, reverse=params.get("SortOrder", order) == "Descending")


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"start={start}".encode()).decode()


def _read_token(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.urlsafe_b64decode(token.encode()).decode().removeprefix("start="))
    except (ValueError, binascii.Error) as exc:
        raise validation("The provided NextToken is not valid.") from exc


def required(found: T | None, message: str, code: str = "ValidationException") -> T:
    """What was looked up, or the error that it is not there."""
    if found is None:
        raise AwsError(code, message)
    return found
