"""How endpoints begin and cease to exist, decided by looking: what is called when, and what each look proves."""

from datetime import timedelta

import pytest
from fakes.clock import NOW
from fakes.facts import SCALED
from fakes.records import ANNA, BEN, CURRENT, PACE, TARGET, a_call, a_plan, a_snapshot, at
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.endpoint import BUSY_STATUSES, EndpointStatus
from bot.domain.errors import PlanDrifted, ResourceBusy, ResourceMissing
from bot.domain.hold import HoldKind, hold_left_by, lifts
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.plan import Difference
from bot.domain.reconcile import MAX_CALLS, Action, Observation, after_error, after_success, decide
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Chore
from bot.domain.saga import ScalingMode, ScalingSaga

GONE = Observation(is_gone=True)
FAILED, DELETING = EndpointStatus.FAILED, EndpointStatus.DELETING
LATER = NOW + timedelta(minutes=10)


def creation(phase: Phase = Phase.UPDATING, *, failed: str = "", **fields: object) -> Rollout:
    plan = a_plan(current_config=failed, current_label="nothing", scaling=SCALED)
    return at(phase, kind=Kind.CREATE, plan=plan, **{"update": None, "snapshot": None, **fields})


def teardown(phase: Phase = Phase.UPDATING, **fields: object) -> Rollout:
    plan = a_plan(target_config="", new_models={}, scaling=SCALED, scaling_mode=ScalingMode.DEREGISTER)
    return at(phase, kind=Kind.TEARDOWN, plan=plan, **{"update": None, "snapshot": None, **fields})


def seen(status: EndpointStatus, config: str = TARGET, **fields: object) -> Observation:
    return Observation(snapshot=a_snapshot(status, config), **fields)  # type: ignore[arg-type]


# Creation


def test_a_creation_makes_the_model_then_the_config_then_the_endpoint() -> None:
    rollout = creation(Phase.PREPARING, models_created=False, config_created=False)
    for action in (Action.CREATE_MODELS, Action.CREATE_CONFIG, Action.CREATE_ENDPOINT):
        decided = decide(rollout, GONE, NOW)
        assert decided.action is action
        rollout = after_success(decided.rollout, action, NOW).rollout
    assert rollout.update is not None
    assert (rollout.update.config, rollout.update.attempts) == (TARGET, 1)


def test_a_restore_makes_neither_model_nor_config() -> None:
    rollout = creation(Phase.PREPARING)
    assert rollout.plan is not None
    plan = rollout.plan.model_copy(update={"is_restore": True, "new_models": {}})
    assert decide(rollout.with_(plan=plan, config_created=False), GONE, NOW).action is Action.CREATE_ENDPOINT


def test_a_failed_endpoint_is_cleared_away_waited_for_and_only_then_replaced() -> None:
    rollout = creation(failed=CURRENT)
    first = decide(rollout, seen(FAILED, CURRENT), NOW)
    assert first.action is Action.CLEAR_FAILED
    waiting = decide(after_success(first.rollout, first.action, NOW).rollout, seen(DELETING, CURRENT), NOW)
    assert (waiting.action, waiting.look_again_in) == (None, PACE.poll)
    assert decide(waiting.rollout, GONE, NOW).action is Action.CREATE_ENDPOINT


def test_a_failed_endpoint_that_nobody_looked_at_is_left_alone() -> None:
    ended = decide(creation(), seen(FAILED, "by-hand"), NOW).rollout
    assert (ended.phase, ended.last.reason) == (Phase.FAILED, Reason.ENDPOINT_DRIFTED)


@pytest.mark.parametrize(
    "status", sorted({EndpointStatus.IN_SERVICE, EndpointStatus.CREATING, EndpointStatus.UPDATING})
)
def test_an_endpoint_that_somebody_else_made_ends_the_creation(status: EndpointStatus) -> None:
    ended = decide(creation(), seen(status, "by-hand"), NOW).rollout
    assert (ended.phase, ended.last.reason) == (Phase.FAILED, Reason.ENDPOINT_DRIFTED)


def test_in_service_on_its_config_it_is_done_and_its_autoscaling_is_set_up() -> None:
    decided = decide(creation(update=a_call(accepted_at=NOW)), seen(EndpointStatus.IN_SERVICE), NOW)
    done = decided.rollout
    assert (done.phase, done.last.reason, done.chore) == (Phase.SUCCEEDED, Reason.CREATED, Chore.RESTORE_SCALING)
    chore = decide(done, Observation(), NOW)
    assert chore.action is Action.RESTORE_SCALING
    assert not after_success(chore.rollout, chore.action, NOW).rollout.is_active


def test_in_service_on_another_config_a_person_must_look() -> None:
    ended = decide(creation(update=a_call(accepted_at=NOW)), seen(EndpointStatus.IN_SERVICE, "by-hand"), NOW).rollout
    assert (ended.phase, ended.last.reason) == (Phase.NEEDS_HUMAN, Reason.LANDED_ELSEWHERE)


def test_a_failed_creation_is_the_end_and_quarantines_the_version() -> None:
    ended = decide(creation(update=a_call(accepted_at=NOW)), seen(FAILED), NOW).rollout
    assert (ended.phase, ended.last.reason, ended.chore) == (Phase.FAILED, Reason.CREATION_FAILED, None)
    package = ended.with_(plan=a_plan(package_arn="arn:x", content_hash="0" * 16))
    hold = hold_left_by(package)
    assert hold is not None
    assert hold.kind is HoldKind.QUARANTINED


def test_a_lost_call_is_repeated_only_after_three_looks_that_show_nothing_and_not_for_ever() -> None:
    rollout = creation(update=a_call())
    assert decide(rollout, GONE, NOW + 2 * PACE.poll).action is None
    again = decide(rollout, GONE, LATER)
    assert again.action is Action.CREATE_ENDPOINT
    assert again.rollout.update is not None
    assert again.rollout.update.attempts == 2
    ended = decide(creation(update=a_call(attempts=MAX_CALLS)), GONE, LATER).rollout
    assert (ended.phase, ended.last.reason) == (Phase.FAILED, Reason.AWS_UNREACHABLE)


def test_a_call_that_was_taken_is_never_repeated() -> None:
    for call in (a_call(accepted_at=NOW), a_call(seen_at_work=True)):
        ended = decide(creation(update=call), GONE, LATER)
        assert ended.action is None
        assert (ended.rollout.phase, ended.rollout.last.reason) == (Phase.FAILED, Reason.ENDPOINT_GONE)


def test_a_config_that_is_not_visible_yet_is_waited_for() -> None:
    called = decide(creation(), GONE, NOW)
    missing = ResourceMissing("endpoint config", TARGET, operation="CreateEndpoint", code="ValidationException")
    again = after_error(called.rollout, called.action, missing, NOW)
    assert (again.rollout.phase, again.rollout.update) == (Phase.UPDATING, None)


def test_a_deletion_that_is_under_way_already_is_waited_for() -> None:
    rollout = creation(failed=CURRENT)
    busy = ResourceBusy(rollout.endpoint, operation="DeleteEndpoint", code="ValidationException")
    again = after_error(rollout, Action.CLEAR_FAILED, busy, NOW)
    assert (again.rollout.phase, again.look_again_in) == (Phase.UPDATING, PACE.poll)


# Teardown


def test_a_teardown_takes_scaling_off_first_and_is_over_when_nothing_is_there() -> None:
    here = seen(EndpointStatus.IN_SERVICE, CURRENT)
    taking = decide(teardown(Phase.PREPARING), here, NOW)
    assert taking.action is Action.TAKE_SCALING
    taken = after_success(taking.rollout, taking.action, NOW).rollout
    deleting = decide(taken, here, NOW)
    assert deleting.action is Action.DELETE_ENDPOINT
    called = after_success(deleting.rollout, deleting.action, NOW).rollout
    waiting = decide(called, seen(DELETING, CURRENT), NOW)
    assert (waiting.action, waiting.rollout.phase) == (None, Phase.UPDATING)
    done = decide(waiting.rollout, GONE, NOW).rollout
    assert (done.phase, done.last.reason, done.is_active) == (Phase.SUCCEEDED, Reason.TORN_DOWN, False)


def test_a_teardown_of_what_moved_is_planned_anew() -> None:
    again = decide(teardown(), seen(EndpointStatus.IN_SERVICE, "by-hand"), NOW).rollout
    assert (again.phase, again.last.reason, again.approvals) == (Phase.PLANNING, Reason.ENDPOINT_DRIFTED, ())


def test_a_deletion_that_had_no_effect_ends_with_autoscaling_put_back() -> None:
    taken = ScalingSaga(mode=ScalingMode.DEREGISTER, targets=SCALED.targets, intended_at=NOW, taken_at=NOW)
    rollout = teardown(update=a_call(config=CURRENT, accepted_at=NOW), scaling=taken)
    ended = decide(rollout, seen(EndpointStatus.IN_SERVICE, CURRENT), LATER).rollout
    assert (ended.phase, ended.chore) == (Phase.FAILED, Chore.RESTORE_SCALING)


def test_a_lost_deletion_is_repeated_only_on_what_was_approved() -> None:
    taken = ScalingSaga(mode=ScalingMode.DEREGISTER, targets=SCALED.targets, intended_at=NOW, taken_at=NOW)
    lost = teardown(update=a_call(config=CURRENT), scaling=taken)
    assert decide(lost, seen(EndpointStatus.IN_SERVICE, CURRENT), LATER).action is Action.DELETE_ENDPOINT
    moved = decide(lost, seen(EndpointStatus.IN_SERVICE, "by-hand"), LATER)
    assert moved.action is None
    assert moved.rollout.phase is Phase.PLANNING


def test_what_people_deleted_is_held_until_it_is_created_again() -> None:
    done = decide(teardown(update=a_call(accepted_at=NOW)), GONE, NOW).rollout
    hold = hold_left_by(done)
    assert hold is not None
    assert (hold.kind, hold.actor) == (HoldKind.BY_PERSON, ANNA)
    assert hold_left_by(done.with_(requester="bot")) is None
    created = decide(creation(update=a_call(accepted_at=NOW)), seen(EndpointStatus.IN_SERVICE), NOW).rollout
    assert lifts(hold, created)
    assert not lifts(hold, at(Phase.SUCCEEDED))
    assert not lifts(hold.model_copy(update={"rollout_id": None}), created)


# Both, over everything that a record can hold and a look can show

CALLS = {"none": None, "intended": a_call(), "accepted": a_call(accepted_at=NOW), "last": a_call(attempts=MAX_CALLS)}
TAKEN = ScalingSaga(mode=ScalingMode.DEREGISTER, targets=SCALED.targets, intended_at=NOW, taken_at=NOW)

rollouts = st.builds(
    lambda make, phase, call, queued, failed, scaling: (
        creation(phase, failed=failed, update=CALLS[call], rollback_queued_by=queued)
        if make is Kind.CREATE
        else teardown(phase, update=CALLS[call], rollback_queued_by=queued, scaling=scaling)
    ),
    st.sampled_from([Kind.CREATE, Kind.TEARDOWN]),
    st.sampled_from([Phase.PREPARING, Phase.UPDATING]),
    st.sampled_from(sorted(CALLS)),
    st.sampled_from([None, BEN]),
    st.sampled_from(["", CURRENT]),
    st.sampled_from([None, TAKEN]),
)
looks = st.one_of(
    st.builds(lambda lock: Observation(is_gone=True, lock=lock), st.sampled_from([None, "a lock"])),
    st.builds(
        lambda status, config, lock: seen(status, config, lock=lock),
        st.sampled_from(EndpointStatus),
        st.sampled_from([CURRENT, TARGET, "by-hand"]),
        st.sampled_from([None, "a lock"]),
    ),
)


@settings(max_examples=1500, deadline=None)
@given(rollouts, looks, st.sampled_from([NOW, LATER]))
def test_nothing_is_created_over_or_deleted_but_what_was_approved(
    rollout: Rollout, look: Observation, now: object
) -> None:
    decided = decide(rollout, look, now)  # type: ignore[arg-type]
    assert rollout.plan is not None
    snapshot = look.snapshot
    if decided.action in (Action.CREATE_ENDPOINT, Action.CLEAR_FAILED, Action.DELETE_ENDPOINT):
        assert rollout.rollback_queued_by is None or rollout.phase is Phase.PREPARING
        assert look.lock is None or rollout.update is not None
    match decided.action:
        case Action.CREATE_ENDPOINT:
            assert snapshot is None
            assert rollout.update is None or rollout.update.accepted_at is None
        case Action.CLEAR_FAILED:
            assert snapshot is not None
            assert (snapshot.status, snapshot.config_name) == (FAILED, rollout.plan.current_config)
            assert rollout.update is None
        case Action.DELETE_ENDPOINT:
            assert snapshot is not None
            assert snapshot.config_name == rollout.plan.current_config
            assert snapshot.status not in BUSY_STATUSES
            assert rollout.scaling is TAKEN
    is_over = decided.action is None and decided.look_again_in is None
    assert is_over is not decided.rollout.is_active


def test_a_plan_that_moved_before_the_call_is_drawn_up_again() -> None:
    called = decide(creation(), GONE, NOW)
    moved = PlanDrifted([Difference(path="What would be created", before="a", after="b")])
    again = after_error(called.rollout, called.action, moved, NOW).rollout
    assert (again.phase, again.update, again.approvals) == (Phase.PLANNING, None, ())
