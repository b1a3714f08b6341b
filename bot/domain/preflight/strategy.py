"""Whether SageMaker will do what the strategy says."""

from bot.domain.phases import Kind
from bot.domain.plan import Finding
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, blocker, warning
from bot.domain.strategy import cautions, problems


def strategy_fits(facts: Facts) -> Finding | None:
    """What SageMaker would refuse or silently ignore is refused here, with what to ask for instead."""
    if facts.kind is not Kind.UPDATE or facts.shape is None:
        return None
    if found := problems(facts.strategy, facts.shape, facts.spec.watch.metric_period):
        return blocker(
            CheckName.STRATEGY, " ".join(p.why for p in found), " ".join(dict.fromkeys(p.instead for p in found))
        )
    if known := cautions(facts.strategy, facts.shape):
        return warning(CheckName.STRATEGY, " ".join(c.what for c in known), " ".join(c.advice for c in known))
    return None
