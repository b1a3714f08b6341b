"""What stands against a strategy on a fleet: SageMaker's limits and exclusions, checked before SageMaker is asked.

The rules are those of the developer guide's pages on deployment guardrails and their exclusions, and of the API's shapes.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import NamedTuple

from bot.domain.durations import format_duration, say_duration
from bot.domain.sizes import LONGEST_BAKE, PERCENT_RANGES, StepSize
from bot.domain.strategy.pace import longest_duration
from bot.domain.strategy.shape import FleetShape
from bot.domain.strategy.values import Strategy, StrategyType

LONGEST_EXECUTION = timedelta(hours=8)
"""SageMaker's limit of MaximumExecutionTimeoutInSeconds; a deployment that takes longer is rolled back."""

_USUAL_LAUNCH = timedelta(minutes=10)
_DATAPOINTS_IN_A_BAKE = 2
_ALARM_PERIODS = (10, 20, 30)


class Problem(NamedTuple):
    """Why a strategy cannot be had, and what to ask for instead."""

    why: str
    instead: str


class Caution(NamedTuple):
    """What an approver should know about a strategy that can be had, and what to do about it."""

    what: str
    advice: str


def alarm_period(metric_period: timedelta) -> timedelta:
    """The period of an alarm on such datapoints: CloudWatch's alarms know 10, 20 and 30 seconds and whole minutes."""
    seconds = metric_period.total_seconds()
    return timedelta(seconds=next((p for p in _ALARM_PERIODS if seconds <= p), 60 * -(-seconds // 60)))


def problems(strategy: Strategy, shape: FleetShape, metric_period: timedelta) -> tuple[Problem, ...]:
    """Everything that stands against a strategy on this fleet; empty: SageMaker takes it and does what it says.

    Args:
        strategy: As `choose` settled it.
        shape: Of the target config's fleet.
        metric_period: Length of one datapoint of the alarms.
    """
    if excluded := _excluded(strategy, shape):
        return (excluded,)
    checks = _CHECKS[strategy.type]
    return tuple(problem for check in checks for problem in check(strategy, shape, metric_period))


def cautions(strategy: Strategy, shape: FleetShape) -> tuple[Caution, ...]:
    """What to know about a strategy that can be had here."""
    if strategy.type is not StrategyType.TWO_VARIANT:
        return ()
    wide = Caution(
        "At its widest, three fleets run: the present one, the second variant, and the target config's own.",
        "Where instances are scarce, rolling needs the fewest.",
    )
    if not shape.is_marketplace:
        return (wide,)
    unproven = Caution(
        "Two variants of AWS Marketplace packages on one endpoint are unproven: AWS documents neither that it works nor that it "
        "does not.",
        "Try it on an endpoint that nobody needs first. If SageMaker refuses, nothing changes.",
    )
    return (unproven, wide)


def _excluded(strategy: Strategy, shape: FleetShape) -> Problem | None:
    """What SageMaker would take without a word and then not do. Nothing else is worth saying beside it."""
    wanted = f"{strategy.type}" if strategy.type.is_guardrail else "a bake"
    if strategy.type is StrategyType.TWO_VARIANT or not (strategy.type.is_guardrail or strategy.bakes):
        return None
    if shape.is_marketplace:
        return Problem(
            f"SageMaker takes {wanted} for AWS Marketplace packages without a word, then moves all traffic at once, watches no "
            "alarm and deletes the old fleet.",
            "Ask for --strategy all-at-once --bake 0s and let the bot watch, or try --strategy two-variant.",
        )
    if shape.inf1_types:
        return Problem(
            f"SageMaker takes {wanted} on Inf1 instances ({', '.join(shape.inf1_types)}) without a word, then moves all traffic "
            "at once and watches no alarm.",
            "Ask for --strategy all-at-once --bake 0s and let the bot watch, ask for --strategy two-variant, or move to Inf2.",
        )
    if shape.is_serverless:
        return Problem(
            f"SageMaker offers {wanted} for real-time and async endpoints only, and this one is serverless.",
            "Ask for --strategy all-at-once --bake 0s.",
        )
    return None


_Problems = Iterator[Problem]
_Limit = Callable[[Strategy, FleetShape, timedelta], _Problems]


def _takes_no_size(strategy: Strategy, shape: FleetShape, metric_period: timedelta) -> _Problems:
    if strategy.size is not None:
        yield Problem(
            f"A size of {strategy.size} means nothing for all-at-once.", "Leave --size out, or name a --strategy too."
        )


def _has_one_variant(strategy: Strategy, shape: FleetShape, metric_period: timedelta) -> _Problems:
    if len(shape.variants) > 1:
        names = ", ".join(v.name for v in shape.variants)
        yield Problem(
            f"SageMaker excludes endpoints with several variants from rolling, and this one has {names}.",
            "Ask for --strategy canary or linear.",
        )


def _size_is_in_range(strategy: Strategy, shape: FleetShape, metric_period: timedelta) -> _Problems:
    """Percentages as SageMaker bounds them, and what they come to in whole instances."""
    size, (low, high) = strategy.size, PERCENT_RANGES[strategy.type]
    if size is None:
        yield Problem(f"{_named(strategy)} needs a size.", f"Add --size, from {low}% to {high}%.")
        return
    if size.unit == "percent" and not low <= size.value <= high:
        yield Problem(
            f"{_named(strategy)} takes from {low}% to {high}%, not {size}.",
            f"Ask for --size {_nearest(size, low, high)}%.",
        )
        return
    for name, instances in shape.fleets:
        yield from _fits(strategy, size, name, instances)


def _fits(strategy: Strategy, size: StepSize, name: str, instances: int) -> _Problems:
    low, high = PERCENT_RANGES[strategy.type]
    if instances < 2:
        have = "1 instance" if instances else "no instance"
        yield Problem(
            f"{_named(strategy)} needs at least 2 instances, and {name} has {have}: every step would be the whole fleet.",
            "Ask for --strategy all-at-once --bake 10m, which keeps the old fleet until the bake is over, or scale to 2 first.",
        )
    elif 100 * size.of(instances) > high * instances:
        most = instances * high // 100
        rounded = f" ({size.of(instances)} when rounded up)" if size.unit == "percent" else ""
        yield Problem(
            f"{size} of the {instances} instances of {name}{rounded} is more than {high} %, which is SageMaker's limit.",
            f"Ask for --size {most} instead.",
        )
    elif 100 * size.of(instances) < low * instances:
        least = -(-instances * low // 100)
        yield Problem(
            f"{size} of the {instances} instances of {name} is less than {low} %, which is SageMaker's limit.",
            f"Ask for --size {least} or more.",
        )


def _bake_is_watchable(strategy: Strategy, shape: FleetShape, metric_period: timedelta) -> _Problems:
    yield from _bake_lasts(strategy, alarm_period(metric_period), "an alarm can have seen anything")


def _bake_is_comparable(strategy: Strategy, shape: FleetShape, metric_period: timedelta) -> _Problems:
    """No alarm watches the bake of two variants: the bot reads their metrics itself."""
    yield from _bake_lasts(strategy, metric_period, "both variants can be compared")


def _bake_lasts(strategy: Strategy, period: timedelta, before_what: str) -> _Problems:
    shortest = period * _DATAPOINTS_IN_A_BAKE
    if strategy.bake > LONGEST_BAKE:
        yield Problem(
            f"A bake of {format_duration(strategy.bake)} is longer than 1h, which is SageMaker's limit.",
            "Ask for --bake 1h or less.",
        )
    elif strategy.bake < shortest:
        yield Problem(
            f"A bake of {format_duration(strategy.bake)} ends before {before_what}: one datapoint takes {say_duration(period)}, "
            "and CloudWatch shows it late.",
            f"Ask for --bake {format_duration(shortest)} or more.",
        )


def _final_bake_is_watchable(strategy: Strategy, shape: FleetShape, metric_period: timedelta) -> _Problems:
    if strategy.bake:
        yield from _bake_is_watchable(strategy, shape, metric_period)


def _ends_in_time(strategy: Strategy, shape: FleetShape, metric_period: timedelta) -> _Problems:
    if strategy.size is None or any(count < 2 for count in shape.counts):
        return  # said already, and there are no steps to count
    needed = longest_duration(strategy, shape, _USUAL_LAUNCH)
    if needed > LONGEST_EXECUTION:
        yield Problem(
            f"{_named(strategy)} of {strategy.size} with bakes of {format_duration(strategy.bake)} would take about "
            f"{say_duration(needed)}, and SageMaker ends and undoes any deployment after 8 hours.",
            "Ask for larger steps (--size) or a shorter --bake.",
        )


def _can_run_beside(strategy: Strategy, shape: FleetShape, metric_period: timedelta) -> _Problems:
    """A second production variant must be possible, and must share the traffic by weight."""
    if shape.is_serverless:
        why = "SageMaker allows serverless endpoints only one variant"
    elif shape.has_shadow:
        why = "beside a shadow variant SageMaker allows exactly one production variant"
    elif shape.hosts_components:
        why = "traffic to inference components does not follow the weights of variants"
    elif shape.kind == "async":
        why = "requests to an async endpoint wait in one queue, and nothing says that it is shared out by weight"
    else:
        return
    instead = "canary" if shape.kind == "async" else "all-at-once"
    yield Problem(f"two-variant is impossible here: {why}.", f"Ask for --strategy {instead}.")


def _share_is_a_percentage(strategy: Strategy, shape: FleetShape, metric_period: timedelta) -> _Problems:
    low, high = PERCENT_RANGES[strategy.type]
    size = strategy.size
    if size is None or size.unit != "percent" or not low <= size.value <= high:
        yield Problem(
            f"two-variant moves a share of the traffic, from {low}% to {high}%.", "Ask for --size 10%, for example."
        )


_CHECKS: dict[StrategyType, tuple[_Limit, ...]] = {
    StrategyType.ALL_AT_ONCE: (_takes_no_size, _final_bake_is_watchable),
    StrategyType.CANARY: (_size_is_in_range, _bake_is_watchable),
    StrategyType.LINEAR: (_size_is_in_range, _bake_is_watchable, _ends_in_time),
    StrategyType.ROLLING: (_has_one_variant, _size_is_in_range, _bake_is_watchable, _ends_in_time),
    StrategyType.TWO_VARIANT: (_can_run_beside, _share_is_a_percentage, _bake_is_comparable),
}


def _named(strategy: Strategy) -> str:
    return strategy.type.capitalize()


def _nearest(size: StepSize, low: int, high: int) -> int:
    return low if size.value < low else high
