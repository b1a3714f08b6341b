"""What follows from a side effect that worked out, or did not."""

from datetime import datetime, timedelta
from typing import assert_never

from bot.domain.errors import (
    GatewayError,
    PlanDrifted,
    ResourceBusy,
    ResourceMissing,
    RolloutBotError,
    TransientError,
)
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.reconcile.chores import CHORE_ACTIONS, chore_done, chore_refused
from bot.domain.reconcile.legs import call_of, with_bridge, with_call
from bot.domain.reconcile.steps import SOON, Action, Decision, end, fail, goes_on_with_chores, redraw
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Trouble

TROUBLE_PATIENCE = timedelta(minutes=15)
"""How long temporary errors may last before a rollout that has touched nothing gives up. One that has, never gives up."""

CONSISTENCY_PATIENCE = timedelta(seconds=60)
"""How long UpdateEndpoint may not find a config that was created a moment ago."""

LONGEST_BACKOFF = timedelta(seconds=60)

_CALLS = (
    Action.CALL_BRIDGE,
    Action.CALL_UPDATE,
    Action.SET_COUNTS,
    Action.SET_WEIGHTS,
    Action.SET_AUTOSCALING,
    Action.CREATE_ENDPOINT,
    Action.DELETE_ENDPOINT,
)
_NEED_A_CONFIG = (Action.CALL_BRIDGE, Action.CALL_UPDATE, Action.CREATE_ENDPOINT)


def after_success(rollout: Rollout, action: Action, now: datetime) -> Decision:
    """The side effect was carried out."""
    return goes_on_with_chores(_after_success(rollout, action, now))


def _after_success(rollout: Rollout, action: Action, now: datetime) -> Decision:
    calm = rollout.with_(trouble=None)
    match action:
        case Action.MAKE_PLAN:
            return Decision(calm, look_again_in=SOON)
        case Action.CREATE_MODELS:
            return Decision(calm.with_(models_created=True), look_again_in=SOON)
        case Action.CREATE_CONFIG:
            return Decision(calm.with_(config_created=True), look_again_in=SOON)
        case Action.CREATE_ALARMS:
            return Decision(calm.with_(alarms_verified=True), look_again_in=SOON)
        case Action.TAKE_SCALING:
            assert calm.scaling is not None
            return Decision(calm.with_(scaling=calm.scaling.model_copy(update={"taken_at": now})), look_again_in=SOON)
        case Action.TRIP_ALARM:
            assert calm.abort is not None
            tripped = calm.abort.model_copy(update={"tripped_at": calm.abort.tripped_at or now})
            return Decision(calm.with_(abort=tripped), look_again_in=calm.pace.poll)
        case Action.RESTORE_SCALING | Action.DELETE_ALARMS | Action.SET_ALARMS:
            return chore_done(calm, action, now)
        case Action.START_CHECK:
            return Decision(calm, look_again_in=calm.pace.poll)
        case Action.CREATE_BRIDGE:
            return Decision(with_bridge(calm, created=True), look_again_in=SOON)
        case Action.SHIFT_WEIGHTS:
            assert calm.bridge is not None
            assert calm.bridge.shift is not None
            shift = calm.bridge.shift.model_copy(update={"accepted_at": now})
            return Decision(with_bridge(calm, shift=shift), look_again_in=min(calm.pace.poll, calm.pace.settle))
        case Action.CLEAR_FAILED:
            return Decision(calm, look_again_in=calm.pace.poll)
        case (
            Action.CALL_BRIDGE
            | Action.CALL_UPDATE
            | Action.SET_COUNTS
            | Action.SET_WEIGHTS
            | Action.SET_AUTOSCALING
            | Action.CREATE_ENDPOINT
            | Action.DELETE_ENDPOINT
        ):
            call = call_of(calm)
            assert call is not None
            accepted = with_call(calm, call.model_copy(update={"accepted_at": now}))
            return Decision(accepted, look_again_in=min(calm.pace.poll, calm.pace.settle))
        case _:  # pragma: no cover
            assert_never(action)


def after_error(rollout: Rollout, action: Action | None, error: RolloutBotError, now: datetime) -> Decision:
    """Looking (`action` None) or the side effect did not work out."""
    return goes_on_with_chores(_after_error(rollout, action, error, now))


def _after_error(rollout: Rollout, action: Action | None, error: RolloutBotError, now: datetime) -> Decision:
    if isinstance(error, TransientError):
        return _after_trouble(rollout, action, error, now)
    if action in CHORE_ACTIONS:
        return chore_refused(rollout, action, error)
    if action is None:
        return _cannot_look(rollout, error, now)
    if action is Action.TRIP_ALARM:
        return Decision(
            rollout.with_(abort=None, chore_failures=(*rollout.chore_failures, _no_abort(error))), look_again_in=SOON
        )
    if isinstance(error, PlanDrifted) and rollout.kind is not Kind.ROLLBACK and not rollout.has_crossed:
        return redraw(_undone(rollout, action), Reason.PLAN_DRIFTED, now, error.differences)
    if action in _CALLS and isinstance(error, ResourceBusy):
        # Autoscaling or AWS maintenance got in between our look and the call, or an earlier call of ours is at work after
        # all: SageMaker provably took nothing now, so look again and decide anew.
        return Decision(_uncalled(rollout), look_again_in=rollout.pace.poll)
    if action is Action.SHIFT_WEIGHTS:
        return _after_refused_shift(rollout, error, now)
    if action is Action.CLEAR_FAILED and isinstance(error, ResourceBusy):  # it is being deleted already
        return Decision(rollout, look_again_in=rollout.pace.poll)
    if action in _NEED_A_CONFIG and _is_not_visible_yet(rollout, error, now):
        return Decision(_uncalled(rollout), look_again_in=rollout.pace.poll)
    if isinstance(error, GatewayError):
        return fail(rollout.with_(refused=action.value), Reason.AWS_REFUSED, now, error.user_message)
    return fail(rollout, Reason.PLAN_DRIFTED, now, error.user_message)


def _after_refused_shift(rollout: Rollout, error: RolloutBotError, now: datetime) -> Decision:
    """A busy endpoint is asked again. What is refused for good sends a change back; a way back goes on to the config of before."""
    if isinstance(error, ResourceBusy):
        return Decision(with_bridge(rollout, shift=None), look_again_in=rollout.pace.poll)
    if rollout.kind is Kind.ROLLBACK:
        return Decision(with_bridge(rollout, shift_refused=error.user_message), look_again_in=SOON)
    return fail(rollout, Reason.AWS_REFUSED, now, error.user_message)


def _no_abort(error: RolloutBotError) -> str:
    return f"The alarm could not be tripped: {error.user_message} The update goes on; Cancel queues a rollback instead."


def _is_not_visible_yet(rollout: Rollout, error: RolloutBotError, now: datetime) -> bool:
    """A config that we just created may not be visible to UpdateEndpoint at once: SageMaker is eventually consistent there."""
    is_missing = isinstance(error, ResourceMissing) and error.kind == "endpoint config"
    return rollout.kind in (Kind.UPDATE, Kind.CREATE) and is_missing and now - rollout.last.at < CONSISTENCY_PATIENCE


def _after_trouble(rollout: Rollout, action: Action | None, error: TransientError, now: datetime) -> Decision:
    count = 1 + (rollout.trouble.count if rollout.trouble else 0)
    since = rollout.trouble.since if rollout.trouble else now
    rollout = rollout.with_(trouble=Trouble(count=count, since=since, last=error.cause))
    if action in _CALLS and not error.outcome_unknown:
        rollout = _uncalled(rollout)
    if action is Action.SHIFT_WEIGHTS and not error.outcome_unknown:
        rollout = with_bridge(rollout, shift=None)
    if action is Action.SET_ALARMS and now - since > TROUBLE_PATIENCE:  # no watch waits for them for ever
        return chore_refused(rollout, action, error)
    touched = rollout.called_at is not None
    gives_up = action not in CHORE_ACTIONS and not touched and rollout.phase is not Phase.ROLLING_BACK
    if now - since > TROUBLE_PATIENCE and gives_up:
        return fail(rollout, Reason.AWS_UNREACHABLE, now, error.user_message)
    backoff = min(rollout.pace.poll * 2 ** min(count - 1, 3), max(LONGEST_BACKOFF, rollout.pace.poll))
    return Decision(rollout, look_again_in=error.retry_after or backoff)


def _undone(rollout: Rollout, action: Action | None) -> Rollout:
    """The last look before a side effect stopped it: as if it had not been decided on."""
    if action in _CALLS:
        return _uncalled(rollout)
    is_untouched = action is Action.TAKE_SCALING and rollout.scaling is not None and rollout.scaling.attempts == 1
    # What was never taken away must not be "put back": meanwhile somebody may have removed it on purpose.
    return rollout.with_(scaling=None) if is_untouched else rollout


def _uncalled(rollout: Rollout) -> Rollout:
    """The last call provably did not take effect: as if it had not been made. One before it, whose answer was lost, may have."""
    call = call_of(rollout)
    assert call is not None
    return with_call(rollout, None) if call.attempts == 1 else rollout


def _cannot_look(rollout: Rollout, error: RolloutBotError, now: datetime) -> Decision:
    """The endpoint is not shown, or is no longer declared: before the call nothing has changed; after it, a person must look."""
    phase = Phase.FAILED if rollout.called_at is None else Phase.NEEDS_HUMAN
    reason = Reason.AWS_REFUSED if isinstance(error, GatewayError) else Reason.NOT_IN_FLEET
    return end(rollout, phase, reason, now, error.user_message)
