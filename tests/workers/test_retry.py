"""Nothing but a lack of capacity is tried again by itself, and that only where the fleet file says so."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fakes.account import LANDED, UPDATING, rolled_back
from fakes.engine import FLEET, Engine
from fakes.records import ANNA, BEN, CURRENT, ENDPOINT

from bot.domain.errors import GatewayError
from bot.domain.phases import Phase, Reason

NO_CAPACITY = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."
WAIT = timedelta(minutes=5)
RETRYING = FLEET.replace(
    "model_package_group: sentiment", "model_package_group: sentiment\n    retry: {capacity_attempts: 2, wait: 5m}"
)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(RETRYING)
    yield made
    made.close()


def ending(engine: Engine, *reasons: str | None) -> str:
    """Approved; each try ends with that reason, the one after them lands."""
    engine.endpoints.plays(*[(UPDATING, rolled_back(reason)) for reason in reasons], (UPDATING, LANDED))
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    return rollout_id


@pytest.mark.parametrize("tries", [1, 2])
def test_a_lack_of_capacity_is_waited_out(engine: Engine, tries: int) -> None:
    rollout_id = ending(engine, *[NO_CAPACITY] * tries)
    engine.play_until(Phase.WATCHING, rollout_id)
    assert len(engine.endpoints.updates) == 1 + tries
    retry = engine.rollout(rollout_id).retry
    assert retry is not None
    assert retry.count == tries


def test_each_try_waits_as_long_as_the_fleet_file_says(engine: Engine) -> None:
    rollout_id = ending(engine, NO_CAPACITY)
    engine.play(lambda: engine.rollout(rollout_id).retry is not None)
    waiting_since = engine.clock()
    engine.play(lambda: len(engine.endpoints.updates) == 2)
    assert WAIT <= engine.clock() - waiting_since < WAIT + timedelta(seconds=1)


def test_no_more_often_than_the_policy_says(engine: Engine) -> None:
    rollout_id = ending(engine, *[NO_CAPACITY] * 9)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK_BY_AWS
    assert len(engine.endpoints.updates) == 3
    assert NO_CAPACITY in engine.rollout(rollout_id).last.note


@pytest.mark.parametrize(
    "reason",
    [
        None,
        "The primary container for production variant AllTraffic did not pass the ping health check.",
        "The account-level service limit 'ml.m5.xlarge for endpoint usage' is 2 Instances",
        "Something new.",
    ],
)
def test_nothing_else_is_tried_again(engine: Engine, reason: str | None) -> None:
    rollout_id = ending(engine, reason)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK_BY_AWS
    assert len(engine.endpoints.updates) == 1


def test_a_refused_call_is_not_tried_again(engine: Engine) -> None:
    engine.endpoints.fail("update", GatewayError("UpdateEndpoint", "ValidationException", message=NO_CAPACITY))
    rollout_id = ending(engine)
    assert engine.play_out(rollout_id) is Phase.FAILED
    assert engine.endpoints.count("update") == 1


def test_without_a_policy_nothing_is_tried_again() -> None:
    engine = Engine()
    try:
        rollout_id = ending(engine, NO_CAPACITY)
        assert engine.play_out(rollout_id) is Phase.ROLLED_BACK_BY_AWS
        assert len(engine.endpoints.updates) == 1
    finally:
        engine.close()


def test_cancel_while_it_waits_for_capacity_ends_it(engine: Engine) -> None:
    rollout_id = ending(engine, NO_CAPACITY)
    engine.play(lambda: engine.rollout(rollout_id).retry is not None)
    engine.tell()
    engine.press("Cancel", by=ANNA)
    assert engine.play_out(rollout_id) is Phase.CANCELLED
    assert len(engine.endpoints.updates) == 1
    assert engine.endpoints.config == CURRENT
    assert engine.store.rollouts.lease_of(ENDPOINT) is None


def test_after_a_queued_rollback_nothing_is_tried_again(engine: Engine) -> None:
    rollout_id = ending(engine, NO_CAPACITY)
    engine.play(lambda: engine.endpoints.updates != [])
    engine.press("Cancel", by=ANNA)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK_BY_AWS
    assert len(engine.endpoints.updates) == 1


def test_a_plan_that_moved_while_it_waited_is_drawn_up_again(engine: Engine) -> None:
    rollout_id = ending(engine, NO_CAPACITY)
    engine.play(lambda: engine.rollout(rollout_id).retry is not None)
    engine.endpoints.variants = tuple(v.model_copy(update={"weight": 0.5}) for v in engine.endpoints.variants)
    engine.play_until(Phase.AWAITING_APPROVAL, rollout_id)
    rollout = engine.rollout(rollout_id)
    assert rollout.retry is None
    assert rollout.redraws[0].approvals_lost == (BEN,)
    assert rollout.transitions[-2].reason is Reason.PLAN_DRIFTED
    assert len(engine.endpoints.updates) == 1


def test_a_lock_holds_up_the_next_try(engine: Engine) -> None:
    rollout_id = ending(engine, NO_CAPACITY)
    engine.play(lambda: engine.rollout(rollout_id).retry is not None)
    engine.type(f"lock {ENDPOINT} --reason x", by=BEN)
    engine.play(lambda: len(engine.endpoints.updates) > 1, limit=timedelta(hours=1))
    assert len(engine.endpoints.updates) == 1
    assert engine.rollout(rollout_id).stopped_by == f"the lock of <@{BEN}> (x)"
    engine.type(f"unlock {ENDPOINT}", by=BEN)
    engine.play_until(Phase.WATCHING, rollout_id)
    assert engine.rollout(rollout_id).stopped_by is None
