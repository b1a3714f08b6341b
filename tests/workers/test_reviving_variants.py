"""The store is emptied while two variants stand side by side: on a bridge, or in an A/B test."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fakes.account import LANDED, UPDATING
from fakes.emptied import empty
from fakes.engine import Engine
from fakes.records import ANNA, BEN, CURRENT, ENDPOINT

from bot.domain.lock import UNREAD
from bot.domain.phases import Kind, Phase
from bot.domain.reconcile import is_baking
from bot.domain.rollout import Rollout
from bot.store.keys import Due
from workers.rounds import RoundName

OLD, NEW, B = "AllTraffic", "AllTraffic-next", "AllTraffic-b"
SLOW_US = 900_000.0
LONG = (*(UPDATING,) * 6, LANDED)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    made.begin_rounds()
    yield made
    made.close()


def asked(engine: Engine, command: str, *, by: str = ANNA) -> str:
    engine.type(command, by=by)
    return engine.store.rollouts.recent(ENDPOINT)[0].id


def crossing(engine: Engine) -> str:
    """A two-variant promotion on its way to the bridge."""
    engine.endpoints.plays(LONG)
    rollout_id = asked(engine, f"promote {ENDPOINT} --version 4 --strategy two-variant --size 10% --bake 10m")
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.endpoints.updates != [])
    return rollout_id


def baking(engine: Engine) -> str:
    rollout_id = crossing(engine)
    engine.play(lambda: is_baking(engine.rollout(rollout_id)))
    engine.tell()
    return rollout_id


def let_pass(engine: Engine, span: timedelta) -> None:
    end = engine.clock() + span
    engine.play(lambda: engine.clock() >= end, span)


def changes(engine: Engine) -> list[str]:
    """What was changed on the endpoint, in order: configs and weights."""
    told = {"update", "set_weights_and_capacities"}
    return [call[2] for call in engine.endpoints.calls if call[0] in told]


def bridge_of(rollout: Rollout) -> str:
    assert rollout.plan is not None
    assert rollout.plan.bridge is not None
    return rollout.plan.bridge.config


def weights(engine: Engine) -> dict[str, float | None]:
    return {v.name: v.weight for v in engine.endpoints.variants}


OVER, BACK = f"{{'{OLD}': 0.0, '{NEW}': 1.0}}", f"{{'{OLD}': 1.0, '{NEW}': 0.0}}"


@pytest.mark.parametrize("until", [crossing, baking])
def test_a_good_version_goes_on_over_the_bridge(engine: Engine, until: object) -> None:
    rollout_id = until(engine)  # type: ignore[operator]
    before = engine.rollout(rollout_id)
    empty(engine)
    assert bridge_of(engine.rollout(rollout_id)) == bridge_of(before)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert changes(engine) == [bridge_of(before), OVER, before.target_config]
    assert weights(engine) == {OLD: 1.0}
    assert engine.slack.slots().count("progress") == 1


def test_a_bad_version_goes_back_from_the_bridge(engine: Engine) -> None:
    rollout_id = baking(engine)
    bridge = bridge_of(engine.rollout(rollout_id))
    engine.metrics.by_variant[NEW] = SLOW_US
    empty(engine)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    assert changes(engine) == [bridge, BACK, CURRENT]
    assert weights(engine) == {OLD: 1.0}


def test_a_way_back_from_the_bridge_still_moves_the_weights_first(engine: Engine) -> None:
    rollout_id = baking(engine)
    bridge = bridge_of(engine.rollout(rollout_id))
    engine.metrics.by_variant[NEW] = SLOW_US
    engine.play_until(Phase.ROLLING_BACK, rollout_id)
    child = next(r for r in engine.store.rollouts.recent(ENDPOINT) if r.kind is Kind.ROLLBACK)
    engine.play(lambda: engine.phase(child.id) is Phase.ROLLING_BACK and BACK in changes(engine))
    empty(engine)
    assert engine.play_out(child.id) is Phase.ROLLED_BACK
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    assert changes(engine)[-1] == CURRENT
    assert changes(engine).count(CURRENT) == 1
    assert changes(engine)[0] == bridge
    assert weights(engine) == {OLD: 1.0}


def test_the_last_step_off_the_bridge_is_not_taken_twice(engine: Engine) -> None:
    engine.endpoints.plays(LONG, LONG)
    rollout_id = asked(engine, f"promote {ENDPOINT} --version 4 --strategy two-variant --size 10% --bake 10m")
    engine.press("Approve", by=BEN)
    engine.play(lambda: len(engine.endpoints.updates) == 2)
    target = engine.rollout(rollout_id).target_config
    empty(engine)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert engine.endpoints.updates.count(target) == 1


def test_traffic_that_a_freeze_held_on_the_bridge_is_not_moved_before_the_freeze_was_read_back(engine: Engine) -> None:
    rollout_id = baking(engine)
    engine.type("freeze --reason holidays", by=BEN)
    let_pass(engine, timedelta(hours=1))
    assert "holidays" in (engine.rollout(rollout_id).stopped_by or "")
    done = changes(engine)
    engine.redis.flushall()
    engine.store.due.begin(Due.ROUNDS, [RoundName.REVIVE], engine.clock())
    let_pass(engine, timedelta(hours=1))
    assert engine.rollout(rollout_id).stopped_by == UNREAD
    engine.begin_rounds()
    let_pass(engine, timedelta(hours=1))
    assert "holidays" in (engine.rollout(rollout_id).stopped_by or "")
    assert changes(engine) == done
    engine.type("thaw", by=BEN)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED


# A/B tests


def test_a_test_that_was_about_to_begin_begins(engine: Engine) -> None:
    engine.endpoints.plays(LONG)
    rollout_id = asked(engine, f"ab start {ENDPOINT} --version 4 --weight 10")
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.endpoints.updates != [])
    empty(engine)
    engine.play(lambda: engine.rollout(rollout_id).has_running_trial)
    trial = engine.rollout(rollout_id).trial_watch
    assert trial is not None
    assert trial.share == pytest.approx(10)


def test_a_test_that_runs_is_followed_on_in_the_message_that_is_there(engine: Engine) -> None:
    rollout_id = asked(engine, f"ab start {ENDPOINT} --version 4 --weight 10")
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.rollout(rollout_id).has_running_trial)
    engine.play(lambda: False, timedelta(minutes=3))
    shown = engine.slack.shown("trial")
    edits = shown.edits
    empty(engine)
    assert [s.rollout.id for s in engine.store.rollouts.on_trial()] == [rollout_id]
    engine.play(lambda: False, timedelta(minutes=5))
    engine.tell()
    assert engine.slack.shown("trial").edits > edits


def test_weights_that_were_being_moved_are_followed_to_their_end(engine: Engine) -> None:
    started = asked(engine, f"ab start {ENDPOINT} --version 4 --weight 10")
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.rollout(started).has_running_trial)
    engine.endpoints.plays(LONG[:-1])
    moving = asked(engine, f"ab weight {ENDPOINT} --weight 0")
    engine.play(lambda: engine.rollout(moving).update is not None)
    engine.endpoints._script = [UPDATING, LANDED]
    empty(engine)
    assert engine.play_out(moving) is Phase.SUCCEEDED
    assert weights(engine)[B] == 0


def test_the_end_of_a_test_by_keeping_b_goes_on(engine: Engine) -> None:
    started = asked(engine, f"ab start {ENDPOINT} --version 4 --weight 10")
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.rollout(started).has_running_trial)
    engine.endpoints.plays(LONG)
    keeping = asked(engine, f"ab finish {ENDPOINT} --keep B")
    engine.press("Approve", by=BEN)
    engine.play(lambda: len(engine.endpoints.updates) == 2)
    way_back = engine.rollout(keeping).plan
    empty(engine)
    assert engine.play_out(keeping) is Phase.SUCCEEDED
    plan = engine.rollout(keeping).plan
    assert plan is not None
    assert way_back is not None
    assert plan.way_back == way_back.way_back
    assert weights(engine) == {OLD: 1.0}
