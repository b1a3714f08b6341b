"""Why a change was rejected: said by who rejected it, afterwards, or not at all."""

from bot.domain.errors import UserError
from bot.domain.explaining import REASON_LIMIT, explained, refuse_if_not_theirs
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import ApprovalChoice, ApprovalDecision

__all__ = ["REASON_LIMIT", "explain_rejection", "refuse_if_may_not_explain", "rejection_of"]

_DID = "rejected this"


def rejection_of(rollout: Rollout) -> ApprovalDecision | None:
    """The decision that rejected it; None if nobody did."""
    return next((d for d in rollout.approvals if d.choice is ApprovalChoice.REJECT), None)


def refuse_if_may_not_explain(rollout: Rollout, actor: str) -> None:
    """Raises NotAllowed if somebody else rejected it, UserError if nobody did or the reason is there already."""
    refuse_if_not_theirs(_rejection_in(rollout), actor, _DID)


def explain_rejection(rollout: Rollout, actor: str, words: str) -> Rollout:
    """The rejected rollout with its rejecter's own words; the same one if there are none, or if it has them already.

    Raises as `refuse_if_may_not_explain` does.
    """
    rejection = _rejection_in(rollout)
    told = explained(rejection, actor, words, _DID)
    if told is rejection:
        return rollout
    return rollout.with_(approvals=tuple(told if d is rejection else d for d in rollout.approvals))


def _rejection_in(rollout: Rollout) -> ApprovalDecision:
    rejection = rejection_of(rollout)
    if rejection is None:
        raise UserError(f"Rollout {rollout.id} was not rejected: it is {rollout.phase.words}. This changed nothing.")
    return rejection
