"""Two managers at once, and one that dies anywhere: one rollout comes of it."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime

import pytest
from fakes.engine import HOME
from fakes.estate import EstateEngine, package_of
from fakes.records import BEN
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.phases import Phase
from bot.store import Store, make_store
from workers.manager import Manager
from workers.rounds import RoundName
from workers.wiring import parts_of

FLEET = f"""
version: 1
defaults:
  region: us-east-1
  channel: {HOME}
  approval: {{users: [{BEN}], expires_after: 4h}}
manager: {{every: 1m, census: 30s}}
waves: {{pair: {{stages: [[c], [d]], soak: 1h}}}}
endpoints:
  a: {{model_package_group: sentiment, policy: ask}}
  b: {{model_package_group: sentiment, policy: auto}}
  c: {{model_package_group: sentiment, policy: ask}}
  d: {{model_package_group: sentiment, policy: ask}}
"""
V3, V4, V5 = (package_of("sentiment", n) for n in (3, 4, 5))
MOMENTS = st.integers(min_value=1, max_value=142)
"""A round here makes so many calls of Redis."""


class Died(Exception):
    """The process of a manager died."""


class Interrupted:
    """A connection at whose nth command something else happens first."""

    def __init__(self, connection: object, at: int, happens: Callable[[], None]) -> None:
        self._connection, self._left, self._happens = connection, at, happens

    def __getattr__(self, name: str) -> object:
        self._left -= 1
        if self._left == 0:
            self._happens()
        return getattr(self._connection, name)


def an_engine() -> EstateEngine:
    made = EstateEngine(FLEET, {name: V3 for name in "abcd"}, (V3, V4))
    read_tags(made)
    return made


def read_tags(engine: EstateEngine) -> None:
    """Until the holds that tags tell of are known, the manager does nothing."""
    for name in (RoundName.REVIVE, RoundName.CENSUS, RoundName.TAGS):
        engine.parts.rounds.rounds[name].run()


def manager_over(engine: EstateEngine, store: Store) -> Manager:
    """A manager of its own over another connection to the same Redis."""
    parts = parts_of(replace(engine.world, store=store), engine.programs, wait=lambda seconds: None)
    return next(round_.run for name, round_ in parts.rounds.rounds.items() if name is RoundName.MANAGE).__self__


def opened(engine: EstateEngine) -> list[tuple[str, datetime]]:
    """What is open or was, wave by wave and endpoint by endpoint."""
    waves = [(w.name, w.created_at) for w in engine.store.waves.recent()]
    return sorted([*((r.endpoint, r.created_at) for r in engine.store.rollouts.recent(limit=50)), *waves])


@pytest.fixture
def engine() -> Iterator[EstateEngine]:
    made = an_engine()
    yield made
    made.close()


@given(MOMENTS)
@settings(max_examples=20, deadline=None)
def test_two_managers_at_once_open_one_rollout_of_each(moment: int):
    engine = an_engine()
    other = manager_over(engine, engine.store)
    one = manager_over(engine, make_store(Interrupted(engine.redis, moment, other.round)))  # type: ignore[arg-type]
    one.round()
    other.round()
    assert [name for name, _ in opened(engine)] == ["a", "b", "pair"]
    engine.close()


@given(MOMENTS)
@settings(max_examples=20, deadline=None)
def test_a_manager_that_dies_anywhere_leaves_nothing_undone_and_nothing_twice(moment: int):
    engine = an_engine()

    def die() -> None:
        raise Died

    try:
        manager_over(engine, make_store(Interrupted(engine.redis, moment, die))).round()  # type: ignore[arg-type]
    except Died:
        pass
    for _ in range(2):
        manager_over(engine, engine.store).round()
    assert [name for name, _ in opened(engine)] == ["a", "b", "pair"]
    engine.close()


def test_after_redis_was_emptied_it_asks_again_and_creates_nothing_unasked(engine: EstateEngine):
    manager = manager_over(engine, engine.store)
    manager.round()
    engine.settle()
    engine.redis.flushall()
    del engine.estate.by_name["b"]
    read_tags(engine)
    manager.round()
    engine.settle()
    plans = {r.endpoint: r.phase for r in engine.store.rollouts.recent()}
    assert plans["a"] is Phase.AWAITING_APPROVAL
    assert plans.get("b") not in (Phase.PREPARING, Phase.UPDATING, Phase.WATCHING)
