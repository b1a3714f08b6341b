"""What a strategy does to the traffic, step by step, in an approver's words."""

from collections.abc import Callable, Mapping

from bot.domain.durations import say_duration
from bot.domain.sizes import StepSize
from bot.domain.strategy.pace import step_count, waits_of
from bot.domain.strategy.shape import FleetShape
from bot.domain.strategy.values import Strategy, StrategyType


def steps_of(strategy: Strategy, shape: FleetShape) -> tuple[str, ...]:
    """A sentence for each step, and what ends it early; for a strategy that has no `problems`."""
    return _STEPS[strategy.type](strategy, shape)


def _all_at_once(strategy: Strategy, shape: FleetShape) -> tuple[str, ...]:
    whole = f"Once {_new_fleet(shape)} serves, all of the traffic moves to it at once"
    if not strategy.bakes:
        return (f"{whole}, and the old fleet is deleted.",)
    return (
        f"{whole}; the old fleet stays for {say_duration(strategy.bake)} more.",
        _way_out(strategy, shape),
    )


def _canary(strategy: Strategy, shape: FleetShape) -> tuple[str, ...]:
    bake = say_duration(strategy.bake)
    return (
        f"{_new_fleet(shape).capitalize()} starts beside the old one.",
        f"{_share(strategy, shape)} for {bake}, then the rest.",
        f"The old fleet stays for {bake} more, then it is deleted.",
        _way_out(strategy, shape),
    )


def _linear(strategy: Strategy, shape: FleetShape) -> tuple[str, ...]:
    bake, steps = say_duration(strategy.bake), step_count(strategy, shape)
    return (
        f"{_new_fleet(shape).capitalize()} starts beside the old one.",
        f"{_share(strategy, shape)} first, then as much again every {bake}: {steps} steps.",
        f"The old fleet stays for {bake} after the last step, then it is deleted.",
        _way_out(strategy, shape),
    )


def _rolling(strategy: Strategy, shape: FleetShape) -> tuple[str, ...]:
    assert strategy.size is not None  # every strategy with steps has one
    count, bake, steps = shape.counts[0], say_duration(strategy.bake), step_count(strategy, shape)
    return (
        f"{_instances(strategy.size.of(count))} of {count} at a time, in {steps} batches: started, given their share of the "
        f"traffic, watched for {bake}; then as many old ones are deleted.",
        _way_out(strategy, shape),
    )


def _two_variant(strategy: Strategy, shape: FleetShape) -> tuple[str, ...]:
    return (
        f"The new fleet starts as a second variant and takes {strategy.size} of the traffic for "
        f"{say_duration(strategy.bake)}; both are compared side by side.",
        "Then all of the traffic moves to it by weight.",
        "Last, the endpoint goes on to the target config, where the new fleet bears the old variant's name.",
        "Until then, going back is a matter of seconds: the weights move back.",
    )


_STEPS: Mapping[StrategyType, Callable[[Strategy, FleetShape], tuple[str, ...]]] = {
    StrategyType.ALL_AT_ONCE: _all_at_once,
    StrategyType.CANARY: _canary,
    StrategyType.LINEAR: _linear,
    StrategyType.ROLLING: _rolling,
    StrategyType.TWO_VARIANT: _two_variant,
}


def _new_fleet(shape: FleetShape) -> str:
    total = sum(shape.counts)
    return f"the whole new fleet of {_instances(total)}" if total else "the whole new fleet"


def _share(strategy: Strategy, shape: FleetShape) -> str:
    """`1 of 4 instances takes 25 % of the traffic`; of several variants, only the share is the same."""
    assert strategy.size is not None  # every strategy with steps has one
    if len(shape.counts) != 1:
        takes = "takes its" if strategy.size == StepSize(unit="instances", value=1) else "take their"
        return f"Of every variant, {_told(strategy.size)} {takes} share of the traffic"
    count = shape.counts[0]
    some = strategy.size.of(count)
    return (
        f"{some} of {_instances(count)} {'takes' if some == 1 else 'take'} {round(100 * some / count)} % of the traffic"
    )


def _told(size: StepSize) -> str:
    return f"{size.value} % of the instances" if size.unit == "percent" else _instances(size.value)


def _way_out(strategy: Strategy, shape: FleetShape) -> str:
    total = say_duration(waits_of(strategy, shape))
    if strategy.type is StrategyType.ROLLING:
        return f"An alarm in any of these {total} of watching brings the old instances back, batch by batch."
    return f"An alarm in any of these {total} of watching sends all traffic back to the old fleet."


def _instances(count: int) -> str:
    return f"{count} instance{'' if count == 1 else 's'}"
