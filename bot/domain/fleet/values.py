"""What the blocks of the fleet file are made of: the block itself, and values that people write with a unit."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from bot.domain.durations import Wait, format_duration
from bot.domain.names import quoted

WholeNumber = Annotated[int, Field(strict=True)]
Switch = Annotated[bool, Field(strict=True)]
Milliseconds = Annotated[float, Field(strict=True, gt=0)]


class Block(BaseModel):
    """Part of the fleet file: immutable, no unknown keys; what its attributes' docstrings say is shown by editors."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def _read_ratio(value: object) -> float:
    if isinstance(value, str) and (match := re.fullmatch(r"([0-9]+(?:\.[0-9]+)?) ?%", value, re.ASCII)):
        ratio = float(match[1]) / 100
    elif isinstance(value, int | float) and not isinstance(value, bool):
        ratio = float(value)
    else:
        raise ValueError(f"{quoted(str(value))} is no percentage: write it like 2%")
    if not 0 <= ratio <= 1:
        raise ValueError(f"{value} is out of range: write a percentage from 0% to 100%, such as 2%")
    return ratio


Ratio = Annotated[
    float,
    BeforeValidator(_read_ratio),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^(100(\.0+)?|[0-9]{1,2}(\.[0-9]+)?) ?%$"},
                {"type": "number", "minimum": 0, "maximum": 1},
            ]
        }
    ),
]
"""`2%` or 0.02; here always 0.02."""


def _check_metric_period(period: timedelta) -> timedelta:
    seconds = period.total_seconds()
    if seconds not in (1, 5, 10, 20, 30) and seconds % 60 != 0:
        raise ValueError(
            f"{format_duration(period)} is no period of CloudWatch: use 1s, 5s, 10s, 20s, 30s or whole minutes"
        )
    return period


MetricPeriod = Annotated[Wait, AfterValidator(_check_metric_period)]
