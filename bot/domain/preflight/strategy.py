"""Whether SageMaker will do what the strategy says."""

from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import warning
from bot.domain.rollout import Kind


def declared_strategy_is_used(facts: Facts) -> Finding | None:
    """What the fleet file asks for, and what is done."""
    declared = facts.spec.strategy.type
    if declared == "all-at-once" or facts.kind is Kind.ROLLBACK:
        return None
    return warning(
        "strategy",
        f"The fleet file asks for {declared}, but this bot still updates everything all at once.",
        "Nothing is shifted step by step, and no alarm of SageMaker's is set.",
    )
