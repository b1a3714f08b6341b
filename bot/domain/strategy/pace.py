"""How many steps a strategy takes, how long it waits, and how many instances it needs at its widest."""

from datetime import timedelta

from bot.domain.strategy.shape import FleetShape
from bot.domain.strategy.values import Strategy, StrategyType


def step_count(strategy: Strategy, shape: FleetShape) -> int:
    """In how many steps the traffic moves; where variants differ, as many as the slowest takes."""
    if strategy.type in (StrategyType.LINEAR, StrategyType.ROLLING):
        return max((_steps(strategy, count) for count in shape.counts if count), default=1)
    return 2 if strategy.type.has_steps else 1


def _steps(strategy: Strategy, instances: int) -> int:
    assert strategy.size is not None  # every strategy with steps has one
    return -(-instances // strategy.size.of(instances))


def waits_of(strategy: Strategy, shape: FleetShape) -> timedelta:
    """How long the update only waits and watches, beside the time that instances take to start."""
    # The second variant bakes once; after that the watch judges, as it does after every update.
    steps = 1 if strategy.type is StrategyType.TWO_VARIANT else step_count(strategy, shape)
    return strategy.bake * steps


def launch_count(strategy: Strategy, shape: FleetShape) -> int:
    """How often instances are started, one time after another."""
    if strategy.type is StrategyType.ROLLING:
        return step_count(strategy, shape)
    return 2 if strategy.type is StrategyType.TWO_VARIANT else 1


def longest_duration(strategy: Strategy, shape: FleetShape, launch: timedelta | None = None) -> timedelta:
    """How long one update with this strategy may take when every launch is slow.

    What is not documented is counted in: that SageMaker waits once more after the last step before its final bake, and that it
    counts a step's instances over all variants instead of in each.

    Args:
        strategy: Of the update.
        shape: Of the target config's fleet.
        launch: How long one launch takes; without it, the longest that the fleet's config allows.
    """
    launches = launch_count(strategy, shape) * (shape.longest_launch if launch is None else launch)
    waits = waits_of(strategy, shape)
    if strategy.type is StrategyType.LINEAR:
        waits = max(waits, strategy.bake * _steps(strategy, sum(shape.counts)))
    if strategy.type in (StrategyType.CANARY, StrategyType.LINEAR):
        waits += strategy.bake
    return launches + waits


def extra_instances(strategy: Strategy, instances: int) -> int:
    """How many instances of a variant run beside its present ones when most do, which is what quotas must allow.

    Args:
        strategy: Of the update.
        instances: As many as the variant has on the target config.
    """
    if strategy.type is StrategyType.ROLLING:
        assert strategy.size is not None  # every strategy with steps has one
        return strategy.size.of(instances)
    # The second variant serves until the target config's own fleet has replaced both.
    return 2 * instances if strategy.type is StrategyType.TWO_VARIANT else instances
