"""What to do next with a rollout: `decide(rollout, observation, now)`, pure and total.

One tick of the engine is one observation, one decision, at most one side effect. The decision is saved *before* its side effect
is tried, so a crash at any point leaves a record from which the next tick finds out, by looking, what happened.

Why `InService` proves nothing by itself, and why FailureReason does not either (sources in docs/engine.md):
 1. SageMaker goes back to the current config silently when a launch fails or an alarm trips, and ends InService.
 2. FailureReason may be empty then, and may also stem from an older patching or scaling of an endpoint that works.
 3. LastModifiedTime moves also when autoscaling or AWS maintenance touches the endpoint.
So success is InService *and* on the target config; "rolled back by AWS" is InService on the current config after the call was
accepted or seen at work; and a call whose answer was lost is repeated only when nothing moved since.
"""

from bot.domain.reconcile.bridging import bake_ends_at, bake_verdict_due_at, is_baking, wanted_weights
from bot.domain.reconcile.checking import is_pending as is_check_pending
from bot.domain.reconcile.checking import with_run
from bot.domain.reconcile.chores import ACTION_OF
from bot.domain.reconcile.deciding import decide, needs_endpoint
from bot.domain.reconcile.legs import call_of
from bot.domain.reconcile.outcomes import (
    CONSISTENCY_PATIENCE,
    LONGEST_BACKOFF,
    TROUBLE_PATIENCE,
    after_error,
    after_success,
)
from bot.domain.reconcile.steps import SOON, Action, Decision, Observation, redraw
from bot.domain.reconcile.updating import BUSY_PATIENCE, MAX_CALLS
from bot.domain.reconcile.watching import (
    LONGEST_WATCH,
    extended,
    judged_from,
    lateness,
    verdict_due_at,
    watch_ends_at,
)

__all__ = [
    "ACTION_OF",
    "BUSY_PATIENCE",
    "CONSISTENCY_PATIENCE",
    "LONGEST_BACKOFF",
    "LONGEST_WATCH",
    "MAX_CALLS",
    "SOON",
    "TROUBLE_PATIENCE",
    "Action",
    "Decision",
    "Observation",
    "after_error",
    "after_success",
    "bake_ends_at",
    "bake_verdict_due_at",
    "call_of",
    "decide",
    "extended",
    "is_baking",
    "is_check_pending",
    "judged_from",
    "lateness",
    "needs_endpoint",
    "redraw",
    "verdict_due_at",
    "wanted_weights",
    "watch_ends_at",
    "with_run",
]
