"""Where a rollout can be, how it can move, and why: the phases, their transitions, and the closed list of reasons."""

from collections.abc import Mapping
from enum import StrEnum

AWS_ACTOR = "aws"
BOT_ACTOR = "bot"


class Kind(StrEnum):
    """What a rollout does."""

    UPDATE = "update"
    ROLLBACK = "rollback"
    SCALE = "scale"  # live instance counts only: no new config, no watch
    CREATE = "create"  # an endpoint that does not exist, or is Failed
    TEARDOWN = "teardown"  # delete the endpoint with its autoscaling
    WEIGHTS = "weights"  # live traffic weights of an A/B test: no new config
    AUTOSCALE = "autoscale"  # what scales it, and nothing else: no new config, no watch


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
    WAVE_HALTED = "wave_halted"
    NO_LONGER_WANTED = "no_longer_wanted"
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
    WEIGHTS_MOVED = "weights_moved"
    AUTOSCALING_SET = "autoscaling_set"
    CREATED = "created"
    CREATION_FAILED = "creation_failed"
    TORN_DOWN = "torn_down"
    WATCH_OVER = "watch_over"
    WATCH_REGRESSED = "watch_regressed"
    WATCH_RESUMED = "watch_resumed"
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
            Phase.SUCCEEDED,  # what needs no watch: other counts, a new endpoint, one that is gone
            Phase.ROLLING_BACK,
            Phase.ROLLED_BACK_BY_AWS,
            Phase.FAILED,
            Phase.CANCELLED,  # only before SageMaker took the update
            Phase.NEEDS_HUMAN,
        }
    ),
    Phase.WATCHING: frozenset({Phase.SUCCEEDED, Phase.ROLLING_BACK, Phase.NEEDS_HUMAN}),
    Phase.SUCCEEDED: frozenset({Phase.ROLLING_BACK, Phase.WATCHING}),  # watched for longer
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
