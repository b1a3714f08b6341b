"""Autoscaling that differs from the fleet file is brought back: planned, approved, set, told, and put back by one press."""

from collections.abc import Iterator

import pytest
from fakes.engine import FLEET, Engine, a_package
from fakes.failing import always
from fakes.records import ANNA, BEN, CARL, CURRENT, ENDPOINT
from fakes.surroundings import a_target

from bot.domain.errors import GatewayError
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.scaling import ScalableTarget

SCALED = f"{FLEET}    instance_count: 2\n    autoscaling: {{min: 2, max: 8, target: 70.0}}\n"
THERE = a_target(ENDPOINT, minimum=1, maximum=4).model_copy(update={"scheduled": ()})


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(SCALED)
    made.autoscaling.targets = {"AllTraffic": THERE}
    made.registry.packages = [a_package(3)]
    yield made
    made.close()


def limits(engine: Engine) -> tuple[int, int] | None:
    target = engine.autoscaling.targets.get("AllTraffic")
    return (target.minimum, target.maximum) if target is not None else None


def last(engine: Engine) -> Rollout:
    return engine.store.rollouts.recent(ENDPOINT)[0]


def synced(engine: Engine) -> str:
    engine.type(f"sync {ENDPOINT}", by=ANNA)
    return last(engine).id


def test_sync_plans_it_and_an_approval_sets_it(engine: Engine) -> None:
    rollout_id = synced(engine)
    assert (last(engine).kind, last(engine).phase) == (Kind.AUTOSCALE, Phase.AWAITING_APPROVAL)
    assert limits(engine) == (1, 4)
    engine.press("Approve", by=BEN)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert limits(engine) == (2, 8)
    assert engine.rollout(rollout_id).last.reason is Reason.AUTOSCALING_SET
    assert engine.endpoints.config == CURRENT
    assert engine.endpoints.count("update") == engine.endpoints.count("create_config") == 0
    assert engine.store.rollouts.active() == ()
    assert engine.crashes == []


def test_its_requester_cannot_approve_it(engine: Engine) -> None:
    engine.type(f"sync {ENDPOINT}", by=BEN)
    engine.press("Approve", by=BEN)
    assert last(engine).phase is Phase.AWAITING_APPROVAL


def test_what_was_approved_is_drawn_up_again_if_somebody_changed_it_meanwhile(engine: Engine) -> None:
    rollout_id = synced(engine)
    engine.autoscaling.targets["AllTraffic"] = a_target(ENDPOINT, minimum=1, maximum=20)
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.AWAITING_APPROVAL, rollout_id)
    redrawn = engine.rollout(rollout_id)
    assert [d.path for d in redrawn.redraws[0].differences] == ["Autoscaling of AllTraffic", "New autoscaling"]
    assert limits(engine) == (1, 20)


def test_roll_back_puts_back_what_was_there(engine: Engine) -> None:
    rollout_id = synced(engine)
    engine.press("Approve", by=BEN)
    engine.play_out(rollout_id)
    engine.press("Roll back", by=CARL)
    back = last(engine)
    assert (back.kind, back.parent_id, back.requester) == (Kind.AUTOSCALE, rollout_id, CARL)
    assert engine.play_out(back.id) is Phase.SUCCEEDED
    assert engine.autoscaling.targets["AllTraffic"] == THERE
    assert engine.rollout(rollout_id).superseded_by == back.id


def test_what_nothing_scaled_before_is_taken_off_again(engine: Engine) -> None:
    engine.autoscaling.targets.clear()
    rollout_id = synced(engine)
    engine.press("Approve", by=BEN)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert limits(engine) == (2, 8)
    engine.press("Roll back", by=CARL)
    engine.play_out(last(engine).id)
    assert limits(engine) is None


def test_a_typed_rollback_of_it_is_the_same(engine: Engine) -> None:
    rollout_id = synced(engine)
    engine.press("Approve", by=BEN)
    engine.play_out(rollout_id)
    engine.type(f"rollback --rollout {rollout_id}", by=BEN)
    engine.play_out(last(engine).id)
    assert engine.autoscaling.targets["AllTraffic"] == THERE


def test_nothing_is_put_back_over_what_somebody_set_since(engine: Engine) -> None:
    rollout_id = synced(engine)
    engine.press("Approve", by=BEN)
    engine.play_out(rollout_id)
    engine.autoscaling.targets["AllTraffic"] = a_target(ENDPOINT, minimum=3, maximum=9)
    engine.press("Roll back", by=BEN)
    assert last(engine).id == rollout_id
    assert limits(engine) == (3, 9)


def test_the_way_back_waits_for_no_freeze_and_a_change_does(engine: Engine) -> None:
    rollout_id = synced(engine)
    engine.press("Approve", by=BEN)
    engine.play_out(rollout_id)
    engine.type("freeze --reason incident", by=BEN)
    engine.press("Roll back", by=CARL)
    engine.play_out(last(engine).id)
    assert engine.autoscaling.targets["AllTraffic"] == THERE
    engine.type(f"sync {ENDPOINT}", by=ANNA)
    assert len(engine.store.rollouts.recent(ENDPOINT)) == 2


def test_a_refusal_is_told_and_ends_it(engine: Engine) -> None:
    rollout_id = synced(engine)
    refusal = GatewayError("RegisterScalableTarget", "AccessDeniedException", "r1", "no permission")
    engine.autoscaling.fail("put", *always(refusal))
    engine.press("Approve", by=BEN)
    assert engine.play_out(rollout_id) is Phase.FAILED
    assert limits(engine) == (1, 4)


def test_a_plan_for_what_somebody_mended_by_hand_asks_for_nothing(engine: Engine) -> None:
    rollout_id = synced(engine)
    engine.autoscaling.targets["AllTraffic"] = target_as_declared()
    engine.press("Approve", by=BEN)
    assert engine.play_out(rollout_id) is Phase.BLOCKED
    assert engine.rollout(rollout_id).last.reason is Reason.NOTHING_TO_CHANGE


def target_as_declared() -> ScalableTarget:
    return a_target(ENDPOINT, minimum=2, maximum=8).model_copy(update={"scheduled": ()})
