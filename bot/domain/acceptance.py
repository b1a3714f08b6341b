"""Accepting a regression: somebody takes it upon themselves, and the bot does not roll that rollout back by itself any more."""

from datetime import datetime

from bot.domain.errors import UserError
from bot.domain.explaining import explained, refuse_if_not_theirs
from bot.domain.names import mention
from bot.domain.phases import Phase
from bot.domain.rollout import Rollout
from bot.domain.verdict import VerdictKind
from bot.domain.watchplan import Acceptance

_DID = "accepted this"


def accept(rollout: Rollout, actor: str, now: datetime, caused_by: str = "") -> Rollout:
    """The rollout whose regression is accepted.

    Raises:
        UserError: there is none to accept, it was accepted already, or the fleet is on its way back.
    """
    if rollout.acceptance is not None:
        raise UserError(f"{mention(rollout.acceptance.actor)} accepted it already. Your click changed nothing.")
    if rollout.phase in (Phase.ROLLING_BACK, Phase.ROLLED_BACK):
        done = "was rolled back" if rollout.phase is Phase.ROLLED_BACK else "is being rolled back"
        raise UserError(f"It {done} already, so there is nothing left to accept. Your click changed nothing.")
    if not _is_regressed(rollout):
        raise UserError(
            f"Nothing says that this rollout regressed; its state is “{rollout.phase.words}”. Your click changed nothing."
        )
    return rollout.with_(acceptance=Acceptance(actor=actor, at=now, caused_by=caused_by))


def _is_regressed(rollout: Rollout) -> bool:
    """Whether people are being asked about a REGRESSED: in the middle of the watch, or at its end."""
    if rollout.phase is Phase.WATCHING:
        return rollout.worse_since is not None
    verdict = rollout.verdict
    return rollout.phase is Phase.SUCCEEDED and verdict is not None and verdict.kind is VerdictKind.REGRESSED


def refuse_if_may_not_explain(rollout: Rollout, actor: str) -> None:
    """Raises NotAllowed if somebody else accepted it, UserError if nobody did or the reason is there already."""
    refuse_if_not_theirs(_acceptance_in(rollout), actor, _DID)


def explain_acceptance(rollout: Rollout, actor: str, words: str) -> Rollout:
    """The rollout with its accepter's own words; the same one if there are none, or if it has them already.

    Raises as `refuse_if_may_not_explain` does.
    """
    acceptance = _acceptance_in(rollout)
    told = explained(acceptance, actor, words, _DID)
    return rollout if told is acceptance else rollout.with_(acceptance=told)


def _acceptance_in(rollout: Rollout) -> Acceptance:
    if rollout.acceptance is None:
        raise UserError(f"Nobody accepted rollout {rollout.id}: it is {rollout.phase.words}. This changed nothing.")
    return rollout.acceptance
