"""Writes what must outlive the store onto the endpoints as tags, and reads it back when the store was emptied."""

from dataclasses import dataclass

from workers.world import World


@dataclass(frozen=True)
class Keeping:
    """Holds, as tags of the endpoints that they are about."""

    world: World

    def round(self) -> None:
        """Bring tags and store together."""
