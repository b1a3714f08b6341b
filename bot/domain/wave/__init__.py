"""Waves: what they are, who decides about them, what happens next, and when they stop. Pure."""

from bot.domain.wave.approving import (
    Say,
    abort_wave,
    approve_wave,
    lapses_after,
    pause_wave,
    quorum_of,
    reject_wave,
    resume_wave,
)
from bot.domain.wave.deciding import Seen, WaveDecision, candidates, decide_wave
from bot.domain.wave.holding import holds_after, kept_from, lifts_holds
from bot.domain.wave.looking import looked_at, may_be_taken_back
from bot.domain.wave.proposing import Proposing
from bot.domain.wave.states import HALTED, OPEN, WAVE_TRANSITIONS, MemberState, WaveReason, WaveState
from bot.domain.wave.timing import expected_length
from bot.domain.wave.values import (
    LeftOut,
    Member,
    Wave,
    WaveApproval,
    WaveStep,
    Wish,
    open_wave,
    wave_id_for,
    wave_rollout_id,
)

__all__ = [
    "HALTED",
    "OPEN",
    "WAVE_TRANSITIONS",
    "LeftOut",
    "Member",
    "MemberState",
    "Proposing",
    "Say",
    "Seen",
    "Wave",
    "WaveApproval",
    "WaveDecision",
    "WaveReason",
    "WaveState",
    "WaveStep",
    "Wish",
    "abort_wave",
    "approve_wave",
    "candidates",
    "decide_wave",
    "expected_length",
    "holds_after",
    "kept_from",
    "lapses_after",
    "lifts_holds",
    "looked_at",
    "may_be_taken_back",
    "open_wave",
    "pause_wave",
    "quorum_of",
    "reject_wave",
    "resume_wave",
    "wave_id_for",
    "wave_rollout_id",
]
