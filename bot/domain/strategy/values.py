"""A strategy as somebody asks for it, and as a plan settles it."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, ValidationInfo, field_validator

from bot.domain.durations import Duration
from bot.domain.model import Value
from bot.domain.sizes import Size, StepSize, TypedSize, check_bake, check_size


class StrategyType(StrEnum):
    """How the traffic moves."""

    ALL_AT_ONCE = "all-at-once"
    """In one step, once the whole new fleet serves."""
    CANARY = "canary"
    """A first share, then the rest."""
    LINEAR = "linear"
    """In equal steps; the whole new fleet stands before the first."""
    ROLLING = "rolling"
    """Batch by batch; only one batch is extra at any time."""
    TWO_VARIANT = "two-variant"
    """The new fleet as a second variant with live weights, then as the only one."""

    @property
    def is_guardrail(self) -> bool:
        """Whether SageMaker shifts the traffic in steps and watches alarms (its "deployment guardrails")."""
        return self in (StrategyType.CANARY, StrategyType.LINEAR, StrategyType.ROLLING)

    @property
    def has_steps(self) -> bool:
        """Whether the traffic moves in more than one step, so that it takes a size and a bake."""
        return self is not StrategyType.ALL_AT_ONCE


def _read_type(typed: object) -> object:
    return typed.casefold() if isinstance(typed, str) else typed


class AskedStrategy(Value):
    """What a command says about the strategy; what is None is left to the fleet file."""

    type: Annotated[StrategyType, BeforeValidator(_read_type)] | None = None
    size: TypedSize | None = None
    bake: Duration | None = None

    @field_validator("size")
    @classmethod
    def _size_fits_type(cls, size: StepSize | None, info: ValidationInfo) -> StepSize | None:
        type_ = info.data.get("type")
        if size is not None and type_ is not None:
            check_size(type_, size)
        return size

    @field_validator("bake")
    @classmethod
    def _bake_is_short_enough(cls, bake: timedelta | None) -> timedelta | None:
        if bake is not None:
            check_bake(bake)
        return bake


class Strategy(Value):
    """The strategy of a plan, with nothing left open."""

    type: StrategyType = StrategyType.ALL_AT_ONCE
    size: Size | None = None
    """The first share (canary, two-variant) or every step (linear, rolling); None for all-at-once."""
    bake: timedelta = timedelta(0)
    """How long each share is watched before the next, the whole included; zero: not at all."""
    alarms: tuple[str, ...] = ()
    """Existing CloudWatch alarms that SageMaker shall watch, besides those that the bot makes for the rollout."""
    reason: str = ""
    """Why this strategy, for the plan."""

    @property
    def bakes(self) -> bool:
        """Whether SageMaker itself watches alarms during this update and goes back by itself."""
        return self.bake > timedelta(0) and self.type is not StrategyType.TWO_VARIANT

    def __str__(self) -> str:
        return self.type if self.size is None else f"{self.type} {self.size}"


_SMALLEST_SHARE = StepSize(unit="percent", value=10)
_QUARTERS = StepSize(unit="percent", value=25)

USUAL_SIZES = {
    StrategyType.CANARY: _SMALLEST_SHARE,
    StrategyType.TWO_VARIANT: _SMALLEST_SHARE,
    StrategyType.LINEAR: _QUARTERS,
    StrategyType.ROLLING: _QUARTERS,
}
"""Where a command names a strategy and no size: a tenth shows an error to few; four steps stay within an hour."""

USUAL_BAKE = timedelta(minutes=10)
"""Where nobody says how long: enough for three datapoints of a minute, which CloudWatch shows up to three minutes late."""
