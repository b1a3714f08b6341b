"""The way over a bridge and back from it: every stage against everything that SageMaker may show."""

from datetime import timedelta
from itertools import product

import pytest
from fakes.bridges import (
    BACK,
    BAKE,
    BRIDGE,
    NEW,
    OLD,
    OVER,
    SHARED,
    baking,
    crossing,
    landing,
    leaving,
    shifting,
    shown,
)
from fakes.clock import NOW
from fakes.records import BEN, CURRENT, LONG_AGO, PACE, TARGET, WATCH, a_call, a_comparison, a_verdict, at

from bot.domain.bridge import Bridge, has_weights
from bot.domain.endpoint import BUSY_STATUSES, EndpointStatus
from bot.domain.errors import GatewayError, PlanDrifted, ResourceBusy, TransientError
from bot.domain.phases import Phase, Reason
from bot.domain.plan import Difference
from bot.domain.reconcile import (
    MAX_CALLS,
    Action,
    Decision,
    Observation,
    after_error,
    after_success,
    bake_ends_at,
    bake_verdict_due_at,
    decide,
    is_baking,
    wanted_weights,
)
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Retry, RetryPolicy
from bot.domain.verdict import Verdict, VerdictKind

OTHER = "made-by-hand"
IN_SERVICE, UPDATING = EndpointStatus.IN_SERVICE, EndpointStatus.UPDATING
WORSE, FINE, UNSURE = (a_verdict(k) for k in (VerdictKind.REGRESSED, VerdictKind.PASS, VerdictKind.INCONCLUSIVE))
DUE = NOW + BAKE + 3 * WATCH.metric_period
PATIENCE = timedelta(minutes=1)

ON_BRIDGE: dict[str, Rollout] = {
    "baking": baking(),
    "moving the weights": shifting(),
    "weights moved": shifting(accepted_at=NOW),
    "before the last update": landing(),
    "last update intended": landing(update=a_call()),
    "last update accepted": landing(update=a_call(accepted_at=NOW)),
}


def seen(*args: object, verdict: Verdict | None = None, lock: str | None = None, **fields: object) -> Observation:
    return Observation(snapshot=shown(*args, **fields), verdict=verdict, lock=lock)  # type: ignore[arg-type]


def went_back(decision: Decision) -> bool:
    return decision.rollout.phase is Phase.ROLLING_BACK and decision.wants_rollback


# Whatever SageMaker shows


@pytest.mark.parametrize(
    ("stage", "status", "config", "moved", "late"),
    list(product(ON_BRIDGE, EndpointStatus, (CURRENT, BRIDGE, TARGET, OTHER), (False, True), (False, True))),
)
def test_once_crossed_it_never_ends_as_if_the_endpoint_were_as_before(
    stage: str, status: EndpointStatus, config: str, moved: bool, late: bool
) -> None:
    now = NOW + (BAKE * 2 if late else timedelta(seconds=1))
    looked = seen(status, config, moved_at=NOW if moved else LONG_AGO, verdict=FINE)
    decision = decide(ON_BRIDGE[stage], looked, now)
    phase = decision.rollout.phase
    assert phase in (Phase.UPDATING, Phase.WATCHING, Phase.ROLLING_BACK, Phase.NEEDS_HUMAN)
    assert decision.action in (None, Action.SHIFT_WEIGHTS, Action.CALL_UPDATE)
    assert decision.wants_rollback == (phase is Phase.ROLLING_BACK)
    if status is IN_SERVICE and config in (CURRENT, OTHER):
        assert phase is Phase.NEEDS_HUMAN
    if status is IN_SERVICE and config == TARGET:
        assert phase is Phase.WATCHING
    if status in BUSY_STATUSES and status is not EndpointStatus.DELETING:
        assert (phase, decision.action) == (Phase.UPDATING, None)
    assert phase is Phase.NEEDS_HUMAN or decision.look_again_in is not None


@pytest.mark.parametrize("stage", ON_BRIDGE)
def test_an_endpoint_that_is_gone_needs_a_person(stage: str) -> None:
    assert decide(ON_BRIDGE[stage], Observation(is_gone=True), NOW).rollout.phase is Phase.NEEDS_HUMAN


def test_an_endpoint_that_stays_busy_on_the_bridge_is_waited_for() -> None:
    rollout = landing(busy_since=NOW)
    decision = decide(rollout, seen(EndpointStatus.SYSTEM_UPDATING), NOW + timedelta(hours=2))
    assert (decision.rollout.phase, decision.action) == (Phase.UPDATING, None)


# To the bridge


def test_what_is_created_before_the_first_update() -> None:
    rollout = crossing().with_(bridge=None)
    preparing = at(Phase.PREPARING, plan=rollout.plan, models_created=True, config_created=True)
    assert decide(preparing, seen(config=CURRENT), NOW).action is Action.CREATE_BRIDGE
    created = after_success(preparing, Action.CREATE_BRIDGE, NOW).rollout
    decision = decide(created, seen(config=CURRENT), NOW)
    assert (decision.action, decision.rollout.phase) == (Action.CALL_BRIDGE, Phase.UPDATING)
    assert decision.rollout.update is None
    assert decision.rollout.called_at == NOW


def test_the_first_update_leads_to_the_bridge() -> None:
    decision = decide(crossing(), seen(config=CURRENT), NOW)
    assert decision.action is Action.CALL_BRIDGE
    bridge = decision.rollout.bridge
    assert bridge is not None
    assert bridge.call is not None
    assert bridge.call.config == BRIDGE
    accepted = after_success(decision.rollout, Action.CALL_BRIDGE, NOW).rollout.bridge
    assert accepted is not None
    assert accepted.call is not None
    assert accepted.call.accepted_at == NOW


def test_on_the_bridge_the_bake_begins() -> None:
    decision = decide(crossing(call=a_call(config=BRIDGE, accepted_at=NOW)), seen(), NOW)
    assert is_baking(decision.rollout)
    assert bake_ends_at(decision.rollout) == NOW + BAKE
    assert bake_verdict_due_at(decision.rollout) == DUE


def test_an_update_to_the_bridge_that_is_under_way_is_not_made_again() -> None:
    decision = decide(crossing(), Observation(snapshot=shown(UPDATING, CURRENT, pending=BRIDGE)), NOW)
    assert decision.action is None
    assert decision.rollout.bridge is not None
    assert decision.rollout.bridge.call is not None
    assert decision.rollout.bridge.call.seen_at_work


def test_a_bridge_that_sagemaker_undoes_is_no_way_back_of_ours() -> None:
    rollout = crossing(call=a_call(config=BRIDGE, accepted_at=NOW))
    decision = decide(rollout, seen(config=CURRENT), NOW + PATIENCE)
    assert decision.rollout.phase is Phase.ROLLED_BACK_BY_AWS
    assert not decision.wants_rollback


def test_a_lack_of_capacity_for_the_bridge_may_be_tried_again() -> None:
    policy = RetryPolicy(capacity_attempts=1, wait=PATIENCE)
    rollout = crossing(call=a_call(config=BRIDGE, accepted_at=NOW)).with_(retry_policy=policy)
    short = shown(config=CURRENT, reason="InsufficientInstanceCapacity", moved_at=NOW)
    decision = decide(rollout, Observation(snapshot=short), NOW)
    assert decision.rollout.retry == Retry(count=1, due=NOW + PATIENCE)
    assert decision.rollout.bridge is not None
    assert decision.rollout.bridge.call is None
    again = decide(decision.rollout, Observation(snapshot=short), NOW + PATIENCE)
    assert again.action is Action.CALL_BRIDGE


def test_cancel_before_the_first_update_leaves_the_endpoint_alone() -> None:
    decision = decide(crossing().with_(rollback_queued_by=BEN), seen(config=CURRENT), NOW)
    assert decision.rollout.phase is Phase.CANCELLED


# The bake


def test_the_bake_is_looked_at_period_by_period() -> None:
    decision = decide(baking(), seen(verdict=FINE), NOW)
    assert decision.look_again_in == WATCH.metric_period
    late = decide(baking(), seen(verdict=FINE), DUE - timedelta(seconds=5))
    assert late.look_again_in == timedelta(seconds=5)


def test_what_was_measured_is_kept() -> None:
    looked = Observation(snapshot=shown(), comparison=a_comparison(), verdict=UNSURE)
    bridge = decide(baking(), looked, NOW).rollout.bridge
    assert bridge is not None
    assert (bridge.comparison, bridge.verdict) == (looked.comparison, UNSURE)


def test_one_look_that_is_worse_may_be_an_outlier_and_two_in_a_row_are_not() -> None:
    once = decide(baking(), seen(verdict=WORSE), NOW + PATIENCE)
    assert (once.rollout.phase, once.action) == (Phase.UPDATING, None)
    better = decide(once.rollout, seen(verdict=FINE), NOW + 2 * PATIENCE)
    worse_again = decide(better.rollout, seen(verdict=WORSE), NOW + 3 * PATIENCE)
    assert worse_again.rollout.phase is Phase.UPDATING
    twice = decide(worse_again.rollout, seen(verdict=WORSE), NOW + 4 * PATIENCE)
    assert went_back(twice)
    assert twice.rollout.last.reason is Reason.BAKE_REGRESSED
    assert twice.rollout.last.note == WORSE.evidence


def test_a_crossed_limit_needs_no_second_look() -> None:
    assert went_back(decide(baking(), seen(verdict=WORSE.model_copy(update={"is_hard": True})), NOW + PATIENCE))


def test_worse_at_the_end_goes_back() -> None:
    assert went_back(decide(baking(), seen(verdict=WORSE), DUE))


@pytest.mark.parametrize("verdict", [FINE, UNSURE])
def test_not_worse_at_the_end_moves_the_weights(verdict: Verdict) -> None:
    decision = decide(baking(), seen(verdict=verdict), DUE)
    assert decision.action is Action.SHIFT_WEIGHTS
    assert wanted_weights(decision.rollout) == OVER


def test_without_a_verdict_nothing_is_moved() -> None:
    decision = decide(baking(), seen(), DUE + PATIENCE)
    assert (decision.action, decision.look_again_in) == (None, PACE.poll)


@pytest.mark.parametrize("status", [IN_SERVICE, UPDATING])
def test_cancel_in_the_bake_goes_back_at_once(status: EndpointStatus) -> None:
    decision = decide(baking().with_(rollback_queued_by=BEN), seen(status), NOW)
    assert went_back(decision)
    assert decision.rollout.last.actor == BEN


# The move over, and the last update


def test_a_lock_keeps_the_traffic_where_it_is() -> None:
    decision = decide(baking(), seen(verdict=FINE, lock="the lock of Ben"), DUE)
    assert (decision.action, decision.rollout.stopped_by) == (None, "the lock of Ben")
    lifted = decide(decision.rollout, seen(verdict=FINE), DUE)
    assert (lifted.action, lifted.rollout.stopped_by) == (Action.SHIFT_WEIGHTS, None)


def test_weights_count_as_moved_when_they_are_seen() -> None:
    decision = decide(shifting(accepted_at=NOW), seen(weights=OVER, moved_at=NOW), NOW)
    assert decision.rollout.bridge is not None
    assert decision.rollout.bridge.shifted_at == NOW
    last = decide(decision.rollout, seen(weights=OVER), NOW)
    assert last.action is Action.CALL_UPDATE
    assert last.rollout.update is not None
    assert last.rollout.update.config == TARGET


def test_a_move_that_does_not_show_yet_is_waited_for_and_then_asked_for_again() -> None:
    assert decide(shifting(), seen(), NOW).action is None
    again = decide(shifting(), seen(), NOW + PATIENCE)
    assert again.action is Action.SHIFT_WEIGHTS
    assert again.rollout.bridge is not None
    assert again.rollout.bridge.shift is not None
    assert again.rollout.bridge.shift.attempts == 2


def test_a_move_that_never_shows_goes_back() -> None:
    assert went_back(decide(shifting(attempts=MAX_CALLS), seen(), NOW + PATIENCE))


def test_a_last_update_that_sagemaker_undoes_goes_back() -> None:
    rollout = landing(update=a_call(accepted_at=NOW))
    decision = decide(rollout, seen(weights=OVER), NOW + PATIENCE)
    assert went_back(decision)
    assert decision.rollout.last.reason is Reason.AWS_ROLLED_BACK


def test_a_last_update_that_lands_is_watched() -> None:
    decision = decide(landing(update=a_call(accepted_at=NOW)), seen(config=TARGET), NOW)
    assert decision.rollout.phase is Phase.WATCHING


def test_cancel_during_the_last_update_waits_for_it_and_then_goes_back() -> None:
    rollout = landing(update=a_call(accepted_at=NOW), rollback_queued_by=BEN)
    assert decide(rollout, seen(UPDATING, BRIDGE), NOW).rollout.phase is Phase.UPDATING
    assert went_back(decide(rollout, seen(config=TARGET), NOW))
    assert went_back(decide(rollout, seen(config=BRIDGE), NOW + PATIENCE))


# Errors


GONE_WRONG = GatewayError("UpdateEndpoint", "AccessDeniedException")
BUSY = ResourceBusy("sentiment-prod", operation="UpdateEndpoint", code="ValidationException")
DRIFTED = PlanDrifted([Difference(path="Endpoint config", before="a", after="b")])


def test_an_update_to_the_bridge_that_is_refused_ends_with_the_endpoint_as_it_was() -> None:
    rollout = crossing(call=a_call(config=BRIDGE))
    assert after_error(rollout, Action.CALL_BRIDGE, GONE_WRONG, NOW).rollout.phase is Phase.FAILED
    assert after_error(rollout, Action.CALL_BRIDGE, DRIFTED, NOW).rollout.phase is Phase.PLANNING
    busy = after_error(rollout, Action.CALL_BRIDGE, BUSY, NOW).rollout
    assert busy.bridge == Bridge(created=True)


@pytest.mark.parametrize("error", [GONE_WRONG, DRIFTED])
def test_a_last_update_that_is_refused_goes_back(error: GatewayError | PlanDrifted) -> None:
    assert went_back(after_error(landing(update=a_call()), Action.CALL_UPDATE, error, NOW))


def test_a_move_that_is_refused_goes_back_and_a_busy_endpoint_is_asked_again() -> None:
    assert went_back(after_error(shifting(), Action.SHIFT_WEIGHTS, GONE_WRONG, NOW))
    busy = after_error(shifting(), Action.SHIFT_WEIGHTS, BUSY, NOW)
    assert is_baking(busy.rollout)


def test_a_move_that_provably_did_not_reach_sagemaker_is_made_anew() -> None:
    throttled = after_error(shifting(), Action.SHIFT_WEIGHTS, TransientError("op", "throttled"), NOW)
    assert is_baking(throttled.rollout)
    lost = after_error(shifting(), Action.SHIFT_WEIGHTS, TransientError("op", "lost", outcome_unknown=True), NOW)
    assert not is_baking(lost.rollout)


def test_trouble_on_the_bridge_never_gives_up() -> None:
    rollout = landing(update=a_call())
    for minutes in range(0, 120, 10):
        now = NOW + timedelta(minutes=minutes)
        rollout = after_error(rollout, None, TransientError("op", "throttled"), now).rollout
    assert rollout.phase is Phase.UPDATING


def test_a_bridge_that_may_not_be_looked_at_needs_a_person() -> None:
    assert after_error(baking(), None, GONE_WRONG, NOW).rollout.phase is Phase.NEEDS_HUMAN


# The way back


def test_a_rollback_moves_the_traffic_before_it_calls_anything() -> None:
    decision = decide(leaving(), seen(weights=OVER), NOW)
    assert decision.action is Action.SHIFT_WEIGHTS
    assert wanted_weights(decision.rollout) == BACK
    moved = decide(after_success(decision.rollout, Action.SHIFT_WEIGHTS, NOW).rollout, seen(weights=BACK), NOW)
    assert moved.rollout.bridge is not None
    assert moved.rollout.bridge.shifted_at == NOW
    called = decide(moved.rollout, seen(weights=BACK), NOW)
    assert called.action is Action.CALL_UPDATE
    assert called.rollout.update is not None
    assert called.rollout.update.config == CURRENT


def test_a_rollback_waits_until_sagemaker_would_move_weights() -> None:
    decision = decide(leaving(), seen(UPDATING), NOW)
    assert (decision.action, decision.look_again_in) == (None, PACE.poll)


def test_a_rollback_whose_weights_are_back_already_moves_none() -> None:
    decision = decide(leaving(), seen(weights=BACK), NOW)
    assert decision.action is None
    assert decide(decision.rollout, seen(weights=BACK), NOW).action is Action.CALL_UPDATE


@pytest.mark.parametrize(
    "rollout", [leaving(shift=a_call(config=BRIDGE, attempts=MAX_CALLS)), leaving(shift_refused="No.")]
)
def test_a_rollback_whose_weights_do_not_move_goes_on_to_the_config_of_before(rollout: Rollout) -> None:
    decision = decide(rollout, seen(weights=OVER), NOW + PATIENCE)
    if decision.action is None:
        decision = decide(decision.rollout, seen(weights=OVER), NOW + PATIENCE)
    assert decision.action is Action.CALL_UPDATE
    assert decision.rollout.bridge is not None
    assert decision.rollout.bridge.shift_refused


def test_a_refused_move_does_not_hold_up_the_way_back() -> None:
    decision = after_error(leaving(shift=a_call(config=BRIDGE)), Action.SHIFT_WEIGHTS, GONE_WRONG, NOW)
    assert decision.rollout.phase is Phase.ROLLING_BACK
    assert decide(decision.rollout, seen(weights=OVER), NOW).action is Action.CALL_UPDATE


def test_a_mix_of_fleets_is_repaired_without_moving_weights() -> None:
    decision = decide(leaving(), seen(EndpointStatus.UPDATE_ROLLBACK_FAILED), NOW)
    assert decision.action is None
    repaired = decide(decision.rollout, seen(EndpointStatus.UPDATE_ROLLBACK_FAILED), NOW)
    assert repaired.action is Action.CALL_UPDATE


def test_a_rollback_whose_endpoint_is_back_already_is_done() -> None:
    assert decide(leaving(), seen(config=CURRENT), NOW).rollout.phase is Phase.ROLLED_BACK


def test_a_rollback_of_a_deleted_endpoint_fails() -> None:
    assert decide(leaving(), Observation(is_gone=True), NOW).rollout.phase is Phase.FAILED


def test_weights_are_compared_as_sagemaker_keeps_them() -> None:
    assert has_weights(shown(weights={OLD: 0.10000000149011612, NEW: 0.0}), {OLD: 0.1, NEW: 0.0})
    assert not has_weights(shown(weights=SHARED), OVER)
    assert not has_weights(shown(weights={OLD: 0.0}), OVER)
