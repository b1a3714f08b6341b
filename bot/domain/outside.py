"""Signals from outside the numbers: alarms of other people's, the check command, and whether the fleet is there at all.

None of them is a matter of statistics, so each counts at once, and the judge's own sentence stands behind theirs.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from bot.domain.alarms import Alarm, AlarmState
from bot.domain.checks import CheckRun, CheckTime, worsening
from bot.domain.endpoint import EndpointStatus, Snapshot
from bot.domain.rollout import Rollout
from bot.domain.verdict import Verdict, VerdictKind


def with_outside(
    verdict: Verdict | None, *, rollout: Rollout, snapshot: Snapshot, alarms: Sequence[Alarm], now: datetime
) -> Verdict | None:
    """The verdict of a look with everything else that speaks for or against the new fleet.

    Args:
        verdict: The judge's; None where it had nothing to say at this look.
        rollout: In its watch, with the snapshot of the look before.
        snapshot: What the endpoint looks like now.
        alarms: Those that the watch heeds, with their states.
        now: The time.

    Returns:
        None where neither the judge nor anything else has something to say.
    """
    against = (*_fleet(rollout.snapshot, snapshot, rollout), *_alarms(alarms, rollout, now), *_failed_check(rollout))
    if against:
        return _regressed(verdict, against)
    if verdict is None:
        return None
    doubt = _doubt(rollout)
    if doubt:
        kind = VerdictKind.INCONCLUSIVE if verdict.kind is VerdictKind.PASS else verdict.kind
        return verdict.model_copy(update={"kind": kind, "evidence": f"{doubt} {verdict.evidence}"})
    after = rollout.check_of(CheckTime.AFTER)
    if verdict.kind is VerdictKind.PASS and after is not None and after.passed:
        return verdict.model_copy(update={"evidence": f"{verdict.evidence} The check command passes on the new fleet."})
    return verdict


def ringing_since_the_update(alarms: Sequence[Alarm], rollout: Rollout) -> tuple[Alarm, ...]:
    """The alarms that went off after SageMaker was first asked; one that rang before says nothing about the new fleet."""
    called_at = rollout.called_at
    return tuple(
        alarm
        for alarm in alarms
        if alarm.state is AlarmState.ALARM and (alarm.since is None or called_at is None or alarm.since > called_at)
    )


def _regressed(verdict: Verdict | None, against: Sequence[str]) -> Verdict:
    # What the judge misses is nobody's concern any more; that more minutes would tell would read as if the limit were in doubt.
    own = (verdict.evidence,) if verdict is not None and verdict.kind is not VerdictKind.INCONCLUSIVE else ()
    found = {"kind": VerdictKind.REGRESSED, "evidence": " ".join((*against, *own)), "is_hard": True, "may_act": True}
    if verdict is None:
        return Verdict(**found)
    return verdict.model_copy(update={**found, "cap": None, "more_needed": None})


def _fleet(before: Snapshot | None, now: Snapshot, rollout: Rollout) -> Iterator[str]:
    """Instances that are missing: all of a variant's, or half of them at two looks in a row while nobody changes their number.

    One of many may be replaced by SageMaker at any time, which is no reason to replace all of them.
    """
    if now.status is not EndpointStatus.IN_SERVICE or now.config_name != rollout.target_config:
        return
    for variant in now.variants:
        have, wanted = variant.current_count, variant.desired_count
        if have is None or not wanted or have >= wanted:
            continue
        if have == 0:
            yield f"No instance of {variant.name} runs; there should be {wanted}."
        elif 2 * have <= wanted and before is not None and _missed_already(before, now, variant.name, wanted, rollout):
            yield f"Only {have} of {wanted} instances of {variant.name} run."


def _missed_already(before: Snapshot, now: Snapshot, name: str, wanted: int, rollout: Rollout) -> bool:
    """Whether the look before, some time ago, found instances missing as well. One that is just replaced is back by then."""
    is_look = (
        before.is_on(rollout.target_config) and now.observed_at - before.observed_at >= rollout.watch.metric_period / 2
    )
    there = next((v for v in before.variants if v.name == name), None)
    if not is_look or there is None or there.current_count is None:
        return False
    return there.desired_count == wanted and there.current_count < wanted


def _alarms(alarms: Sequence[Alarm], rollout: Rollout, now: datetime) -> Iterator[str]:
    """Alarms that ring once the warm-up is over: what a cold start set off may pass with it."""
    if rollout.cutover_at is None or now < rollout.cutover_at + rollout.watch.warm_up:
        return
    for alarm in ringing_since_the_update(alarms, rollout):
        since = f" at {alarm.since.astimezone(UTC):%H:%M} UTC" if alarm.since is not None else ""
        yield f"The alarm {alarm.name} went off{since}."


def _failed_check(rollout: Rollout) -> Iterator[str]:
    """What the check found on the new fleet that it did not find on the old one."""
    before, after = rollout.check_of(CheckTime.BEFORE), rollout.check_of(CheckTime.AFTER)
    if after is None or not after.is_over:
        return
    if after.passed is False and (before is None or before.passed is not False):
        on_the_old = (
            "and passed on the old one" if before is not None and before.passed else "and did not run on the old one"
        )
        yield f"The check command fails on the new fleet ({_how(after)}) {on_the_old}."
    known = before.scores if before is not None else {}
    worse = [w for name, score in after.scores.items() if name in known and (w := worsening(name, known[name], score))]
    if worse:
        yield f"The check command scores the new fleet worse: {', '.join(worse)}."


def _doubt(rollout: Rollout) -> str:
    """Why the check leaves open whether the new fleet gives right answers; empty where it does not."""
    after = rollout.check_of(CheckTime.AFTER)
    if after is None or not after.is_over:
        return ""
    if after.passed:
        return _lost_scores(rollout.check_of(CheckTime.BEFORE), after)
    if after.passed is None:
        return f"The check command gave no answer on the new fleet: {after.problem}"
    return f"The check command fails on the new fleet ({_how(after)}) as it did on the old one, which says nothing about the change."


def _lost_scores(before: CheckRun | None, after: CheckRun) -> str:
    """That it passes is not all that was asked of it, where it scored the old fleet and its scores of the new one are lost."""
    if before is None or not before.scores or after.scores:
        return ""
    why = f": {after.problem}" if after.problem else "."
    return f"The check command scored the old fleet and not the new one, so the two cannot be compared{why}"


def _how(run: CheckRun) -> str:
    status = f"exit status {run.exit_status}"
    return f"{status}: {run.summary}" if run.summary else status
