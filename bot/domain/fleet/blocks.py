"""The blocks of the fleet file: approval, watch, timing, serverless, autoscaling, strategy. Their docstrings are the schema's."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from bot.domain.checks import NEVER_PASSED
from bot.domain.durations import Duration, Wait, format_duration
from bot.domain.names import AlarmName, EnvironmentKey, GroupReference, SageMakerName, UserReference, quoted
from bot.domain.signals import Role, Signal
from bot.domain.sizes import PERCENT_RANGES, Size, StepSize, check_bake, check_size

WholeNumber = Annotated[int, Field(strict=True)]
Switch = Annotated[bool, Field(strict=True)]
Milliseconds = Annotated[float, Field(strict=True, gt=0)]

MAXIMUM_USER_ALARMS = 8
"""SageMaker watches 10 alarms of a deployment at most, and two of the bot's own are about what is never left out."""


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


class StrongerApproval(Block):
    """Who must agree to a change that no rollback can undo. The requester never counts."""

    users: tuple[UserReference, ...] = ()
    """Slack user ids (U…) or @handles; with no groups either, the same people as for any change."""
    groups: tuple[GroupReference, ...] = ()
    """Slack user group ids (S…) or @handles."""
    quorum: Annotated[WholeNumber, Field(ge=1)] = 2
    """How many different approvers must agree."""


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
    irreversible: StrongerApproval = StrongerApproval()
    """What it takes when the change cannot be undone, such as from serverless to instances."""


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


class Tolerance(Block):
    """The rise that nobody minds: what makes the watch say REGRESSED has risen by more than both, and by more than chance."""

    relative: Ratio = 0.10
    """As a percentage of what the old fleet leads one to expect; a rise of twice as much must be excluded for PASS."""
    absolute_ms: Annotated[float, Field(strict=True, ge=0)] = 2.0
    """Of a latency, in milliseconds."""


class Check(Block):
    """A program that says whether the endpoint gives right answers: run before the update and after the warm-up.

    Exit status 0 means that it does. It may write a JSON file, whose name is in the environment variable CHECK_RESULT.
    """

    command: Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]
    """The program and its arguments, as a list; no shell is involved."""
    timeout: Wait = timedelta(minutes=5)
    """After this it is killed; 30m at most."""
    pass_environment: tuple[EnvironmentKey, ...] = ()
    """Names of the workers' environment variables that it may see, such as AWS_PROFILE; nothing else of theirs reaches it."""

    @field_validator("pass_environment")
    @classmethod
    def _passes_no_secret_of_ours(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if ours := [name for name in names if name in NEVER_PASSED]:
            raise ValueError(f"{ours[0]} is the bot's own secret, which no other program gets to see")
        return names

    @field_validator("timeout")
    @classmethod
    def _is_short_enough(cls, timeout: timedelta) -> timedelta:
        if timeout > timedelta(minutes=30):
            raise ValueError("must not be more than 30m")
        return timeout


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
    tolerance: Tolerance = Tolerance()
    metrics: Mapping[Signal, Role] = {}
    """How much single metrics weigh, where it differs from the default: critical, normal or muted."""
    alarms: tuple[AlarmName, ...] = ()
    """Existing CloudWatch alarms that count as a crossed threshold when they go off during the watch."""
    check: Check | None = None
    """A program that says whether the endpoint gives right answers."""
    inference_components: tuple[SageMakerName, ...] = ()
    """For endpoints whose models are inference components: the ones to be watched, by their own metrics."""


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


class Retry(Block):
    """What may be tried again without a person: nothing but an update for which AWS had no capacity."""

    capacity_attempts: Annotated[WholeNumber, Field(ge=0, le=20)] = 0
    """How often an approved update is tried again; lacks of GPU capacity come in waves."""
    wait: Wait = timedelta(minutes=5)
    """How long before each try."""


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


class Strategy(Block):
    """How traffic moves from the current config to the target config."""

    type: Literal["all-at-once", "canary", "linear", "rolling", "two-variant"] = "all-at-once"
    """How the traffic moves."""
    size: Size | None = Field(default=None, validate_default=True)
    """First share (canary, two-variant) or step (linear, rolling): a percentage, or a number of instances."""
    bake: Duration | None = None
    """How long each share is watched by SageMaker's alarms before the next; 1h at most."""
    alarms: tuple[AlarmName, ...] = Field(default=(), max_length=MAXIMUM_USER_ALARMS)
    """Existing CloudWatch alarms about this endpoint that send the traffic back, besides those that the bot makes itself."""

    @field_validator("size")
    @classmethod
    def _size_fits_type(cls, size: StepSize | None, info: ValidationInfo) -> StepSize | None:
        type_ = info.data.get("type")
        if type_ is not None and size is not None:
            check_size(type_, size)
        if type_ in PERCENT_RANGES and size is None:
            low, high = PERCENT_RANGES[type_]
            raise ValueError(f"is missing: {type_} needs a size from {low}% to {high}%")
        return size

    @field_validator("bake")
    @classmethod
    def _bake_is_short_enough(cls, bake: timedelta | None) -> timedelta | None:
        if bake is not None:
            check_bake(bake)
        return bake

    @field_validator("alarms")
    @classmethod
    def _alarms_can_act(cls, alarms: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not alarms:
            return alarms
        if len(set(alarms)) < len(alarms):
            raise ValueError("names an alarm twice")
        if info.data.get("type") == "all-at-once" and "bake" in info.data and not info.data["bake"]:
            raise ValueError("can stop nothing without a bake: add bake, such as 10m")
        if info.data.get("type") == "two-variant":
            raise ValueError("mean nothing for two-variant, during which SageMaker watches none: leave them out")
        return alarms


class Follows(Block):
    """The endpoint that runs a version first, and for how long, before this one gets it by itself."""

    endpoint: SageMakerName
    """Another endpoint of this file, with the same source of versions."""
    soak: Wait = timedelta(hours=24)
    """How long the version must have run there, watched and not rolled back."""


class WavePlan(Block):
    """Endpoints that change one after another."""

    stages: tuple[tuple[SageMakerName, ...], ...] = Field(min_length=1)
    """Lists of endpoints, in order: a stage begins when the one before it is done and has soaked."""
    soak: Duration = timedelta(hours=1)
    """How long a stage that is done is left alone before the next begins."""
    at_once: Annotated[WholeNumber, Field(ge=1, le=20)] = 1
    """How many endpoints of a stage change at the same time, as far as quota allows."""

    @property
    def endpoints(self) -> tuple[str, ...]:
        """All of them, in order."""
        return tuple(name for stage in self.stages for name in stage)


class Manager(Block):
    """The endpoint manager: without this block the bot does nothing that nobody asked for."""

    every: Wait = timedelta(minutes=1)
    """How often it compares what runs with what shall run, and acts."""
    census: Wait = timedelta(seconds=30)
    """How often it looks at all endpoints and at the registry."""
    queue: str | None = None
    """URL of an SQS queue with SageMaker's EventBridge events: hints that something changed, so that nobody waits for the next look."""
    restore_window: Duration = timedelta(days=7)
    """How long configs and models of a deleted endpoint, and others that nothing needs, stay before gc may delete them."""
