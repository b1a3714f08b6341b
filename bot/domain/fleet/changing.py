"""The fleet file's `strategy`, `follows` and `waves`: how, and in which order, endpoints change. The docstrings are the schema's."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from bot.domain.durations import Duration, Wait
from bot.domain.fleet.values import Block, WholeNumber
from bot.domain.names import AlarmName, SageMakerName
from bot.domain.sizes import PERCENT_RANGES, Size, StepSize, check_bake, check_size

MAXIMUM_USER_ALARMS = 8
"""SageMaker watches 10 alarms of a deployment at most, and two of the bot's own are about what is never left out."""


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

    stages: tuple[Annotated[tuple[SageMakerName, ...], Field(min_length=1)], ...] = Field(min_length=1)
    """Lists of endpoints, in order: a stage begins when the one before it is done and has soaked."""
    soak: Duration = timedelta(hours=1)
    """How long a stage that is done is left alone before the next begins."""
    at_once: Annotated[WholeNumber, Field(ge=1, le=20)] = 1
    """How many endpoints of a stage change at the same time, as far as quota allows."""

    @property
    def endpoints(self) -> tuple[str, ...]:
        """All of them, in order."""
        return tuple(name for stage in self.stages for name in stage)

    def stage_of(self, endpoint: str) -> int:
        """The number of the stage in which it changes, counted from 0. Raises ValueError if it is in none."""
        for number, names in enumerate(self.stages):
            if endpoint in names:
                return number
        raise ValueError(f"{endpoint} is in no stage")
