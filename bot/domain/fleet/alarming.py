"""The fleet file's `alarms`: CloudWatch alarms that stand as long as the endpoint does. The docstrings are the schema's."""

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from bot.domain.durations import Wait, format_duration
from bot.domain.fleet.values import Block, Milliseconds, Ratio, WholeNumber
from bot.domain.names import TopicArn

LONGEST_EVALUATION = timedelta(days=1)
"""CloudWatch looks no further back."""


def _check_alarm_period(period: timedelta) -> timedelta:
    seconds = period.total_seconds()
    if seconds not in (10, 20, 30) and seconds % 60 != 0:
        raise ValueError(
            f"{format_duration(period)} is no period of a CloudWatch alarm: use 10s, 20s, 30s or whole minutes"
        )
    return period


class KeptAlarms(Block):
    """CloudWatch alarms about the endpoint: deploy makes them, rollouts keep them as declared, teardown deletes them.

    They watch all the time, whatever fleet serves; those of a single rollout look at its new fleet only.
    """

    error_rate: Ratio | None = None
    """Goes off above so many 5XX answers per request, such as 2%."""
    mid_stream_errors: Annotated[WholeNumber, Field(ge=0)] | None = None
    """Goes off when more streams than this break in the middle within one period; kind streaming only."""
    p50_ms: Milliseconds | None = None
    """Goes off above this median of ModelLatency, or of FirstChunkLatency for kind streaming."""
    p90_ms: Milliseconds | None = None
    """The same for what 90 % of the requests stay below."""
    p99_ms: Milliseconds | None = None
    """The same for what 99 % of the requests stay below."""
    overhead_ms: Milliseconds | None = None
    """Goes off above this average of OverheadLatency, which SageMaker itself adds; kinds realtime and serverless only."""
    backlog: Annotated[WholeNumber, Field(ge=0)] | None = None
    """Goes off when more requests than this wait in the queue; kind async only."""
    period: Annotated[Wait, AfterValidator(_check_alarm_period)] = timedelta(minutes=1)
    """Length of one datapoint: 10s, 20s, 30s or whole minutes."""
    evaluation_periods: Annotated[WholeNumber, Field(ge=1, le=1440)] = 3
    """How many of the last datapoints are looked at."""
    datapoints_to_alarm: Annotated[WholeNumber, Field(ge=1, le=1440)] = 2
    """How many of them must be above the ceiling. One without requests is no breach."""
    notify: Annotated[tuple[TopicArn, ...], Field(max_length=5)] = ()
    """SNS topics that hear of it when an alarm goes off and when it is over, 5 at most."""

    @field_validator("evaluation_periods")
    @classmethod
    def _looks_back_a_day_at_most(cls, periods: int, info: ValidationInfo) -> int:
        period = info.data.get("period")
        if period is not None and period * periods > LONGEST_EVALUATION:
            raise ValueError(
                f"{periods} periods of {format_duration(period)} are more than a day, which is CloudWatch's limit"
            )
        return periods

    @field_validator("datapoints_to_alarm")
    @classmethod
    def _can_be_reached(cls, needed: int, info: ValidationInfo) -> int:
        periods = info.data.get("evaluation_periods")
        if periods is not None and needed > periods:
            raise ValueError(f"must not be more than evaluation_periods, which is {periods}")
        return needed
