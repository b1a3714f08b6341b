"""Instance counts: whether a live count can be set, and whether the counts of now survive an update."""

from bot.domain.endpoint import Document
from bot.domain.phases import Kind
from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, blocker, ok, warning
from bot.domain.rollout_parts import CountChange

_CHANGED_BY_CONFIG = "InitialInstanceCount"


def live_count_can_be_set(facts: Facts) -> Finding | None:
    """What a change of live counts runs into."""
    wanted = facts.count_change
    if facts.kind is not Kind.SCALE or wanted is None:
        return None
    variant = _document(facts, wanted.variant)
    if variant is None:
        names = ", ".join(sorted(v["VariantName"] for v in facts.current_config.variants()))
        return blocker(
            CheckName.LIVE_COUNT, f"The endpoint has no variant {wanted.variant}.", f"Name one that it has: {names}."
        )
    if "ServerlessConfig" in variant:
        return blocker(
            CheckName.LIVE_COUNT,
            f"{wanted.variant} is serverless, so it has no instances to count.",
            "It follows the traffic by itself, up to its config's MaxConcurrency.",
        )
    now = desired_count(facts, wanted.variant)
    if now == wanted.count:
        return blocker(
            CheckName.SOMETHING_CHANGES, f"{wanted.variant} has {_instances(now)} already.", "Name another count."
        )
    return _against_autoscaling(facts, wanted, now)


def _against_autoscaling(facts: Facts, wanted: CountChange, now: int | None) -> Finding:
    change = f"from {now} to {_instances(wanted.count)}" if now is not None else f"to {_instances(wanted.count)}"
    target = facts.scaling.of(wanted.variant) if facts.scaling is not None else None
    if target is None:
        return ok(CheckName.LIVE_COUNT, f"{wanted.variant} can go {change}.")
    limits = f"between {target.minimum} and {target.maximum} instances"
    if not target.minimum <= wanted.count <= target.maximum:
        return blocker(
            CheckName.LIVE_COUNT,
            f"Autoscaling keeps {wanted.variant} {limits}, and would undo {wanted.count} at once.",
            f"Ask for {target.minimum} to {target.maximum}, or change the limits in Application Auto Scaling first.",
        )
    if target.is_suspended:
        return ok(CheckName.LIVE_COUNT, f"{wanted.variant} can go {change}; its autoscaling is suspended.")
    return warning(
        CheckName.LIVE_COUNT,
        f"{wanted.variant} goes {change}, and autoscaling may change that again: it keeps it {limits}.",
        "If the count must hold, change the limits of autoscaling instead.",
    )


def live_counts_are_kept(facts: Facts) -> Finding | None:
    """By default SageMaker resets a fleet that was scaled to the count in its config. We never let it, and say the numbers."""
    if facts.kind is not Kind.UPDATE or any(d.path.endswith(_CHANGED_BY_CONFIG) for d in facts.differences):
        return None
    grown = []
    for variant in facts.current_config.variants():
        live, initial = desired_count(facts, variant["VariantName"]), variant.get("InitialInstanceCount")
        if live is not None and initial is not None and live != initial:
            grown.append(f"{variant['VariantName']} keeps {_instances(live)}, where its config says {initial}")
    if not grown:
        return None
    return ok(CheckName.KEPT_COUNTS, f"Live counts survive (RetainAllVariantProperties): {'; '.join(grown)}.")


def desired_count(facts: Facts, variant: str) -> int | None:
    """How many instances the variant shall have now; None when SageMaker shows none."""
    return next((v.desired_count for v in facts.snapshot.variants if v.name == variant), None)


def _document(facts: Facts, variant: str) -> Document | None:
    return next((v for v in facts.current_config.variants() if v["VariantName"] == variant), None)


def _instances(count: int) -> str:
    return "1 instance" if count == 1 else f"{count} instances"
