"""The pump: one of many pumps, it dispatches what is due and tidies up."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from fakes.clock import NOW
from fakes.engine import Engine
from fakes.records import at, opened

from bot.domain.phases import Phase
from bot.queue import QueueName, queue
from bot.store import make_store
from bot.store.connection import connect
from bot.store.keys import PUMP, Due
from bot.store.rollouts import Write
from workers.heartbeat import beating
from workers.pump import Pump

LEASE = timedelta(seconds=10)


def until(is_so: Callable[[], bool], seconds: float = 5.0) -> None:
    """Wait for a thread, with a deadline."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen in time"
        pause.wait(0.01)


@pytest.fixture
def pump(engine: Engine) -> Pump:
    return Pump(engine.store, engine.clock, lease=LEASE, sweep=timedelta(seconds=10))


def queued(engine: Engine) -> int:
    return sum(queue(name, engine.redis).count for name in QueueName)


def test_a_turn_dispatches_errands_ticks_and_news(engine: Engine, pump: Pump) -> None:
    engine.store.rollouts.commit([Write(opened(), 0, NOW)], NOW)
    assert pump.turn() == 2
    assert queued(engine) == 2
    assert pump.turn() == 0


def test_tidying_finds_what_nobody_would_look_at(engine: Engine, pump: Pump) -> None:
    engine.store.rollouts.commit([Write(at(Phase.UPDATING), 0, NOW)], NOW)
    engine.store.due.remove(Due.TICKS, "rabc2345")
    pump.tidy()
    assert engine.store.due.backlog(Due.TICKS, NOW) == 1


def test_of_many_pumps_one_pumps_and_gives_its_right_back(engine: Engine, pump: Pump) -> None:
    engine.store.rollouts.commit([Write(opened(), 0, NOW)], NOW)
    stop = threading.Event()
    threads = [threading.Thread(target=pump.run, args=(stop,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    until(lambda: queued(engine) == 2)
    assert engine.redis.exists(PUMP)
    stop.set()
    for thread in threads:
        thread.join()
    assert not engine.redis.exists(PUMP)
    assert queued(engine) == 2


def test_an_outdated_pump_ends_and_gives_its_right_back(engine: Engine, pump: Pump) -> None:
    answers = iter([False, True])

    def is_outdated() -> bool:
        engine.clock.tick(timedelta(seconds=2))
        return next(answers)

    replace(pump, is_outdated=is_outdated).run(threading.Event())
    assert next(answers, None) is None
    assert not engine.redis.exists(PUMP)


def test_a_pump_without_a_store_waits_and_stops_when_told(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    with connect("unix:///nobody/is/here.sock") as client:
        away = Pump(make_store(client), engine.clock, lease=LEASE, sweep=LEASE)
        stop = threading.Event()
        thread = threading.Thread(target=away.run, args=(stop,))
        thread.start()
        until(lambda: "the pump waits for the store" in caplog.text)
        stop.set()
        thread.join(timeout=5)
        assert not thread.is_alive()


def test_a_right_is_kept_alive_while_the_work_goes_on() -> None:
    beats: list[int] = []
    with beating(lambda: beats.append(1), timedelta(seconds=0.03)):
        until(lambda: len(beats) >= 3)
    assert "heartbeat" not in [thread.name for thread in threading.enumerate()]
