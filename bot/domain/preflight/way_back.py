"""Whether there is a way back, and for a rollback a way there."""

from collections.abc import Sequence

from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, blocker, ok, warning
from bot.domain.preflight.serverless import NO_RETURN
from bot.domain.rollout import Kind


def way_back_exists(facts: Facts) -> Finding | None:
    """What was deleted cannot be gone back to."""
    if facts.kind is Kind.SCALE:
        return None  # the same again with the count of before
    if facts.kind is Kind.ROLLBACK:
        return _way_there(facts)
    missing = _missing_models(facts)
    if missing:
        return warning(
            CheckName.WAY_BACK,
            f"No way back: of the present config, {_deleted('the model', missing)}.",
            "After this change the present fleet cannot be made again.",
        )
    return ok(CheckName.WAY_BACK, f"The way back is there: config {facts.current_config.name} and its models exist.")


def irreversible_reasons(facts: Facts) -> tuple[str, ...]:
    """Why a rollback could not undo this change, each in a sentence; empty if it could."""
    if facts.kind is not Kind.UPDATE:
        return ()
    reasons = []
    if facts.conversion is not None and facts.conversion.is_one_way:
        reasons.append(f"{NO_RETURN}.")
    if missing := _missing_models(facts):
        reasons.append(f"Of the present config, {_deleted('the model', missing)}, so it cannot be deployed again.")
    return tuple(reasons)


def _way_there(facts: Facts) -> Finding:
    missing = _missing_models(facts)
    if facts.target_config is None:
        return blocker(
            CheckName.WAY_BACK,
            f"The config {facts.target_config_name} was deleted, so there is no way back to it.",
            "Promote the version that it ran.",
        )
    if missing:
        return blocker(
            CheckName.WAY_BACK,
            f"The config {facts.target_config_name} is there, but {_deleted('its model', missing)}.",
            "Promote the version that it ran.",
        )
    return ok(CheckName.WAY_BACK, f"The config {facts.target_config_name} and its models exist.")


def _missing_models(facts: Facts) -> list[str]:
    return sorted(name for name, exists in facts.models.items() if not exists)


def _deleted(what: str, names: Sequence[str]) -> str:
    return f"{what} {names[0]} was deleted" if len(names) == 1 else f"{what}s {', '.join(names)} were deleted"
