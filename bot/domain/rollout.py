"""A rollout: the running record of one change, its phases, and why it got where it is.

A rollout is a reconciled record, not a long function: everything that a worker needs in order to go on stands in it.
`Rollout.to` is the only way from one phase to another. This module knows no clock; every instant is passed in.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from bot.domain.bridge import Bridge
from bot.domain.calls import UpdateCall
from bot.domain.commands import Change
from bot.domain.endpoint import Snapshot
from bot.domain.errand import ReplyTo
from bot.domain.errors import IllegalTransition
from bot.domain.model import Value
from bot.domain.plan import Difference, Plan
from bot.domain.saga import ScalingSaga
from bot.domain.strategy import AskedStrategy
from bot.domain.verdict import Comparison, Verdict

SCHEMA_VERSION = 1

AWS_ACTOR = "aws"
BOT_ACTOR = "bot"


class Kind(StrEnum):
    """What a rollout does."""

    UPDATE = "update"
    ROLLBACK = "rollback"
    SCALE = "scale"  # live instance counts only: no new config, no watch


class Phase(StrEnum):
    """Where a rollout is. The value is what is stored; `words` is what people read."""

    PLANNING = "planning"  # facts are being gathered
    AWAITING_APPROVAL = "awaiting_approval"  # a plan stands; nobody has decided
    SCHEDULED = "scheduled"  # approved, and waiting for its time
    PREPARING = "preparing"  # model and config are being created; the endpoint is untouched
    UPDATING = "updating"  # UpdateEndpoint was called, or is about to be
    WATCHING = "watching"  # all traffic is on the target config; CloudWatch data gathers
    SUCCEEDED = "succeeded"  # InService on the target config, and the watch is over
    REJECTED = "rejected"  # an approver said no
    EXPIRED = "expired"  # nobody decided in time
    CANCELLED = "cancelled"  # stopped before the endpoint was touched
    BLOCKED = "blocked"  # preflight found something that must be mended first
    FAILED = "failed"  # the endpoint is as it was
    ROLLED_BACK_BY_AWS = "rolled_back_by_aws"  # SageMaker went back to the current config by itself
    ROLLING_BACK = "rolling_back"  # the way back is under way
    ROLLED_BACK = "rolled_back"  # the endpoint is on the config from before
    NEEDS_HUMAN = "needs_human"  # the endpoint is in a state that this tool must not touch by itself

    @property
    def words(self) -> str:
        """The state in words, one of them and no other on every card."""
        return self.value.replace("_", " ").replace("aws", "AWS")


class Reason(StrEnum):
    """Why a rollout went from one phase to another. A closed list: every transition names one."""

    REQUESTED = "requested"
    PLAN_READY = "plan_ready"
    PREFLIGHT_BLOCKED = "preflight_blocked"
    NOTHING_TO_CHANGE = "nothing_to_change"
    APPROVED = "approved"
    NO_APPROVAL_NEEDED = "no_approval_needed"
    SCHEDULED_BY_APPROVER = "scheduled_by_approver"
    OUTSIDE_WINDOW = "outside_window"
    TIME_HAS_COME = "time_has_come"
    REJECTED_BY_APPROVER = "rejected_by_approver"
    APPROVAL_EXPIRED = "approval_expired"
    CANCELLED_BY_PERSON = "cancelled_by_person"
    SUPERSEDED = "superseded"
    CHANNEL_UNREACHABLE = "channel_unreachable"
    ENDPOINT_DRIFTED = "endpoint_drifted"
    PLAN_DRIFTED = "plan_drifted"
    ENDPOINT_BUSY = "endpoint_busy"
    ENDPOINT_GONE = "endpoint_gone"
    NOT_IN_FLEET = "not_in_fleet"
    AWS_REFUSED = "aws_refused"
    AWS_UNREACHABLE = "aws_unreachable"
    UPDATE_REQUESTED = "update_requested"
    LANDED = "landed"
    LANDED_ELSEWHERE = "landed_elsewhere"
    AWS_ROLLED_BACK = "aws_rolled_back"
    UPDATE_FAILED = "update_failed"
    UPDATE_ROLLBACK_FAILED = "update_rollback_failed"
    ABORTED = "aborted"
    BAKE_REGRESSED = "bake_regressed"
    SCALED = "scaled"
    WATCH_OVER = "watch_over"
    ROLLBACK_REQUESTED = "rollback_requested"
    ROLLBACK_QUEUED = "rollback_queued"
    ROLLBACK_LANDED = "rollback_landed"
    ROLLBACK_FAILED = "rollback_failed"
    RESTORED_FROM_TAGS = "restored_from_tags"
    INTERNAL_ERROR = "internal_error"


_END_BEFORE_TOUCHING = frozenset({Phase.CANCELLED, Phase.FAILED, Phase.EXPIRED})

TRANSITIONS: Mapping[Phase, frozenset[Phase]] = {
    Phase.PLANNING: _END_BEFORE_TOUCHING | {Phase.AWAITING_APPROVAL, Phase.ROLLING_BACK, Phase.BLOCKED},
    Phase.AWAITING_APPROVAL: _END_BEFORE_TOUCHING
    | {Phase.PLANNING, Phase.SCHEDULED, Phase.PREPARING, Phase.ROLLING_BACK, Phase.REJECTED, Phase.BLOCKED},
    Phase.SCHEDULED: _END_BEFORE_TOUCHING | {Phase.PLANNING, Phase.PREPARING, Phase.BLOCKED},
    Phase.PREPARING: frozenset({Phase.PLANNING, Phase.UPDATING, Phase.FAILED, Phase.CANCELLED, Phase.NEEDS_HUMAN}),
    Phase.UPDATING: frozenset(
        {
            Phase.PLANNING,  # only before SageMaker took the update: what the plan rests on has moved
            Phase.WATCHING,
            Phase.SUCCEEDED,  # a change of counts, which needs no watch
            Phase.ROLLING_BACK,
            Phase.ROLLED_BACK_BY_AWS,
            Phase.FAILED,
            Phase.CANCELLED,  # only before SageMaker took the update
            Phase.NEEDS_HUMAN,
        }
    ),
    Phase.WATCHING: frozenset({Phase.SUCCEEDED, Phase.ROLLING_BACK, Phase.NEEDS_HUMAN}),
    Phase.SUCCEEDED: frozenset({Phase.ROLLING_BACK}),
    Phase.ROLLING_BACK: frozenset({Phase.ROLLED_BACK, Phase.FAILED, Phase.NEEDS_HUMAN}),
    Phase.NEEDS_HUMAN: frozenset({Phase.ROLLING_BACK}),
    Phase.REJECTED: frozenset(),
    Phase.EXPIRED: frozenset(),
    Phase.CANCELLED: frozenset(),
    Phase.BLOCKED: frozenset(),
    Phase.FAILED: frozenset(),
    Phase.ROLLED_BACK_BY_AWS: frozenset(),
    Phase.ROLLED_BACK: frozenset(),
}

ACTIVE_PHASES = frozenset(
    {
        Phase.PLANNING,
        Phase.AWAITING_APPROVAL,
        Phase.SCHEDULED,
        Phase.PREPARING,
        Phase.UPDATING,
        Phase.WATCHING,
        Phase.ROLLING_BACK,
    }
)
"""Phases that a tick can still move on; the others are ends."""

WAITING_PHASES = frozenset({Phase.PLANNING, Phase.AWAITING_APPROVAL, Phase.SCHEDULED})
"""Nothing was created yet: cancelling costs nothing, and a newer plan takes the place of this one."""


class Thread(Value):
    """Where a rollout's story is told. `thread_ts` is None until the root card is posted."""

    channel_id: str
    thread_ts: str | None = None


class Transition(Value):
    """One step of the story. `actor` is a Slack user id, or `aws` or `bot`."""

    phase: Phase
    reason: Reason
    at: datetime
    actor: str
    note: str = ""
    caused_by: str = ""
    """The errand that led to it: running the same errand again finds that it is done."""


class ApprovalChoice(StrEnum):
    """What an approver can say."""

    APPROVE = "approve"
    REJECT = "reject"


class ApprovalDecision(Value):
    """Who decided what, and when."""

    actor: str
    choice: ApprovalChoice
    at: datetime
    caused_by: str = ""
    reason: str = ""
    """The decider's own words."""


class Redraw(Value):
    """A plan that did not hold: what it rested on had moved, so a fresh one took its place and nothing was run."""

    at: datetime
    differences: tuple[Difference, ...]
    approvals_lost: tuple[str, ...] = ()
    """Who had approved the older plan."""


class Abort(Value):
    """Somebody had our alarm tripped, so that SageMaker goes back by itself."""

    actor: str
    at: datetime
    tripped_at: datetime | None = None


class Retry(Value):
    """SageMaker had no capacity, and the policy is to try again: how often it was tried again, and when the next try is due."""

    count: int
    due: datetime


class RetryPolicy(Value):
    """What may be tried again without a person, from the fleet file's `retry`: nothing but a lack of capacity."""

    capacity_attempts: int = 0
    wait: timedelta = timedelta(minutes=5)


class CountChange(Value):
    """Another instance count for one variant, set live."""

    variant: str
    count: int


class Chore(StrEnum):
    """What must still be put right on AWS after the update, whatever became of it."""

    RESTORE_SCALING = "restore_scaling"
    DELETE_ALARMS = "delete_alarms"


class Pace(Value):
    """How often a rollout is looked at, from the fleet file's `timing`."""

    poll: timedelta
    settle: timedelta


class WatchPlan(Value):
    """How the watch is held, from the fleet file's `watch`."""

    duration: timedelta
    warm_up: timedelta
    metric_period: timedelta
    baseline: timedelta
    streaming: bool = False
    error_rate_ceiling: float | None = None
    mid_stream_error_rate_ceiling: float | None = None
    p50_ceiling_ms: float | None = None
    p90_ceiling_ms: float | None = None
    p99_ceiling_ms: float | None = None


class Trouble(Value):
    """Temporary errors in a row; cleared by the first success."""

    count: int
    since: datetime
    last: str


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
    rollback_to: str | None = None
    """The config that a rollback goes back to; None lets the planner read it from the lineage."""
    parent_id: str | None = None
    """The rollout that a rollback undoes."""
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
    stopped_by: str | None = None
    """The lock or freeze that an approved change waits for, in words."""
    busy_since: datetime | None = None
    """Since when SageMaker has been busy with the endpoint, while that keeps this rollout from going on."""
    passed_locks: tuple[str, ...] = ()
    """Locks that a way back went past, in words."""
    retry_policy: RetryPolicy = RetryPolicy()
    count_change: CountChange | None = None
    """What a rollout of kind `scale` does."""
    models_created: bool = False
    config_created: bool = False
    alarms_intended: bool = False
    """Our alarms may exist; set before they are created, so that they are cleaned up whatever happens."""
    alarms_verified: bool = False
    alarms_deleted: bool = False
    scaling: ScalingSaga | None = None
    """Autoscaling that was taken away for the update: the snapshot from which it is restored."""
    chore_failures: tuple[str, ...] = ()
    """Sentences about what could not be put right by itself, for a person to do."""
    bridge: Bridge | None = None
    """How far the way over the plan's bridge is; None before its first call, and where there is none."""
    update: UpdateCall | None = None
    """The UpdateEndpoint to the target config: there is one for each rollout."""
    abort: Abort | None = None
    retry: Retry | None = None
    snapshot: Snapshot | None = None
    cutover_at: datetime | None = None
    rollback_queued_by: str | None = None
    """Who asked for a rollback while SageMaker was still busy with the update, which it cannot cancel."""
    comparison: Comparison | None = None
    verdict: Verdict | None = None
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
        return self.phase in ACTIVE_PHASES or self.chore is not None

    @property
    def chore(self) -> Chore | None:
        """What must be put right before anything else happens; None while the update itself is at work."""
        goes_back_first = self.kind is Kind.ROLLBACK and self.phase is Phase.PLANNING
        if self.is_at_work or goes_back_first:  # the way back waits for nothing, not even for what it took over
            return None
        if self.scaling is not None and self.scaling.is_away:
            return Chore.RESTORE_SCALING
        return Chore.DELETE_ALARMS if self.alarms_intended and not self.alarms_deleted else None

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

    def was_moved_by(self, errand_id: str) -> bool:
        """Whether that errand has had its effect on this rollout already."""
        causes = {t.caused_by for t in self.transitions} | {a.caused_by for a in self.approvals}
        return errand_id in causes

    def approvers(self) -> tuple[str, ...]:
        """Who approved, in order."""
        return tuple(d.actor for d in self.approvals if d.choice is ApprovalChoice.APPROVE)


def open_rollout(
    *,
    id: str,
    kind: Kind,
    endpoint: str,
    region: str | None,
    requester: str,
    thread: Thread,
    now: datetime,
    pace: Pace,
    watch: WatchPlan,
    expires_after: timedelta,
    **fields: Any,
) -> Rollout:
    """A new rollout, in `planning`."""
    first = Transition(phase=Phase.PLANNING, reason=Reason.REQUESTED, at=now, actor=requester)
    return Rollout(
        id=id,
        kind=kind,
        endpoint=endpoint,
        region=region,
        requester=requester,
        thread=thread,
        created_at=now,
        phase=Phase.PLANNING,
        transitions=(first,),
        pace=pace,
        watch=watch,
        expires_at=now + expires_after,
        **fields,
    )
