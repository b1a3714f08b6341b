"""The next step of a rollout, phase by phase."""

from dataclasses import replace
from datetime import datetime
from typing import assert_never

from bot.domain.reconcile.steps import Action, Decision, Observation, end, looked
from bot.domain.reconcile.updating import call_when_fit, follow_update, must_wait, unfit
from bot.domain.reconcile.watching import watch
from bot.domain.rollout import BOT_ACTOR, Kind, Phase, Reason, Rollout


def decide(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """The next step of a rollout. Total over every phase, every EndpointStatus, config landed or not.

    A tick that only looks and could look is a success. One that tries a side effect is none yet: its trouble goes on until the
    side effect worked, or else a call that always fails would be tried for ever behind looks that always work.
    """
    decision = _decide(rollout, seen, now)
    if decision.action is not None or seen.snapshot is None:
        return decision
    return replace(decision, rollout=decision.rollout.with_(trouble=None))


def _decide(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    match rollout.phase:
        case Phase.PLANNING:
            return Decision(rollout, Action.MAKE_PLAN)
        case Phase.AWAITING_APPROVAL | Phase.SCHEDULED:
            return _wait_for_people(rollout, now)
        case Phase.PREPARING:
            return _prepare(rollout, seen, now)
        case Phase.UPDATING:
            return follow_update(rollout, seen, now)
        case Phase.WATCHING:
            return watch(rollout, seen, now)
        case Phase.ROLLING_BACK:
            if rollout.kind is Kind.UPDATE:
                return _follow_rollback(rollout, seen, now)
            return follow_update(rollout, seen, now)
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
    """Whether the phase is decided by looking at the endpoint."""
    if rollout.phase is Phase.ROLLING_BACK:
        return rollout.kind is Kind.ROLLBACK
    return rollout.phase in (Phase.PREPARING, Phase.UPDATING, Phase.WATCHING)


def _wait_for_people(rollout: Rollout, now: datetime) -> Decision:
    if now >= rollout.expires_at:
        return Decision(rollout.to(Phase.EXPIRED, Reason.APPROVAL_EXPIRED, now, BOT_ACTOR))
    return Decision(rollout, look_again_in=rollout.expires_at - now)


def _prepare(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """Create what is missing, one thing a tick, while the endpoint is still as it was planned for."""
    if refusal := unfit(rollout, seen, now):
        return refusal
    rollout = looked(rollout, seen)
    if must_wait(seen):
        return Decision(rollout, look_again_in=rollout.pace.poll)
    assert rollout.plan is not None
    if rollout.plan.new_models and not rollout.models_created:
        return Decision(rollout, Action.CREATE_MODELS, rollout.pace.settle)
    if not rollout.config_created:
        return Decision(rollout, Action.CREATE_CONFIG, rollout.pace.settle)
    return call_when_fit(rollout.to(Phase.UPDATING, Reason.UPDATE_REQUESTED, now, BOT_ACTOR), seen, now)


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
