"""Whether the account's quotas allow the instances that the change needs beside those that run."""

import re

from bot.domain.phases import Kind
from bot.domain.plan import Finding, Level
from bot.domain.preflight.facts import Facts, QuotaNeed
from bot.domain.preflight.findings import CheckName, blocker, ok, warning
from bot.domain.strategy import AskedStrategy, StrategyType, choose, problems

_SCARCE = re.compile(r"ml\.(?:[gp]\d|trn|inf|dl)")
"""Families with accelerators, of which AWS now and then has none left."""


_WHAT = {Kind.SCALE: "the change", Kind.AUTOSCALE: "the change", Kind.CREATE: "the endpoint"}
_UNTOUCHED = "SageMaker refuses the update and the endpoint stays as it is"
_REFUSED = {Kind.CREATE: "SageMaker refuses to create the endpoint"}


def quota_allows(facts: Facts) -> Finding | None:
    """Blue and green stand side by side, and SageMaker holds *every* type of an instance pool against its quota."""
    needs = [need for need in facts.quota if need.extra > 0]
    if not needs:
        return None
    short = [need for need in needs if _level(need) is Level.BLOCKER]
    if short:
        return _too_small(facts, short)
    unknown = [need for need in needs if _level(need) is Level.WARNING]
    if unknown:
        return warning(
            CheckName.QUOTA,
            f"Whether the quotas suffice could not be told. {_sentences(facts, unknown)}",
            f"If one does not, {_REFUSED.get(facts.kind, _UNTOUCHED)}. To have it checked, allow the bot to read "
            "Service Quotas and all endpoints.",
        )
    return ok(CheckName.QUOTA, f"{_sentences(facts, needs)}{_scarcity(needs, facts.kind)}")


def _level(need: QuotaNeed) -> Level:
    """Even where nobody could count what is in use, a quota can be seen to be too small."""
    if need.limit is not None and (need.used or 0) + need.extra > need.limit:
        return Level.BLOCKER
    return Level.WARNING if need.limit is None or need.used is None else Level.OK


def _too_small(facts: Facts, short: list[QuotaNeed]) -> Finding:
    said = f"The quota is too small. {_sentences(facts, short)}"
    steps = " ".join(_ways_out(facts, short))
    if facts.kind is Kind.ROLLBACK:
        # Nothing that we counted may stand between somebody and the way back: SageMaker itself decides, and before it touches anything.
        return warning(
            CheckName.QUOTA, f"{said} SageMaker may refuse the way back and leave the endpoint as it is.", steps
        )
    return blocker(CheckName.QUOTA, said, steps)


def _ways_out(facts: Facts, short: list[QuotaNeed]) -> list[str]:
    pooled = sorted({need.instance_type for need in short} & _pooled_types(facts))
    steps = []
    if pooled:
        steps.append(
            f"Drop {' and '.join(pooled)} from the instance pools: SageMaker checks the quota of every type in them, and never "
            "falls back to another one."
        )
    asks = [
        f"{(need.used or 0) + need.extra} for “{need.instance_type} for endpoint usage”"
        for need in short
        if need.instance_type not in pooled
    ]
    if asks:
        steps.append(f"Ask AWS Service Quotas for at least {' and '.join(asks)}, or free some.")
    if _could_roll(facts):
        steps.append("Or ask for --strategy rolling, which needs only one batch more.")
    return steps


def _pooled_types(facts: Facts) -> set[str]:
    config = facts.target_config or facts.current_config
    return {pool["InstanceType"] for v in config.variants() for pool in v.get("InstancePools", ())}


def _could_roll(facts: Facts) -> bool:
    if facts.kind is not Kind.UPDATE or facts.shape is None or facts.strategy.type is StrategyType.ROLLING:
        return False
    rolling = choose(AskedStrategy(type=StrategyType.ROLLING), facts.spec.strategy, facts.shape)
    return not problems(rolling, facts.shape, facts.spec.watch.metric_period)


def _sentences(facts: Facts, needs: list[QuotaNeed]) -> str:
    return " ".join(_sentence(need, _WHAT.get(facts.kind, "the update")) for need in needs)


def _sentence(need: QuotaNeed, what: str) -> str:
    match need.used, need.limit:
        case None, None:
            stands = f"Neither the quota of {need.instance_type} nor how many are in use is known"
        case None, limit:
            stands = f"The quota of {need.instance_type} is {limit}, and how many are in use is not known"
        case used, None:
            stands = f"{used} {need.instance_type} in use, of a quota that is not known"
        case _:
            stands = f"{need.used} of {need.limit} {need.instance_type} in use"
    return f"{stands}; {what} needs {need.extra} more."


def _scarcity(needs: list[QuotaNeed], kind: Kind) -> str:
    scarce = sorted(need.instance_type for need in needs if _SCARCE.match(need.instance_type))
    if not scarce:
        return ""
    then = "the new endpoint ends up Failed" if kind is Kind.CREATE else "the old fleet goes on serving"
    return f" A quota is no promise: if AWS has no free {' or '.join(scarce)}, {then}."
