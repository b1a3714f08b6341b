"""What alarms, the check command and the fleet itself make of a verdict, by tables."""

from datetime import timedelta
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.records import TARGET, a_call, a_snapshot, at

from bot.domain.alarms import Alarm, AlarmState
from bot.domain.checks import CheckRun, CheckTime, Score
from bot.domain.endpoint import EndpointStatus, Snapshot, VariantState
from bot.domain.outside import with_outside
from bot.domain.phases import Phase
from bot.domain.rollout import Rollout
from bot.domain.verdict import Cap, Verdict, VerdictKind

CUTOVER = NOW + timedelta(minutes=10)
WATCHED = CUTOVER + timedelta(minutes=10)
PASS, WORSE, OPEN = VerdictKind.PASS, VerdictKind.REGRESSED, VerdictKind.INCONCLUSIVE
WELL = Verdict(kind=PASS, evidence="p50 latency 412 → 415 ms; load equal.")
SLOWER = Verdict(kind=WORSE, evidence="p50 latency 412 → 530 ms.", may_act=False, cap=Cap.LOAD_ROSE)
UNCLEAR = Verdict(kind=OPEN, evidence="Too few requests.", more_needed=timedelta(minutes=9))


def watching(*checks: CheckRun, **fields: Any) -> Rollout:
    return at(Phase.WATCHING, update=a_call(), cutover_at=CUTOVER, checks=checks, **fields)


def a_fleet(
    current: int | None = 2, desired: int | None = 2, after: timedelta = timedelta(0), **fields: Any
) -> Snapshot:
    variant = VariantState(name="AllTraffic", current_count=current, desired_count=desired)
    update = {"variants": (variant,), "observed_at": WATCHED + after, **fields}
    return a_snapshot(config=TARGET).model_copy(update=update)


def an_alarm(since: timedelta | None, state: AlarmState = AlarmState.ALARM) -> Alarm:
    return Alarm(name="stt-errors", state=state, since=NOW + since if since is not None else None)


def a_run(time: CheckTime, status: int | None, problem: str = "", **fields: Any) -> CheckRun:
    return CheckRun(time=time, intended_at=NOW, finished_at=NOW, exit_status=status, problem=problem, **fields)


def before(status: int | None, **fields: Any) -> CheckRun:
    return a_run(CheckTime.BEFORE, status, **fields)


def after(status: int | None, **fields: Any) -> CheckRun:
    return a_run(CheckTime.AFTER, status, **fields)


def judged(
    verdict: Verdict | None,
    rollout: Rollout | None = None,
    snapshot: Snapshot | None = None,
    *alarms: Alarm,
    at: Any = WATCHED,
) -> Verdict | None:
    return with_outside(verdict, rollout=rollout or watching(), snapshot=snapshot or a_fleet(), alarms=alarms, now=at)


def assert_against(found: Verdict | None, *words: str) -> None:
    assert found is not None
    assert (found.kind, found.is_hard, found.may_act, found.cap, found.more_needed) == (WORSE, True, True, None, None)
    for word in words:
        assert word in found.evidence


@pytest.mark.parametrize("verdict", [None, WELL, SLOWER, UNCLEAR])
def test_without_anything_from_outside_the_judge_has_the_word(verdict: Verdict | None) -> None:
    assert judged(verdict) == verdict


# Alarms


def test_an_alarm_that_went_off_since_the_update_is_a_crossed_limit_told_first() -> None:
    found = judged(WELL, None, None, an_alarm(timedelta(minutes=12)))
    assert_against(found)
    assert found is not None
    assert (
        found.evidence == f"The alarm stt-errors went off at {NOW + timedelta(minutes=12):%H:%M} UTC. {WELL.evidence}"
    )


@pytest.mark.parametrize("verdict", [None, SLOWER, UNCLEAR])
def test_an_alarm_counts_whatever_the_judge_says(verdict: Verdict | None) -> None:
    assert_against(judged(verdict, None, None, an_alarm(None)), "The alarm stt-errors went off.")


def test_what_the_judge_still_misses_is_not_told_beside_a_crossed_limit() -> None:
    found = judged(UNCLEAR, None, None, an_alarm(None))
    assert found is not None
    assert found.evidence == "The alarm stt-errors went off."


@pytest.mark.parametrize(
    "alarm",
    [
        an_alarm(-timedelta(minutes=1)),
        an_alarm(timedelta(minutes=12), AlarmState.OK),
        an_alarm(timedelta(minutes=12), AlarmState.INSUFFICIENT_DATA),
    ],
    ids=["rang before the update", "is quiet again", "has no data"],
)
def test_an_alarm_that_does_not_speak_against_the_new_fleet_changes_nothing(alarm: Alarm) -> None:
    assert judged(WELL, None, None, alarm) == WELL


def test_an_alarm_of_the_warm_up_counts_only_if_it_outlasts_it() -> None:
    rollout, alarm = watching(), an_alarm(timedelta(minutes=11))
    over = CUTOVER + rollout.watch.warm_up
    assert judged(WELL, rollout, None, alarm, at=over - timedelta(seconds=1)) == WELL
    assert_against(judged(WELL, rollout, None, alarm, at=over))


# The check command


@pytest.mark.parametrize(
    ("checks", "words"),
    [
        (
            (before(0), after(1, summary="12 of 40 differ")),
            "(exit status 1: 12 of 40 differ) and passed on the old one.",
        ),
        ((before(None, problem="It was stopped."), after(1)), "(exit status 1) and did not run on the old one."),
        ((after(2),), "(exit status 2) and did not run on the old one."),
    ],
)
def test_what_fails_on_the_new_fleet_only_counts_at_once(checks: tuple[CheckRun, ...], words: str) -> None:
    for verdict in (None, WELL, UNCLEAR, SLOWER):
        assert_against(judged(verdict, watching(*checks)), f"The check command fails on the new fleet {words}")


def test_what_the_old_fleet_fails_as_well_cannot_be_held_against_the_new_one() -> None:
    found = judged(WELL, watching(before(1), after(1)))
    assert found is not None
    assert (found.kind, found.is_hard) == (OPEN, False)
    assert "as it did on the old one, which says nothing about the change. p50 latency" in found.evidence


def test_without_an_answer_nobody_knows_whether_the_new_fleet_is_right() -> None:
    found = judged(WELL, watching(before(0), after(None, problem="It took longer than 5 minutes and was stopped.")))
    assert found is not None
    assert found.kind is OPEN
    assert found.evidence.startswith("The check command gave no answer on the new fleet: It took longer than 5 minutes")


@pytest.mark.parametrize("checks", [(before(1), after(1)), (before(0), after(None, problem="It was stopped."))])
def test_a_doubt_makes_nothing_better_than_the_judge_found_it(checks: tuple[CheckRun, ...]) -> None:
    for verdict in (SLOWER, UNCLEAR):
        found = judged(verdict, watching(*checks))
        assert found is not None
        assert (found.kind, found.more_needed) == (verdict.kind, verdict.more_needed)
    assert judged(None, watching(*checks)) is None


def test_a_check_that_still_runs_says_nothing_yet() -> None:
    running = CheckRun(time=CheckTime.AFTER, intended_at=NOW, started_at=NOW)
    assert judged(WELL, watching(before(0), running)) == WELL


@pytest.mark.parametrize("old", [0, 1, None])
def test_a_check_that_passes_is_told_with_a_pass(old: int | None) -> None:
    found = judged(WELL, watching(before(old), after(0)))
    assert found is not None
    assert (found.kind, found.evidence) == (PASS, f"{WELL.evidence} The check command passes on the new fleet.")
    assert judged(UNCLEAR, watching(before(old), after(0))) == UNCLEAR


def scored(old: Score | None, new: Score, status: int = 0) -> Verdict | None:
    known = {"wer": old} if old is not None else {}
    return judged(WELL, watching(before(status, scores=known), after(status, scores={"wer": new})))


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (0.081, Score(value=0.12, better="lower"), "wer 0.081 → 0.12 (48 % worse, 5 % allowed)"),
        (0.9, Score(value=0.8, better="higher", tolerance=0.1), "wer 0.9 → 0.8 (11 % worse, 10 % allowed)"),
        (0.0, Score(value=0.01, better="lower"), "wer 0 → 0.01 (5 % allowed)"),
        (-2.0, Score(value=-1.0, better="lower", tolerance=0), "wer -2 → -1 (50 % worse, 0 % allowed)"),
    ],
)
def test_a_score_beyond_its_tolerance_counts_at_once(old: float, new: Score, words: str) -> None:
    assert_against(scored(Score(value=old), new), f"The check command scores the new fleet worse: {words}.")
    assert_against(scored(Score(value=old), new, status=1), words)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (0.080, Score(value=0.083, better="lower")),
        (0.080, Score(value=0.02, better="lower")),
        (0.9, Score(value=0.99, better="higher")),
        (0.080, Score(value=9.0)),
        (None, Score(value=9.0, better="lower")),
    ],
    ids=["within its tolerance", "better", "better, the other way", "which way is better was not said", "new"],
)
def test_a_score_that_is_not_known_to_be_worse_changes_nothing(old: float | None, new: Score) -> None:
    found = scored(Score(value=old) if old is not None else None, new)
    assert found is not None
    assert found.kind is PASS


def test_scores_that_are_lost_on_the_new_fleet_leave_it_open_although_the_check_passes() -> None:
    known = {"wer": Score(value=0.08, better="lower")}
    lost = judged(WELL, watching(before(0, scores=known), after(0, problem="Its result is no JSON.")))
    assert lost is not None
    assert lost.kind is OPEN
    assert lost.evidence.startswith(
        "The check command scored the old fleet and not the new one, so the two cannot be compared: Its result is no JSON."
    )
    assert judged(WELL, watching(before(0), after(0, problem="Its result is no JSON."))).kind is PASS  # type: ignore[union-attr]


# The fleet itself


def test_a_variant_without_any_instance_counts_at_once() -> None:
    assert_against(judged(WELL, None, a_fleet(current=0)), "No instance of AllTraffic runs; there should be 2.")


def test_an_instance_that_stays_away_counts_at_the_second_look() -> None:
    short, minute = a_fleet(current=1), timedelta(minutes=1)
    assert judged(WELL, watching(snapshot=a_fleet()), short) == WELL
    assert_against(
        judged(WELL, watching(snapshot=short), a_fleet(current=1, after=minute)),
        "Only 1 of 2 instances of AllTraffic run.",
    )


@pytest.mark.parametrize(
    ("earlier", "now"),
    [
        (a_fleet(current=1), a_fleet(current=1, after=timedelta(seconds=1))),
        (a_fleet(current=1), a_fleet(current=1, desired=3, after=timedelta(minutes=1))),
        (a_fleet(current=2), a_fleet(current=1, after=timedelta(minutes=1))),
        (a_fleet(current=None), a_fleet(current=1, after=timedelta(minutes=1))),
        (a_fleet(current=1, variants=()), a_fleet(current=1, after=timedelta(minutes=1))),
        (a_fleet(current=1, config_name="x"), a_fleet(current=1, after=timedelta(minutes=1))),
        (a_fleet(current=7, desired=8), a_fleet(current=7, desired=8, after=timedelta(minutes=1))),
        (a_fleet(), a_fleet(current=None)),
        (a_fleet(), a_fleet(current=0, desired=0)),
        (a_fleet(), a_fleet(current=0, status=EndpointStatus.UPDATING)),
        (a_fleet(), a_fleet(current=0, config_name="made-by-hand")),
    ],
    ids=[
        "the same look twice",
        "it scales out",
        "only now",
        "not known before",
        "not there before",
        "another config before",
        "one of many",
        "serverless",
        "scaled to nothing",
        "SageMaker is at work",
        "another config",
    ],
)
def test_a_fleet_that_is_not_known_to_be_ill_changes_nothing(earlier: Snapshot, now: Snapshot) -> None:
    assert judged(WELL, watching(snapshot=earlier), now) == WELL


def test_several_signals_are_all_told() -> None:
    found = judged(WELL, watching(before(0), after(1)), a_fleet(current=0), an_alarm(timedelta(minutes=12)))
    assert_against(found, "No instance", "The alarm", "The check command fails", WELL.evidence)
