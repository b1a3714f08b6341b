"""Any command, as one type: how commands are read from the JSON in which they travel."""

from typing import Annotated

from pydantic import Field, TypeAdapter

from bot.domain.commands.asking import Audit, Help, History, Metrics, Status
from bot.domain.commands.changing import Cancel, Plan, Promote, Rollback, Scale
from bot.domain.commands.fleet import Deploy, FleetCheck, FleetImport, Gc, Sync, Teardown
from bot.domain.commands.holding import Freeze, Hold, Lock, Thaw, Unhold, Unlock
from bot.domain.commands.trials import AbFinish, AbStart, AbWeight
from bot.domain.commands.versions import ApproveVersion, Compare, RejectVersion, Versions
from bot.domain.commands.waves import WaveAbort, WaveApprove, WavePause, WaveReject, WaveResume, WaveStart

Command = Annotated[
    Help
    | Status
    | Plan
    | Promote
    | Scale
    | Rollback
    | History
    | Cancel
    | Lock
    | Unlock
    | Freeze
    | Thaw
    | Hold
    | Unhold
    | Metrics
    | Deploy
    | Teardown
    | AbStart
    | AbWeight
    | AbFinish
    | Versions
    | Compare
    | ApproveVersion
    | RejectVersion
    | Sync
    | WaveStart
    | WaveApprove
    | WaveReject
    | WavePause
    | WaveResume
    | WaveAbort
    | Audit
    | Gc
    | FleetCheck
    | FleetImport,
    Field(discriminator="name"),
]

COMMANDS: TypeAdapter[Command] = TypeAdapter(Command)
"""Reads a command of any kind: `COMMANDS.validate_json(command.model_dump_json())` gives it back."""
