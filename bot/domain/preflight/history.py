"""What became of earlier rollouts to the same target."""

from bot.domain.phases import Kind
from bot.domain.plan import Finding
from bot.domain.preflight.facts import Attempt, Facts
from bot.domain.preflight.findings import CheckName, blocker, warning
from bot.domain.starting import written

_COMES_AGAIN = (
    " The manager brings the same again by itself, in an hour at first and then less often, until somebody rejects its plan or holds "
    "the endpoint."
)


def did_not_fail_before(facts: Facts) -> Finding | None:
    """The very same content, tried again, mostly ends the same way."""
    attempt = facts.failed_before
    if attempt is None or facts.kind is not Kind.UPDATE:
        return None
    if any(hold.rollout_id == attempt.rollout_id for hold in facts.holds):  # which says the same, and more
        return None
    return warning(
        CheckName.FAILED_BEFORE,
        f"This was tried before: rollout {attempt.rollout_id} ended as “{attempt.ended}” {_when(attempt)}. {attempt.why}".strip(),
        f"Approve it only if the cause is mended.{_COMES_AGAIN if attempt.comes_again else ''}",
    )


def was_not_rolled_back_from(facts: Facts) -> Finding | None:
    """Where somebody rolled back from is no place to roll back to."""
    attempt = facts.rolled_back_from
    if attempt is None or facts.kind is not Kind.ROLLBACK:  # of an update, the readiness of its way back tells it
        return None
    said = f"{facts.target_config_name} is what rollout {attempt.rollout_id} was rolled back from {_when(attempt)}."
    return blocker(
        CheckName.ROLLED_BACK_FROM,
        f"{said} {attempt.why}".strip(),
        f"Name a config that was good: rollback {facts.snapshot.name} --to CONFIG. If this one is good after all, promote its "
        "version.",
    )


def _when(attempt: Attempt) -> str:
    return f"on {written(attempt.at)}"
