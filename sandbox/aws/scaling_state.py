"""What Application Auto Scaling remembers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TargetKey = tuple[str, str]  # ResourceId, ScalableDimension


@dataclass
class ScalingState:
    """Scalable targets with their policies and scheduled actions, as their Describe operations show them."""

    targets: dict[TargetKey, dict[str, Any]] = field(default_factory=dict)
    policies: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)  # target key and policy name
    actions: dict[tuple[str, str, str], dict[str, Any]] = field(default_factory=dict)  # target key and action name

    def registered_variants(self, endpoint: str) -> set[str]:
        prefix = f"endpoint/{endpoint}/variant/"
        return {resource.removeprefix(prefix) for resource, _ in self.targets if resource.startswith(prefix)}

    def targets_of(self, endpoint: str, variant: str) -> list[dict[str, Any]]:
        resource = f"endpoint/{endpoint}/variant/{variant}"
        return [target for (owner, _), target in self.targets.items() if owner == resource]

    def of_endpoint(self, endpoint: str) -> dict[str, list[dict[str, Any]]]:
        """Everything that is registered for an endpoint's variants, by kind."""
        prefix = f"endpoint/{endpoint}/variant/"

        def owned(book: Mapping[Any, dict[str, Any]]) -> list[dict[str, Any]]:
            return [item for key, item in book.items() if key[0].startswith(prefix)]

        return {
            "scalable_targets": owned(self.targets),
            "scaling_policies": owned(self.policies),
            "scheduled_actions": owned(self.actions),
        }

    def deregister(self, key: TargetKey) -> None:
        """Forget a target, and with it its policies and scheduled actions."""
        del self.targets[key]
        for book in (self.policies, self.actions):
            for owned in [owned for owned in book if owned[:2] == key]:
                del book[owned]

    def forget_endpoint(self, endpoint: str) -> None:
        for key in [key for key in self.targets if key[0].startswith(f"endpoint/{endpoint}/variant/")]:
            self.deregister(key)
