"""On the bridge, where both variants serve: the bake, the move of the weights over, and, for a rollback, back.

Moving weights twice does no harm, so a move whose answer was lost is made again until the weights are seen to be as they shall be.
"""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.bridge import Bridge, BridgePlan, has_weights
from bot.domain.calls import UpdateCall
from bot.domain.endpoint import EndpointStatus, Snapshot
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.reconcile.legs import destination, goes_over_bridge, with_bridge
from bot.domain.reconcile.steps import SOON, Action, Decision, Observation, looked, turn_back
from bot.domain.reconcile.updating import (
    MAX_CALLS,
    call_when_fit,
    is_settling,
    must_wait,
    stopped_by_person,
    stranded,
    unfit,
)
from bot.domain.reconcile.watching import lateness
from bot.domain.rollout import Rollout
from bot.domain.verdict import VerdictKind


def has_weights_to_move(rollout: Rollout) -> bool:
    """Whether weights come before the next UpdateEndpoint: over, once the bridge is crossed; back, before a rollback leaves it."""
    bridge = rollout.bridge or Bridge()
    if goes_over_bridge(rollout):
        return rollout.has_crossed and bridge.shifted_at is None
    leaves_one = rollout.kind is Kind.ROLLBACK and rollout.plan is not None and rollout.plan.bridge is not None
    return leaves_one and rollout.update is None and bridge.shifted_at is None and not bridge.shift_refused


def is_baking(rollout: Rollout) -> bool:
    """Whether both variants serve and are still being compared."""
    if rollout.phase is not Phase.UPDATING or not goes_over_bridge(rollout) or not rollout.has_crossed:
        return False
    return rollout.bridge is not None and rollout.bridge.shift is None and rollout.bridge.shifted_at is None


def wanted_weights(rollout: Rollout) -> Mapping[str, float]:
    """The weights that are to be set: over, or for a rollback back."""
    plan = _plan_of(rollout)
    return plan.back if rollout.kind is Kind.ROLLBACK else plan.over


def bake_ends_at(rollout: Rollout) -> datetime:
    """When the bake ends, counted from when both variants were seen to serve."""
    assert rollout.plan is not None
    assert rollout.bridge is not None
    assert rollout.bridge.crossed_at is not None
    return rollout.bridge.crossed_at + rollout.plan.strategy.bake


def bake_verdict_due_at(rollout: Rollout) -> datetime:
    """When the whole bake can be judged: CloudWatch is as late as after a cutover."""
    assert rollout.plan is not None
    return bake_ends_at(rollout) + lateness(rollout.watch.model_copy(update={"duration": rollout.plan.strategy.bake}))


def stand_on_bridge(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """The next step of a rollout that has weights to move."""
    if rollout.kind is Kind.ROLLBACK:
        return _go_back(rollout, seen, now)
    if hindrance := stranded(rollout, seen, now):
        return hindrance
    assert seen.snapshot is not None
    rollout = looked(rollout, seen)
    if seen.snapshot.config_name == destination(rollout):
        return call_when_fit(rollout, seen, now)  # somebody took the last step already
    if stopped := stopped_by_person(rollout, now):
        return stopped
    return _bake(rollout, seen, now) if is_baking(rollout) else _go_over(rollout, seen, now)


def _bake(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """Look period by period. Worse at the end, or at two looks in a row before it, is enough to go back: one may be an outlier.

    A limit that was crossed needs no second look. The fleet file's `auto_rollback` is about what comes after: going back from the
    bridge is what the strategy is for.
    """
    assert rollout.bridge is not None
    before, verdict = rollout.bridge.verdict, seen.verdict
    is_over = now >= bake_verdict_due_at(rollout)
    rollout = with_bridge(
        rollout,
        comparison=seen.comparison or rollout.bridge.comparison,
        verdict=verdict or before,
    )
    if verdict is not None and verdict.kind is VerdictKind.REGRESSED:
        was_worse_before = before is not None and before.kind is VerdictKind.REGRESSED
        if is_over or verdict.is_hard or was_worse_before:
            return turn_back(rollout, Reason.BAKE_REGRESSED, now, verdict.evidence)
    if is_over and verdict is not None:
        return _go_over(rollout, seen, now)
    left = bake_verdict_due_at(rollout) - now
    return Decision(rollout, look_again_in=min(rollout.watch.metric_period, left) if left > SOON else rollout.pace.poll)


def _go_over(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """All of the traffic to the new variant, while the old one still stands by."""
    assert seen.snapshot is not None
    assert rollout.bridge is not None
    bridge, plan = rollout.bridge, _plan_of(rollout)
    if decided := _as_wanted(rollout, seen, now):
        return decided
    if seen.lock is not None:
        return Decision(rollout.with_(stopped_by=seen.lock), look_again_in=rollout.pace.poll)
    if bridge.shift is not None and bridge.shift.attempts >= MAX_CALLS:
        note = f"SageMaker did not move the traffic to {plan.next_variant}, though it was asked {MAX_CALLS} times."
        return turn_back(rollout, Reason.AWS_REFUSED, now, note)
    return _shift(rollout.with_(stopped_by=None), seen.snapshot, now)


def _go_back(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """All of the traffic to the old variant before anything else; where that fails, the config of before brings it."""
    if refusal := unfit(rollout, seen, now):
        return refusal
    assert seen.snapshot is not None
    rollout, plan = looked(rollout, seen), _plan_of(rollout)
    target = destination(rollout)
    if seen.snapshot.is_moving_to(target) or seen.snapshot.config_name == target:
        return call_when_fit(rollout, seen, now)
    if decided := _as_wanted(rollout, seen, now):
        return decided
    shift = rollout.bridge.shift if rollout.bridge is not None else None
    if seen.snapshot.status is not EndpointStatus.IN_SERVICE or (shift is not None and shift.attempts >= MAX_CALLS):
        refused = f"SageMaker did not move the traffic back to {plan.variant} by weight."
        return Decision(with_bridge(rollout, shift_refused=refused), look_again_in=SOON)
    return _shift(rollout, seen.snapshot, now)


def _as_wanted(rollout: Rollout, seen: Observation, now: datetime) -> Decision | None:
    """The weights are as they shall be, or it is too early to tell; None if they have to be asked for."""
    assert seen.snapshot is not None
    shift = rollout.bridge.shift if rollout.bridge is not None else None
    if must_wait(seen):
        return Decision(rollout, look_again_in=rollout.pace.poll)
    if has_weights(seen.snapshot, wanted_weights(rollout)):
        return Decision(with_bridge(rollout, shifted_at=now), look_again_in=SOON)
    if shift is not None and is_settling(shift, seen.snapshot, rollout.pace, now):
        return Decision(rollout, look_again_in=min(rollout.pace.poll, rollout.pace.settle))
    return None


def _shift(rollout: Rollout, snapshot: Snapshot, now: datetime) -> Decision:
    before = rollout.bridge.shift if rollout.bridge is not None else None
    call = UpdateCall(
        config=snapshot.config_name,
        intended_at=now,
        last_modified_before=snapshot.last_modified,
        attempts=1 + (before.attempts if before is not None else 0),
    )
    return Decision(with_bridge(rollout, shift=call), Action.SHIFT_WEIGHTS, rollout.pace.settle)


def _plan_of(rollout: Rollout) -> BridgePlan:
    assert rollout.plan is not None
    assert rollout.plan.bridge is not None
    return rollout.plan.bridge
