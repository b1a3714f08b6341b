"""What a change costs: while two fleets run side by side, and from then on. In US dollars, from AWS's price list, on demand.

None always means: not known. What the price list does not hold is said and never guessed: the price of an AWS Marketplace
product, savings plans, storage and traffic.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Literal

from bot.domain.durations import about
from bot.domain.endpoint import Document
from bot.domain.model import Value
from bot.domain.strategy import Strategy, StrategyType

_HOUR = timedelta(hours=1)
_CENT = Decimal("0.01")


class BilledVariant(Value):
    """A variant's instances, shadow variants included."""

    name: str
    instance_types: tuple[str, ...]
    """One, or those of its instance pools, of which SageMaker uses any; empty for serverless capacity, which is billed by use."""
    count: int = 0
    is_provisioned: bool = False
    """Serverless capacity of which some is kept warm, which is billed by the hour as well."""


class Cost(Value):
    """What a change costs."""

    extra_during: Decimal | None
    """For the update as a whole, beside what runs anyway."""
    extra_per_hour: Decimal | None
    """The same for each hour that the update takes; known even where its duration is not."""
    extra_of: Literal["nothing", "a second fleet", "one batch more"]
    """What is billed beside the present fleet."""
    duration: timedelta | None
    """How long the update is expected to take."""
    per_hour_before: Decimal | None
    per_hour_after: Decimal | None
    is_upper_bound: bool = False
    """Instance pools are in it, counted at the price of their dearest type."""
    has_serverless: bool = False
    """Serverless capacity is in it, which costs nothing here and is billed by use."""
    has_provisioned: bool = False
    """Some of that is kept warm, and billed without any request; that price is not in it either."""
    unpriced: tuple[str, ...] = ()
    """Instance types without a known price."""


def billed_variants(config: Document, counts: Mapping[str, int] | None = None) -> tuple[BilledVariant, ...]:
    """The instances that a config runs.

    Args:
        config: The config's document, as CreateEndpointConfig takes it.
        counts: Live or wanted counts by variant, where they win over the config's own.
    """
    variants = (*config.get("ProductionVariants", ()), *config.get("ShadowProductionVariants", ()))
    return tuple(_billed(variant, counts or {}) for variant in variants)


def instance_types_of(*fleets: Iterable[BilledVariant]) -> tuple[str, ...]:
    """Every instance type whose price is needed."""
    return tuple(sorted({type_ for fleet in fleets for variant in fleet for type_ in variant.instance_types}))


def hourly_cost(fleet: Iterable[BilledVariant], prices: Mapping[str, Decimal | None]) -> Decimal | None:
    """What a fleet costs in US dollars per hour; None where a price is not known. Serverless capacity counts nothing."""
    total = Decimal(0)
    for variant in fleet:
        known = [price for type_ in variant.instance_types if (price := prices.get(type_)) is not None]
        if len(known) < len(variant.instance_types):
            return None
        total += max(known, default=Decimal(0)) * variant.count
    return total


def cost_of(
    current: Iterable[BilledVariant],
    target: Iterable[BilledVariant],
    strategy: Strategy | None,
    duration: timedelta | None,
    prices: Mapping[str, Decimal | None],
) -> Cost:
    """What a change costs.

    SageMaker bills both fleets for the whole update when traffic moves in steps or bakes, and a single one for an all-at-once
    update without a bake (Developer Guide, "Blue/green deployments").

    Args:
        current: The fleet before.
        target: The fleet after.
        strategy: How the one replaces the other; None where nothing is replaced, such as a change of counts.
        duration: How long the update is expected to take; None when there is nothing to judge by.
        prices: US dollars per hour by instance type; None or left out where it is not known.
    """
    current, target = tuple(current), tuple(target)
    extra_of, extra = _extra(target, strategy)
    per_hour = hourly_cost(extra, prices)
    fleets = (*current, *target)
    return Cost(
        extra_during=_extra_for(per_hour, duration),
        extra_per_hour=per_hour,
        extra_of=extra_of,
        duration=duration,
        per_hour_before=hourly_cost(current, prices),
        per_hour_after=hourly_cost(target, prices),
        is_upper_bound=any(len(set(variant.instance_types)) > 1 for variant in fleets),
        has_serverless=any(not variant.instance_types for variant in fleets),
        has_provisioned=any(variant.is_provisioned for variant in fleets),
        unpriced=tuple(type_ for type_ in instance_types_of(fleets) if prices.get(type_) is None),
    )


def cost_sentence(cost: Cost, *, is_marketplace: bool = False) -> str:
    """`$1.41 for about 12 minutes of a second fleet; afterwards $3.04 → $6.08 an hour.`, with what is not in these numbers."""
    notes = []
    if cost.unpriced:
        notes.append(f"No price is known for {' and '.join(cost.unpriced)}.")
    if cost.is_upper_bound:
        notes.append("Instance pools are counted at their dearest type.")
    notes += _not_counted(cost, is_marketplace=is_marketplace)
    during = _during(cost)
    return " ".join((f"{during[0].upper()}{during[1:]}; {_afterwards(cost)}.", *notes))


def running_cost_sentence(cost: Cost, *, is_marketplace: bool = False) -> str:
    """`Adds $1.41 an hour.` or `Saves $1.41 an hour.`: of an endpoint that begins or ceases to exist."""
    notes = [f"No price is known for {' and '.join(cost.unpriced)}."] if cost.unpriced else []
    notes += _not_counted(cost, is_marketplace=is_marketplace)
    before, after = cost.per_hour_before, cost.per_hour_after
    if before is None or after is None:
        return " ".join(("What it costs per hour is not known.", *notes))
    if before == after == 0 and cost.has_serverless:
        return " ".join(("No instances are billed.", *notes))
    verb = "Adds" if after >= before else "Saves"
    return " ".join((f"{verb} {_dollars(abs(after - before))} an hour.", *notes))


def _not_counted(cost: Cost, *, is_marketplace: bool) -> list[str]:
    notes = []
    if cost.has_provisioned:
        notes.append(
            "Serverless capacity is billed by use, and its provisioned concurrency for every hour, used or not; neither is in "
            "these numbers."
        )
    elif cost.has_serverless:
        notes.append("Serverless capacity is billed by use and not in these numbers.")
    if is_marketplace:
        notes.append("The AWS Marketplace product's own price comes on top.")
    return notes


def _billed(variant: Document, counts: Mapping[str, int]) -> BilledVariant:
    name = variant["VariantName"]
    if (serverless := variant.get("ServerlessConfig")) is not None:
        is_provisioned = bool(serverless.get("ProvisionedConcurrency"))
        return BilledVariant(name=name, instance_types=(), is_provisioned=is_provisioned)
    pools = tuple(pool["InstanceType"] for pool in variant.get("InstancePools", ()))
    return BilledVariant(
        name=name,
        instance_types=pools or (variant["InstanceType"],),
        count=counts.get(name, variant.get("InitialInstanceCount", 1)),
    )


def _extra(
    target: tuple[BilledVariant, ...], strategy: Strategy | None
) -> tuple[Literal["nothing", "a second fleet", "one batch more"], tuple[BilledVariant, ...]]:
    """What is billed beside the present fleet while the update runs."""
    if strategy is None or (strategy.type is StrategyType.ALL_AT_ONCE and not strategy.bakes):
        return "nothing", ()
    if strategy.type is StrategyType.ROLLING and (size := strategy.size) is not None:
        return "one batch more", tuple(v.model_copy(update={"count": min(v.count, size.of(v.count))}) for v in target)
    return "a second fleet", target


def _extra_for(per_hour: Decimal | None, duration: timedelta | None) -> Decimal | None:
    if per_hour == 0:
        return Decimal(0)
    if per_hour is None or duration is None:
        return None
    return per_hour * int(duration.total_seconds()) / int(_HOUR.total_seconds())


def _during(cost: Cost) -> str:
    if cost.extra_per_hour == 0:
        return "nothing extra during the update"
    if cost.extra_per_hour is None:
        return f"what {cost.extra_of} costs during the update is not known"
    if cost.extra_during is None or cost.duration is None:
        return f"{_dollars(cost.extra_per_hour)} an hour for {cost.extra_of}, as long as the update takes"
    return f"{_dollars(cost.extra_during)} for {about(cost.duration)} of {cost.extra_of}"


def _afterwards(cost: Cost) -> str:
    before, after = cost.per_hour_before, cost.per_hour_after
    if before is None and after is None:
        return "the price per hour is not known"
    if before == after and after is not None:
        return f"afterwards {_dollars(after)} an hour as before"
    return f"afterwards {_known(before)} → {_known(after)} an hour"


def _known(amount: Decimal | None) -> str:
    return "unknown" if amount is None else _dollars(amount)


def _dollars(amount: Decimal) -> str:
    return "under $0.01" if 0 < amount < _CENT else f"${amount:,.2f}"
