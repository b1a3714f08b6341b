"""A/B tests: two versions of a model side by side."""

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from bot.domain.commands.typed import Text, Version
from bot.domain.model import Value
from bot.domain.names import EndpointWord, quoted

_SHARE = re.compile(r"(100|[1-9]?[0-9])%?", re.ASCII)


def _read_share(typed: object) -> object:
    if not isinstance(typed, str):
        return typed
    if _SHARE.fullmatch(typed):
        return int(typed.removesuffix("%"))
    raise ValueError(f"{quoted(typed)} is no share of the traffic: give a percentage such as 10")


def _read_side(typed: object) -> object:
    return typed.upper() if isinstance(typed, str) else typed


TrafficShare = Annotated[int, Field(strict=True, ge=0, le=100), BeforeValidator(_read_share)]
"""Percent of the requests."""


class AbStart(Value):
    """Run a second version beside the one that serves, with a share of the traffic, or as its shadow."""

    name: Literal["ab start"] = "ab start"
    endpoint: EndpointWord
    version: Version | None = None
    weight: TrafficShare = 10
    shadow: bool = False
    """It gets a copy of the requests, and nobody sees its answers."""
    reason: Text | None = None


class AbWeight(Value):
    """Another share of the traffic for the version that is tried out."""

    name: Literal["ab weight"] = "ab weight"
    endpoint: EndpointWord
    weight: TrafficShare


class AbFinish(Value):
    """End the test: keep A, which served before, or B, which was tried out."""

    name: Literal["ab finish"] = "ab finish"
    endpoint: EndpointWord
    keep: Annotated[Literal["A", "B"], BeforeValidator(_read_side)]
    reason: Text | None = None
