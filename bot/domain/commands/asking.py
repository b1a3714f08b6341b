"""What only asks: help, the board, the past."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from bot.domain.commands.typed import PageNumber
from bot.domain.durations import Wait, format_duration
from bot.domain.model import Value
from bot.domain.names import EndpointWord, PackageGroup, quoted
from bot.domain.states import BoardState, TypedState

_PERSON = re.compile(r"(?:<@)?([UW][A-Z0-9]{2,})(?:\|[^>]*)?>?", re.ASCII)


def _read_owner(typed: object) -> object:
    if not isinstance(typed, str):
        return typed
    if typed.lower() == "me":
        return "me"
    if match := _PERSON.fullmatch(typed):
        return match[1]
    raise ValueError(
        f"{quoted(typed)} is nobody: mention somebody, give a Slack user id such as U0ANNA, or the word me"
    )


def _read_lower(typed: object) -> object:
    return typed.lower() if isinstance(typed, str) else typed


def _is_pattern(endpoint: str) -> bool:
    return "*" in endpoint or "?" in endpoint


Owner = Annotated[str, BeforeValidator(_read_owner)]
"""Who answers for endpoints, as Slack writes a mention, or whoever asks."""

MOST_HISTORY = timedelta(days=14)


class Help(Value):
    """What there is, or one command in full."""

    name: Literal["help"] = "help"
    command: str | None = None


class Status(Value):
    """The fleet board, or one endpoint in full."""

    name: Literal["status"] = "status"
    endpoint: EndpointWord | None = None
    """One of them, or a pattern such as `sentiment-*` for the rows of the board."""
    states: tuple[TypedState, ...] = ()
    owner: Owner | None = None
    policy: Annotated[Literal["auto", "ask", "manual"], BeforeValidator(_read_lower)] | None = None
    group: PackageGroup | None = None
    page: PageNumber = Field(default=1, validate_default=True)

    @field_validator("states", mode="before")
    @classmethod
    def _takes_several_at_once(cls, typed: object) -> object:
        """`--state held,drifted` is as good as `--state held --state drifted`."""
        if not isinstance(typed, tuple | list):
            return typed
        parts = (part for each in typed for part in (each.split(",") if isinstance(each, str) else (each,)))
        return tuple(part for part in parts if part)

    @field_validator("states")
    @classmethod
    def _names_each_state_once(cls, states: tuple[BoardState, ...]) -> tuple[BoardState, ...]:
        return tuple(dict.fromkeys(states))

    @field_validator("page")
    @classmethod
    def _asks_for_one_endpoint_or_for_rows(cls, page: int, info: ValidationInfo) -> int:
        endpoint = info.data.get("endpoint")
        chooses = page != 1 or any(info.data.get(name) for name in ("states", "owner", "policy", "group"))
        if endpoint is not None and chooses and not _is_pattern(endpoint):
            raise ValueError("name one endpoint, or choose rows of the board: not both")
        return page

    @property
    def is_board(self) -> bool:
        """Whether rows of the board are asked for, not one endpoint in full."""
        return self.endpoint is None or _is_pattern(self.endpoint)


class History(Value):
    """Past rollouts, of one endpoint or of all."""

    name: Literal["history"] = "history"
    endpoint: EndpointWord | None = None


class Metrics(Value):
    """Latency, errors and traffic as a chart."""

    name: Literal["metrics"] = "metrics"
    endpoint: EndpointWord
    since: Wait = timedelta(hours=24)
    """How far back the chart reaches."""

    @field_validator("since")
    @classmethod
    def _is_within_what_cloudwatch_keeps(cls, since: timedelta) -> timedelta:
        if since > MOST_HISTORY:
            raise ValueError(f"CloudWatch keeps minutes for 15 days: give {format_duration(MOST_HISTORY)} at most")
        if since < timedelta(minutes=5):
            raise ValueError("is too short for a chart: give 5m or more")
        return since


class Audit(Value):
    """Every decision as JSON lines."""

    name: Literal["audit"] = "audit"
    since: Wait = timedelta(days=7)
