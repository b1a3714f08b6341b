"""The way over a bridge, step by step: the second variant, the comparison, the move of the traffic, and the move back."""

from bot.domain.bridge import Bridge, BridgePlan
from bot.domain.durations import say_duration
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.reconcile import bake_ends_at, is_baking
from bot.domain.rollout import Rollout
from bot.domain.verdict import Comparison
from bot.messages.blocks import code, escape
from bot.messages.words import amount, before_after_ms, count, moment, percent

Steps = list[tuple[bool, str]]
"""Whether each is done, and what it is."""


def config_steps(rollout: Rollout) -> Steps:
    """The config in between, for a change that goes over it."""
    plan = _bridge_of(rollout)
    if plan is None or rollout.kind is Kind.ROLLBACK:
        return []
    is_there = rollout.bridge is not None and rollout.bridge.created
    return [(is_there, f"Endpoint config {code(plan.config)}, which runs both variants")]


def crossing_steps(rollout: Rollout) -> Steps:
    """What comes before the update to the target config; nothing where no bridge leads there."""
    plan, bridge = _bridge_of(rollout), rollout.bridge or Bridge()
    if plan is None:
        return []
    if rollout.kind is Kind.ROLLBACK:
        return [(bridge.shifted_at is not None or bool(bridge.shift_refused), _back(plan, bridge))]
    has_moved_on = bridge.shift is not None or bridge.shifted_at is not None
    return [
        (rollout.has_crossed, _second_variant(rollout, plan)),
        (has_moved_on, _comparing(rollout, bridge)),
        (bridge.shifted_at is not None, f"All of the traffic to {escape(plan.next_variant)}, by weight"),
    ]


def crossing_line(rollout: Rollout) -> str | None:
    """The present step in one line, while a change is on the bridge; None otherwise."""
    plan, bridge = _bridge_of(rollout), rollout.bridge
    is_on_it = rollout.phase is Phase.UPDATING and rollout.has_crossed and rollout.update is None
    if plan is None or bridge is None or not is_on_it:
        return None
    if is_baking(rollout):
        return f"{_comparing(rollout, bridge)}."
    return f"All of the traffic moves to {escape(plan.next_variant)}."


def turned_back(rollout: Rollout) -> str | None:
    """Why a change went back by itself; None where a person asked for it."""
    last = next((t for t in reversed(rollout.transitions) if t.phase is Phase.ROLLING_BACK), None)
    if last is None or rollout.kind is not Kind.UPDATE or not last.note:
        return None
    verb = "goes" if rollout.phase is Phase.ROLLING_BACK else "went"
    if last.reason is Reason.WATCH_REGRESSED:
        return f"It {verb} back by itself; the summary below says why."
    return f"It {verb} back by itself: {escape(last.note)}"


def _bridge_of(rollout: Rollout) -> BridgePlan | None:
    return rollout.plan.bridge if rollout.plan is not None else None


def _second_variant(rollout: Rollout, plan: BridgePlan) -> str:
    new, old = escape(plan.next_variant), escape(plan.variant)
    share = f"{plan.share:g} % of the traffic"
    if rollout.has_crossed:
        return f"{new} runs beside {old} and began with {share}"
    pending = rollout.snapshot.pending if rollout.snapshot is not None else None
    state = next((v for v in (pending.variants if pending is not None else ()) if v.name == plan.next_variant), None)
    if state is None or state.desired_count is None:
        return f"{new} beside {old}, with {share}"
    return f"{new} beside {old}: {state.current_count or 0} of {count(state.desired_count, 'instance')}"


def _comparing(rollout: Rollout, bridge: Bridge) -> str:
    assert rollout.plan is not None
    bake = say_duration(rollout.plan.strategy.bake)
    if is_baking(rollout):
        return f"Both compared until {moment(bake_ends_at(rollout))}. {_so_far(bridge.comparison)}"
    return f"Both compared: {bridge.verdict.kind}" if bridge.verdict is not None else f"Both compared for {bake}"


def _so_far(comparison: Comparison | None) -> str:
    if comparison is None or not comparison.after.requests:
        return "No numbers of the new variant yet"
    p50 = before_after_ms(comparison.before.p50_us, comparison.after.p50_us)
    errors = f"{percent(comparison.before.error_rate)} → {percent(comparison.after.error_rate)}"
    return f"Old → new: p50 {p50}, errors {errors}, {amount(comparison.after.requests)} requests"


def _back(plan: BridgePlan, bridge: Bridge) -> str:
    if bridge.shift_refused:
        why = escape(bridge.shift_refused.rstrip("."))
        return f"The traffic could not be moved back by weight ({why}); the config of before brings it back"
    return f"All of the traffic back to {escape(plan.variant)}, by weight"
