"""Opens the rollouts of A/B tests."""

from dataclasses import dataclass

from bot.domain import commands
from bot.domain.errand import CommandErrand
from bot.domain.errors import UserError
from workers.answering import Answering
from workers.opening import Opening
from workers.world import World


@dataclass(frozen=True)
class Trials:
    """Carries out ab start, ab weight and ab finish. Raises UserError with what the person shall read when nothing was done."""

    world: World
    answering: Answering
    opening: Opening

    def carry_out(
        self, errand: CommandErrand, command: commands.AbStart | commands.AbWeight | commands.AbFinish
    ) -> None:
        """What was typed, once however often the errand is run."""
        raise UserError(f"{command.name} is not there yet. Nothing was changed.")
