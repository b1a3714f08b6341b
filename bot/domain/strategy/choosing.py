"""Which strategy it is: the command's word over the fleet file's, with nothing left open and the reason said."""

from datetime import timedelta

from bot.domain.fleet import Strategy as DeclaredStrategy
from bot.domain.strategy.shape import FleetShape
from bot.domain.strategy.values import USUAL_BAKE, USUAL_SIZES, AskedStrategy, Strategy, StrategyType

_UNGUARDED = "no canary, no bake, no alarm. The bot watches after the cutover instead."


def choose(asked: AskedStrategy | None, declared: DeclaredStrategy, shape: FleetShape) -> Strategy:
    """The strategy of a change; whether it can be had here is for `problems` to say. Nothing is quietly made something else.

    A size or bake of the fleet file belongs to the type that stands beside it, so asking for another type leaves it behind.
    """
    asked = asked or AskedStrategy()
    declared_type = StrategyType(declared.type)
    chosen = asked.type or declared_type
    same = chosen is declared_type
    usual_bake = USUAL_BAKE if chosen.has_steps else timedelta(0)
    strategy = Strategy(
        type=chosen,
        size=asked.size or (declared.size if same else None) or USUAL_SIZES.get(chosen),
        bake=_first(asked.bake, declared.bake if same else None, usual_bake),
        reason=_reason(asked, declared, chosen, shape),
    )
    return strategy.model_copy(update={"alarms": declared.alarms}) if strategy.bakes else strategy


def way_back() -> Strategy:
    """The strategy of every rollback: nothing may come before the old fleet's return."""
    return Strategy(reason="The way back is the quickest that SageMaker has.")


def _first(*bakes: timedelta | None) -> timedelta:
    return next(bake for bake in bakes if bake is not None)


def _reason(asked: AskedStrategy, declared: DeclaredStrategy, chosen: StrategyType, shape: FleetShape) -> str:
    if chosen is StrategyType.ALL_AT_ONCE and shape.is_marketplace:
        return f"AWS Marketplace packages get nothing else from SageMaker: {_UNGUARDED}"
    if chosen is StrategyType.ALL_AT_ONCE and shape.inf1_types:
        return f"Inf1 instances get nothing else from SageMaker: {_UNGUARDED}"
    if chosen is StrategyType.ALL_AT_ONCE and shape.is_serverless:
        return "A serverless endpoint has no instances to shift step by step."
    if asked.type is not None and asked.type != declared.type:
        return f"Asked for with this change; the fleet file says {declared.type}."
    if asked != AskedStrategy():
        return "Asked for with this change."
    if chosen is StrategyType.ALL_AT_ONCE and declared.bake is None:
        return "Nothing else was asked for. The bot watches afterwards."
    return "The fleet file says so."
