"""Hints from EventBridge: what they name is looked at now instead of later. Polling stays the truth."""

from dataclasses import dataclass

from workers.world import World


@dataclass(frozen=True)
class Hints:
    """Reads the queue of the fleet file's `manager.queue`."""

    world: World

    def round(self) -> None:
        """Take what is there, and let the rounds that it concerns come at once."""
