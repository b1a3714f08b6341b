"""What autoscaling and people made of an endpoint since its config was written: live instance counts and weights."""

from typing import Any

from bot.domain.endpoint import Document, Snapshot, VariantState

PRODUCTION, SHADOW = "ProductionVariants", "ShadowProductionVariants"
COUNT, WEIGHT = "InitialInstanceCount", "InitialVariantWeight"

DEFAULT_WEIGHT = 1.0
"""What SageMaker takes for a variant whose config names no weight."""


def live_count(snapshot: Snapshot, variant: str) -> int | None:
    """The desired instance count of a variant; None when SageMaker does not show one."""
    state = _state(snapshot, variant)
    return state.desired_count if state is not None else None


def live_weight(snapshot: Snapshot, variant: Document) -> float:
    """The weight of a variant: the live one, or its config's where SageMaker does not show one."""
    state = _state(snapshot, variant["VariantName"])
    if state is not None and state.weight is not None:
        return state.weight
    return float(variant.get(WEIGHT, DEFAULT_WEIGHT))


def with_live_counts(document: Document, snapshot: Snapshot, *, but: str | None = None) -> dict[str, Any]:
    """The config document with live counts in it, so that nothing is lost even if it is applied without retaining them.

    Args:
        document: A config document.
        snapshot: The endpoint as it is.
        but: The variant whose count in the document stands, because it was asked for.
    """

    def with_live_count(variant: Document) -> Document:
        live = live_count(snapshot, variant["VariantName"])
        # SageMaker takes no 0 here; a fleet that is scaled to nothing stays so by RetainAllVariantProperties.
        keeps = not live or COUNT not in variant or variant["VariantName"] == but
        return variant if keeps else {**variant, COUNT: live}

    return {
        member: [with_live_count(variant) for variant in content] if member == PRODUCTION else content
        for member, content in document.items()
    }


def _state(snapshot: Snapshot, variant: str) -> VariantState | None:
    return next((state for state in snapshot.variants if state.name == variant), None)
