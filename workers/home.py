"""Keeps App Homes true while somebody looks at them."""

from dataclasses import dataclass

from workers.world import World


@dataclass(frozen=True)
class Homes:
    """Draws the App Home of people who opened it."""

    world: World

    def round(self) -> None:
        """Draw those anew that somebody opened a short while ago."""
