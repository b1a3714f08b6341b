"""The config in between as a plan names it: the one that a change goes over, or the one that a rollback leaves."""

from bot.domain.bridge import BridgePlan
from bot.domain.endpoint import ConfigRecord
from bot.domain.errors import UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.preflight import Facts
from bot.domain.rollout import Rollout
from bot.domain.strategy import Strategy, StrategyType, problems
from bot.domain.trial import TRIAL_TAG
from workers.cloning import BRIDGE_SUFFIX, Draft, LiveEndpoint, bridge_variant
from workers.cloning.counts import DEFAULT_WEIGHT, WEIGHT, live_weight
from workers.drafting import Drafting


def bridge_to(drafting: Drafting, rollout: Rollout, live: LiveEndpoint, made: Draft, facts: Facts) -> BridgePlan | None:
    """The bridge of a change that goes over one; None for every other, and where its strategy cannot be had.

    Raises:
        UsageError: two variants cannot run side by side here; the message says why.
    """
    strategy, shape = facts.strategy, facts.shape
    if strategy.type is not StrategyType.TWO_VARIANT or shape is None:
        return None
    if problems(strategy, shape, facts.spec.watch.metric_period):
        return None
    variant = facts.spec.variant
    present = next(v for v in live.config.variants() if v["VariantName"] == variant)
    return BridgePlan(
        config=drafting.bridge(rollout, live, made, facts.spec, share_of(strategy)).name,
        variant=variant,
        next_variant=bridge_variant(variant),
        share=share_of(strategy),
        weight=live_weight(live.snapshot, present),
    )


def bridge_from(current: ConfigRecord, target: ConfigRecord | None, variant: str) -> BridgePlan | None:
    """The bridge that an endpoint was left standing on, told from its config alone; None if it is on none.

    An A/B test is left in the same way: the traffic goes back to A by weight before B goes away. The old variant's weight of
    before stands in the bridge's own config, so the way back needs no record of how it was crossed.
    """
    new = current.tags.get(TRIAL_TAG) or bridge_variant(variant)
    there = {v["VariantName"]: v for v in current.variants()}
    goes_away = target is not None and new not in {v["VariantName"] for v in target.variants()}
    if variant not in there or new not in there or not goes_away:
        return None
    weight = float(there[variant].get(WEIGHT, DEFAULT_WEIGHT))
    return BridgePlan(config=current.name, variant=variant, next_variant=new, share=0, weight=weight)


def refuse_on_bridge(live: LiveEndpoint, spec: EndpointSpec) -> None:
    """A change drafted from a bridge would carry its second variant along for ever.

    Raises:
        UserError: the endpoint stands on one.
    """
    new = bridge_variant(spec.variant)
    is_ours = "rollout:id" in live.config.tags and live.config.name.endswith(BRIDGE_SUFFIX)
    if is_ours and new in {v["VariantName"] for v in live.config.variants()}:
        raise UserError(
            f"{spec.name} runs {new} beside {spec.variant}: a two-variant change is under way or was left unfinished. Nothing was "
            f"started. If none is under way, go back first: rollback {spec.name}"
        )


def share_of(strategy: Strategy) -> float:
    """Percent of the traffic that the second variant begins with."""
    assert strategy.size is not None  # `problems` says so where it is missing
    return float(strategy.size.value)
