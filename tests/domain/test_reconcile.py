"""`decide` by tables: every phase, every EndpointStatus, every config, whatever became of the call."""

import re
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import Literal

import botocore.session
import pytest
from fakes.clock import NOW
from fakes.records import (
    BEN,
    CURRENT,
    LONG_AGO,
    PACE,
    TARGET,
    a_call,
    a_comparison,
    a_plan,
    a_snapshot,
    a_verdict,
    at,
    rollback_at,
)

import bot
from bot.domain.calls import UpdateCall
from bot.domain.endpoint import BUSY_STATUSES, EndpointStatus, Snapshot
from bot.domain.errors import (
    AccessDenied,
    GatewayError,
    ResourceBusy,
    ResourceMissing,
    TransientError,
    UserError,
)
from bot.domain.phases import ACTIVE_PHASES, TRANSITIONS, WAITING_PHASES, Phase, Reason
from bot.domain.reconcile import (
    BUSY_PATIENCE,
    CONSISTENCY_PATIENCE,
    MAX_CALLS,
    TROUBLE_PATIENCE,
    Action,
    Decision,
    Observation,
    after_error,
    after_success,
    decide,
    needs_endpoint,
    verdict_due_at,
    watch_ends_at,
)
from bot.domain.rollout import Rollout
from bot.domain.verdict import Comparison, Verdict, VerdictKind
from bot.domain.watchplan import Acceptance, Restraint

IN_SERVICE, UPDATING, MIXED = (
    EndpointStatus.IN_SERVICE,
    EndpointStatus.UPDATING,
    EndpointStatus.UPDATE_ROLLBACK_FAILED,
)
OTHER = "made-by-hand"
PATIENCE = max(PACE.settle, 3 * PACE.poll)
"""How long a call of which nothing shows is waited for: three looks, or `settle` where that is longer."""
WORKING = frozenset(BUSY_STATUSES - {EndpointStatus.DELETING})
Fate = Literal["none", "intended", "accepted", "seen"]
CALLS: dict[Fate, UpdateCall | None] = {
    "none": None,
    "intended": a_call(),
    "accepted": a_call(accepted_at=NOW),
    "seen": a_call(seen_at_work=True),
}


def seen(*snapshot_args: object, **snapshot_fields: object) -> Observation:
    return Observation(snapshot=a_snapshot(*snapshot_args, **snapshot_fields))  # type: ignore[arg-type]


def outcome(decision: Decision) -> tuple[Phase | Action | str, Reason | None]:
    """What a decision comes down to: an end, a side effect, or waiting."""
    if decision.action is not None:
        return decision.action, None
    if decision.look_again_in is None or decision.rollout.phase in (Phase.WATCHING, Phase.PLANNING):
        return decision.rollout.phase, decision.rollout.last.reason
    return "wait", None


def test_our_statuses_are_those_of_sagemaker() -> None:
    model = botocore.session.get_session().get_service_model("sagemaker")
    assert set(model.shape_for("EndpointStatus").enum) == {status.value for status in EndpointStatus}


def test_every_phase_has_its_transitions_and_a_place_in_them() -> None:
    assert set(TRANSITIONS) == set(Phase)
    assert {p for p in Phase if not TRANSITIONS[p]} & ACTIVE_PHASES == set()
    reachable = {Phase.PLANNING}.union(*TRANSITIONS.values())
    assert reachable == set(Phase)
    assert WAITING_PHASES <= ACTIVE_PHASES


def test_every_reason_is_used_somewhere() -> None:
    root = Path(bot.__file__).parent.parent
    sources = [p.read_text() for folder in ("bot", "workers") for p in (root / folder).rglob("*.py")]
    used = set(re.findall(r"Reason\.([A-Z_]+)", "\n".join(sources)))
    assert {reason.name for reason in Reason} <= used


UNSEEN = (False, True)


@pytest.mark.parametrize(
    ("status", "config", "fate", "moved", "settled"),
    list(product(EndpointStatus, (CURRENT, TARGET, OTHER), CALLS, UNSEEN, UNSEEN)),
)
def test_an_update_under_way(status: EndpointStatus, config: str, fate: Fate, moved: bool, settled: bool) -> None:
    rollout = at(Phase.UPDATING, update=CALLS[fate], snapshot=None)
    now = NOW + (PATIENCE if settled else PACE.settle / 2)
    decision = decide(rollout, seen(status, config, moved_at=NOW if moved else LONG_AGO), now)
    expected = _without_call(status, config) if fate == "none" else _with_call(status, config, fate, moved, settled)
    assert outcome(decision) == expected


def _without_call(status: EndpointStatus, config: str) -> tuple[object, Reason | None]:
    if status in BUSY_STATUSES:
        return "wait", None
    if config == OTHER:
        return Phase.PLANNING, Reason.ENDPOINT_DRIFTED
    if status is not IN_SERVICE:
        return Phase.FAILED, Reason.AWS_REFUSED
    return (Action.CALL_UPDATE, None) if config == CURRENT else (Phase.WATCHING, Reason.LANDED)


def _with_call(
    status: EndpointStatus, config: str, fate: Fate, moved: bool, settled: bool
) -> tuple[object, Reason | None]:
    if status in WORKING:
        return "wait", None
    if status is EndpointStatus.DELETING:
        return Phase.NEEDS_HUMAN, Reason.ENDPOINT_GONE
    if status is MIXED:
        return Phase.NEEDS_HUMAN, Reason.UPDATE_ROLLBACK_FAILED
    if status is not IN_SERVICE:
        return Phase.NEEDS_HUMAN, Reason.UPDATE_FAILED
    if config == TARGET:
        return Phase.WATCHING, Reason.LANDED
    if config == OTHER:
        return Phase.NEEDS_HUMAN, Reason.LANDED_ELSEWHERE
    if not moved and not settled:
        return "wait", None
    if fate in ("accepted", "seen"):
        return Phase.ROLLED_BACK_BY_AWS, Reason.AWS_ROLLED_BACK
    return (Phase.FAILED, Reason.AWS_UNREACHABLE) if moved else (Action.CALL_UPDATE, None)


@pytest.mark.parametrize(("status", "config"), list(product(EndpointStatus, (CURRENT, TARGET, OTHER))))
def test_preparing_creates_only_while_the_endpoint_is_as_it_was_planned_for(
    status: EndpointStatus, config: str
) -> None:
    decision = decide(at(Phase.PREPARING), seen(status, config), NOW)
    if status in BUSY_STATUSES:
        assert outcome(decision) == ("wait", None)
    elif config == OTHER:
        assert outcome(decision) == (Phase.PLANNING, Reason.ENDPOINT_DRIFTED)
    elif status is IN_SERVICE:
        assert outcome(decision) == (Action.CREATE_MODELS, None)
    else:
        assert outcome(decision) == (Phase.FAILED, Reason.AWS_REFUSED)


@pytest.mark.parametrize(("status", "config"), list(product(EndpointStatus, (CURRENT, TARGET, OTHER))))
def test_a_watch_succeeds_only_in_service_on_the_target(status: EndpointStatus, config: str) -> None:
    watching = at(Phase.WATCHING)
    looked = Observation(snapshot=a_snapshot(status, config), comparison=a_comparison(), verdict=a_verdict())
    decision = decide(watching, looked, verdict_due_at(watching))
    if status in BUSY_STATUSES:
        assert decision.rollout.phase is Phase.WATCHING
        assert decision.look_again_in == PACE.poll
    elif status is not IN_SERVICE:
        assert outcome(decision) == (Phase.NEEDS_HUMAN, Reason.UPDATE_FAILED)
    elif config == TARGET:
        assert outcome(decision) == (Phase.SUCCEEDED, Reason.WATCH_OVER)
        assert decision.rollout.verdict == a_verdict()
    else:
        assert outcome(decision) == (Phase.NEEDS_HUMAN, Reason.ENDPOINT_DRIFTED)


@pytest.mark.parametrize(("status", "config", "fate"), list(product(EndpointStatus, (TARGET, CURRENT, OTHER), CALLS)))
def test_a_rollback_is_the_same_machine_in_the_other_direction(status: EndpointStatus, config: str, fate: Fate) -> None:
    """Its plan leads from the target config back to the current one, so the two change places."""
    call = CALLS[fate]
    call = call and call.model_copy(update={"config": CURRENT})
    decision = decide(rollback_at(Phase.ROLLING_BACK, update=call), seen(status, config), NOW + PATIENCE)
    planned = {TARGET: CURRENT, CURRENT: TARGET, OTHER: OTHER}[config]
    expected = _without_call(status, planned) if fate == "none" else _with_call(status, planned, fate, False, True)
    translated = {
        (Phase.WATCHING, Reason.LANDED): (Phase.ROLLED_BACK, Reason.ROLLBACK_LANDED),
        (Phase.PLANNING, Reason.ENDPOINT_DRIFTED): (Phase.FAILED, Reason.ENDPOINT_DRIFTED),
        (Phase.ROLLED_BACK_BY_AWS, Reason.AWS_ROLLED_BACK): (Phase.FAILED, Reason.ROLLBACK_FAILED),
    }
    expected = translated.get(expected, expected)  # type: ignore[arg-type,assignment]
    if fate == "none" and status is MIXED and config != OTHER:
        expected = (Action.CALL_UPDATE, None)  # SageMaker's documented way out of UpdateRollbackFailed
    assert outcome(decision) == expected


def test_the_repair_of_a_mixed_fleet_is_given_time_to_show() -> None:
    called = rollback_at(Phase.ROLLING_BACK, update=a_call(config=CURRENT, accepted_at=NOW))
    early = decide(called, seen(MIXED, TARGET), NOW + PACE.settle / 2)
    assert early.look_again_in == PACE.settle
    late = decide(called, seen(MIXED, TARGET), NOW + PATIENCE)
    assert late.rollout.phase is Phase.NEEDS_HUMAN


@pytest.mark.parametrize("phase", [p for p in Phase if p not in ACTIVE_PHASES])
def test_an_end_stays_an_end(phase: Phase) -> None:
    assert decide(at(phase), Observation(), NOW) == Decision(at(phase))


@pytest.mark.parametrize("phase", [Phase.PREPARING, Phase.UPDATING, Phase.WATCHING])
def test_an_endpoint_that_is_gone_ends_the_rollout(phase: Phase) -> None:
    decision = decide(at(phase), Observation(is_gone=True), NOW)
    untouched = phase is Phase.PREPARING
    assert outcome(decision) == (Phase.FAILED if untouched else Phase.NEEDS_HUMAN, Reason.ENDPOINT_GONE)
    assert "deleted" in decision.rollout.last.note or "not exist" in decision.rollout.last.note


def test_only_phases_about_the_endpoint_look_at_it() -> None:
    looking = {Phase.PREPARING, Phase.UPDATING, Phase.WATCHING}
    assert {p for p in Phase if needs_endpoint(at(p))} == looking
    assert needs_endpoint(rollback_at(Phase.ROLLING_BACK))


def test_planning_makes_a_plan() -> None:
    assert decide(at(Phase.PLANNING), Observation(), NOW).action is Action.MAKE_PLAN


@pytest.mark.parametrize("phase", [Phase.AWAITING_APPROVAL])
def test_a_plan_waits_for_people_until_it_lapses(phase: Phase) -> None:
    rollout = at(phase)
    assert decide(rollout, Observation(), NOW).look_again_in == rollout.expires_at - NOW
    lapsed = decide(rollout, Observation(), rollout.expires_at)
    assert outcome(lapsed) == (Phase.EXPIRED, Reason.APPROVAL_EXPIRED)


def test_preparing_creates_one_thing_a_tick_and_then_calls() -> None:
    rollout, actions = at(Phase.PREPARING), []
    for _ in range(3):
        decision = decide(rollout, seen(), NOW)
        assert decision.action is not None
        actions.append(decision.action)
        rollout = after_success(decision.rollout, decision.action, NOW).rollout
    assert actions == [Action.CREATE_MODELS, Action.CREATE_CONFIG, Action.CALL_UPDATE]
    assert rollout.phase is Phase.UPDATING
    assert rollout.update is not None
    assert rollout.update.accepted_at == NOW


def test_a_change_of_the_config_alone_creates_no_model() -> None:
    rollout = at(Phase.PREPARING, plan=a_plan(new_models={}))
    assert decide(rollout, seen(), NOW).action is Action.CREATE_CONFIG


def test_the_call_is_written_down_before_it_is_made() -> None:
    decision = decide(at(Phase.UPDATING, update=None), seen(), NOW)
    assert decision.rollout.update == a_call()


def test_a_busy_endpoint_is_waited_for_but_not_for_ever() -> None:
    waiting = decide(at(Phase.PREPARING), seen(EndpointStatus.SYSTEM_UPDATING), NOW).rollout
    patient = decide(waiting, seen(EndpointStatus.SYSTEM_UPDATING), NOW + BUSY_PATIENCE)
    assert patient.look_again_in == PACE.poll
    over = decide(patient.rollout, seen(EndpointStatus.SYSTEM_UPDATING), NOW + BUSY_PATIENCE + timedelta(seconds=1))
    assert outcome(over) == (Phase.FAILED, Reason.ENDPOINT_BUSY)
    assert "SystemUpdating) for 30 minutes" in over.rollout.last.note


def test_sagemakers_reason_is_told_when_it_rolls_back_and_its_silence_too() -> None:
    called = at(Phase.UPDATING, update=CALLS["seen"])
    told = decide(called, seen(moved_at=NOW, reason="Insufficient capacity"), NOW)
    assert told.rollout.last.note.endswith("SageMaker says: Insufficient capacity")
    assert told.rollout.last.actor == "aws"
    silent = decide(called, seen(moved_at=NOW), NOW)
    assert silent.rollout.last.note.endswith("SageMaker gave no reason.")


def test_a_pending_deployment_of_ours_shows_that_the_call_took_effect() -> None:
    decision = decide(at(Phase.UPDATING, update=a_call()), seen(UPDATING, pending=TARGET), NOW)
    assert decision.rollout.update == a_call(seen_at_work=True)


def test_somebody_elses_pending_deployment_does_not() -> None:
    decision = decide(at(Phase.UPDATING, update=a_call()), seen(UPDATING, pending=OTHER), NOW)
    assert decision.rollout.update == a_call()


@pytest.mark.parametrize("fields", [{"pending": TARGET}, {}])
def test_an_update_that_needs_no_call_is_followed_as_ours(fields: dict[str, str]) -> None:
    """It moves to the target, or is there, without a call that we know of."""
    looked = seen(UPDATING, **fields) if fields else seen(config=TARGET)
    decision = decide(at(Phase.UPDATING, update=None), looked, NOW)
    assert decision.action is None
    assert decision.rollout.update is not None
    assert decision.rollout.update.seen_at_work


def test_a_pending_deployment_of_an_idle_endpoint_is_no_update_under_way() -> None:
    decision = decide(at(Phase.UPDATING, update=None), seen(IN_SERVICE, pending=TARGET), NOW)
    assert decision.action is Action.CALL_UPDATE


def test_a_lost_call_is_made_anew_only_a_few_times() -> None:
    rollout = at(Phase.UPDATING, update=a_call(attempts=MAX_CALLS - 1))
    again = decide(rollout, seen(), NOW + PATIENCE)
    assert again.action is Action.CALL_UPDATE
    assert again.rollout.update is not None
    assert again.rollout.update.attempts == MAX_CALLS
    over = decide(again.rollout, seen(), NOW + 2 * PATIENCE)
    assert outcome(over) == (Phase.FAILED, Reason.AWS_UNREACHABLE)
    assert "not tried again" in over.rollout.last.note


def test_a_rollback_queued_during_the_update_begins_when_it_lands() -> None:
    queued = at(Phase.UPDATING, rollback_queued_by=BEN)
    decision = decide(queued, seen(config=TARGET, moved_at=NOW), NOW)
    assert decision.rollout.phase is Phase.ROLLING_BACK
    assert decision.wants_rollback
    assert decision.rollout.last.actor == BEN


def test_cancel_before_the_call_calls_nothing() -> None:
    queued = at(Phase.UPDATING, update=None, rollback_queued_by=BEN)
    decision = decide(queued, seen(), NOW)
    assert outcome(decision) == (Phase.CANCELLED, Reason.CANCELLED_BY_PERSON)
    assert decision.rollout.last.actor == BEN


def test_the_watch_looks_period_by_period_and_at_the_moment_of_the_verdict() -> None:
    watching = at(Phase.WATCHING)
    assert watch_ends_at(watching) == NOW + timedelta(minutes=33)
    assert verdict_due_at(watching) == NOW + timedelta(minutes=36)
    midway = decide(watching, Observation(a_snapshot(config=TARGET), comparison=a_comparison()), NOW)
    assert midway.look_again_in == timedelta(minutes=1)
    assert midway.rollout.comparison == a_comparison()
    close = decide(watching, seen(config=TARGET), verdict_due_at(watching) - timedelta(seconds=7))
    assert close.look_again_in == timedelta(seconds=7)
    late_numbers = decide(watching, seen(config=TARGET), verdict_due_at(watching))
    assert late_numbers.look_again_in == PACE.poll


WORSE = a_verdict(VerdictKind.REGRESSED)


def up_to(minutes: int) -> Comparison:
    """A comparison whose numbers reach so far into the watch."""
    shown = a_comparison()
    window = shown.after.window.model_copy(update={"end": NOW + timedelta(minutes=minutes)})
    return shown.model_copy(update={"after": shown.after.model_copy(update={"window": window})})


def look(rollout: Rollout, verdict: Verdict | None, numbers: Comparison | None) -> Rollout:
    looked = Observation(snapshot=a_snapshot(config=TARGET), comparison=numbers, verdict=verdict)
    return decide(rollout, looked, NOW + timedelta(minutes=10)).rollout


def test_only_looks_with_newer_numbers_count_as_looks_in_a_row() -> None:
    once = look(at(Phase.WATCHING, comparison=None), WORSE, up_to(5))
    assert once.worse_looks == 1
    assert look(once, WORSE, up_to(5)).worse_looks == 1
    assert look(once, WORSE, None).worse_looks == 1
    assert look(once, None, up_to(6)).worse_looks == 1, "a look without an answer says nothing"
    assert look(once, WORSE, up_to(6)).worse_looks == 2
    assert look(once, a_verdict(), up_to(6)).worse_looks == 0


def test_what_a_look_found_stays_in_the_record_until_the_next_finds_more() -> None:
    once = look(at(Phase.WATCHING, comparison=None), a_verdict(), up_to(5))
    assert (once.comparison, once.last_look) == (up_to(5), a_verdict())
    assert look(once, None, None) == once


def test_a_confirmed_regression_that_is_left_to_people_is_told_once() -> None:
    first = look(at(Phase.WATCHING, comparison=up_to(4), worse_looks=1), WORSE, up_to(5))
    assert (first.worse_since, first.restraint) == (NOW + timedelta(minutes=10), Restraint.NO_LIMIT_CROSSED)
    earlier = first.with_(worse_since=NOW)
    assert look(earlier, WORSE, up_to(6)).worse_since == NOW
    assert look(earlier, a_verdict(), up_to(6)).worse_since == NOW


def test_an_accepted_regression_is_not_told_again() -> None:
    accepted = at(Phase.WATCHING, worse_looks=1, acceptance=Acceptance(actor=BEN, at=NOW), comparison=up_to(4))
    after = look(accepted, WORSE, up_to(5))
    assert (after.worse_since, after.restraint) == (None, Restraint.ACCEPTED)


def test_a_rollout_that_waits_for_its_rollback_ends_as_that_ends() -> None:
    parent = at(Phase.ROLLING_BACK)
    assert decide(parent, Observation(child=rollback_at(Phase.ROLLING_BACK)), NOW).look_again_in == PACE.poll
    done = decide(parent, Observation(child=rollback_at(Phase.ROLLED_BACK)), NOW)
    assert outcome(done) == (Phase.ROLLED_BACK, Reason.ROLLBACK_LANDED)
    told = decide(parent, Observation(child=rollback_at(Phase.FAILED, note="No capacity.")), NOW)
    assert outcome(told) == (Phase.NEEDS_HUMAN, Reason.ROLLBACK_FAILED)
    assert told.rollout.last.note == "No capacity."
    silent = decide(parent, Observation(child=rollback_at(Phase.NEEDS_HUMAN)), NOW)
    assert silent.rollout.last.note == "The rollback rchild22 ended as needs human."


def test_a_rollout_without_its_rollback_asks_for_one_once() -> None:
    assert decide(at(Phase.ROLLING_BACK, child_id=None), Observation(), NOW).wants_rollback
    assert not decide(at(Phase.ROLLING_BACK), Observation(), NOW).wants_rollback


CALL = {"operation": "UpdateEndpoint", "code": "ValidationException"}
THROTTLED = TransientError("UpdateEndpoint", "throttled")
LOST = TransientError("UpdateEndpoint", "no answer", outcome_unknown=True)
BUSY = ResourceBusy("sentiment-prod", **CALL)
REFUSED = GatewayError("UpdateEndpoint", "ValidationException", "req-1", "no such instance type")


def called(attempts: int = 1, **fields: object) -> Rollout:
    return at(Phase.UPDATING, update=a_call(attempts=attempts), **fields)


@pytest.mark.parametrize("error", [THROTTLED, BUSY])
def test_a_call_that_provably_did_nothing_is_as_if_never_made(error: TransientError | ResourceBusy) -> None:
    assert after_error(called(), Action.CALL_UPDATE, error, NOW).rollout.update is None


@pytest.mark.parametrize("error", [THROTTLED, BUSY])
def test_a_refused_second_try_does_not_forget_that_the_first_ones_answer_was_lost(
    error: TransientError | ResourceBusy,
) -> None:
    again = after_error(called(attempts=2), Action.CALL_UPDATE, error, NOW).rollout
    assert again.update == a_call(attempts=2)
    rolled_back = decide(again, seen(moved_at=NOW), NOW + PACE.settle)
    assert rolled_back.action is None


def test_a_lost_answer_is_remembered_as_a_call_that_may_have_run() -> None:
    decision = after_error(called(), Action.CALL_UPDATE, LOST, NOW)
    assert decision.rollout.update == a_call()
    assert decision.look_again_in == PACE.poll


def test_a_refusal_by_aws_fails_the_rollout_in_its_own_words() -> None:
    decision = after_error(called(), Action.CALL_UPDATE, REFUSED, NOW)
    assert outcome(decision) == (Phase.FAILED, Reason.AWS_REFUSED)
    assert "no such instance type" in decision.rollout.last.note


def test_a_plan_that_no_longer_fits_fails_the_rollout() -> None:
    decision = after_error(at(Phase.PREPARING), Action.CREATE_CONFIG, UserError("What runs was changed."), NOW)
    assert outcome(decision) == (Phase.FAILED, Reason.PLAN_DRIFTED)


def test_a_config_that_was_just_made_may_take_a_minute_to_be_found() -> None:
    missing = ResourceMissing("endpoint config", TARGET, **CALL)
    early = after_error(called(), Action.CALL_UPDATE, missing, NOW)
    assert early.rollout.update is None
    assert early.look_again_in == PACE.poll
    late = after_error(called(), Action.CALL_UPDATE, missing, NOW + CONSISTENCY_PATIENCE)
    assert outcome(late) == (Phase.FAILED, Reason.AWS_REFUSED)


@pytest.mark.parametrize(
    ("rollout", "ends_as"),
    [
        (at(Phase.PREPARING), Phase.FAILED),
        (at(Phase.UPDATING, update=None), Phase.FAILED),
        (at(Phase.UPDATING), Phase.NEEDS_HUMAN),
        (at(Phase.WATCHING), Phase.NEEDS_HUMAN),
        (rollback_at(Phase.ROLLING_BACK), Phase.FAILED),
    ],
)
def test_an_endpoint_that_may_not_be_looked_at_ends_the_rollout(rollout: Rollout, ends_as: Phase) -> None:
    denied = AccessDenied(operation="DescribeEndpoint", code="AccessDeniedException")
    assert outcome(after_error(rollout, None, denied, NOW)) == (ends_as, Reason.AWS_REFUSED)


def test_temporary_errors_are_waited_out_longer_and_longer() -> None:
    rollout, waits = at(Phase.UPDATING), []
    for _ in range(5):
        decision = after_error(rollout, None, TransientError("DescribeEndpoint", "throttled"), NOW)
        rollout = decision.rollout
        assert decision.look_again_in is not None
        waits.append(decision.look_again_in.total_seconds())
    assert waits == [15, 30, 60, 60, 60]
    assert rollout.trouble is not None
    assert rollout.trouble.count == 5


def test_aws_says_itself_how_long_to_wait() -> None:
    asked = TransientError("DescribeEndpoint", "throttled", retry_after=timedelta(seconds=7))
    assert after_error(at(Phase.UPDATING), None, asked, NOW).look_again_in == timedelta(seconds=7)


def test_a_look_that_works_ends_the_trouble() -> None:
    troubled = after_error(at(Phase.UPDATING), None, THROTTLED, NOW).rollout
    assert decide(troubled, seen(UPDATING, pending=TARGET), NOW).rollout.trouble is None


def test_a_look_that_works_does_not_end_the_trouble_of_the_call_behind_it() -> None:
    rollout, now = at(Phase.PREPARING), NOW
    while now <= NOW + TROUBLE_PATIENCE and rollout.is_active:
        decision = decide(rollout, seen(), now)
        assert decision.action is Action.CREATE_MODELS
        rollout = after_error(
            decision.rollout, decision.action, TransientError("CreateModel", "throttled"), now
        ).rollout
        now += timedelta(minutes=1)
    assert rollout.is_active
    over = after_error(rollout, Action.CREATE_MODELS, TransientError("CreateModel", "throttled"), now)
    assert outcome(over) == (Phase.FAILED, Reason.AWS_UNREACHABLE)


@pytest.mark.parametrize(
    ("rollout", "action", "gives_up"),
    [
        (at(Phase.PLANNING), Action.MAKE_PLAN, True),
        (at(Phase.UPDATING, update=a_call()), Action.CALL_UPDATE, True),
        (at(Phase.UPDATING), None, False),
        (at(Phase.WATCHING), None, False),
        (rollback_at(Phase.ROLLING_BACK), None, False),
    ],
)
def test_only_a_rollout_that_touched_nothing_gives_up_on_aws(
    rollout: Rollout, action: Action | None, gives_up: bool
) -> None:
    first = after_error(rollout, action, THROTTLED, NOW).rollout
    retried = first.with_(update=a_call()) if action is Action.CALL_UPDATE else first
    later = after_error(retried, action, THROTTLED, NOW + TROUBLE_PATIENCE + timedelta(seconds=1))
    assert (later.rollout.phase is Phase.FAILED) is gives_up


def test_success_of_each_action_is_written_down() -> None:
    preparing = after_error(at(Phase.PREPARING), Action.CREATE_MODELS, THROTTLED, NOW).rollout
    assert after_success(preparing, Action.CREATE_MODELS, NOW).rollout.models_created
    assert after_success(preparing, Action.CREATE_CONFIG, NOW).rollout.config_created
    assert after_success(preparing, Action.MAKE_PLAN, NOW).rollout.trouble is None
    assert after_success(called(), Action.CALL_UPDATE, NOW).look_again_in == PACE.settle


def snapshots() -> list[Snapshot]:
    return [
        a_snapshot(status, config, moved_at=moved, pending=pending)
        for status, config, moved, pending in product(
            EndpointStatus, (CURRENT, TARGET, OTHER), (LONG_AGO, NOW), (None, TARGET, OTHER)
        )
    ]


@pytest.mark.parametrize("phase", list(Phase))
def test_decide_is_total_and_its_transitions_are_legal(phase: Phase) -> None:
    for rollout, snapshot, call in product((at(phase),), snapshots(), CALLS.values()):
        decision = decide(rollout.with_(update=call), Observation(snapshot=snapshot), NOW + PATIENCE)
        for before, after in zip(decision.rollout.transitions, decision.rollout.transitions[1:], strict=False):
            assert after.phase in TRANSITIONS[before.phase]
        goes_on = decision.action is not None or decision.look_again_in is not None
        assert goes_on is decision.rollout.is_active
