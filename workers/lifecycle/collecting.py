"""Finds configs and models of our own that nothing needs any more, and deletes them when asked."""

from dataclasses import dataclass

from bot.domain import commands
from bot.domain.errand import CommandErrand
from bot.domain.errors import UserError
from workers.answering import Answering
from workers.world import World


@dataclass(frozen=True)
class Collecting:
    """Carries out gc. Raises UserError with what the person shall read when nothing was done."""

    world: World
    answering: Answering

    def carry_out(self, errand: CommandErrand, command: commands.Gc) -> None:
        """What was typed, once however often the errand is run."""
        raise UserError(f"{command.name} is not there yet. Nothing was changed.")
