"""The blocks of the fleet file: approval, watch, timing, serverless, autoscaling, strategy. Their docstrings are the schema's."""

import re
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from bot.domain.durations import Duration, Wait, format_duration
from bot.domain.model import Value
from bot.domain.names import GroupReference, UserReference, quoted

WholeNumber = Annotated[int, Field(strict=True)]
Switch = Annotated[bool, Field(strict=True)]
Milliseconds = Annotated[float, Field(strict=True, gt=0)]

MAXIMUM_BAKE = timedelta(hours=1)
"""SageMaker's limit of WaitIntervalInSeconds and TerminationWaitInSeconds."""


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


class Approval(Block):
    """Who may approve, and how many of them it takes."""

    users: tuple[UserReference, ...] = ()
    """Slack user ids (U…) or @handles."""
    groups: tuple[GroupReference, ...] = ()
    """Slack user group ids (S…) or @handles; every member may approve."""
    quorum: Annotated[WholeNumber, Field(ge=1)] = 1
    """How many different approvers must agree."""
    requester_may_approve: Switch = False
    """Whether the requester counts as an approver of their own plan."""
    expires_after: Wait = timedelta(hours=4)
    """How long a plan waits for a decision."""


class Thresholds(Block):
    """Ceilings: above any of them the watch says REGRESSED, whatever the statistics say."""

    error_rate: Ratio | None = None
    """Server-side errors per request."""
    mid_stream_error_rate: Ratio | None = None
    """Errors in the middle of a stream per request."""
    p50_ms: Milliseconds | None = None
    """Median latency, or time to the first chunk of a stream."""
    p90_ms: Milliseconds | None = None
    """Latency that 90 % of the requests stay below."""
    p99_ms: Milliseconds | None = None
    """Latency that 99 % of the requests stay below."""


class Watch(Block):
    """How long and how closely the target config is watched after the cutover."""

    duration: Wait = timedelta(minutes=30)
    """How long CloudWatch data gathers after the warm-up."""
    warm_up: Duration = timedelta(minutes=3)
    """How much after the cutover is left out of the judgement; 0s for nothing."""
    metric_period: MetricPeriod = timedelta(minutes=1)
    """Length of one datapoint: 1s, 5s, 10s, 20s, 30s or whole minutes, which is what CloudWatch accepts."""
    baseline: Wait = timedelta(hours=1)
    """How much before the update it is compared with."""
    auto_rollback: Literal["off", "hard", "all"] = "hard"
    """When the bot rolls back by itself: never, on a crossed threshold, or on every REGRESSED."""
    thresholds: Thresholds = Thresholds()


class Timing(Block):
    """How often the bot looks."""

    poll: Wait = timedelta(seconds=15)
    """How often a running update is looked at."""
    settle: Wait = timedelta(seconds=10)
    """How long SageMaker is given to make a new model or config visible before it is asked again."""


class WorkerTiming(Timing):
    """How often the bot looks, and the workers' own rhythm, which is the same for all endpoints."""

    sweep: Wait = timedelta(seconds=10)
    """How often the workers look for rollouts that lost their next tick."""
    lease: Wait = timedelta(seconds=10)
    """How long a worker that died keeps others from taking over its duties."""


class Serverless(Block):
    """What a serverless endpoint has instead of instances."""

    memory_mb: Annotated[WholeNumber, Field(ge=1024, le=6144, multiple_of=1024)]
    """1024, 2048, 3072, 4096, 5120 or 6144."""
    max_concurrency: Annotated[WholeNumber, Field(ge=1, le=200)]
    """How many requests are served at once."""
    provisioned_concurrency: Annotated[WholeNumber, Field(ge=1, le=200)] | None = None
    """Concurrency that is kept warm; not more than max_concurrency."""

    @field_validator("provisioned_concurrency")
    @classmethod
    def _fits_into_maximum(cls, provisioned: int | None, info: ValidationInfo) -> int | None:
        maximum = info.data.get("max_concurrency")
        if provisioned is not None and maximum is not None and provisioned > maximum:
            raise ValueError(f"must not be more than max_concurrency, which is {maximum}")
        return provisioned


class Autoscaling(Block):
    """Target tracking by Application Auto Scaling."""

    min: Annotated[WholeNumber, Field(ge=0)]
    """Instances; 0 only for kind: async."""
    max: Annotated[WholeNumber, Field(ge=1)]
    """Instances."""
    metric: Literal[
        "SageMakerVariantInvocationsPerInstance", "SageMakerVariantConcurrentRequestsPerModelHighResolution"
    ] = "SageMakerVariantInvocationsPerInstance"
    """Predefined metric of Application Auto Scaling."""
    target: Annotated[float, Field(strict=True, gt=0)]
    """The value of the metric that is held."""

    @field_validator("max")
    @classmethod
    def _is_not_below_minimum(cls, maximum: int, info: ValidationInfo) -> int:
        minimum = info.data.get("min")
        if minimum is not None and maximum < minimum:
            raise ValueError(f"must not be less than min, which is {minimum}")
        return maximum


class StepSize(Value):
    """How much of a fleet or of the traffic moves at once."""

    unit: Literal["percent", "instances"]
    value: int

    def __str__(self) -> str:
        return f"{self.value}%" if self.unit == "percent" else str(self.value)


def _read_step_size(value: object) -> StepSize:
    if isinstance(value, StepSize):
        return value
    if isinstance(value, str) and (match := re.fullmatch(r"([0-9]{1,3}) ?%", value, re.ASCII)):
        return StepSize(unit="percent", value=int(match[1]))
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return StepSize(unit="instances", value=value)
    raise ValueError(f"{quoted(str(value))} is no size: write a percentage such as 10%, or a number of instances")


Size = Annotated[
    StepSize,
    BeforeValidator(_read_step_size),
    PlainSerializer(lambda size: str(size) if size.unit == "percent" else size.value),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": "^[0-9]{1,3} ?%$"}, {"type": "integer", "minimum": 1}]}),
]

_PERCENT_RANGES = {"canary": (1, 50), "linear": (10, 50), "rolling": (5, 50), "two-variant": (1, 99)}
"""SageMaker's limits of CanarySize, LinearStepSize and MaximumBatchSize; the last one is a share of the traffic."""


class Strategy(Block):
    """How traffic moves from the current config to the target config."""

    type: Literal["all-at-once", "canary", "linear", "rolling", "two-variant"] = "all-at-once"
    """How the traffic moves."""
    size: Size | None = Field(default=None, validate_default=True)
    """First share (canary, two-variant) or step (linear, rolling): a percentage, or a number of instances."""
    bake: Duration | None = None
    """How long each share is watched by SageMaker's alarms before the next; 1h at most."""

    @field_validator("size")
    @classmethod
    def _size_fits_type(cls, size: StepSize | None, info: ValidationInfo) -> StepSize | None:
        type_ = info.data.get("type")
        if type_ == "all-at-once" and size is not None:
            raise ValueError("means nothing for all-at-once: leave it out")
        if type_ in _PERCENT_RANGES:
            low, high = _PERCENT_RANGES[type_]
            if size is None:
                raise ValueError(f"is missing: {type_} needs a size from {low}% to {high}%")
            if size.unit == "percent" and not low <= size.value <= high:
                raise ValueError(f"must be from {low}% to {high}% for {type_}")
            if size.unit == "instances" and type_ == "two-variant":
                raise ValueError("must be a percentage of the traffic for two-variant")
        return size

    @field_validator("bake")
    @classmethod
    def _bake_is_short_enough(cls, bake: timedelta | None) -> timedelta | None:
        if bake is not None and bake > MAXIMUM_BAKE:
            raise ValueError("must be at most 1h, which is SageMaker's limit")
        return bake
