"""The words inside commands as people type them, each with what to say when it is none: versions, counts, times."""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StringConstraints

from bot.domain.names import quoted

_VERSION = re.compile(r"v?([1-9][0-9]{0,8})", re.ASCII)
_COUNT = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


def _read_version(typed: object) -> object:
    if not isinstance(typed, str) or typed == "latest":
        return typed
    if match := _VERSION.fullmatch(typed.casefold()):
        return int(match[1])
    if typed.casefold() == "latest":
        return "latest"
    raise ValueError(f"{quoted(typed)} is no version: give a number such as 4, or the word latest")


def _read_count(typed: object) -> object:
    if not isinstance(typed, str):
        return typed
    if _COUNT.fullmatch(typed):
        return int(typed)
    raise ValueError(f"{quoted(typed)} is no instance count: give a whole number, 1 or more")


def _read_page(typed: object) -> object:
    if not isinstance(typed, str):
        return typed
    if _COUNT.fullmatch(typed):
        return int(typed)
    raise ValueError(f"{quoted(typed)} is no page: give a whole number, 1 or more")


Version = Annotated[Annotated[int, Field(strict=True, ge=1)] | Literal["latest"], BeforeValidator(_read_version)]
"""A version of the endpoint's model package group, or the newest one that may follow."""

VersionNumber = Annotated[int, Field(strict=True, ge=1), BeforeValidator(_read_version)]
"""One version of a group, by its number."""

InstanceCount = Annotated[int, Field(strict=True, ge=1), BeforeValidator(_read_count)]
PageNumber = Annotated[int, Field(strict=True, ge=1), BeforeValidator(_read_page)]

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
"""A person's own words."""

TimeWords = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
"""A point in time as typed; `bot.domain.times` reads it, which takes a clock."""
