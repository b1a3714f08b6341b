"""The check command over the whole engine: when it runs, what its end means, and what becomes of a worker that dies."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fakes.engine import FLEET, Engine, a_config
from fakes.programs import FAILS, PASSES
from fakes.records import ANNA, BEN, CURRENT, ENDPOINT

from bot.domain.checks import GRACE, LONGEST_WAIT, CheckRun, CheckTime
from bot.domain.phases import Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.verdict import VerdictKind
from bot.queue import QueueName, queue
from workers.ports import Ended

BEFORE, AFTER = CheckTime.BEFORE, CheckTime.AFTER
CHECKED = FLEET.replace(
    "watch: {duration: 5m,",
    "watch: {check: {command: [wer, --golden, /srv/audio], timeout: 5m, pass_environment: [AWS_PROFILE]}, duration: 5m,",
)
TIMEOUT = timedelta(minutes=5)
KILLED = RuntimeError("its process was killed")
STOPPED = Ended(exit_status=None, problem="It took longer than 5 minutes and was stopped.")


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(CHECKED)
    yield made
    made.close()


def approved(engine: Engine) -> str:
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    return rollout_id


def run_of(engine: Engine, rollout_id: str, time: CheckTime) -> CheckRun:
    run = engine.rollout(rollout_id).check_of(time)
    assert run is not None
    return run


def ended(engine: Engine, rollout_id: str) -> Rollout:
    engine.play_out(rollout_id)
    assert [crash for crash in engine.crashes if crash[1] is not KILLED] == []
    return engine.rollout(rollout_id)


# When it runs, and with what


def test_it_runs_on_the_old_fleet_before_anything_of_the_endpoint_changes_and_on_the_new_one_after_the_warm_up(
    engine: Engine,
) -> None:
    seen: list[tuple[Phase, int, timedelta | None]] = []

    def look() -> None:
        rollout = engine.store.rollouts.recent(ENDPOINT)[0]
        since = engine.clock() - rollout.cutover_at if rollout.cutover_at is not None else None
        seen.append((rollout.phase, len(engine.endpoints.updates), since))

    engine.programs.meanwhile = look
    rollout = ended(engine, approved(engine))
    assert rollout.phase is Phase.SUCCEEDED
    (phase, updates, _), (later, _, since) = seen
    assert (phase, updates) == (Phase.PREPARING, 0)
    assert later is Phase.WATCHING
    assert since is not None
    assert since >= rollout.watch.warm_up


def test_it_is_told_what_it_checks(engine: Engine) -> None:
    rollout = ended(engine, approved(engine))
    assert rollout.plan is not None
    before, after = engine.programs.ran
    assert before.command == ("wer", "--golden", "/srv/audio")
    assert before.timeout == TIMEOUT
    assert before.passed == ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE")
    assert before.variables == {
        "CHECK_TIME": "before",
        "CHECK_ENDPOINT": ENDPOINT,
        "CHECK_CONFIG": CURRENT,
        "CHECK_ROLLOUT": rollout.id,
        "AWS_REGION": "us-east-1",
    }
    assert after.variables == {**before.variables, "CHECK_TIME": "after", "CHECK_CONFIG": rollout.plan.target_config}


def test_a_rollback_and_a_change_of_counts_are_not_checked(engine: Engine) -> None:
    rollout_id = approved(engine)
    engine.play_until(Phase.SUCCEEDED, rollout_id)
    engine.press("Roll back", by=BEN)
    engine.play_until(Phase.ROLLED_BACK, rollout_id)
    engine.type(f"scale {ENDPOINT} --count 3", by=ANNA)
    engine.press("Approve", by=BEN)
    engine.play(lambda: False)
    assert len(engine.programs.ran) == 2


def test_the_watch_goes_on_while_the_new_fleet_is_checked(engine: Engine) -> None:
    looks: list[bool] = []

    def look_on() -> None:
        (stored,) = engine.store.rollouts.active(ENDPOINT)
        if stored.rollout.phase is Phase.WATCHING:
            engine.clock.tick(timedelta(minutes=2))
            engine.parts.reconciler.tick(stored.rollout.id, stored.revision)
            snapshot = engine.rollout(stored.rollout.id).snapshot
            looks.append(snapshot is not None and snapshot.observed_at == engine.clock())

    engine.programs.meanwhile = look_on
    assert ended(engine, approved(engine)).phase is Phase.SUCCEEDED
    assert looks == [True]


# What its end means


def test_what_fails_on_the_new_fleet_only_sends_it_back_at_once(engine: Engine) -> None:
    engine.programs.ends = [PASSES, FAILS]
    rollout_id = approved(engine)
    engine.play_until(Phase.ROLLED_BACK, rollout_id)
    rollout = engine.rollout(rollout_id)
    assert rollout.verdict is not None
    assert (rollout.verdict.kind, rollout.verdict.is_hard) == (VerdictKind.REGRESSED, True)
    assert rollout.verdict.evidence.startswith("The check command fails on the new fleet (exit status 1)")
    back = next(t for t in rollout.transitions if t.phase is Phase.ROLLING_BACK)
    assert back.reason is Reason.WATCH_REGRESSED
    over = run_of(engine, rollout_id, AFTER).finished_at
    assert over is not None
    assert back.at - over < timedelta(seconds=1)
    assert run_of(engine, rollout_id, AFTER).output == FAILS.output


def test_what_the_old_fleet_fails_as_well_ends_inconclusive(engine: Engine) -> None:
    engine.programs.ends = [FAILS, FAILS]
    rollout = ended(engine, approved(engine))
    assert rollout.phase is Phase.SUCCEEDED
    assert rollout.verdict is not None
    assert rollout.verdict.kind is VerdictKind.INCONCLUSIVE


@pytest.mark.parametrize("problem", [FAILS, STOPPED], ids=["fails", "stopped"])
def test_a_check_of_the_old_fleet_never_blocks_the_update(engine: Engine, problem: Ended) -> None:
    engine.programs.ends = [problem]
    rollout = ended(engine, approved(engine))
    assert rollout.phase is Phase.SUCCEEDED
    assert len(engine.endpoints.updates) == 1
    assert run_of(engine, rollout.id, BEFORE).problem == problem.problem


def test_a_score_that_got_worse_sends_it_back(engine: Engine) -> None:
    scores = [b'{"scores": {"wer": {"value": %s, "better": "lower"}}}' % value for value in (b"0.081", b"0.12")]
    engine.programs.ends = [Ended(exit_status=0, report=score) for score in scores]
    rollout_id = approved(engine)
    engine.play_until(Phase.ROLLED_BACK, rollout_id)
    verdict = engine.rollout(rollout_id).verdict
    assert verdict is not None
    assert "wer 0.081 → 0.12" in verdict.evidence


def test_a_json_file_that_cannot_be_read_is_told_and_the_exit_status_still_counts(engine: Engine) -> None:
    engine.programs.ends = [Ended(exit_status=0, report=b'{"scores": {"wer": "bad"}}')]
    rollout = ended(engine, approved(engine))
    before = run_of(engine, rollout.id, BEFORE)
    assert before.passed
    assert before.problem == "Its JSON file could not be read: scores.wer: Input should be an object."
    assert before.scores == {}


def test_a_summary_that_looks_like_a_secret_is_hidden(engine: Engine) -> None:
    engine.programs.ends = [Ended(exit_status=0, report=b'{"summary": "token=abcdef"}')]
    rollout = ended(engine, approved(engine))
    assert run_of(engine, rollout.id, BEFORE).summary == "••••"


# What may happen meanwhile


@pytest.mark.parametrize("time", [BEFORE, AFTER])
def test_a_killed_worker_has_it_begun_again_at_once(engine: Engine, time: CheckTime) -> None:
    engine.programs.ends = [KILLED] if time is BEFORE else [PASSES, KILLED]
    rollout = ended(engine, approved(engine))
    assert rollout.phase is Phase.SUCCEEDED
    run = run_of(engine, rollout.id, time)
    assert (run.attempt, run.passed) == (2, True)
    assert len(engine.programs.ran) == 3


def test_a_worker_that_is_killed_every_time_does_not_hold_the_rollout_up(engine: Engine) -> None:
    engine.programs.ends = [KILLED, KILLED]
    rollout = ended(engine, approved(engine))
    assert rollout.phase is Phase.SUCCEEDED
    before = run_of(engine, rollout.id, BEFORE)
    assert (before.passed, before.problem) == (None, "The worker that ran it was killed, 2 times.")


def test_without_an_answer_about_the_new_fleet_the_watch_ends_inconclusive(engine: Engine) -> None:
    engine.programs.ends = [PASSES, KILLED, KILLED]
    rollout = ended(engine, approved(engine))
    assert rollout.phase is Phase.SUCCEEDED
    assert rollout.verdict is not None
    assert rollout.verdict.kind is VerdictKind.INCONCLUSIVE
    assert "gave no answer on the new fleet: The worker that ran it was killed, 2 times." in rollout.verdict.evidence


def test_a_job_that_was_lost_before_it_began_is_queued_again(engine: Engine) -> None:
    engine.workers_are_busy.add(QueueName.CHECKS)
    rollout_id = approved(engine)
    assert run_of(engine, rollout_id, BEFORE).started_at is None
    (job,) = queue(QueueName.CHECKS, engine.redis).jobs
    assert job.timeout == (TIMEOUT + GRACE).total_seconds()
    engine.redis.delete(queue(QueueName.CHECKS, engine.redis).key, *engine.redis.keys("rq:job:check-*"))
    engine.workers_are_busy.clear()
    assert ended(engine, rollout_id).phase is Phase.SUCCEEDED
    assert run_of(engine, rollout_id, BEFORE).attempt == 1


def test_a_check_for_which_no_worker_has_time_is_given_up_and_the_update_goes_on(engine: Engine) -> None:
    engine.workers_are_busy.add(QueueName.CHECKS)
    began = engine.clock()
    rollout_id = approved(engine)
    engine.play(lambda: engine.endpoints.updates != [])
    assert timedelta(0) <= engine.clock() - began - LONGEST_WAIT < timedelta(minutes=2)
    assert "No worker had time" in run_of(engine, rollout_id, BEFORE).problem
    assert queue(QueueName.CHECKS, engine.redis).count == 1, "it was queued once, however long it waited"
    engine.workers_are_busy.clear()
    assert ended(engine, rollout_id).phase is Phase.SUCCEEDED
    assert [program.variables["CHECK_TIME"] for program in engine.programs.ran] == ["after"]


def test_a_run_that_never_answers_is_begun_again_after_its_time_out(engine: Engine) -> None:
    rollout_id = approved_up_to_a_silent_check(engine)
    silent = run_of(engine, rollout_id, BEFORE)
    assert silent.started_at is not None
    engine.play(lambda: run_of(engine, rollout_id, BEFORE).attempt == 2)
    waited = engine.clock() - silent.started_at
    assert TIMEOUT + GRACE <= waited <= TIMEOUT + GRACE + timedelta(seconds=15)
    assert ended(engine, rollout_id).phase is Phase.SUCCEEDED


def approved_up_to_a_silent_check(engine: Engine) -> str:
    """The machine that runs the check loses power: nothing more is heard of it."""

    class PowerFailure(BaseException):
        pass

    def dies() -> None:
        engine.programs.meanwhile = lambda: None
        raise PowerFailure

    rollout_id = engine.promote()
    engine.programs.meanwhile = dies
    with pytest.raises(PowerFailure):
        engine.press("Approve", by=BEN)
    return rollout_id


@pytest.mark.parametrize("button", ["Cancel", "Roll back"])
def test_whoever_stops_the_rollout_is_not_kept_waiting_by_a_program(engine: Engine, button: str) -> None:
    rollout_id = engine.promote()
    if button == "Roll back":
        engine.press("Approve", by=BEN)
        engine.play_until(Phase.WATCHING, rollout_id)

    def stop() -> None:
        engine.programs.meanwhile = lambda: None
        if button == "Cancel":
            engine.type(f"cancel {rollout_id}", by=ANNA)
        else:
            engine.press("Roll back", by=BEN)

    engine.programs.meanwhile = stop
    if button == "Cancel":
        engine.press("Approve", by=BEN)
    engine.play_out(rollout_id)
    assert engine.phase(rollout_id) is (Phase.CANCELLED if button == "Cancel" else Phase.ROLLED_BACK)
    assert engine.programs.was_wanted[-1] is False
    assert engine.crashes == []


def test_an_answer_that_comes_twice_is_written_once(engine: Engine) -> None:
    rollout_id = approved(engine)
    before = run_of(engine, rollout_id, BEFORE)
    assert before.passed
    engine.programs.ends = [FAILS]
    engine.parts.checking.run(rollout_id, "before", 1)
    engine.parts.checking.lost(rollout_id, "before", 1)
    assert run_of(engine, rollout_id, BEFORE) == before


def test_a_plan_that_was_drawn_anew_is_checked_anew(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.endpoints.configs["made-by-hand"] = a_config("made-by-hand")

    def move() -> None:
        engine.endpoints.config = "made-by-hand"

    engine.programs.meanwhile = move
    engine.press("Approve", by=BEN)
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    assert engine.rollout(rollout_id).checks == ()
    engine.tell()
    engine.press("Approve", by=BEN)
    assert [program.variables["CHECK_CONFIG"] for program in engine.programs.ran] == [CURRENT, "made-by-hand"]
