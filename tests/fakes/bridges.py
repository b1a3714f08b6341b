"""Rollouts on their way over a bridge, at every stage."""

from datetime import timedelta
from typing import Any

from bot.domain.bridge import Bridge, BridgePlan
from bot.domain.endpoint import EndpointStatus, Snapshot, VariantState
from bot.domain.phases import Phase
from bot.domain.plan import Plan
from bot.domain.rollout import Rollout
from bot.domain.sizes import StepSize
from bot.domain.strategy import Strategy, StrategyType
from fakes.clock import NOW
from fakes.records import CURRENT, a_call, a_plan, a_snapshot, at, rollback_at

BRIDGE = "sentiment-v4-bridge"
OLD, NEW = "AllTraffic", "AllTraffic-next"
BAKE = timedelta(minutes=10)
BEFORE, SHARED, OVER, BACK = {OLD: 1.0}, {OLD: 1.0, NEW: 0.25}, {OLD: 0.0, NEW: 1.0}, {OLD: 1.0, NEW: 0.0}


def a_bridge_plan(**fields: Any) -> Plan:
    """A fifth of the traffic on a second variant for ten minutes."""
    share = StepSize(unit="percent", value=20)
    strategy = Strategy(type=StrategyType.TWO_VARIANT, size=share, bake=BAKE, reason="Asked for with this change.")
    bridge = BridgePlan(config=BRIDGE, variant=OLD, next_variant=NEW, share=20, weight=1.0)
    return a_plan(**{"strategy": strategy, "bridge": bridge, **fields})


def shown(
    status: EndpointStatus = EndpointStatus.IN_SERVICE,
    config: str = BRIDGE,
    weights: dict[str, float] | None = None,
    **fields: Any,
) -> Snapshot:
    """The endpoint with these weights."""
    variants = tuple(
        VariantState(name=name, current_count=2, desired_count=2, weight=weight)
        for name, weight in (weights or SHARED).items()
    )
    return a_snapshot(status, config, **fields).model_copy(update={"variants": variants})


def crossing(**bridge: Any) -> Rollout:
    """Before or in its first update, to the bridge."""
    return _updating(Bridge(created=True, **bridge), snapshot=None)


def baking(**bridge: Any) -> Rollout:
    """Both variants serve and are compared since NOW."""
    call = a_call(config=BRIDGE, accepted_at=NOW)
    return _updating(Bridge(**{"created": True, "call": call, "crossed_at": NOW, **bridge}), snapshot=shown())


def shifting(**call: Any) -> Rollout:
    """All of the traffic is about to move to the new variant."""
    return baking(shift=a_call(config=BRIDGE, **call))


def landing(**fields: Any) -> Rollout:
    """All of the traffic is on the new variant; before or in the last update."""
    return baking(shift=a_call(config=BRIDGE, accepted_at=NOW), shifted_at=NOW).with_(**fields)


def leaving(**bridge: Any) -> Rollout:
    """A rollback whose endpoint stands on the bridge."""
    back = rollback_at(Phase.ROLLING_BACK)
    plan = a_bridge_plan(current_config=BRIDGE, target_config=CURRENT, new_models={}, strategy=Strategy())
    return back.with_(plan=plan, bridge=Bridge(**bridge) if bridge else None)


def _updating(bridge: Bridge, **fields: Any) -> Rollout:
    return at(Phase.UPDATING, plan=a_bridge_plan(), bridge=bridge, update=None, **fields)
