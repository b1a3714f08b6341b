"""Watches the registry: announces versions that wait for approval, and tells when one that runs is no longer approved."""

from dataclasses import dataclass

from workers.world import World


@dataclass(frozen=True)
class RegistryWatch:
    """Tells people what changed in the registry, each thing once."""

    world: World

    def round(self) -> None:
        """Announce what is new."""
