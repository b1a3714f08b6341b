"""The parts of a rollout's record: where it is told, what was asked of it, and what befell it, as values.

What they mean for the rollout stands in `rollout`.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.model import Value
from bot.domain.phases import Phase, Reason
from bot.domain.plan import Difference
from bot.domain.watchplan import WatchPlan


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
    caused_by: str = ""
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
    SET_ALARMS = "set_alarms"  # those that stand beside the endpoint


class Pace(Value):
    """How often a rollout is looked at, from the fleet file's `timing`."""

    poll: timedelta
    settle: timedelta


class Terms(Value):
    """What the fleet file says of an endpoint, as a rollout of it goes by from its first moment on."""

    endpoint: str
    region: str | None
    pace: Pace
    watch: WatchPlan
    expires_after: timedelta
    """How long a plan waits for its approval."""


class Trouble(Value):
    """Temporary errors in a row; cleared by the first success."""

    count: int
    since: datetime
    last: str
