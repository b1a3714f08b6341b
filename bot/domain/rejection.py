"""Why a change was rejected. Saying no takes one press; the reason is asked for afterwards, and may be given or not."""

from bot.domain.errors import NotAllowed, UserError
from bot.domain.names import mention
from bot.domain.rollout import ApprovalChoice, ApprovalDecision, Rollout

REASON_LIMIT = 500  # characters: a few sentences in a thread


def rejection_of(rollout: Rollout) -> ApprovalDecision | None:
    """The decision that rejected it; None if nobody did."""
    return next((d for d in rollout.approvals if d.choice is ApprovalChoice.REJECT), None)


def refuse_if_may_not_explain(rollout: Rollout, actor: str) -> None:
    """Only who said no knows why.

    Raises:
        NotAllowed: somebody else rejected it.
        UserError: nobody did, or the reason is there already.
    """
    rejection = rejection_of(rollout)
    if rejection is None:
        raise UserError(f"Rollout {rollout.id} was not rejected: it is {rollout.phase.words}. This changed nothing.")
    if rejection.actor != actor:
        raise NotAllowed(
            f"Only {mention(rejection.actor)}, who rejected this, can say why. Write your own view into the thread. "
            "This changed nothing.",
            actor=actor,
        )
    if rejection.reason:
        raise UserError("Your reason stands in the thread already. This changed nothing; add to it by a message there.")


def explain_rejection(rollout: Rollout, actor: str, words: str) -> Rollout:
    """The rejected rollout with its rejecter's own words; the same one if there are none, or if it has them already.

    Raises as `refuse_if_may_not_explain` does.
    """
    reason, rejection = words.strip()[:REASON_LIMIT], rejection_of(rollout)
    if rejection is not None and rejection.actor == actor and reason in ("", rejection.reason):
        return rollout
    refuse_if_may_not_explain(rollout, actor)
    assert rejection is not None
    explained = rejection.model_copy(update={"reason": reason})
    return rollout.with_(approvals=tuple(explained if d is rejection else d for d in rollout.approvals))
