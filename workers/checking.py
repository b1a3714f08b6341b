"""Check commands, run beside the engine: the program's end is written into the rollout, and the rollout goes on from there."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from bot.domain.checks import GRACE, CheckPlan, CheckRun, CheckTime, Report, begun_again, read_report
from bot.domain.errors import RevisionConflict, StoreUnavailable
from bot.domain.phases import Phase
from bot.domain.reconcile import with_run
from bot.domain.rollout import Rollout
from bot.queue import JobName, QueueName, enqueue, is_under_way
from bot.store.rollouts import Write
from workers.cloning import masked
from workers.ports import Ended, Program, Programs
from workers.world import World

log = logging.getLogger(__name__)

TRIES = 10
"""A check's end and a tick may be written at the same moment; the check looks again."""

_WANTED_IN = {CheckTime.BEFORE: Phase.PREPARING, CheckTime.AFTER: Phase.WATCHING}

Change = Callable[[CheckRun, datetime], CheckRun | None]
"""What becomes of a run; None where there is nothing to write."""


def start_check(world: World, rollout: Rollout) -> None:
    """Queue the run that was decided on, unless its job waits or runs already."""
    plan = rollout.watch.check
    run = next((run for run in rollout.checks if not run.is_over), None)
    if plan is None or run is None:
        return
    job_id = f"check-{rollout.id}-{run.time}-{run.attempt}-{int(run.intended_at.timestamp() * 1000)}"
    if is_under_way(job_id, world.store.connection):
        return
    enqueue(
        QueueName.CHECKS,
        JobName.RUN_CHECK,
        rollout.id,
        str(run.time),
        run.attempt,
        job_id=job_id,
        connection=world.store.connection,
        timeout_seconds=int((plan.timeout + GRACE).total_seconds()),
    )


@dataclass(frozen=True)
class Checking:
    """Runs check commands. Each attempt is begun once, because its beginning is written by compare-and-set."""

    world: World
    programs: Programs

    def run(self, rollout_id: str, time: str, attempt: int) -> None:
        """Run the check of that time, if this attempt of it is still to be begun."""
        begun = self._change(rollout_id, CheckTime(time), attempt, _begin)
        if begun is None or begun.watch.check is None:
            return
        program = _program(begun, begun.watch.check, CheckTime(time))
        ended = self.programs.run(program, lambda: self._is_wanted(rollout_id, CheckTime(time), attempt))
        log.info("check of rollout %s, %s the update: %s", rollout_id, time, ended.problem or ended.exit_status)
        self._change(rollout_id, CheckTime(time), attempt, lambda run, now: _over(run, ended, now))

    def lost(self, rollout_id: str, time: str, attempt: int) -> None:
        """Its worker was killed, or ran into something unforeseen: it is begun again, or given up."""
        self._change(rollout_id, CheckTime(time), attempt, lambda run, now: begun_again(run, now))

    def _is_wanted(self, rollout_id: str, time: CheckTime, attempt: int) -> bool:
        try:
            stored = self.world.store.rollouts.load(rollout_id)
        except StoreUnavailable:
            return True  # the program has no part in that
        return stored is not None and _under_way(stored.rollout, time, attempt) is not None

    def _change(self, rollout_id: str, time: CheckTime, attempt: int, change: Change) -> Rollout | None:
        """Write what becomes of the run and have the rollout looked at; None where it is nobody's business any more."""
        for left in reversed(range(TRIES)):
            stored, now = self.world.store.rollouts.load(rollout_id), self.world.clock()
            run = _under_way(stored.rollout, time, attempt) if stored is not None else None
            changed = change(run, now) if run is not None else None
            if stored is None or changed is None:
                return None
            rollout = with_run(stored.rollout, changed)
            try:
                self.world.store.rollouts.commit([Write(rollout, stored.revision, now)], now)
            except RevisionConflict:
                if left == 0:
                    raise
                continue
            return rollout
        return None


def _under_way(rollout: Rollout, time: CheckTime, attempt: int) -> CheckRun | None:
    """The run, as long as its rollout waits for it: whoever cancels or rolls back is not kept waiting by a program."""
    run = rollout.check_of(time)
    is_it = run is not None and not run.is_over and run.attempt == attempt
    return run if is_it and rollout.phase is _WANTED_IN[time] else None


def _begin(run: CheckRun, now: datetime) -> CheckRun | None:
    return run.model_copy(update={"started_at": now}) if run.started_at is None else None


def _program(rollout: Rollout, plan: CheckPlan, time: CheckTime) -> Program:
    assert rollout.plan is not None
    variables = {
        "CHECK_TIME": str(time),
        "CHECK_ENDPOINT": rollout.endpoint,
        "CHECK_CONFIG": rollout.plan.current_config if time is CheckTime.BEFORE else rollout.plan.target_config,
        "CHECK_ROLLOUT": rollout.id,
        **({"AWS_REGION": rollout.region} if rollout.region is not None else {}),
    }
    passed = ("AWS_REGION", "AWS_DEFAULT_REGION", *plan.pass_environment)
    return Program(command=plan.command, timeout=plan.timeout, variables=variables, passed=passed)


def _over(run: CheckRun, ended: Ended, now: datetime) -> CheckRun:
    report, mistake = _reported(ended)
    return run.model_copy(
        update={
            "finished_at": now,
            "exit_status": ended.exit_status,
            "problem": " ".join(sentence for sentence in (ended.problem, mistake) if sentence),
            "summary": masked("", report.summary),
            "scores": dict(report.scores),
            "output": ended.output,
        }
    )


def _reported(ended: Ended) -> tuple[Report, str]:
    """What its JSON file says, and what is wrong with it."""
    if ended.report is None:
        return Report(), ""
    try:
        return read_report(ended.report), ""
    except ValueError as exc:
        return Report(), f"Its JSON file could not be read: {exc}."
