"""From where to where: a change is one UpdateEndpoint, or over a bridge two, one after the other, by the same rules."""

from bot.domain.bridge import Bridge
from bot.domain.calls import UpdateCall
from bot.domain.phases import Kind
from bot.domain.rollout import Rollout


def goes_over_bridge(rollout: Rollout) -> bool:
    """Whether it is a change that goes to its target config over a bridge."""
    return rollout.kind is Kind.UPDATE and rollout.plan is not None and rollout.plan.bridge is not None


def is_crossing(rollout: Rollout) -> bool:
    """Whether the bridge is still to be reached: the first leg."""
    return goes_over_bridge(rollout) and not rollout.has_crossed


def origin(rollout: Rollout) -> str:
    """The config that the endpoint is on while the next call has had no effect."""
    assert rollout.plan is not None
    if rollout.has_crossed:
        assert rollout.plan.bridge is not None
        return rollout.plan.bridge.config
    return rollout.plan.current_config


def destination(rollout: Rollout) -> str:
    """The config that this leg leads to."""
    assert rollout.plan is not None
    if is_crossing(rollout):
        assert rollout.plan.bridge is not None
        return rollout.plan.bridge.config
    return rollout.plan.target_config


def call_of(rollout: Rollout) -> UpdateCall | None:
    """The UpdateEndpoint of this leg."""
    if is_crossing(rollout):
        return rollout.bridge.call if rollout.bridge is not None else None
    return rollout.update


def with_call(rollout: Rollout, call: UpdateCall | None) -> Rollout:
    """The same rollout with another call of this leg; None as if it had not been made."""
    if is_crossing(rollout):
        return with_bridge(rollout, call=call)
    return rollout.with_(update=call)


def with_bridge(rollout: Rollout, **changes: object) -> Rollout:
    """The same rollout, further on its way over the bridge."""
    return rollout.with_(bridge=(rollout.bridge or Bridge()).model_copy(update=changes))
