"""The watch after the cutover: when it ends, when it can be judged, what may end it early, and when the bot rolls back by itself."""

from datetime import datetime, timedelta

from bot.domain.autonomy import restraint_on
from bot.domain.checks import CheckTime
from bot.domain.endpoint import BUSY_STATUSES, EndpointStatus, Snapshot
from bot.domain.phases import BOT_ACTOR, Phase, Reason
from bot.domain.reconcile import checking
from bot.domain.reconcile.steps import SOON, Decision, Observation, end, looked, turn_back, with_why
from bot.domain.rollout import Rollout
from bot.domain.verdict import Comparison, Verdict, VerdictKind
from bot.domain.watchplan import Extension, Restraint, WatchPlan

LOOKS_TO_CONFIRM = 2
"""So many looks in a row must say REGRESSED, where no limit was crossed: one may be an outlier."""

LONGEST_WATCH = timedelta(hours=24)
"""How long a watch may become by extending it."""


def lateness(watch: WatchPlan) -> timedelta:
    """How late CloudWatch may be with a period's numbers: three minutes, or what three periods are.

    A watch of seconds, as in a demo, is not kept waiting for longer than it lasts itself.
    """
    return min(timedelta(minutes=3), 3 * watch.metric_period, watch.duration)


def judged_from(rollout: Rollout) -> datetime:
    """When the judged window begins: the warm-up after the cutover is left out."""
    assert rollout.cutover_at is not None
    return rollout.cutover_at + rollout.watch.warm_up


def watch_ends_at(rollout: Rollout) -> datetime:
    """When the judged window ends. What extended it before its end counts from there; later, from the press."""
    ends_at = judged_from(rollout) + rollout.watch.duration
    for extension in rollout.extensions:
        ends_at = max(ends_at, extension.at) + extension.by
    return ends_at


def verdict_due_at(rollout: Rollout) -> datetime:
    """When the whole window can be judged."""
    return watch_ends_at(rollout) + lateness(rollout.watch)


def watch(rollout: Rollout, seen: Observation, now: datetime) -> Decision:
    """Look by look until the verdict; a confirmed REGRESSED, or what happens to the endpoint, may end it early."""
    if cut_short := _cut_short(rollout, seen, now):
        return cut_short
    assert seen.snapshot is not None
    rollout = _noted(looked(rollout, seen), seen)
    verdict, is_over = seen.verdict, now >= verdict_due_at(rollout)
    # A busy endpoint may be on its way to another config: nothing ends but on one that is InService on the target.
    is_settled = seen.snapshot.is_on(rollout.target_config)
    is_worse = verdict is not None and _is_confirmed(rollout, verdict, is_over=is_over)
    if verdict is not None and is_worse:
        restraint = restraint_on(rollout, verdict, may_go_back_alone=seen.may_go_back_alone)
        if restraint is None and is_settled:
            return turn_back(rollout.with_(verdict=verdict), Reason.WATCH_REGRESSED, now, verdict.evidence)
        if restraint is not None:
            goes_on = not is_settled or not is_over or checking.is_pending(rollout)
            rollout = _left_to_people(rollout, restraint, now, goes_on=goes_on)
    if not is_settled:
        return Decision(rollout, look_again_in=until_next_look(rollout, now, presses=is_worse))
    if check := checking.due(rollout, now):
        return check
    if is_over and verdict is not None and not checking.is_pending(rollout):
        return Decision(rollout.to(Phase.SUCCEEDED, Reason.WATCH_OVER, now, BOT_ACTOR, verdict=verdict))
    return Decision(rollout, look_again_in=until_next_look(rollout, now))


def until_next_look(rollout: Rollout, now: datetime, *, presses: bool = False) -> timedelta:
    """Minute by minute, or rather period by period; never past the moment of the verdict, never in a rush after it.

    Args:
        rollout: In its watch.
        now: The time.
        presses: Something waits only for the endpoint to settle.
    """
    left = verdict_due_at(rollout) - now
    if left <= SOON or presses:
        return rollout.pace.poll
    return min(rollout.watch.metric_period, left)


def extended(rollout: Rollout, extension: Extension) -> Rollout:
    """The rollout with a longer watch; one whose watch was over is watched again, over the same window and on."""
    longer = rollout.with_(extensions=(*rollout.extensions, extension))
    if rollout.phase is Phase.WATCHING:
        return longer
    # What the check left open it would leave open for ever: it runs once more.
    checks = tuple(run for run in longer.checks if run.time is CheckTime.BEFORE or run.passed)
    fresh = longer.with_(verdict=None, worse_looks=0, checks=checks)
    return fresh.to(Phase.WATCHING, Reason.WATCH_RESUMED, extension.at, extension.actor, caused_by=extension.caused_by)


def _cut_short(rollout: Rollout, seen: Observation, now: datetime) -> Decision | None:
    """What became of the endpoint meanwhile that leaves nothing to watch."""
    if seen.is_gone or seen.snapshot is None:
        note = "The endpoint was deleted during the watch."
        return end(rollout, Phase.NEEDS_HUMAN, Reason.ENDPOINT_GONE, now, note)
    snapshot: Snapshot = seen.snapshot
    if snapshot.status is EndpointStatus.IN_SERVICE and snapshot.config_name != rollout.target_config:
        note = f"Somebody moved the endpoint to {snapshot.config_name} during the watch."
        return end(looked(rollout, seen), Phase.NEEDS_HUMAN, Reason.ENDPOINT_DRIFTED, now, note)
    if snapshot.status is not EndpointStatus.IN_SERVICE and snapshot.status not in BUSY_STATUSES:
        note = with_why(f"The endpoint became {snapshot.status} during the watch.", snapshot)
        return end(looked(rollout, seen), Phase.NEEDS_HUMAN, Reason.UPDATE_FAILED, now, note)
    return None


def _noted(rollout: Rollout, seen: Observation) -> Rollout:
    """The record with what this look found."""
    worse_looks = rollout.worse_looks
    if seen.verdict is not None:
        is_worse = seen.verdict.kind is VerdictKind.REGRESSED
        worse_looks = worse_looks + _is_newer(seen.comparison, rollout.comparison) if is_worse else 0
    return rollout.with_(
        yardsticks=seen.yardsticks or rollout.yardsticks,
        comparison=seen.comparison or rollout.comparison,
        last_look=seen.verdict or rollout.last_look,
        worse_looks=worse_looks,
    )


def _is_newer(comparison: Comparison | None, before: Comparison | None) -> bool:
    """Whether a look shows more than the one before it: the same numbers twice confirm nothing."""
    if comparison is None or before is None:
        return comparison is not None
    return comparison.after.window.end > before.after.window.end


def _is_confirmed(rollout: Rollout, verdict: Verdict, *, is_over: bool) -> bool:
    if verdict.kind is not VerdictKind.REGRESSED:
        return False
    return verdict.is_hard or is_over or rollout.worse_looks >= LOOKS_TO_CONFIRM


def _left_to_people(rollout: Rollout, restraint: Restraint, now: datetime, *, goes_on: bool) -> Rollout:
    """People are told once, during the watch; at its end the summary tells them."""
    tells = goes_on and rollout.worse_since is None and restraint is not Restraint.ACCEPTED
    return rollout.with_(restraint=restraint, worse_since=now if tells else rollout.worse_since)
