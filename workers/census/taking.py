"""Takes the census: one listing tells what changed, and only that is looked at closely."""

from dataclasses import dataclass

from workers.drafting import Drafting
from workers.world import World


@dataclass(frozen=True)
class Census:
    """Looks at all endpoints of the fleet file and at the registry."""

    world: World
    drafting: Drafting

    def round(self) -> None:
        """Look at what changed since the last look, and at what was not looked at for long."""
