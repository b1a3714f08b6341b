"""`decide` over everything that a record can hold and a look can show: it never raises, never stalls, and calls only what it may."""

from datetime import timedelta
from itertools import pairwise, product

import pytest
from fakes.autoscales import autoscaling
from fakes.clock import NOW
from fakes.facts import SCALED
from fakes.records import (
    BEN,
    CURRENT,
    LONG_AGO,
    PACE,
    TARGET,
    WATCH,
    a_call,
    a_comparison,
    a_plan,
    a_snapshot,
    a_verdict,
    at,
    rollback_at,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.alarms import Alarm
from bot.domain.checks import CheckPlan
from bot.domain.endpoint import BUSY_STATUSES, EndpointStatus
from bot.domain.errors import GatewayError, PlanDrifted, ResourceBusy, RolloutBotError, TransientError
from bot.domain.phases import ACTIVE_PHASES, TRANSITIONS, Kind, Phase, Reason
from bot.domain.plan import Difference
from bot.domain.reconcile import TROUBLE_PATIENCE, Action, Decision, Observation, after_error, after_success, decide
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Abort, Chore, CountChange, Retry, RetryPolicy
from bot.domain.saga import ScalingMode, ScalingSaga
from bot.domain.trial import TrialPlan
from bot.domain.verdict import VerdictKind
from bot.domain.watchplan import Acceptance, Extension

OTHER = "made-by-hand"
IN_SERVICE = EndpointStatus.IN_SERVICE
NO_CAPACITY = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."
ALARM = Alarm(name="bot-errors")
LATER = NOW + timedelta(minutes=5)
DRIFT = PlanDrifted([Difference(path="x", before="1", after="2")])

INTENDED = ScalingSaga(mode=ScalingMode.SUSPEND, targets=SCALED.targets, intended_at=NOW, attempts=1)
SCALINGS = {
    "none": None,
    "intended": INTENDED,
    "taken": INTENDED.model_copy(update={"taken_at": NOW}),
    "restored": INTENDED.model_copy(update={"taken_at": NOW, "restored_at": NOW}),
    "given up": INTENDED.model_copy(update={"taken_at": NOW, "gave_up": "no such role"}),
}
ALARMS = {
    "none": {},
    "intended": {"alarms_intended": True},
    "verified": {"alarms_intended": True, "alarms_verified": True},
    "deleted": {"alarms_intended": True, "alarms_verified": True, "alarms_deleted": True},
}
CALLS = {
    "none": None,
    "intended": a_call(),
    "accepted": a_call(accepted_at=NOW),
    "seen": a_call(seen_at_work=True),
    "last": a_call(attempts=5),
}
RETRIES = {"none": None, "waits": Retry(count=1, due=LATER), "due": Retry(count=2, due=NOW)}
_NEVER = {
    Kind.UPDATE: frozenset(),
    Kind.ROLLBACK: frozenset(Phase)
    - {Phase.PLANNING, Phase.AWAITING_APPROVAL, Phase.ROLLING_BACK, Phase.ROLLED_BACK, Phase.FAILED, Phase.NEEDS_HUMAN},
    Kind.SCALE: frozenset({Phase.WATCHING, Phase.ROLLING_BACK, Phase.ROLLED_BACK}),
    Kind.CREATE: frozenset({Phase.WATCHING, Phase.ROLLING_BACK, Phase.ROLLED_BACK, Phase.ROLLED_BACK_BY_AWS}),
    Kind.TEARDOWN: frozenset({Phase.WATCHING, Phase.ROLLING_BACK, Phase.ROLLED_BACK, Phase.ROLLED_BACK_BY_AWS}),
    Kind.WEIGHTS: frozenset({Phase.WATCHING, Phase.ROLLING_BACK, Phase.ROLLED_BACK}),
    Kind.AUTOSCALE: frozenset({Phase.WATCHING, Phase.ROLLING_BACK, Phase.ROLLED_BACK, Phase.ROLLED_BACK_BY_AWS}),
}
KINDS_AND_PHASES = [(kind, phase) for kind in Kind for phase in Phase if phase not in _NEVER[kind]]


def record(kind: Kind, phase: Phase, **fields: object) -> Rollout:
    """A rollout of that kind in that phase, whose plan takes scaling away and watches an alarm."""
    rollout = rollback_at(phase) if kind is Kind.ROLLBACK else at(phase)
    there = {"plan": None} if rollout.plan is None else {"plan": a_plan(scaling=SCALED, alarms=(ALARM,))}
    if kind is Kind.ROLLBACK and rollout.plan is not None:
        there = {"plan": a_plan(current_config=TARGET, target_config=CURRENT, scaling=SCALED, new_models={})}
    if kind is Kind.SCALE:
        there = {"plan": a_plan(target_config=CURRENT, new_models={}) if rollout.plan else None, "kind": kind}
        there["count_change"] = CountChange(variant="AllTraffic", count=3)
    if kind is Kind.WEIGHTS:
        trial = TrialPlan(a="AllTraffic", b="AllTraffic-b", weight=1.0, share=50)
        moved = a_plan(target_config=CURRENT, new_models={}, trial=trial)
        there = {"plan": moved if rollout.plan else None, "kind": kind}
    if kind is Kind.AUTOSCALE:
        there = {"plan": autoscaling(phase).plan if rollout.plan else None, "kind": kind}
    if kind is Kind.CREATE:
        there = {"plan": a_plan(current_config="", scaling=SCALED) if rollout.plan else None, "kind": kind}
    if kind is Kind.TEARDOWN:
        gone = a_plan(target_config="", new_models={}, scaling=SCALED, scaling_mode=ScalingMode.DEREGISTER)
        there = {"plan": gone if rollout.plan else None, "kind": kind}
    return rollout.with_(**{**there, **fields})


BEFORE_UPDATING = (Phase.PLANNING, Phase.AWAITING_APPROVAL, Phase.SCHEDULED, Phase.PREPARING)
"""Whoever cancels in one of these ends it at once."""

REGRESSED = a_verdict(VerdictKind.REGRESSED)
VERDICTS = (
    None,
    a_verdict(),
    a_verdict(VerdictKind.INCONCLUSIVE),
    REGRESSED,
    REGRESSED.model_copy(update={"is_hard": True}),
    REGRESSED.model_copy(update={"is_hard": True, "may_act": False}),
)
CHECK = CheckPlan(command=("check",), timeout=timedelta(minutes=5))
watches = st.fixed_dictionaries(
    {
        "watch": st.builds(
            lambda policy, check: WATCH.model_copy(update={"auto_rollback": policy, "check": check}),
            st.sampled_from(["off", "hard", "all"]),
            st.sampled_from([None, None, CHECK]),
        ),
        "worse_looks": st.integers(0, 3),
        "worse_since": st.sampled_from([None, NOW]),
        "acceptance": st.sampled_from([None, None, Acceptance(actor=BEN, at=NOW)]),
        "extensions": st.sampled_from([(), (), (Extension(actor=BEN, at=NOW, by=WATCH.duration),)]),
    }
)
"""How a watch is held, and what people did about it so far."""

records = st.builds(
    lambda where, call, scaling, alarms, retry, policy, abort, queued, created, watched: record(
        *where,
        **watched,
        update=CALLS["accepted" if where[1] is Phase.WATCHING else call],  # without a call nobody watches
        scaling=SCALINGS[scaling] if where[0] is not Kind.SCALE else None,
        **(ALARMS[alarms] if where[0] is Kind.UPDATE else {}),
        retry=RETRIES[retry],
        retry_policy=RetryPolicy(capacity_attempts=policy),
        abort=Abort(actor=BEN, at=NOW) if abort and where[0] is Kind.UPDATE else None,
        rollback_queued_by=BEN
        if queued and where[0] is not Kind.ROLLBACK and where[1] not in BEFORE_UPDATING
        else None,
        models_created=created,
        config_created=created,
    ),
    st.sampled_from(KINDS_AND_PHASES),
    st.sampled_from(sorted(CALLS)),
    st.sampled_from(sorted(SCALINGS)),
    st.sampled_from(sorted(ALARMS)),
    st.sampled_from(sorted(RETRIES)),
    st.sampled_from([0, 2]),
    st.booleans(),
    st.booleans(),
    st.booleans(),
    watches,
)
snapshots = st.builds(
    a_snapshot,
    st.sampled_from(EndpointStatus),
    st.sampled_from([CURRENT, TARGET, OTHER]),
    moved_at=st.sampled_from([LONG_AGO, NOW]),
    pending=st.sampled_from([None, TARGET, CURRENT, OTHER]),
    reason=st.sampled_from([None, NO_CAPACITY, "Something else."]),
)
observations = st.builds(
    Observation,
    snapshot=st.one_of(st.none(), snapshots),
    is_gone=st.just(False),
    child=st.sampled_from([None, rollback_at(Phase.ROLLING_BACK), rollback_at(Phase.ROLLED_BACK)]),
    ahead=st.sampled_from([None, "rother22"]),
    lock=st.sampled_from([None, "the lock of <@U0BEN> (x)"]),
    opens_at=st.sampled_from([None, NOW + timedelta(days=7)]),
    comparison=st.sampled_from([None, a_comparison()]),
    verdict=st.sampled_from(VERDICTS),
    may_go_back_alone=st.booleans(),
)
moments = st.sampled_from([NOW, NOW + PACE.settle, NOW + timedelta(hours=1), NOW + timedelta(days=1)])


def assert_sound(before: Rollout, decision: Decision) -> None:
    """Legal steps only, and somebody looks again exactly as long as something is left to do."""
    steps = decision.rollout.transitions
    for first, second in pairwise(steps):
        assert second.phase in TRANSITIONS[first.phase]
    goes_on = decision.action is not None or decision.look_again_in is not None
    assert goes_on is decision.rollout.is_active
    if decision.look_again_in is not None:
        assert decision.look_again_in >= timedelta(0)
    if decision.rollout.phase not in ACTIVE_PHASES and decision.rollout.chore is None:
        assert not decision.rollout.is_active
        saga = decision.rollout.scaling
        assert saga is None or not saga.is_away
        assert not decision.rollout.alarms_intended or decision.rollout.alarms_deleted
    if decision.rollout.phase is Phase.PLANNING and before.phase is not Phase.PLANNING:
        fresh = decision.rollout
        assert (fresh.approvals, fresh.scheduled_for, fresh.stopped_by, fresh.retry) == ((), None, None, None)
        assert (fresh.abort, fresh.rollback_queued_by, fresh.busy_since) == (None, None, None)
        assert fresh.redraws[-1].approvals_lost == before.approvers()


@settings(max_examples=1000, deadline=None)
@given(records, observations, moments)
def test_decide_is_total_and_sound(rollout: Rollout, seen: Observation, now: object) -> None:
    decision = decide(rollout, seen, now)  # type: ignore[arg-type]
    assert_sound(rollout, decision)
    if rollout.chore is not None:
        wanted = {Chore.RESTORE_SCALING: Action.RESTORE_SCALING, Chore.DELETE_ALARMS: Action.DELETE_ALARMS}
        assert (decision.rollout, decision.action) == (rollout, wanted[rollout.chore])
    if decision.action in (Action.CALL_UPDATE, Action.SET_COUNTS, Action.TAKE_SCALING):
        assert_may_be_called(rollout, decision, seen, now)


def assert_may_be_called(rollout: Rollout, decision: Decision, seen: Observation, now: object) -> None:
    """What touches the endpoint is only ever decided on one that is as it was planned for, and that nobody stopped."""
    snapshot, after, plan = seen.snapshot, decision.rollout, rollout.plan
    assert snapshot is not None
    assert plan is not None
    assert snapshot.config_name in (plan.current_config, plan.target_config)
    is_repair = rollout.kind is Kind.ROLLBACK and snapshot.status is EndpointStatus.UPDATE_ROLLBACK_FAILED
    is_torn_down = rollout.kind is Kind.TEARDOWN and snapshot.status not in BUSY_STATUSES
    assert snapshot.status is IN_SERVICE or is_repair or is_torn_down
    assert rollout.rollback_queued_by is None
    assert rollout.abort is None
    assert rollout.retry is None or rollout.retry.due <= now  # type: ignore[operator]
    if rollout.update is None:
        assert seen.lock is None
    if decision.action is Action.TAKE_SCALING:
        assert after.scaling is not None
        assert after.scaling.targets == SCALED.targets
        return
    assert after.update is not None
    assert after.update.attempts == 1 + (rollout.update.attempts if rollout.update else 0)
    if decision.action is Action.CALL_UPDATE:
        assert rollout.scaling is not None
        assert rollout.scaling.taken_at is not None
        assert not plan.alarms or rollout.alarms_verified or rollout.phase is Phase.UPDATING


watching = st.builds(
    lambda watched: record(Kind.UPDATE, Phase.WATCHING, **watched),
    watches,
)


@settings(max_examples=1000, deadline=None)
@given(watching, observations, moments)
def test_the_bot_goes_back_by_itself_only_as_far_as_it_may(rollout: Rollout, seen: Observation, now: object) -> None:
    decision = decide(rollout, seen, now)  # type: ignore[arg-type]
    if decision.rollout.phase is not Phase.ROLLING_BACK:
        assert not decision.wants_rollback
        return
    verdict, policy = seen.verdict, rollout.watch.auto_rollback
    assert verdict is not None
    assert verdict.kind is VerdictKind.REGRESSED
    assert verdict.may_act
    assert policy == "all" or (policy == "hard" and verdict.is_hard)
    assert rollout.acceptance is None
    assert seen.may_go_back_alone
    assert seen.snapshot is not None
    assert seen.snapshot.is_on(TARGET)
    assert decision.wants_rollback
    assert (decision.rollout.last.reason, decision.rollout.verdict) == (Reason.WATCH_REGRESSED, verdict)


@settings(max_examples=500, deadline=None)
@given(watching, observations, moments)
def test_a_limit_that_was_crossed_is_never_slept_over(rollout: Rollout, seen: Observation, now: object) -> None:
    """Either the fleet goes back, or people are told, now or by the summary; also while the check command is waited for."""
    decision = decide(rollout, seen, now)  # type: ignore[arg-type]
    verdict, snapshot, after = seen.verdict, seen.snapshot, decision.rollout
    if verdict is None or not verdict.is_hard or snapshot is None or after.phase is Phase.NEEDS_HUMAN:
        return
    told = after.worse_since is not None or after.phase is Phase.SUCCEEDED
    waits = after.restraint is None and not snapshot.is_on(TARGET)
    assert after.phase is Phase.ROLLING_BACK or after.acceptance is not None or told or waits


ERRORS: list[RolloutBotError] = [
    TransientError("X", "throttled"),
    TransientError("X", "no answer", outcome_unknown=True),
    GatewayError("X", "ValidationException"),
    ResourceBusy("sentiment-prod", operation="UpdateEndpoint", code="ValidationException"),
    DRIFT,
]


@settings(max_examples=800, deadline=None)
@given(records, observations, moments, st.sampled_from(ERRORS), st.booleans(), moments)
def test_whatever_comes_of_a_side_effect_the_next_step_is_sound(
    rollout: Rollout, seen: Observation, now: object, error: RolloutBotError, works: bool, then: object
) -> None:
    decided = decide(rollout, seen, now)  # type: ignore[arg-type]
    if decided.action in (None, Action.MAKE_PLAN):
        return
    saved = decided.rollout
    outcome = after_success(saved, decided.action, then) if works else after_error(saved, decided.action, error, then)  # type: ignore[arg-type]
    assert_sound(saved, outcome)
    if works and decided.action is Action.RESTORE_SCALING:
        assert outcome.rollout.chore is not Chore.RESTORE_SCALING


@settings(max_examples=200, deadline=None)
@given(records, st.sampled_from(ERRORS[:3]), moments)
def test_a_look_that_fails_ends_nothing_unsoundly(rollout: Rollout, error: RolloutBotError, now: object) -> None:
    looks = rollout.chore is None and rollout.phase in (Phase.PREPARING, Phase.UPDATING, Phase.WATCHING)
    if looks or (rollout.phase is Phase.ROLLING_BACK and rollout.kind is Kind.ROLLBACK):
        assert_sound(rollout, after_error(rollout, None, error, now))  # type: ignore[arg-type]


# Chores


@pytest.mark.parametrize("phase", [p for p in Phase if p not in (Phase.PREPARING, Phase.UPDATING)])
def test_a_chore_comes_first_in_every_phase_but_while_at_work(phase: Phase) -> None:
    rollout = record(Kind.UPDATE, phase, scaling=SCALINGS["taken"], **ALARMS["verified"])
    assert rollout.is_active
    first = decide(rollout, Observation(), NOW)
    assert first.action is Action.RESTORE_SCALING
    second = decide(after_success(first.rollout, first.action, NOW).rollout, Observation(), NOW)
    assert second.action is Action.DELETE_ALARMS
    done = after_success(second.rollout, second.action, NOW)
    assert done.rollout.chore is None
    assert done.rollout.is_active is (phase in ACTIVE_PHASES)


@pytest.mark.parametrize("phase", [Phase.PREPARING, Phase.UPDATING])
def test_no_chore_comes_up_while_at_work(phase: Phase) -> None:
    assert record(Kind.UPDATE, phase, scaling=SCALINGS["taken"], **ALARMS["verified"]).chore is None


@pytest.mark.parametrize("phase", [Phase.PLANNING, Phase.ROLLING_BACK])
def test_a_way_back_puts_right_nothing_before_it_is_back(phase: Phase) -> None:
    assert record(Kind.ROLLBACK, phase, scaling=SCALINGS["taken"]).chore is None


@pytest.mark.parametrize("phase", [Phase.ROLLED_BACK, Phase.FAILED, Phase.NEEDS_HUMAN])
def test_a_way_back_puts_right_what_it_took_over_at_its_end(phase: Phase) -> None:
    assert record(Kind.ROLLBACK, phase, scaling=SCALINGS["intended"]).chore is Chore.RESTORE_SCALING


@pytest.mark.parametrize("phase", list(Phase))
def test_a_chore_that_is_throttled_goes_on_for_ever_and_ends_nothing(phase: Phase) -> None:
    rollout = record(Kind.UPDATE, phase, scaling=SCALINGS["taken"], update=None)
    if rollout.chore is None:
        return
    first = after_error(rollout, Action.RESTORE_SCALING, ERRORS[0], NOW)
    later = after_error(first.rollout, Action.RESTORE_SCALING, ERRORS[0], NOW + 10 * TROUBLE_PATIENCE)
    assert later.rollout.phase is phase
    assert later.look_again_in is not None


@pytest.mark.parametrize(("chore", "words"), [("RESTORE_SCALING", "Put it back by hand"), ("DELETE_ALARMS", "alarms")])
def test_a_chore_that_is_refused_is_told_and_over(chore: str, words: str) -> None:
    rollout = record(Kind.UPDATE, Phase.FAILED, scaling=SCALINGS["taken"], **ALARMS["verified"])
    refused = after_error(rollout, Action[chore], ERRORS[2], NOW)
    assert words in refused.rollout.chore_failures[0]
    assert refused.rollout.chore is not Chore[chore]
    assert refused.look_again_in == timedelta(0)


# Side effects that the last look stopped


def test_scaling_that_was_never_taken_is_not_put_back() -> None:
    deciding = decide(record(Kind.UPDATE, Phase.UPDATING, update=None, scaling=None), Observation(a_snapshot()), NOW)
    assert deciding.action is Action.TAKE_SCALING
    stopped = after_error(deciding.rollout, deciding.action, DRIFT, NOW).rollout
    assert stopped.phase is Phase.PLANNING
    assert stopped.scaling is None


def test_scaling_that_may_be_half_taken_is_put_back() -> None:
    tried = record(Kind.UPDATE, Phase.UPDATING, update=None, scaling=INTENDED)
    again = decide(tried, Observation(a_snapshot()), NOW)
    assert again.rollout.scaling is not None
    assert again.rollout.scaling.attempts == 2
    assert again.action is Action.TAKE_SCALING
    assert after_error(again.rollout, again.action, DRIFT, NOW).rollout.chore is Chore.RESTORE_SCALING


@pytest.mark.parametrize(("saga", "planned"), list(product(ScalingMode, ScalingMode)))
def test_scaling_that_another_rollout_left_is_taken_as_hard_as_either_needs(
    saga: ScalingMode, planned: ScalingMode
) -> None:
    rollout = rollback_at(Phase.ROLLING_BACK, scaling=INTENDED.model_copy(update={"mode": saga}))
    assert rollout.plan is not None
    rollout = rollout.with_(plan=rollout.plan.model_copy(update={"scaling_mode": planned}))
    taken = decide(rollout, Observation(a_snapshot(config=TARGET)), NOW).rollout.scaling
    assert taken is not None
    hardest = ScalingMode.DEREGISTER if ScalingMode.DEREGISTER in (saga, planned) else ScalingMode.SUSPEND
    assert taken.mode is hardest


@pytest.mark.parametrize("field", ["abort", "rollback_queued_by"])
@pytest.mark.parametrize("config", [CURRENT, OTHER])
@pytest.mark.parametrize("kind", [Kind.UPDATE, Kind.SCALE])
def test_who_stopped_it_before_the_call_is_heard_before_anything_else(field: str, config: str, kind: Kind) -> None:
    stop = Abort(actor=BEN, at=NOW) if field == "abort" else BEN
    rollout = record(kind, Phase.UPDATING, update=None, **{field: stop})
    decision = decide(rollout, Observation(a_snapshot(config=config)), NOW)
    assert decision.rollout.phase is Phase.CANCELLED
    assert (decision.rollout.last.actor, decision.rollout.last.reason) == (BEN, Reason.CANCELLED_BY_PERSON)
    assert decision.rollout.redraws == ()


# Retries


@pytest.mark.parametrize(("tried", "attempts", "again"), [(0, 0, False), (0, 1, True), (1, 1, False), (1, 2, True)])
@pytest.mark.parametrize("hindrance", [None, "abort", "rollback_queued_by"])
@pytest.mark.parametrize("reason", [NO_CAPACITY, "The ping health check failed.", None])
def test_only_a_lack_of_capacity_is_tried_again_and_only_within_the_policy(
    tried: int, attempts: int, again: bool, hindrance: str | None, reason: str | None
) -> None:
    stop = {"abort": {"abort": Abort(actor=BEN, at=NOW)}, "rollback_queued_by": {"rollback_queued_by": BEN}}
    rollout = record(
        Kind.UPDATE,
        Phase.UPDATING,
        update=a_call(accepted_at=NOW, seen_at_work=True),
        scaling=SCALINGS["taken"],
        retry=Retry(count=tried, due=NOW) if tried else None,
        retry_policy=RetryPolicy(capacity_attempts=attempts, wait=timedelta(minutes=7)),
        **stop.get(hindrance or "", {}),
    )
    decision = decide(rollout, Observation(a_snapshot(moved_at=NOW, reason=reason)), NOW)
    if again and hindrance is None and reason == NO_CAPACITY:
        assert decision.rollout.retry == Retry(count=tried + 1, due=NOW + timedelta(minutes=7))
        assert decision.rollout.update is None
        assert decision.look_again_in == timedelta(minutes=7)
        return
    assert decision.rollout.phase is Phase.ROLLED_BACK_BY_AWS


# Time, turns and locks


def test_a_scheduled_change_waits_for_its_time_then_for_locks_then_for_its_window() -> None:
    rollout = record(Kind.UPDATE, Phase.SCHEDULED, scheduled_for=LATER)
    assert decide(rollout, Observation(lock="x", opens_at=LATER), NOW).look_again_in == LATER - NOW
    locked = decide(rollout, Observation(lock="the lock of x"), LATER)
    assert (locked.rollout.stopped_by, locked.look_again_in) == ("the lock of x", PACE.poll)
    opening = LATER + timedelta(days=1)
    closed = decide(locked.rollout, Observation(opens_at=opening), LATER)
    assert (closed.rollout.scheduled_for, closed.rollout.stopped_by) == (opening, None)
    assert closed.look_again_in == timedelta(days=1)
    begun = decide(closed.rollout, Observation(), opening)
    assert (begun.rollout.phase, begun.rollout.last.reason) == (Phase.PREPARING, Reason.TIME_HAS_COME)


def test_a_plan_is_made_in_turn_or_never() -> None:
    waiting = decide(at(Phase.PLANNING), Observation(ahead="rother22"), NOW)
    assert (waiting.action, waiting.rollout.queued_behind, waiting.look_again_in) == (None, "rother22", PACE.poll)
    turn = decide(waiting.rollout, Observation(), LATER)
    assert (turn.action, turn.rollout.queued_behind) == (Action.MAKE_PLAN, None)
    lapsed = decide(waiting.rollout, Observation(ahead="rother22"), waiting.rollout.expires_at)
    assert (lapsed.rollout.phase, lapsed.rollout.last.reason) == (Phase.EXPIRED, Reason.APPROVAL_EXPIRED)


@pytest.mark.parametrize("kind", [Kind.UPDATE, Kind.SCALE])
@pytest.mark.parametrize("phase", [Phase.PREPARING, Phase.UPDATING])
def test_a_lock_stops_what_has_called_nothing_yet_and_says_so(kind: Kind, phase: Phase) -> None:
    rollout = record(kind, phase, update=None)
    stopped = decide(rollout, Observation(a_snapshot(), lock="the lock of x"), NOW)
    assert (stopped.action, stopped.rollout.stopped_by) == (None, "the lock of x")
    assert stopped.look_again_in == PACE.poll
    lifted = decide(stopped.rollout, Observation(a_snapshot()), LATER)
    assert lifted.action is not None
    assert lifted.rollout.stopped_by is None


def test_waiting_for_a_lock_does_not_count_as_waiting_for_sagemaker() -> None:
    rollout = record(Kind.UPDATE, Phase.PREPARING)
    stopped = decide(rollout, Observation(a_snapshot(), lock="x"), NOW + timedelta(hours=5)).rollout
    busy = decide(stopped, Observation(a_snapshot(EndpointStatus.UPDATING)), NOW + timedelta(hours=6))
    assert busy.rollout.phase is Phase.PREPARING
    assert busy.look_again_in == PACE.poll


# Counts


def settled(count: int, **fields: object) -> Observation:
    snapshot = a_snapshot(**fields)  # type: ignore[arg-type]
    variants = tuple(v.model_copy(update={"current_count": count, "desired_count": count}) for v in snapshot.variants)
    return Observation(snapshot.model_copy(update={"variants": variants}))


def scaling_with(call: str) -> Rollout:
    return record(Kind.SCALE, Phase.UPDATING, update=CALLS[call])


def test_a_count_that_is_there_is_success() -> None:
    done = decide(scaling_with("accepted"), settled(3), NOW)
    assert (done.rollout.phase, done.rollout.last.reason) == (Phase.SUCCEEDED, Reason.SCALED)


@pytest.mark.parametrize("call", ["accepted", "seen"])
def test_another_count_than_asked_for_is_what_sagemaker_made_of_it(call: str) -> None:
    done = decide(scaling_with(call), settled(2, moved_at=NOW), NOW + timedelta(minutes=5))
    assert done.rollout.phase is Phase.ROLLED_BACK_BY_AWS
    assert "AllTraffic at 2 instead of 3" in done.rollout.last.note


def test_a_count_whose_answer_was_lost_is_asked_for_again_a_few_times() -> None:
    wait = NOW + timedelta(minutes=5)
    assert decide(scaling_with("intended"), settled(2), NOW).action is None, "too early to tell"
    assert decide(scaling_with("intended"), settled(2), wait).action is Action.SET_COUNTS
    over = decide(scaling_with("last"), settled(2), wait)
    assert (over.rollout.phase, over.rollout.last.reason) == (Phase.FAILED, Reason.AWS_UNREACHABLE)


def test_a_variant_that_is_gone_while_it_scales_is_told() -> None:
    gone = Observation(a_snapshot(moved_at=NOW).model_copy(update={"variants": ()}))
    assert "AllTraffic gone instead of 3" in decide(scaling_with("accepted"), gone, NOW).rollout.last.note


@pytest.mark.parametrize("status", [EndpointStatus.FAILED, EndpointStatus.UPDATE_ROLLBACK_FAILED])
def test_an_endpoint_that_fails_while_it_scales_is_given_to_a_person(status: EndpointStatus) -> None:
    ended = decide(scaling_with("accepted"), settled(2, status=status), NOW)
    assert (ended.rollout.phase, ended.rollout.last.reason) == (Phase.NEEDS_HUMAN, Reason.UPDATE_FAILED)


def test_an_alarm_that_cannot_be_tripped_is_told_and_may_be_tried_again() -> None:
    aborted = record(Kind.UPDATE, Phase.UPDATING, abort=Abort(actor=BEN, at=NOW), update=a_call(accepted_at=NOW))
    deciding = decide(aborted, Observation(a_snapshot(EndpointStatus.UPDATING, pending=TARGET)), NOW)
    assert deciding.action is Action.TRIP_ALARM
    refused = after_error(deciding.rollout, deciding.action, ERRORS[2], NOW)
    assert refused.rollout.abort is None
    assert refused.rollout.chore_failures[0].startswith("The alarm could not be tripped:")
