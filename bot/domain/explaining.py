"""Why somebody decided as they did. Deciding takes one press; the reason is asked for afterwards, and may be given or not."""

from typing import TypeVar

from bot.domain.errors import NotAllowed, UserError
from bot.domain.names import mention
from bot.domain.rollout_parts import ApprovalDecision
from bot.domain.watchplan import Acceptance

REASON_LIMIT = 500  # characters: a few sentences in a thread

Decided = TypeVar("Decided", ApprovalDecision, Acceptance)
"""What somebody decided, with their name and, once they gave it, their reason."""


def refuse_if_not_theirs(decision: Decided, actor: str, did: str) -> None:
    """Only who decided knows why; `did` says what, as in "rejected this".

    Raises:
        NotAllowed: somebody else decided.
        UserError: the reason is there already.
    """
    if decision.actor != actor:
        raise NotAllowed(
            f"Only {mention(decision.actor)}, who {did}, can say why. Write your own view into the thread. "
            "This changed nothing.",
            actor=actor,
        )
    if decision.reason:
        raise UserError("Your reason stands in the thread already. This changed nothing; add to it by a message there.")


def explained(decision: Decided, actor: str, words: str, did: str) -> Decided:
    """The decision with its maker's own words; the same one if there are none, or if it has them already.

    Raises as `refuse_if_not_theirs` does.
    """
    reason = words.strip()[:REASON_LIMIT]
    if decision.actor == actor and reason in ("", decision.reason):
        return decision
    refuse_if_not_theirs(decision, actor, did)
    return decision.model_copy(update={"reason": reason})
