"""The fleet file's `watch`: how the target config is judged after the cutover. The docstrings are the schema's."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, field_validator

from bot.domain.checks import NEVER_PASSED
from bot.domain.durations import Duration, Wait
from bot.domain.fleet.values import Block, MetricPeriod, Milliseconds, Ratio
from bot.domain.names import AlarmName, EnvironmentKey, SageMakerName
from bot.domain.signals import Role, Signal


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
