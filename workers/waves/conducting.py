"""Conducts waves: which endpoint begins when, when to stop, and what people are told."""

from dataclasses import dataclass

from bot.domain import commands
from bot.domain.errand import CommandErrand
from bot.domain.errors import UserError
from workers.answering import Answering
from workers.opening import Opening
from workers.world import World

WaveCommand = (
    commands.WaveStart
    | commands.WaveApprove
    | commands.WaveReject
    | commands.WavePause
    | commands.WaveResume
    | commands.WaveAbort
)
WAVE_COMMANDS = (
    commands.WaveStart,
    commands.WaveApprove,
    commands.WaveReject,
    commands.WavePause,
    commands.WaveResume,
    commands.WaveAbort,
)


@dataclass(frozen=True)
class Waves:
    """Opens, steers and moves on waves. Raises UserError with what the person shall read when nothing was done."""

    world: World
    answering: Answering
    opening: Opening

    def carry_out(self, errand: CommandErrand, command: WaveCommand) -> None:
        """What was typed, once however often the errand is run."""
        raise UserError(f"{command.name} is not there yet. Nothing was changed.")

    def round(self) -> None:
        """Move every wave on that is not over."""
