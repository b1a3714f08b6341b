"""What stands against the version that shall run."""

from bot.domain.hold import Hold, HoldKind
from bot.domain.names import literal, mention
from bot.domain.phases import Kind
from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, warning
from bot.domain.starting import written


def version_is_not_held(facts: Facts) -> Finding | None:
    """A hold keeps automation away, not people: they are told what is known and decide."""
    if not facts.holds or facts.kind not in (Kind.UPDATE, Kind.CREATE, Kind.AUTOSCALE):
        return None
    gravest = next((h for h in facts.holds if h.kind is not HoldKind.BY_PERSON), facts.holds[0])
    others = [h for h in facts.holds if h is not gravest]
    return warning(CheckName.HOLDS, " ".join(_sentence(h) for h in (gravest, *others)), _next_step(gravest))


def _sentence(hold: Hold) -> str:
    when, why = written(hold.since), f": {literal(hold.reason.rstrip('.'))}" if hold.reason else ""
    match hold.kind:
        case HoldKind.BY_PERSON:
            return f"{mention(hold.actor)} holds this endpoint since {when}{why}."
        case HoldKind.QUARANTINED:
            return f"This version is quarantined since {when}: rollout {hold.rollout_id} failed at it{why}."
        case HoldKind.HELD if hold.wave_id is not None:
            return f"This version is held since {when}, and was never brought here{why}."
        case HoldKind.HELD:
            return f"This version is held since {when}: {mention(hold.actor)} rolled it back in rollout {hold.rollout_id}{why}."


def _next_step(hold: Hold) -> str:
    if hold.kind is HoldKind.BY_PERSON:
        return f"Ask {mention(hold.actor)} before you approve it."
    return "Approve it only if the cause is mended. If it ends well, it is held no more."
