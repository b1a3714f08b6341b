"""Where a wave and each endpoint of it can be, how a wave can move, and why."""

from collections.abc import Mapping
from enum import StrEnum


class WaveState(StrEnum):
    """Where a wave is. The value is what is stored; `words` is what people read."""

    PROPOSED = "proposed"  # its plan stands; nobody has decided
    RUNNING = "running"  # endpoints change, stage by stage
    PAUSED = "paused"  # somebody paused it, or called one of its endpoints off
    STOPPED = "stopped"  # an endpoint went bad: nothing further begins
    FINISHED = "finished"  # nothing is left to do
    ABORTED = "aborted"  # ended by somebody, or by a newer wave
    REJECTED = "rejected"  # an approver said no
    EXPIRED = "expired"  # nobody decided in time

    @property
    def words(self) -> str:
        """The state as its card shows it."""
        return "awaiting approval" if self is WaveState.PROPOSED else self.value


class WaveReason(StrEnum):
    """Why a wave went from one state to another. A closed list: every transition names one."""

    REQUESTED = "requested"
    APPROVED = "approved"
    NO_APPROVAL_NEEDED = "no_approval_needed"
    REJECTED_BY_APPROVER = "rejected_by_approver"
    APPROVAL_EXPIRED = "approval_expired"
    PAUSED_BY_PERSON = "paused_by_person"
    MEMBER_CALLED_OFF = "member_called_off"
    MEMBER_WENT_BAD = "member_went_bad"
    RESUMED = "resumed"
    ABORTED_BY_PERSON = "aborted_by_person"
    SUPERSEDED = "superseded"
    CHANNEL_UNREACHABLE = "channel_unreachable"
    ALL_DONE = "all_done"


WAVE_TRANSITIONS: Mapping[WaveState, frozenset[WaveState]] = {
    WaveState.PROPOSED: frozenset({WaveState.RUNNING, WaveState.REJECTED, WaveState.EXPIRED, WaveState.ABORTED}),
    WaveState.RUNNING: frozenset({WaveState.PAUSED, WaveState.STOPPED, WaveState.FINISHED, WaveState.ABORTED}),
    WaveState.PAUSED: frozenset({WaveState.RUNNING, WaveState.STOPPED, WaveState.ABORTED}),
    WaveState.STOPPED: frozenset({WaveState.RUNNING, WaveState.ABORTED}),
    WaveState.FINISHED: frozenset(),
    WaveState.ABORTED: frozenset(),
    WaveState.REJECTED: frozenset(),
    WaveState.EXPIRED: frozenset(),
}

HALTED = frozenset({WaveState.PAUSED, WaveState.STOPPED, WaveState.ABORTED})
"""Nothing further begins, and what has not touched its endpoint yet is taken back."""


class MemberState(StrEnum):
    """Where one endpoint of a wave is."""

    WAITING = "waiting"  # its turn has not come
    UNDER_WAY = "under_way"  # its rollout is opened, or is about to be
    DONE = "done"  # changed, watched, and as good as before
    UNCHANGED = "unchanged"  # it was there already
    BAD = "bad"  # went back, failed, or got worse
    CALLED_OFF = "called_off"  # a person stopped its rollout, or let it lapse
    LEFT_OUT = "left_out"  # the wave goes on without it


OPEN = frozenset({MemberState.WAITING, MemberState.UNDER_WAY})
"""The wave still has something to do there."""
