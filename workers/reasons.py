"""Why somebody said no, or accepted a regression: asked when that stands already, in a modal that may come too late or be closed."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bot.domain import acceptance, rejection
from bot.domain.errand import ClickErrand, Form, FormErrand
from bot.domain.errors import SlackRefused, TransientError, UserError
from bot.domain.rollout import Rollout
from bot.messages.ids import InputId
from bot.messages.modals import View, render_accept_reason, render_reject_reason
from bot.store.rollouts import Write
from workers.world import World

log = logging.getLogger(__name__)

_OPENED_BEFORE = "exchanged_trigger_id"


@dataclass(frozen=True)
class _Question:
    """One thing that people are asked to explain."""

    render: Callable[[Rollout], View]
    refuse_if_may_not: Callable[[Rollout, str], None]
    explain: Callable[[Rollout, str, str], Rollout]
    """The rollout with this person's words. Raises UserError for a reason that cannot be kept."""


_QUESTIONS: Mapping[Form, _Question] = {
    Form.REJECT_REASON: _Question(
        render_reject_reason, rejection.refuse_if_may_not_explain, rejection.explain_rejection
    ),
    Form.ACCEPT_REASON: _Question(
        render_accept_reason, acceptance.refuse_if_may_not_explain, acceptance.explain_acceptance
    ),
}


def ask_why(world: World, decided: Rollout, errand: ClickErrand, form: Form) -> None:
    """Open the modal for who has just decided. If Slack does not, the decision stands, and a button asks again."""
    if errand.reply.trigger_id is None:
        return
    try:
        world.slack.open_view(errand.reply.trigger_id, _QUESTIONS[form].render(decided))
    except (SlackRefused, TransientError) as exc:
        log.info("rollout %s: %s was not asked why: %s", decided.id, errand.actor, exc)


def open_reason_form(world: World, errand: ClickErrand) -> None:
    """Open the modal for who pressed Add a reason. Raises UserError if that makes no sense, or if Slack does not open it."""
    stored = world.store.rollouts.load(errand.value.rollout_id)
    if stored is None:
        raise _forgotten(errand.value.rollout_id)
    accepted = stored.rollout.acceptance is not None
    question = _QUESTIONS[Form.ACCEPT_REASON if accepted else Form.REJECT_REASON]
    question.refuse_if_may_not(stored.rollout, errand.actor)
    try:
        world.slack.open_view(errand.reply.trigger_id or "", question.render(stored.rollout))
    except (SlackRefused, TransientError) as exc:
        if isinstance(exc, SlackRefused) and exc.error == _OPENED_BEFORE:
            return  # this errand was run before: the form is there
        raise UserError("Slack did not open the form in time. Nothing was changed; press Add a reason again.") from exc


def keep_reason(world: World, errand: FormErrand) -> None:
    """Write the reason into the record; the thread follows. Raises UserError for a reason that cannot be kept."""
    stored = world.store.rollouts.load(errand.rollout_id)
    if stored is None:
        raise _forgotten(errand.rollout_id)
    words = errand.values.get(InputId.REASON, "")
    explained = _QUESTIONS[errand.form].explain(stored.rollout, errand.actor, words)
    if explained != stored.rollout:
        now = world.clock()
        due = now if explained.is_active else None  # whoever is being watched goes on being watched
        world.store.rollouts.commit([Write(explained, stored.revision, due)], now)


def _forgotten(rollout_id: str) -> UserError:
    return UserError(
        f"Rollout {rollout_id} is not known any more: the store was emptied since. Your reason was not kept; "
        "write it into the thread."
    )
