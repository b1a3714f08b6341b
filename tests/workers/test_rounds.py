"""Rounds: one worker at a time, again and again, and only where the fleet file has a manager."""

from dataclasses import replace
from datetime import timedelta

import pytest
from fakes.engine import Engine

from bot.domain.errors import TransientError
from bot.domain.fleet import Manager
from bot.store.keys import Due
from workers.rounds import Round, RoundName, Rounds, soon

EVERY = timedelta(seconds=30)
MANAGER = Manager()


def rounds_of(engine: Engine, run, *, manager: Manager | None = MANAGER) -> Rounds:
    fleet = engine.world.fleet.model_copy(update={"manager": manager})
    return Rounds(replace(engine.world, fleet=fleet), {RoundName.CENSUS: Round(EVERY, run)})


def due_at(engine: Engine) -> float | None:
    return engine.world.store.connection.zscore("endpoint-bot:due:rounds", "census")


@pytest.fixture
def begun(engine: Engine) -> Engine:
    engine.world.store.due.begin(Due.ROUNDS, ["census"], engine.clock())
    return engine


def test_a_round_is_due_again_after_its_time(begun: Engine):
    done = []
    rounds_of(begun, lambda: done.append(1)).run("census")
    assert done == [1]
    assert due_at(begun) == pytest.approx((begun.clock() + EVERY).timestamp())


def test_a_round_that_somebody_is_at_is_left_to_them(begun: Engine):
    done = []
    with begun.world.store.due.hold("round", "census", EVERY):
        rounds_of(begun, lambda: done.append(1)).run("census")
    assert done == []


def test_what_passes_by_itself_does_not_end_a_round(begun: Engine):
    def throttled() -> None:
        raise TransientError("Throttled.", cause="throttled")

    rounds_of(begun, throttled).run("census")
    assert due_at(begun) == pytest.approx((begun.clock() + EVERY).timestamp())


def test_without_a_manager_nothing_comes_round(begun: Engine):
    done = []
    rounds = rounds_of(begun, lambda: done.append(1), manager=None)
    assert rounds.names == ()
    rounds.run("census")
    assert done == []
    assert due_at(begun) is None


def test_a_round_that_is_called_for_while_it_goes_on_comes_once_more(begun: Engine):
    done = []

    def hear_of_a_change() -> None:
        done.append(1)
        if len(done) == 1:
            soon(begun.world, RoundName.CENSUS)
            begun.world.store.due.dispatch(Due.ROUNDS, begun.clock(), begun.world.lease)  # the pump's job finds it held

    rounds = rounds_of(begun, hear_of_a_change)
    rounds.run("census")
    assert due_at(begun) == pytest.approx(begun.clock().timestamp())
    rounds.run("census")
    assert due_at(begun) == pytest.approx((begun.clock() + EVERY).timestamp())


def test_a_round_can_be_called_for(begun: Engine):
    rounds = rounds_of(begun, lambda: None)
    rounds.run("census")
    rounds.soon(RoundName.CENSUS)
    assert due_at(begun) == pytest.approx(begun.clock().timestamp())
