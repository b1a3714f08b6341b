"""A rollout: the running record of one change, its phases, and why it got where it is.

A rollout is a reconciled record, not a long function: everything that a worker needs in order to go on stands in it.
`Rollout.to` is the only way from one phase to another. This module knows no clock; every instant is passed in.
"""

from datetime import datetime
from typing import Any

from bot.domain.autoscale import AutoscaleAsk
from bot.domain.bridge import Bridge
from bot.domain.calls import UpdateCall
from bot.domain.checks import CheckRun, CheckTime
from bot.domain.commands import Change
from bot.domain.endpoint import Snapshot
from bot.domain.errand import ReplyTo
from bot.domain.errors import IllegalTransition
from bot.domain.model import Value
from bot.domain.phases import ACTIVE_PHASES, TRANSITIONS, WAITING_PHASES, Kind, Phase, Reason
from bot.domain.plan import Plan
from bot.domain.rollout_parts import (
    Abort,
    ApprovalChoice,
    ApprovalDecision,
    Chore,
    CountChange,
    Pace,
    Redraw,
    Retry,
    RetryPolicy,
    Terms,
    Thread,
    Transition,
    Trouble,
)
from bot.domain.saga import ScalingSaga
from bot.domain.strategy import AskedStrategy
from bot.domain.trial import TrialAsk, TrialStep, TrialWatch
from bot.domain.verdict import Comparison, Verdict
from bot.domain.version import Version
from bot.domain.watchplan import Acceptance, Extension, Restraint, WatchPlan
from bot.domain.yardstick import Yardsticks

SCHEMA_VERSION = 1


class Rollout(Value):
    """The record. See `Phase` for what it goes through; times are aware and in UTC."""

    schema_version: int = SCHEMA_VERSION
    id: str
    kind: Kind
    endpoint: str
    region: str | None
    requester: str
    thread: Thread
    created_at: datetime
    phase: Phase
    transitions: tuple[Transition, ...]
    pace: Pace
    watch: WatchPlan
    expires_at: datetime
    """When a plan that nobody decided on lapses."""
    change: Change | None = None
    """What was asked for; None for a rollback."""
    reason: str = ""
    """The requester's own words."""
    wave_id: str | None = None
    """The wave that it is part of."""
    vouched_by: tuple[str, ...] = ()
    """Who approved it before it had a plan: the approvers of its wave."""
    rollback_to: str | None = None
    """The config that a rollback goes back to; None lets the planner read it from the lineage."""
    parent_id: str | None = None
    """The rollout that a rollback undoes."""
    leaves: Version | None = None
    """What a rollback leaves that undoes no rollout; None where it is not known, and for every other one."""
    leaves_unknown: bool = False
    """Whether nobody can tell the version that the undone rollout brought, so that going back holds none."""
    child_id: str | None = None
    """The rollback that undoes this rollout."""
    approval_needed: bool = True
    quorum: int = 1
    approvers_text: str = ""
    """Who may approve, as people read it, from the fleet file when the rollout was opened."""
    home_channel: str | None = None
    """The endpoint's own channel, if the command was typed in another one: a line with a link goes there."""
    reply: ReplyTo | None = None
    """How to reach the requester privately while nothing could be posted yet."""
    in_parent_thread: bool = False
    """A rollback that a button started has no card of its own: its story continues in the parent's thread."""
    restored: bool = False
    """Read from SageMaker's tags after the store was lost: its messages are there already, unknown to us."""
    revived_at: datetime | None = None
    """When it was taken up again from the note on its endpoint, to go on; None for one that is only remembered."""
    noted: str = ""
    """Digest of what the endpoint's tags tell of it."""
    plan: Plan | None = None
    approvals: tuple[ApprovalDecision, ...] = ()
    redraws: tuple[Redraw, ...] = ()
    asked_strategy: AskedStrategy | None = None
    """The strategy that the command names; None takes the fleet file's."""
    not_before: datetime | None = None
    """The time that the requester asked for (`--at`)."""
    scheduled_for: datetime | None = None
    """When an approved change runs: the requested time, the quiet hour, or when the change window opens."""
    queued_behind: str | None = None
    """The rollout that holds the endpoint, while this one waits for its turn to be planned."""
    instead_of: tuple[str, ...] = ()
    """Plans that waited for the same endpoint when it was asked for: they end once its own plan stands."""
    stopped_by: str | None = None
    """The lock or freeze that an approved change waits for, in words."""
    busy_since: datetime | None = None
    """Since when SageMaker has been busy with the endpoint, while that keeps this rollout from going on."""
    passed_locks: tuple[str, ...] = ()
    """Locks that a way back went past, in words."""
    retry_policy: RetryPolicy = RetryPolicy()
    count_change: CountChange | None = None
    """What a rollout of kind `scale` does."""
    autoscale: AutoscaleAsk | None = None
    """What a rollout of kind `autoscale` is to set."""
    trial: TrialAsk | None = None
    """What it does to a trial; None for every rollout that has nothing to do with one."""
    trial_watch: TrialWatch | None = None
    """The trial that it started, from the moment when both versions serve."""
    models_created: bool = False
    config_created: bool = False
    alarms_intended: bool = False
    """Our alarms may exist; set before they are created, so that they are cleaned up whatever happens."""
    alarms_verified: bool = False
    alarms_deleted: bool = False
    kept_alarms_set: bool = False
    """Whether the alarms beside the endpoint are done with, be they set or refused."""
    kept_alarms_refused: bool = False
    scaling: ScalingSaga | None = None
    """Autoscaling that was taken away for the update: the snapshot from which it is restored."""
    chore_failures: tuple[str, ...] = ()
    """Sentences about what could not be put right by itself, for a person to do."""
    bridge: Bridge | None = None
    """How far the way over the plan's bridge is; None before its first call, and where there is none."""
    refused: str = ""
    """The side effect that AWS refused for good, which ended it: a value of `Action`."""
    update: UpdateCall | None = None
    """The UpdateEndpoint to the target config: there is one for each rollout."""
    abort: Abort | None = None
    retry: Retry | None = None
    snapshot: Snapshot | None = None
    cutover_at: datetime | None = None
    rollback_queued_by: str | None = None
    """Who asked for a rollback while SageMaker was still busy with the update, which it cannot cancel."""
    checks: tuple[CheckRun, ...] = ()
    """Runs of the check command, the last attempt of each."""
    yardsticks: Yardsticks | None = None
    """What the old fleet leads one to expect, worked out once when the watch begins."""
    comparison: Comparison | None = None
    last_look: Verdict | None = None
    """What the numbers said when they were looked at last, during the watch."""
    worse_looks: int = 0
    """How many looks in a row said REGRESSED, each with newer numbers than the one before."""
    worse_since: datetime | None = None
    """When people were told, in the middle of the watch, of a confirmed REGRESSED that the bot does not roll back by itself. It stays,
    whatever later looks say."""
    restraint: Restraint | None = None
    """Why the bot did not roll back by itself, as of the last confirmed REGRESSED."""
    extensions: tuple[Extension, ...] = ()
    acceptance: Acceptance | None = None
    verdict: Verdict | None = None
    """The verdict that ended the watch."""
    superseded_by: str | None = None
    trouble: Trouble | None = None

    def to(
        self,
        phase: Phase,
        reason: Reason,
        at: datetime,
        actor: str,
        note: str = "",
        caused_by: str = "",
        **changes: Any,
    ) -> "Rollout":
        """The rollout in its next phase; other fields may change with it.

        Raises:
            IllegalTransition: this phase cannot follow the present one.
        """
        if phase not in TRANSITIONS[self.phase]:
            raise IllegalTransition(f"rollout {self.id}: {self.phase} → {phase} ({reason})")
        step = Transition(phase=phase, reason=reason, at=at, actor=actor, note=note, caused_by=caused_by)
        return self.with_(phase=phase, transitions=(*self.transitions, step), **changes)

    def with_(self, **changes: Any) -> "Rollout":
        """The same rollout with other field values; never for `phase`, which only `to` moves."""
        return self.model_copy(update=changes)

    @property
    def is_active(self) -> bool:
        """Whether a tick can still move it on, or has something to put right."""
        return self.is_under_way or self.chore is not None

    @property
    def is_under_way(self) -> bool:
        """Whether its own story goes on; what is put right after the end does not count."""
        return self.phase in ACTIVE_PHASES

    @property
    def chore(self) -> Chore | None:
        """What must be put right before anything else happens; None while the update itself is at work."""
        goes_back_first = self.kind is Kind.ROLLBACK and self.phase is Phase.PLANNING
        if self.is_at_work or goes_back_first:  # the way back waits for nothing, not even for what it took over
            return None
        if self.scaling is not None and self.scaling.is_away:
            return Chore.RESTORE_SCALING
        if self.alarms_intended and not self.alarms_deleted:
            return Chore.DELETE_ALARMS
        return Chore.SET_ALARMS if self._owes_alarms else None

    @property
    def _owes_alarms(self) -> bool:
        """Whether alarms beside the endpoint are still to be set: that waits until it is where it shall be."""
        if self.plan is None or self.cutover_at is None or self.kept_alarms_set:
            return False
        return bool(self.plan.kept_alarms or self.plan.dropped_alarms)

    @property
    def starts_trial(self) -> bool:
        """Whether it leads to two versions side by side, not to one that proved itself."""
        return self.trial is not None and self.trial.step is TrialStep.START

    @property
    def has_running_trial(self) -> bool:
        """Whether it started a trial that goes on, also where its rollback was tried in vain."""
        is_there = self.phase in (Phase.SUCCEEDED, Phase.NEEDS_HUMAN)
        return is_there and self.trial_watch is not None and self.trial_watch.is_running

    @property
    def is_at_work(self) -> bool:
        """Whether it prepares or follows an update of its own."""
        if self.phase is Phase.ROLLING_BACK:
            return self.kind is Kind.ROLLBACK
        return self.phase in (Phase.PREPARING, Phase.UPDATING)

    @property
    def is_waiting(self) -> bool:
        """Whether nothing was created yet."""
        return self.phase in WAITING_PHASES

    @property
    def is_way_back(self) -> bool:
        """Whether it puts back what another rollout changed: no lock and no window keeps that waiting."""
        return self.kind is Kind.ROLLBACK or (self.autoscale is not None and self.autoscale.is_exact)

    @property
    def called_at(self) -> datetime | None:
        """When SageMaker was first asked to change the endpoint, or was about to be; None before that."""
        first = self.bridge.call if self.bridge is not None and self.bridge.call is not None else self.update
        return first.intended_at if first is not None else None

    @property
    def has_crossed(self) -> bool:
        """Whether the endpoint has been on this change's bridge: what fails from then on leaves it there."""
        return self.bridge is not None and self.bridge.crossed_at is not None

    @property
    def last(self) -> Transition:
        """How it got where it is."""
        return self.transitions[-1]

    @property
    def target_config(self) -> str:
        """The config that the endpoint shall be on. Only after planning."""
        assert self.plan is not None, f"rollout {self.id} has no plan yet"
        return self.plan.target_config

    def entered(self, phase: Phase) -> datetime | None:
        """When it first came into a phase; None if it never did."""
        return next((t.at for t in self.transitions if t.phase is phase), None)

    def check_of(self, time: CheckTime) -> CheckRun | None:
        """The run of the check command at that time, if it was begun."""
        return next((run for run in self.checks if run.time is time), None)

    def was_moved_by(self, errand_id: str) -> bool:
        """Whether that errand has had its effect on this rollout already."""
        causes = {t.caused_by for t in self.transitions} | {a.caused_by for a in self.approvals}
        causes |= {extension.caused_by for extension in self.extensions}
        if self.acceptance is not None:
            causes.add(self.acceptance.caused_by)
        return errand_id in causes or (self.abort is not None and errand_id == self.abort.caused_by)

    def approvers(self) -> tuple[str, ...]:
        """Who approved, in order."""
        return tuple(d.actor for d in self.approvals if d.choice is ApprovalChoice.APPROVE)


def open_rollout(
    *, id: str, kind: Kind, terms: Terms, requester: str, thread: Thread, now: datetime, **fields: Any
) -> Rollout:
    """A new rollout, in `planning`."""
    first = Transition(phase=Phase.PLANNING, reason=Reason.REQUESTED, at=now, actor=requester)
    return Rollout(
        id=id,
        kind=kind,
        endpoint=terms.endpoint,
        region=terms.region,
        requester=requester,
        thread=thread,
        created_at=now,
        phase=Phase.PLANNING,
        transitions=(first,),
        pace=terms.pace,
        watch=terms.watch,
        expires_at=now + terms.expires_after,
        **fields,
    )
