"""A wave: one version, or what the fleet file says by now, brought to many endpoints stage by stage. The record, and how it moves."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from bot.domain.commands import Change
from bot.domain.content import content_hash_of
from bot.domain.errand import rollout_id_for, short_id
from bot.domain.errors import IllegalTransition
from bot.domain.model import Value
from bot.domain.phases import ACTIVE_PHASES, BOT_ACTOR, Phase
from bot.domain.plan import Difference
from bot.domain.rollout_parts import Thread
from bot.domain.wave.states import OPEN, WAVE_TRANSITIONS, MemberState, WaveReason, WaveState

SCHEMA_VERSION = 1


class Wish(Value):
    """What a wave shall bring: as it was asked for, so that its plan can be drawn up again.

    With neither a version nor a package, each endpoint is brought to what the fleet file says by now, the newest version included.
    """

    version: int | Literal["latest"] | None = None
    """A number of each endpoint's group or track, or the newest that may follow."""
    package_arn: str | None = None
    """One version for all of them."""
    with_version: bool = True
    """Whether a version may change at all; False brings settings only."""
    only: tuple[str, ...] = ()
    """The endpoints that are meant, where the endpoint manager chose them; empty: all of the wave's."""


class Member(Value):
    """One endpoint of a wave."""

    endpoint: str
    stage: int
    """Counted from 0."""
    change: Change
    """What its rollout shall do; names its version by ARN, so that an approval is about that version."""
    before: str
    """What ran when the plan was made, as people call it."""
    after: str
    settings: tuple[Difference, ...] = ()
    """What changes beside the version; what looks like a secret is masked."""
    doubt: str = ""
    """What somebody did that it would undo, such as a change outside the bot."""
    package_arn: str | None = None
    rank: int | None = None
    """As `Version.rank`."""
    config: str = ""
    """The endpoint config of then: on any other one, somebody else has changed the endpoint since."""
    pools: Mapping[str, int] = {}
    """How many instances its new fleet takes out of which quota, by account, region and type."""
    expected: timedelta | None = None
    """How long its update and its watch take; None before its first update."""
    channel: str
    """Where its own story is told."""
    state: MemberState = MemberState.WAITING
    attempt: int = 1
    """Counts its rollouts: one that was taken back before it touched anything may come again."""
    phase: Phase | None = None
    """Of its rollout, when it was looked at last."""
    is_stopped: bool = False
    """Its rollout waits: for a lock, a change window, or its turn behind another one."""
    note: str = ""
    """What there is to say about its state, in words that may come from outside."""
    ended_at: datetime | None = None
    """When its rollout came to a good end."""
    link: str = ""
    """To its rollout's card."""

    def rollout_id(self, wave_id: str) -> str:
        """The id of its rollout: always the same for the same attempt, so that there is one, whatever crashes."""
        return wave_rollout_id(wave_id, self.endpoint, self.attempt)

    @property
    def has_rollout(self) -> bool:
        """Whether there is one to look at, or there shall be."""
        return self.phase is not None or self.state is MemberState.UNDER_WAY

    @property
    def is_at_work(self) -> bool:
        """Whether its rollout can still move."""
        return self.phase in ACTIVE_PHASES if self.phase is not None else self.state is MemberState.UNDER_WAY

    def with_(self, **changes: Any) -> "Member":
        """The same member with other field values."""
        return self.model_copy(update=changes)


class LeftOut(Value):
    """An endpoint that the wave lists and that its plan passes by."""

    endpoint: str
    why: str
    is_current: bool = False
    """It needs no change, which is no fault."""
    is_waiting: bool = False
    """The endpoint manager brings it there by itself once the wave has ended well."""


class WaveStep(Value):
    """One step of a wave's story. `actor` is a Slack user id, or `bot`."""

    state: WaveState
    reason: WaveReason
    at: datetime
    actor: str
    note: str = ""
    endpoints: tuple[str, ...] = ()
    """Whom it is about: those that went bad, or that were called off."""
    caused_by: str = ""
    """The errand that led to it: running the same errand again finds that it is done."""


class WaveApproval(Value):
    """Who approved the wave's plan, and when."""

    actor: str
    at: datetime
    caused_by: str = ""


class Wave(Value):
    """The record. Times are aware and in UTC."""

    schema_version: int = SCHEMA_VERSION
    id: str
    name: str
    """As the fleet file calls it."""
    state: WaveState
    requester: str
    thread: Thread
    created_at: datetime
    expires_at: datetime
    """When a plan that nobody decided on lapses."""
    label: str
    """What it brings, as people call it."""
    package_arn: str | None = None
    """The version that it brings to all of them; None where it brings settings, or each endpoint its own version."""
    members: tuple[Member, ...]
    left_out: tuple[LeftOut, ...] = ()
    soak: timedelta
    at_once: int
    reason: str = ""
    """The requester's own words."""
    approval_needed: bool = True
    quorum: int = 1
    approvers_text: str = ""
    """Who may approve, as people read it."""
    approvals: tuple[WaveApproval, ...] = ()
    redrawn_at: datetime | None = None
    """When its plan was last drawn up again, because what it rested on had moved."""
    wish: Wish = Wish()
    steps: tuple[WaveStep, ...]

    def to(
        self,
        state: WaveState,
        reason: WaveReason,
        at: datetime,
        actor: str,
        *,
        note: str = "",
        endpoints: Sequence[str] = (),
        caused_by: str = "",
        **changes: Any,
    ) -> "Wave":
        """The wave in its next state; other fields may change with it.

        Raises:
            IllegalTransition: this state cannot follow the present one.
        """
        if state not in WAVE_TRANSITIONS[self.state]:
            raise IllegalTransition(f"wave {self.id}: {self.state} → {state} ({reason})")
        step = WaveStep(
            state=state, reason=reason, at=at, actor=actor, note=note, endpoints=tuple(endpoints), caused_by=caused_by
        )
        return self.with_(state=state, steps=(*self.steps, step), **changes)

    def with_(self, **changes: Any) -> "Wave":
        """The same wave with other field values; never for `state`, which only `to` moves."""
        return self.model_copy(update=changes)

    @property
    def last(self) -> WaveStep:
        """How it got where it is."""
        return self.steps[-1]

    @property
    def fingerprint(self) -> str:
        """16 hex digits over what an approver sees: which version goes where, in which order, in place of what."""
        plan = [[m.stage, m.endpoint, m.change.model_dump(mode="json"), m.config] for m in self.members]
        return content_hash_of({"plan": plan, "soak": self.soak.total_seconds(), "at_once": self.at_once})

    @property
    def is_active(self) -> bool:
        """Whether there is something left to do, or to look at."""
        if any(m.is_at_work for m in self.members):
            return True
        if self.state in (WaveState.PROPOSED, WaveState.RUNNING, WaveState.PAUSED):
            return True
        return self.state is WaveState.STOPPED and self.has_more

    @property
    def is_untouched_proposal(self) -> bool:
        """Whether it is a plan of the bot's own that nobody has approved so far: it may give way."""
        return self.state is WaveState.PROPOSED and self.requester == BOT_ACTOR and not self.approvals

    @property
    def has_more(self) -> bool:
        """Whether an endpoint still waits for its turn."""
        return any(m.state is MemberState.WAITING for m in self.members)

    @property
    def has_begun(self) -> bool:
        """Whether it ever ran."""
        return any(step.state is WaveState.RUNNING for step in self.steps)

    @property
    def stages(self) -> tuple[tuple[Member, ...], ...]:
        """Its members by stage, in order."""
        numbers = sorted({m.stage for m in self.members})
        return tuple(tuple(m for m in self.members if m.stage == n) for n in numbers)

    @property
    def current_stage(self) -> tuple[Member, ...]:
        """The first stage that is not done; empty when all are."""
        return next((stage for stage in self.stages if any(m.state in OPEN for m in stage)), ())

    @property
    def soaks_until(self) -> datetime | None:
        """Until when what is done is left alone before the current stage begins; None where nothing was changed yet."""
        stage = self.current_stage
        if not stage:
            return None
        ended = [m.ended_at for m in self.members if m.stage < stage[0].stage and m.ended_at is not None]
        return max(ended) + self.soak if ended else None

    @property
    def concerned(self) -> tuple[str, ...]:
        """Its members, and those that its plan left out: from them all it keeps its version when it stops."""
        return (*(m.endpoint for m in self.members), *(left.endpoint for left in self.left_out))

    def approvers(self) -> tuple[str, ...]:
        """Who approved, in order."""
        return tuple(approval.actor for approval in self.approvals)

    def was_moved_by(self, errand_id: str) -> bool:
        """Whether that errand has had its effect already."""
        return errand_id in {step.caused_by for step in self.steps} | {a.caused_by for a in self.approvals}

    def of(self, *states: MemberState) -> tuple[Member, ...]:
        """Its members in these states."""
        return tuple(m for m in self.members if m.state in states)


def wave_rollout_id(wave_id: str, endpoint: str, attempt: int) -> str:
    """The id of the rollout that a wave opens on an endpoint, at its first attempt or a later one."""
    return rollout_id_for(f"{wave_id} {endpoint} {attempt}")


def wave_id_for(seed: str) -> str:
    """The id of the wave that an errand or the manager opens: always the same one for the same seed."""
    return "w" + short_id("wave " + seed, 7)


def open_wave(
    *, id: str, requester: str, now: datetime, expires_after: timedelta, approval_needed: bool, **fields: Any
) -> Wave:
    """A new wave: with a plan that waits for approval, or running, where the fleet file's policy is `auto`."""
    asked = WaveStep(state=WaveState.PROPOSED, reason=WaveReason.REQUESTED, at=now, actor=requester, caused_by=id)
    wave = Wave(
        id=id,
        state=WaveState.PROPOSED,
        requester=requester,
        created_at=now,
        expires_at=now + expires_after,
        approval_needed=approval_needed,
        steps=(asked,),
        **fields,
    )
    return wave if approval_needed else wave.to(WaveState.RUNNING, WaveReason.NO_APPROVAL_NEEDED, now, BOT_ACTOR)
