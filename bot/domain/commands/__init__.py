"""What a person asks for, as values: one model per command. They travel to the workers as JSON.

A new command is a model in the file of its subject, its place in `Command`, and its click definition in `bot.grammar`. What a
command *means* is decided elsewhere; here stands only what can be said.
"""

from bot.domain.commands.asking import Audit, Help, History, Metrics, Status
from bot.domain.commands.changing import Cancel, Change, Plan, Promote, Rollback, Scale
from bot.domain.commands.fleet import Deploy, FleetCheck, FleetImport, Gc, Sync, Teardown
from bot.domain.commands.holding import Freeze, Hold, Lock, Thaw, Unhold, Unlock
from bot.domain.commands.trials import AbFinish, AbStart, AbWeight
from bot.domain.commands.typed import Version
from bot.domain.commands.union import COMMANDS, Command
from bot.domain.commands.versions import ApproveVersion, Compare, RejectVersion, Versions
from bot.domain.commands.waves import WaveAbort, WaveApprove, WavePause, WaveReject, WaveResume, WaveStart

__all__ = [
    "COMMANDS",
    "AbFinish",
    "AbStart",
    "AbWeight",
    "ApproveVersion",
    "Audit",
    "Cancel",
    "Change",
    "Command",
    "Compare",
    "Deploy",
    "FleetCheck",
    "FleetImport",
    "Freeze",
    "Gc",
    "Help",
    "History",
    "Hold",
    "Lock",
    "Metrics",
    "Plan",
    "Promote",
    "RejectVersion",
    "Rollback",
    "Scale",
    "Status",
    "Sync",
    "Teardown",
    "Thaw",
    "Unhold",
    "Unlock",
    "Version",
    "Versions",
    "WaveAbort",
    "WaveApprove",
    "WavePause",
    "WaveReject",
    "WaveResume",
    "WaveStart",
]
