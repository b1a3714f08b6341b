"""The watch after the cutover: when it ends, when it can be judged, and what may end it early."""

from datetime import datetime, timedelta

from bot.domain.endpoint import BUSY_STATUSES, EndpointStatus
from bot.domain.phases import BOT_ACTOR, Phase, Reason
from bot.domain.reconcile.steps import SOON, Decision, Observation, end, looked, with_why
from bot.domain.rollout import Rollout


def watch_ends_at(rollout: Rollout) -> datetime:
    """When the watched window ends: warm-up and duration, counted from the cutover."""
    assert rollout.cutover_at is not None
    return rollout.cutover_at + rollout.watch.warm_up + rollout.watch.duration


def verdict_due_at(rollout: Rollout) -> datetime:
    """When the window can be judged: CloudWatch shows datapoints a period or two late, but at most two minutes.

    A watch of seconds, as in a demo, is not kept waiting for longer than it lasts itself.
    """
    watch = rollout.watch
    return watch_ends_at(rollout) + min(2 * watch.metric_period, watch.duration, timedelta(minutes=2))


def watch(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """Period by period until the verdict; what happens to the endpoint meanwhile may end it early."""
    if seen.is_gone or seen.snapshot is None:
        note = "The endpoint was deleted during the watch."
        return end(rollout, Phase.NEEDS_HUMAN, Reason.ENDPOINT_GONE, now, note)
    rollout, snapshot = looked(rollout, seen), seen.snapshot
    if snapshot.status is EndpointStatus.IN_SERVICE and snapshot.config_name != rollout.target_config:
        note = f"Somebody moved the endpoint to {snapshot.config_name} during the watch."
        return end(rollout, Phase.NEEDS_HUMAN, Reason.ENDPOINT_DRIFTED, now, note)
    if snapshot.status is not EndpointStatus.IN_SERVICE and snapshot.status not in BUSY_STATUSES:
        note = f"The endpoint became {snapshot.status} during the watch."
        return end(rollout, Phase.NEEDS_HUMAN, Reason.UPDATE_FAILED, now, with_why(note, snapshot))
    if seen.comparison is not None:
        rollout = rollout.with_(comparison=seen.comparison)
    # A busy endpoint may be on its way to another config: success is said only of one that is InService on the target.
    if now >= verdict_due_at(rollout) and seen.verdict is not None and snapshot.is_on(rollout.target_config):
        over = rollout.to(Phase.SUCCEEDED, Reason.WATCH_OVER, now, BOT_ACTOR, verdict=seen.verdict)
        return Decision(over)
    return Decision(rollout, look_again_in=until_next_look(rollout, now))


def until_next_look(rollout: Rollout, now: datetime) -> timedelta:
    """Minute by minute, or rather period by period; never past the moment of the verdict, never in a rush after it."""
    left = verdict_due_at(rollout) - now
    return min(rollout.watch.metric_period, left) if left > SOON else rollout.pace.poll
