"""Whether there is a way back, and for a rollback a way there."""

from collections.abc import Sequence

from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import blocker, ok, warning
from bot.domain.rollout import Kind


def way_back_exists(facts: Facts) -> Finding:
    """What was deleted cannot be gone back to."""
    missing = sorted(name for name, exists in facts.models.items() if not exists)
    if facts.kind is Kind.ROLLBACK:
        if facts.target_config is None:
            return blocker(
                "way_back",
                f"The config {facts.target_config_name} was deleted, so there is no way back to it.",
                "Promote the version that it ran.",
            )
        if missing:
            return blocker(
                "way_back",
                f"The config {facts.target_config_name} is there, but {_deleted('its model', missing)}.",
                "Promote the version that it ran.",
            )
        return ok("way_back", f"The config {facts.target_config_name} and its models exist.")
    if missing:
        return warning(
            "way_back",
            f"No way back: of the present config, {_deleted('the model', missing)}.",
            "After this change the present fleet cannot be made again.",
        )
    return ok("way_back", f"The way back is there: config {facts.current_config.name} and its models exist.")


def _deleted(what: str, names: Sequence[str]) -> str:
    return f"{what} {names[0]} was deleted" if len(names) == 1 else f"{what}s {', '.join(names)} were deleted"
