"""What a change needs of the account's quotas, beside all that runs already."""

from collections.abc import Callable, Mapping

from bot.domain.endpoint import ConfigRecord
from bot.domain.preflight.facts import ConcurrencyNeed, QuotaNeed
from bot.domain.serverless import SERVERLESS
from bot.domain.strategy import Strategy, extra_instances
from workers.planning.asking import or_unknown
from workers.world import Aws


def quota_needs(
    aws: Aws,
    current: ConfigRecord,
    target: ConfigRecord,
    strategy: Strategy,
    wanted: Mapping[str, int],
    live: Mapping[str, int],
    returns: ConfigRecord | None = None,
) -> tuple[QuotaNeed, ...]:
    """What two fleets at once need of each instance type, now and on the way back.

    `wanted` holds the counts that the target's variants get where they are not the config's own; `live` those of now. `returns` is what
    the way back leads to, if not the present config.
    """
    there = _by_type(target, wanted, lambda n: extra_instances(strategy, n))
    present = _by_type(current, live, lambda n: n)
    back = _by_type(returns, live, lambda n: n) if returns is not None else present
    if not there and not back:
        return ()
    used = or_unknown("instances in use", aws.usage.instances)

    def need(type_: str) -> QuotaNeed:
        in_use = used.get(type_, 0) if used is not None else None
        extra, return_extra = there.get(type_, 0), back.get(type_, 0)
        in_all = (in_use or 0) + max(extra, return_extra)
        return QuotaNeed(
            instance_type=type_,
            limit=or_unknown("quotas", lambda: aws.quotas.limit(type_, wanted=in_all)),
            used=in_use,
            extra=extra,
            return_extra=return_extra,
            present=present.get(type_, 0),
        )

    return tuple(need(type_) for type_ in sorted({*there, *back}))


def quota_for_more(aws: Aws, config: ConfigRecord, variant: str, more: int) -> tuple[QuotaNeed, ...]:
    """What more instances of one variant need."""
    if more <= 0:
        return ()
    only = ConfigRecord(
        name=config.name,
        arn=config.arn,
        document={"ProductionVariants": [v for v in config.variants() if v["VariantName"] == variant]},
    )
    return quota_needs(aws, only, only, Strategy(), {variant: more}, {variant: more})


def concurrency_need(aws: Aws, current: ConfigRecord, target: ConfigRecord) -> ConcurrencyNeed | None:
    """What a serverless target needs of the account's total concurrency; None where it needs no more than there is."""
    more = _concurrency(target) - _concurrency(current)
    if more <= 0:
        return None
    used = or_unknown("serverless concurrency in use", aws.usage.serverless_concurrency)
    in_all = (used or 0) + more
    return ConcurrencyNeed(
        limit=or_unknown("quota of serverless concurrency", lambda: aws.quotas.serverless_concurrency(wanted=in_all)),
        used=used,
        more=more,
    )


def _concurrency(config: ConfigRecord) -> int:
    return sum(int(v[SERVERLESS]["MaxConcurrency"]) for v in config.variants() if SERVERLESS in v)


def _by_type(config: ConfigRecord, live: Mapping[str, int], share: Callable[[int], int]) -> dict[str, int]:
    """Instances by type. Of a pool, any type may be the one that is used, so each counts in full."""
    wanted: dict[str, int] = {}
    for variant in config.variants():
        if SERVERLESS in variant:
            continue
        count = live.get(variant["VariantName"], int(variant.get("InitialInstanceCount", 1)))
        types = [pool["InstanceType"] for pool in variant.get("InstancePools", ())] or [variant.get("InstanceType")]
        for type_ in types:
            if type_ is not None:
                wanted[type_] = wanted.get(type_, 0) + share(count)
    return wanted
