"""Why somebody said no: asked for when the rejection stands already, in a modal that may come too late or be closed."""

import logging

from bot.domain.errand import ClickErrand, FormErrand
from bot.domain.errors import SlackRefused, TransientError, UserError
from bot.domain.rejection import explain_rejection, refuse_if_may_not_explain
from bot.domain.rollout import Rollout
from bot.messages.ids import InputId
from bot.messages.modals import render_reject_reason
from bot.store.rollouts import Write
from workers.world import World

log = logging.getLogger(__name__)

_OPENED_BEFORE = "exchanged_trigger_id"


def ask_why(world: World, rejected: Rollout, errand: ClickErrand) -> None:
    """Open the modal for who has just rejected. If Slack does not, the rejection stands, and a button asks again."""
    if errand.reply.trigger_id is None:
        return
    try:
        world.slack.open_view(errand.reply.trigger_id, render_reject_reason(rejected))
    except (SlackRefused, TransientError) as exc:
        log.info("rollout %s: %s was not asked why: %s", rejected.id, errand.actor, exc)


def open_reason_form(world: World, errand: ClickErrand) -> None:
    """Open the modal for who pressed Add a reason. Raises UserError if that makes no sense, or if Slack does not open it."""
    stored = world.store.rollouts.load(errand.value.rollout_id)
    if stored is None:
        raise _forgotten(errand.value.rollout_id)
    refuse_if_may_not_explain(stored.rollout, errand.actor)
    try:
        world.slack.open_view(errand.reply.trigger_id or "", render_reject_reason(stored.rollout))
    except (SlackRefused, TransientError) as exc:
        if isinstance(exc, SlackRefused) and exc.error == _OPENED_BEFORE:
            return  # this errand was run before: the form is there
        raise UserError("Slack did not open the form in time. Nothing was changed; press Add a reason again.") from exc


def keep_reason(world: World, errand: FormErrand) -> None:
    """Write the reason into the record; the thread follows. Raises UserError for a reason that cannot be kept."""
    stored = world.store.rollouts.load(errand.rollout_id)
    if stored is None:
        raise _forgotten(errand.rollout_id)
    explained = explain_rejection(stored.rollout, errand.actor, errand.values.get(InputId.REASON, ""))
    if explained != stored.rollout:
        world.store.rollouts.commit([Write(explained, stored.revision)], world.clock())


def _forgotten(rollout_id: str) -> UserError:
    return UserError(
        f"Rollout {rollout_id} is not known any more: the store was emptied since. Your reason was not kept; "
        "write it into the thread."
    )
