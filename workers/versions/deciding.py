"""Approves and rejects versions of the registry, as somebody typed or pressed it."""

from dataclasses import dataclass

from bot.domain import commands
from bot.domain.errand import CommandErrand
from bot.domain.errors import UserError
from workers.answering import Answering
from workers.world import World


@dataclass(frozen=True)
class VersionDecisions:
    """Carries out approve-version and reject-version. Raises UserError with what the person shall read when nothing was done."""

    world: World
    answering: Answering

    def carry_out(self, errand: CommandErrand, command: commands.ApproveVersion | commands.RejectVersion) -> None:
        """What was typed, once however often the errand is run."""
        raise UserError(f"{command.name} is not there yet. Nothing was changed.")
