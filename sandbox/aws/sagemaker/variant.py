"""The live side of a variant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..traffic import Traits


@dataclass
class Variant:
    """The live side of a production variant; what does not change stands in the config."""

    spec: dict[str, Any]
    current_count: int
    desired_count: int
    current_weight: float
    desired_weight: float
    traits: Traits = field(default_factory=Traits)
    images: list[dict[str, Any]] = field(default_factory=list)
    current_serverless: dict[str, Any] | None = None
    desired_serverless: dict[str, Any] | None = None
    pool: str | None = None  # the instance type that runs, of those in InstancePools

    @property
    def name(self) -> str:
        return str(self.spec["VariantName"])

    @property
    def is_serverless(self) -> bool:
        return "ServerlessConfig" in self.spec

    @property
    def instance_type(self) -> str | None:
        return self.spec.get("InstanceType") or self.pool

    @property
    def pool_types(self) -> list[str]:
        """Instance types of its pools, the preferred one first; empty without pools."""
        pools = sorted(self.spec.get("InstancePools", []), key=lambda pool: pool["Priority"])
        return [pool["InstanceType"] for pool in pools]

    def fall_back(self, exhausted: str) -> bool:
        """Turn to the pool after the one of an exhausted instance type; whether there is one."""
        after = self.pool_types[self.pool_types.index(exhausted) + 1 :] if exhausted in self.pool_types else []
        if after:
            self.pool = after[0]
        return bool(after)

    def arrive(self) -> None:
        """Everything that was wished for is there."""
        self.current_count = self.desired_count
        self.current_weight = self.desired_weight
        self.current_serverless = self.desired_serverless
