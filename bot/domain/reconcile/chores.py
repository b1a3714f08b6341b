"""What must be put right on AWS after an update, before anything else and whatever became of it."""

from datetime import datetime

from bot.domain.errors import RolloutBotError
from bot.domain.phases import Kind
from bot.domain.reconcile.steps import SOON, Action, Decision
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Chore

ACTION_OF = {
    Chore.RESTORE_SCALING: Action.RESTORE_SCALING,
    Chore.DELETE_ALARMS: Action.DELETE_ALARMS,
    Chore.SET_ALARMS: Action.SET_ALARMS,
}
CHORE_ACTIONS = frozenset(ACTION_OF.values())


def do_chore(rollout: Rollout, chore: Chore) -> Decision:
    """The next thing to put right. Doing it twice does no harm, so it is simply tried until it is done."""
    return Decision(rollout, ACTION_OF[chore])


def chore_done(rollout: Rollout, action: Action, now: datetime) -> Decision:
    """It is as it was, or as it shall be."""
    if action is Action.RESTORE_SCALING:
        assert rollout.scaling is not None
        rollout = rollout.with_(scaling=rollout.scaling.model_copy(update={"restored_at": now}))
    elif action is Action.SET_ALARMS:
        rollout = rollout.with_(kept_alarms_set=True)
    else:
        rollout = rollout.with_(alarms_deleted=True)
    return _go_on(rollout)


def chore_refused(rollout: Rollout, action: Action, error: RolloutBotError) -> Decision:
    """AWS will not have it, and trying again would not help: a person has to do it, and is told how."""
    if action is Action.RESTORE_SCALING:
        assert rollout.scaling is not None
        failed, remedy = ("set up", "Set it up") if rollout.kind is Kind.CREATE else ("restored", "Put it back")
        what = f"Autoscaling could not be {failed}: {error.user_message} {remedy} by hand: {rollout.scaling.words}."
        rollout = rollout.with_(scaling=rollout.scaling.model_copy(update={"gave_up": error.user_message}))
    elif action is Action.SET_ALARMS:
        rollout = rollout.with_(kept_alarms_set=True, kept_alarms_refused=True)
        what = _alarms_refused(rollout, error)
    else:
        rollout = rollout.with_(alarms_deleted=True)
        names = ", ".join(alarm.name for alarm in rollout.plan.alarms) if rollout.plan is not None else ""
        what = f"The alarms of this rollout could not be deleted: {error.user_message} Delete them by hand: {names}."
    return _go_on(rollout.with_(chore_failures=(*rollout.chore_failures, what)))


def _alarms_refused(rollout: Rollout, error: RolloutBotError) -> str:
    """What became of the alarms beside the endpoint, and what to do. It serves with or without them."""
    assert rollout.plan is not None
    plan = rollout.plan
    if rollout.kind is Kind.TEARDOWN:
        names = ", ".join(plan.dropped_alarms)
        return f"Its alarms could not be deleted: {error.user_message} Delete them by hand: {names}."
    names = ", ".join((*(alarm.name for alarm in plan.kept_alarms), *plan.dropped_alarms))
    return (
        f"Not all alarms of {rollout.endpoint} could be set ({names}): {error.user_message} It serves all the same. When the cause "
        f"is mended, sync {rollout.endpoint} sets them."
    )


def _go_on(rollout: Rollout) -> Decision:
    return Decision(rollout.with_(trouble=None), look_again_in=SOON if rollout.is_active else None)
