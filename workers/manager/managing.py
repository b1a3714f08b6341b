"""The endpoint manager: compares what runs with what shall run, and brings the two together."""

from dataclasses import dataclass

from bot.domain import commands
from bot.domain.errand import CommandErrand
from bot.domain.errors import UserError
from workers.answering import Answering
from workers.census import Census
from workers.opening import Opening
from workers.waves import Waves
from workers.world import World


@dataclass(frozen=True)
class Manager:
    """Decides for every endpoint, on its round and for sync. Raises UserError with what the person shall read when nothing was done."""

    world: World
    answering: Answering
    census: Census
    opening: Opening
    waves: Waves

    def carry_out(self, errand: CommandErrand, command: commands.Sync) -> None:
        """What was typed, once however often the errand is run."""
        raise UserError(f"{command.name} is not there yet. Nothing was changed.")

    def round(self) -> None:
        """Compare, and act where the fleet file lets it."""
