"""Lists versions, and compares two of them by their metrics."""

from dataclasses import dataclass

from bot.domain import commands
from bot.domain.errand import CommandErrand
from bot.domain.errors import UserError
from workers.answering import Answering
from workers.drafting import Drafting
from workers.world import World


@dataclass(frozen=True)
class Merits:
    """Carries out versions and compare. Raises UserError with what the person shall read when nothing was done."""

    world: World
    answering: Answering
    drafting: Drafting

    def carry_out(self, errand: CommandErrand, command: commands.Versions | commands.Compare) -> None:
        """What was typed, once however often the errand is run."""
        raise UserError(f"{command.name} is not there yet. Nothing was changed.")
