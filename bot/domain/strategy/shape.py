"""What a strategy must fit: the target config's fleet, reduced to what SageMaker's rules ask about."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from bot.domain.endpoint import Document

LONGEST_LAUNCH = timedelta(minutes=30)
"""GPU fleets take 15 to 30 minutes until they serve; nothing is known to need longer unless its config allows it."""

_AROUND_STARTUP = timedelta(minutes=10)  # the instance itself, before the model is fetched and after it answers


@dataclass(frozen=True)
class VariantShape:
    """One production variant of the target config."""

    name: str
    instances: int | None = 1
    """As many as will run when the update begins; None for serverless capacity."""
    instance_types: frozenset[str] = frozenset()
    longest_launch: timedelta = LONGEST_LAUNCH
    """How long its instances may take until they serve, at worst."""


@dataclass(frozen=True)
class FleetShape:
    """The target config's fleet."""

    kind: Literal["realtime", "streaming", "async", "serverless"]
    variants: tuple[VariantShape, ...]
    is_marketplace: bool = False
    """Whether any model of it is an AWS Marketplace package."""
    has_shadow: bool = False
    hosts_components: bool = False
    """Whether it hosts inference components, which UpdateEndpoint does not replace."""

    @property
    def is_serverless(self) -> bool:
        """Whether any variant is serverless."""
        return any(v.instances is None for v in self.variants)

    @property
    def inf1_types(self) -> tuple[str, ...]:
        """The Inf1 instance types in it, which SageMaker excludes from guardrails; Inf2 is not excluded."""
        types = frozenset[str]().union(*(v.instance_types for v in self.variants))
        return tuple(sorted(t for t in types if t.startswith("ml.inf1.")))

    @property
    def is_unguarded(self) -> bool:
        """Whether SageMaker excludes it from guardrails: all traffic at once, no bake and no alarm, whatever is asked."""
        return self.is_marketplace or self.is_serverless or bool(self.inf1_types)

    @property
    def fleets(self) -> tuple[tuple[str, int], ...]:
        """Name and instances of each variant that has any kind of instances."""
        return tuple((v.name, v.instances) for v in self.variants if v.instances is not None)

    @property
    def counts(self) -> tuple[int, ...]:
        """Instances of each variant that has any kind of instances."""
        return tuple(instances for _, instances in self.fleets)

    @property
    def longest_launch(self) -> timedelta:
        """How long the slowest variant may take until it serves."""
        return max((v.longest_launch for v in self.variants), default=LONGEST_LAUNCH)


def shape_of(
    kind: Literal["realtime", "streaming", "async", "serverless"],
    config: Document,
    *,
    is_marketplace: bool,
    counts: Mapping[str, int] | None = None,
) -> FleetShape:
    """The shape of a target config.

    Args:
        kind: As the fleet file says.
        config: The config's document, as CreateEndpointConfig takes it.
        is_marketplace: Whether any of its models is an AWS Marketplace package.
        counts: Live desired counts by variant, where they win over the config's.
    """
    documents = tuple(config.get("ProductionVariants", ()))
    return FleetShape(
        kind=kind,
        variants=tuple(_variant(v, (counts or {}).get(v["VariantName"])) for v in documents),
        is_marketplace=is_marketplace,
        has_shadow=bool(config.get("ShadowProductionVariants")),
        hosts_components=any("ModelName" not in v for v in documents),
    )


def _variant(variant: Document, live: int | None) -> VariantShape:
    pools = [pool["InstanceType"] for pool in variant.get("InstancePools", ())]
    declared = int(variant.get("InitialInstanceCount", 1))
    startup = timedelta(
        seconds=variant.get("ModelDataDownloadTimeoutInSeconds", 0)
        + variant.get("ContainerStartupHealthCheckTimeoutInSeconds", 0)
    )
    return VariantShape(
        name=variant["VariantName"],
        instances=None if "ServerlessConfig" in variant else (declared if live is None else live),
        instance_types=frozenset(t for t in (variant.get("InstanceType"), *pools) if t),
        longest_launch=max(LONGEST_LAUNCH, startup + _AROUND_STARTUP),
    )
