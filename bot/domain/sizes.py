"""How much of a fleet or of the traffic moves at once, and for how long that is watched: as people write it, and its limits."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from bot.domain.model import Value
from bot.domain.names import quoted

_PERCENT = re.compile(r"([0-9]{1,3}) ?%", re.ASCII)
_INSTANCES = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


class StepSize(Value):
    """How much of a fleet or of the traffic moves at once."""

    unit: Literal["percent", "instances"]
    value: int

    def of(self, instances: int) -> int:
        """How many of so many instances that is: a percentage is rounded up, and is never nothing."""
        return self.value if self.unit == "instances" else max(1, -(-instances * self.value // 100))

    def __str__(self) -> str:
        return f"{self.value}%" if self.unit == "percent" else str(self.value)


def _complaint(value: object) -> ValueError:
    return ValueError(f"{quoted(str(value))} is no size: write a percentage such as 10%, or a number of instances")


def _read(value: object) -> StepSize:
    if isinstance(value, StepSize):
        return value
    if isinstance(value, str) and (match := _PERCENT.fullmatch(value)):
        return StepSize(unit="percent", value=int(match[1]))
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return StepSize(unit="instances", value=value)
    raise _complaint(value)


def _read_typed(value: object) -> StepSize:
    """As in a file, and besides a number of instances as the text that a command is made of."""
    return _read(int(value) if isinstance(value, str) and _INSTANCES.fullmatch(value) else value)


_WRITTEN = PlainSerializer(lambda size: str(size) if size.unit == "percent" else size.value)
_SCHEMA = WithJsonSchema(
    {"anyOf": [{"type": "string", "pattern": "^[0-9]{1,3} ?%$"}, {"type": "integer", "minimum": 1}]}
)

Size = Annotated[StepSize, BeforeValidator(_read), _WRITTEN, _SCHEMA]
"""A size in a file."""

TypedSize = Annotated[StepSize, BeforeValidator(_read_typed), _WRITTEN]
"""A size in a command. JSON: as in a file."""

LONGEST_BAKE = timedelta(hours=1)
"""SageMaker's limit of WaitIntervalInSeconds and TerminationWaitInSeconds."""

PERCENT_RANGES = {"canary": (1, 50), "linear": (10, 50), "rolling": (5, 50), "two-variant": (1, 99)}
"""SageMaker's limits of CanarySize, LinearStepSize and MaximumBatchSize; the last one is a share of the traffic."""


def check_size(strategy: str, size: StepSize) -> None:
    """Refuse a size that no fleet could make right.

    Raises:
        ValueError: it does not fit the strategy; says why, to be read behind the name of the field.
    """
    if strategy not in PERCENT_RANGES:
        raise ValueError(f"means nothing for {strategy}: leave it out")
    low, high = PERCENT_RANGES[strategy]
    if size.unit == "percent" and not low <= size.value <= high:
        raise ValueError(f"must be from {low}% to {high}% for {strategy}")
    if size.unit == "instances" and strategy == "two-variant":
        raise ValueError("must be a percentage of the traffic for two-variant")


def check_bake(bake: timedelta) -> None:
    """Refuse a bake that SageMaker would refuse.

    Raises:
        ValueError: it is too long; says so, to be read behind the name of the field.
    """
    if bake > LONGEST_BAKE:
        raise ValueError("must be at most 1h, which is SageMaker's limit")
