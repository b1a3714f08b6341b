"""The next step of a rollout, phase by phase."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import assert_never

from bot.domain.phases import BOT_ACTOR, Kind, Phase, Reason
from bot.domain.reconcile.bridging import has_weights_to_move, stand_on_bridge
from bot.domain.reconcile.checking import check_before
from bot.domain.reconcile.chores import do_chore
from bot.domain.reconcile.creating import follow_creation, prepare_creation
from bot.domain.reconcile.scaling import follow_autoscaling, follow_scale, set_counts_when_fit
from bot.domain.reconcile.steps import SOON, Action, Decision, Observation, end, looked
from bot.domain.reconcile.tearing import follow_teardown, prepare_teardown
from bot.domain.reconcile.updating import call_when_fit, follow_update, must_wait, unfit
from bot.domain.reconcile.watching import watch
from bot.domain.rollout import Rollout


def decide(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """The next step of a rollout. Total over every phase, every EndpointStatus, config landed or not.

    A tick that only looks and could look is a success. One that tries a side effect is none yet: its trouble goes on until the
    side effect worked, or else a call that always fails would be tried for ever behind looks that always work.
    """
    if rollout.chore is not None:
        return do_chore(rollout, rollout.chore)
    decision = _decide(rollout, seen, now)
    if decision.rollout.chore is not None:  # it has just come up
        decision = replace(decision, look_again_in=SOON)
    if decision.action is not None or seen.snapshot is None:
        return decision
    return replace(decision, rollout=decision.rollout.with_(trouble=None))


def _decide(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    match rollout.phase:
        case Phase.PLANNING:
            return _plan_in_turn(rollout, seen, now)
        case Phase.AWAITING_APPROVAL:
            return _wait_for_people(rollout, now)
        case Phase.SCHEDULED:
            return _wait_for_time(rollout, seen, now)
        case Phase.PREPARING:
            return _PREPARATIONS.get(rollout.kind, _prepare)(rollout, seen, now)
        case Phase.UPDATING:
            return _PURSUITS.get(rollout.kind, _follow_change)(rollout, seen, now)
        case Phase.WATCHING:
            return watch(rollout, seen, now)
        case Phase.ROLLING_BACK:
            if rollout.kind is Kind.ROLLBACK:
                return _follow_change(rollout, seen, now)
            return _follow_rollback(rollout, seen, now)
        case (
            Phase.SUCCEEDED
            | Phase.REJECTED
            | Phase.EXPIRED
            | Phase.CANCELLED
            | Phase.BLOCKED
            | Phase.FAILED
            | Phase.ROLLED_BACK_BY_AWS
            | Phase.ROLLED_BACK
            | Phase.NEEDS_HUMAN
        ):
            return Decision(rollout)
        case _:  # pragma: no cover
            assert_never(rollout.phase)


def needs_endpoint(rollout: Rollout) -> bool:
    """Whether the next step is decided by looking at the endpoint."""
    return rollout.chore is None and (rollout.is_at_work or rollout.phase is Phase.WATCHING)


def _plan_in_turn(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """Plan it, once nobody else has the endpoint: a plan made earlier would be about a fleet that is being replaced."""
    if seen.ahead is None:
        return Decision(rollout.with_(queued_behind=None), Action.MAKE_PLAN)
    if now >= rollout.expires_at:
        return Decision(rollout.to(Phase.EXPIRED, Reason.APPROVAL_EXPIRED, now, BOT_ACTOR))
    return Decision(rollout.with_(queued_behind=seen.ahead), look_again_in=rollout.pace.poll)


def _wait_for_time(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """Approved, and waiting for its time; a lock or freeze then makes it wait longer."""
    assert rollout.scheduled_for is not None
    if now < rollout.scheduled_for:
        return Decision(rollout, look_again_in=rollout.scheduled_for - now)
    if seen.lock is not None:
        return Decision(rollout.with_(stopped_by=seen.lock), look_again_in=rollout.pace.poll)
    if seen.opens_at is not None:  # a lock, or workers that were away, kept it until its window had closed
        return Decision(rollout.with_(scheduled_for=seen.opens_at, stopped_by=None), look_again_in=seen.opens_at - now)
    begun = rollout.to(Phase.PREPARING, Reason.TIME_HAS_COME, now, BOT_ACTOR, stopped_by=None)
    return Decision(begun, look_again_in=SOON)


def _wait_for_people(rollout: Rollout, now: datetime) -> Decision:
    if now >= rollout.expires_at:
        return Decision(rollout.to(Phase.EXPIRED, Reason.APPROVAL_EXPIRED, now, BOT_ACTOR))
    return Decision(rollout, look_again_in=rollout.expires_at - now)


def _prepare(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """Create what is missing, one thing a tick, while the endpoint is still as it was planned for."""
    if refusal := unfit(rollout, seen, now):
        return refusal
    rollout = looked(rollout, seen)
    if must_wait(seen) or seen.lock is not None:
        return Decision(rollout.with_(stopped_by=seen.lock), look_again_in=rollout.pace.poll)
    rollout = rollout.with_(stopped_by=None)
    if rollout.kind in (Kind.SCALE, Kind.WEIGHTS, Kind.AUTOSCALE):
        updating = rollout.to(Phase.UPDATING, Reason.UPDATE_REQUESTED, now, BOT_ACTOR)
        return set_counts_when_fit(updating, seen, now)
    assert rollout.plan is not None
    if rollout.plan.new_models and not rollout.models_created:
        return Decision(rollout, Action.CREATE_MODELS, rollout.pace.settle)
    if not rollout.config_created:
        return Decision(rollout, Action.CREATE_CONFIG, rollout.pace.settle)
    if rollout.plan.bridge is not None and not (rollout.bridge is not None and rollout.bridge.created):
        return Decision(rollout, Action.CREATE_BRIDGE, rollout.pace.settle)
    if rollout.plan.alarms and not rollout.alarms_verified:
        return Decision(rollout.with_(alarms_intended=True), Action.CREATE_ALARMS, rollout.pace.settle)
    if check := check_before(rollout, now):
        return check
    return call_when_fit(rollout.to(Phase.UPDATING, Reason.UPDATE_REQUESTED, now, BOT_ACTOR), seen, now)


def _follow_change(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """To another config and, where a bridge leads there, over it."""
    follow = stand_on_bridge if has_weights_to_move(rollout) else follow_update
    return follow(rollout, seen, now)


def _follow_rollback(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """A rollout that waits for its rollback ends as the rollback ends."""
    child = seen.child
    if child is None:
        return Decision(rollout, look_again_in=rollout.pace.poll, wants_rollback=rollout.child_id is None)
    if child.phase is Phase.ROLLED_BACK:
        return Decision(rollout.to(Phase.ROLLED_BACK, Reason.ROLLBACK_LANDED, now, child.requester))
    if not child.is_active:
        note = child.last.note or f"The rollback {child.id} ended as {child.phase.words}."
        return end(rollout, Phase.NEEDS_HUMAN, Reason.ROLLBACK_FAILED, now, note)
    return Decision(rollout, look_again_in=rollout.pace.poll)


_Step = Callable[[Rollout, Observation, datetime], Decision]

_PREPARATIONS: Mapping[Kind, _Step] = {Kind.CREATE: prepare_creation, Kind.TEARDOWN: prepare_teardown}
"""Kinds that prepare otherwise than a change of config does."""

_PURSUITS: Mapping[Kind, _Step] = {
    Kind.SCALE: follow_scale,
    Kind.WEIGHTS: follow_scale,
    Kind.AUTOSCALE: follow_autoscaling,
    Kind.CREATE: follow_creation,
    Kind.TEARDOWN: follow_teardown,
}
"""Kinds whose call on the endpoint is another one than UpdateEndpoint."""
