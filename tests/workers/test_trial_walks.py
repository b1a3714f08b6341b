"""A/B tests under random hands and dying processes: whatever happens, A serves until B carries all, and there is one way back."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from fakes.engine import Engine
from fakes.failing import Failing
from fakes.records import ANNA, BEN, CARL, CURRENT, ENDPOINT
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.phases import Phase
from bot.domain.trial import TRIAL_TAG

A, B = "AllTraffic", "AllTraffic-b"


class Killed(BaseException):
    """SIGKILL."""


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


def assert_safe(engine: Engine) -> None:
    """What must hold at every moment."""
    shown = {v.name: v for v in engine.endpoints.variants}
    assert A in shown, "A's variant never goes away: B that is kept bears its name"
    assert (shown[A].desired_count or 0) >= 2, "A never loses an instance"
    assert sum(v.weight or 0 for v in shown.values()) > 0, "somebody takes the traffic"
    config = engine.endpoints.configs[engine.endpoints.config]
    assert (B in shown) == (config.tags.get(TRIAL_TAG) == B)
    if config.name != CURRENT:
        assert config.tags["rollout:previous-config"] in engine.endpoints.configs, "the one way back is there"
    holding = [
        s for s in engine.store.rollouts.active(ENDPOINT) if s.rollout.phase in (Phase.UPDATING, Phase.PREPARING)
    ]
    assert len(holding) <= 1, "never two updates at once"


COMMANDS = (
    f"ab start {ENDPOINT} --version 4 --weight 10",
    f"ab start {ENDPOINT} --version 5 --weight 50",
    f"ab weight {ENDPOINT} --weight 0",
    f"ab weight {ENDPOINT} --weight 100",
    f"ab weight {ENDPOINT} --weight 25",
    f"ab finish {ENDPOINT} --keep A",
    f"ab finish {ENDPOINT} --keep B",
    f"rollback {ENDPOINT}",
    f"promote {ENDPOINT} --version 5",
)


def types(command: str, by: str) -> Callable[[Engine], None]:
    return lambda engine: engine.type(command, by=by) and None


def approves(engine: Engine) -> None:
    if any("Approve" in p.buttons for p in engine.slack.posted):
        engine.press("Approve", by=CARL)


def waits(engine: Engine) -> None:
    engine.play(lambda: not engine.store.rollouts.active(ENDPOINT), timedelta(minutes=12))


def forgets(engine: Engine) -> None:
    """Redis is emptied while nothing is under way."""
    if not engine.store.rollouts.active(ENDPOINT):
        engine.redis.flushall()


steps = st.one_of(
    st.builds(types, st.sampled_from(COMMANDS), st.sampled_from([ANNA, BEN])),
    st.sampled_from([approves, approves, waits, waits, forgets]),
)


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(steps, min_size=3, max_size=9))
def test_whatever_people_do_a_serves_until_b_carries_all(walk: list[Callable[[Engine], None]]) -> None:
    engine = Engine()
    for step in (types(COMMANDS[0], ANNA), approves, waits, *walk):
        step(engine)
        assert_safe(engine)
    waits(engine)
    assert_safe(engine)
    assert engine.crashes == []
    engine.close()


def kill_around(fake: Failing, method: str, *, afterwards: bool) -> None:
    """The process dies at the next call of the method: before anything happened, or before its answer came."""
    original = getattr(fake, method)

    def dies(*args: Any, **kwargs: Any) -> None:
        setattr(fake, method, original)
        if afterwards:
            original(*args, **kwargs)
        raise Killed

    setattr(fake, method, dies)


def lived_through(engine: Engine, act: Callable[[], object]) -> None:
    """Do it and let it go on to its end, a killed process being replaced by another one."""
    try:
        act()
    except Killed:
        engine.clock.tick(timedelta(seconds=1))
    for _ in range(5):
        try:
            waits(engine)
            return
        except Killed:
            engine.clock.tick(timedelta(seconds=1))
    raise AssertionError("it dies again and again")


def began(engine: Engine) -> None:
    engine.type(COMMANDS[0])
    engine.press("Approve", by=BEN)
    waits(engine)


@pytest.mark.parametrize("afterwards", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("method", ["create_model", "create_config", "update"])
def test_a_start_that_dies_around_any_call_starts_once(engine: Engine, method: str, afterwards: bool) -> None:
    engine.type(COMMANDS[0])
    kill_around(engine.endpoints, method, afterwards=afterwards)
    lived_through(engine, lambda: engine.press("Approve", by=BEN))
    assert_safe(engine)
    assert {v.name for v in engine.endpoints.variants} == {A, B}
    assert engine.endpoints.count("update") == 1


@pytest.mark.parametrize("afterwards", [False, True], ids=["before", "after"])
def test_weights_that_die_around_their_call_are_moved(engine: Engine, afterwards: bool) -> None:
    began(engine)
    engine.type(f"ab weight {ENDPOINT} --weight 50")
    kill_around(engine.endpoints, "set_weights_and_capacities", afterwards=afterwards)
    lived_through(engine, lambda: engine.press("Approve", by=BEN))
    assert {v.name: v.weight for v in engine.endpoints.variants} == {A: 1.0, B: 1.0}


@pytest.mark.parametrize("afterwards", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("method", ["create_config", "update"])
def test_keeping_b_that_dies_around_any_call_keeps_b_once(engine: Engine, method: str, afterwards: bool) -> None:
    began(engine)
    engine.type(f"ab finish {ENDPOINT} --keep B")
    kill_around(engine.endpoints, method, afterwards=afterwards)
    lived_through(engine, lambda: engine.press("Approve", by=BEN))
    assert_safe(engine)
    assert {v.name: v.weight for v in engine.endpoints.variants} == {A: 1.0}
    assert engine.endpoints.count("update") == 2


@pytest.mark.parametrize("afterwards", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("method", ["set_weights_and_capacities", "update"])
def test_keeping_a_that_dies_around_any_call_ends_on_a(engine: Engine, method: str, afterwards: bool) -> None:
    began(engine)
    kill_around(engine.endpoints, method, afterwards=afterwards)
    lived_through(engine, lambda: engine.type(f"ab finish {ENDPOINT} --keep A"))
    assert_safe(engine)
    assert engine.endpoints.config == CURRENT
    assert engine.endpoints.count("update") == 2
