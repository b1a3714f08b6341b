"""Opens rollouts that create and delete endpoints."""

from dataclasses import dataclass

from bot.domain import commands
from bot.domain.errand import CommandErrand
from bot.domain.errors import UserError
from workers.answering import Answering
from workers.opening import Opening
from workers.world import World


@dataclass(frozen=True)
class Lifecycle:
    """Carries out deploy and teardown. Raises UserError with what the person shall read when nothing was done."""

    world: World
    answering: Answering
    opening: Opening

    def carry_out(self, errand: CommandErrand, command: commands.Deploy | commands.Teardown) -> None:
        """What was typed, once however often the errand is run."""
        raise UserError(f"{command.name} is not there yet. Nothing was changed.")
