"""A strategy in SageMaker's spelling: UpdateEndpoint's DeploymentConfig."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from bot.domain.endpoint import Document
from bot.domain.sizes import StepSize
from bot.domain.strategy.limits import LONGEST_EXECUTION
from bot.domain.strategy.pace import longest_duration
from bot.domain.strategy.shape import FleetShape
from bot.domain.strategy.values import Strategy, StrategyType

_SHORTEST_EXECUTION = timedelta(minutes=10)  # SageMaker's own
_SLACK = timedelta(minutes=15)  # for moving traffic and deleting instances


def deployment_config(
    strategy: Strategy, shape: FleetShape, alarm_names: Sequence[str], *, undo_at_once: bool = False
) -> Document | None:
    """The DeploymentConfig of an update whose strategy has no `problems`.

    Args:
        strategy: As `choose` settled it.
        shape: Of the target config's fleet.
        alarm_names: The alarms that send the traffic back: at most 10, which is SageMaker's limit.
        undo_at_once: Rolling only: bring the whole old fleet back in one step when an alarm trips. That is quicker, but takes
            the quota and the capacity of a whole second fleet, for want of which people choose rolling; so batch by batch is
            the rule. An undoing that finds no capacity ends in UpdateRollbackFailed, with both fleets in service.

    Returns:
        None where none is sent: two-variant moves weights itself, and all-at-once without a bake is what SageMaker does anyway.
    """
    if strategy.type is StrategyType.TWO_VARIANT or (strategy.type is StrategyType.ALL_AT_ONCE and not strategy.bakes):
        return None
    budget = longest_duration(strategy, shape) + _SLACK
    timeout = _seconds(min(max(budget, _SHORTEST_EXECUTION), LONGEST_EXECUTION))
    policy = _rolling(strategy, undo_at_once) if strategy.type is StrategyType.ROLLING else _blue_green(strategy)
    document = {**policy, **_auto_rollback(alarm_names)}
    name = "RollingUpdatePolicy" if strategy.type is StrategyType.ROLLING else "BlueGreenUpdatePolicy"
    document[name] = {**document[name], "MaximumExecutionTimeoutInSeconds": timeout}
    return document


def _rolling(strategy: Strategy, undo_at_once: bool) -> dict[str, Any]:
    batch = _capacity(strategy.size)
    policy = {"MaximumBatchSize": batch, "WaitIntervalInSeconds": _seconds(strategy.bake)}
    return {"RollingUpdatePolicy": policy if undo_at_once else {**policy, "RollbackMaximumBatchSize": batch}}


def _blue_green(strategy: Strategy) -> dict[str, Any]:
    match strategy.type:
        case StrategyType.CANARY:
            routing: dict[str, Any] = {"Type": "CANARY", "CanarySize": _capacity(strategy.size)}
        case StrategyType.LINEAR:
            routing = {"Type": "LINEAR", "LinearStepSize": _capacity(strategy.size)}
        case _:
            routing = {"Type": "ALL_AT_ONCE"}
    # WaitIntervalInSeconds is a required member even where there is nothing to wait between.
    wait = _seconds(strategy.bake) if strategy.type is not StrategyType.ALL_AT_ONCE else 0
    # The termination wait is the last bake: all traffic on the new fleet, and the old one still there to go back to.
    return {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {**routing, "WaitIntervalInSeconds": wait},
            "TerminationWaitInSeconds": _seconds(strategy.bake),
        }
    }


def _auto_rollback(alarm_names: Sequence[str]) -> dict[str, Any]:
    if not alarm_names:
        return {}  # SageMaker refuses an empty list
    return {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarm_names]}}


def _capacity(size: StepSize | None) -> Document:
    assert size is not None  # `problems` says so where it is missing
    return {"Type": "CAPACITY_PERCENT" if size.unit == "percent" else "INSTANCE_COUNT", "Value": size.value}


def _seconds(duration: timedelta) -> int:
    return int(duration.total_seconds())
