"""Alarms that the manager and sync set without a rollout: what stops that, how long it may take, and what the audit trail says."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.engine import HOME
from fakes.estate import EstateEngine, package_of
from fakes.records import ANNA, BEN, CARL

from bot.domain.errors import AccessDenied, TransientError
from bot.domain.fleet import parse_fleet
from bot.domain.kept_alarms import kept_alarms
from workers.rounds import RoundName

V3, V4 = (package_of("sentiment", n) for n in (3, 4))
TOPIC = "arn:aws:sns:us-east-1:123456789012:oncall"
BOTH, LATENCY = f"{{error_rate: 2%, p99_ms: 800, notify: [{TOPIC}]}}", "{p99_ms: 2000}"
DENIED = AccessDenied(operation="PutMetricAlarm", code="AccessDenied")


def a_fleet(names: tuple[str, ...], alarms: str = BOTH, policy: str = "auto") -> str:
    endpoints = "\n".join(
        f"  {name}: {{model_package_group: sentiment, policy: {policy}, alarms: {alarms}}}" for name in names
    )
    return f"""
version: 1
defaults:
  region: us-east-1
  channel: {HOME}
  approval: {{users: [{BEN}, {CARL}], expires_after: 4h}}
  watch: {{duration: 5m, warm_up: 1m, metric_period: 30s}}
  timing: {{poll: 15s, settle: 10s, lease: 10s}}
manager: {{every: 1m, census: 30s}}
endpoints:
{endpoints}
"""


Made = Callable[..., EstateEngine]


@pytest.fixture
def made() -> Iterator[Made]:
    engines: list[EstateEngine] = []

    def make(*names: str, versions=(V3,), **fleet: str) -> EstateEngine:
        engines.append(EstateEngine(a_fleet(names, **fleet), dict.fromkeys(names, V3), versions))
        return engines[-1]

    yield make
    for engine in engines:
        assert engine.crashes == []
        engine.close()


def look(engine: EstateEngine, *more: RoundName) -> None:
    for name in (RoundName.REVIVE, RoundName.CENSUS, *more):
        engine.parts.rounds.rounds[name].run()
    engine.settle()


def manage(engine: EstateEngine) -> None:
    look(engine, RoundName.TAGS, RoundName.MANAGE)


def names_of(*endpoints: str) -> set[str]:
    return {f"bot-{name}.{label}" for name in endpoints for label in ("errors", "p99")}


def stand_as_declared(engine: EstateEngine) -> None:
    for spec in engine.world.fleet.endpoints.values():
        for alarm in kept_alarms(spec):
            engine.alarms.put(alarm, {})


def declare(engine: EstateEngine, *names: str, alarms: str) -> None:
    """The fleet file says something else from now on."""
    object.__setattr__(engine.world, "fleet", parse_fleet(a_fleet(names, alarms), "fleet.yaml"))


def audited(engine: EstateEngine) -> list[dict[str, Any]]:
    return [dict(entry) for entry in engine.store.audit.since(NOW - timedelta(days=1)) if "alarms_set" in entry]


def test_under_auto_they_are_set_without_anybody_and_the_trail_says_by_whom(made: Made) -> None:
    engine = made("a")
    manage(engine)
    assert set(engine.alarms.known) == names_of("a")
    (entry,) = audited(engine)
    assert entry["endpoint"] == "a"
    deed = entry["alarms_set"]
    assert (deed["actor"], deed["at"]) == ("bot", NOW.isoformat())
    assert {one["alarm"] for one in deed["alarms"]} == names_of("a")
    assert [one["before"] for one in deed["alarms"]] == [None, None]
    p99 = next(one["after"] for one in deed["alarms"] if one["alarm"] == "bot-a.p99")
    assert p99 == {"rule": "p99 of ModelLatency above 800 ms in 2 of 3 datapoints of 1m", "notify": [TOPIC]}
    manage(engine)
    assert len(audited(engine)) == 1


def test_what_was_changed_and_deleted_for_somebody_stands_in_the_trail_with_what_it_was(made: Made) -> None:
    engine = made("a", policy="ask")
    stand_as_declared(engine)
    declare(engine, "a", alarms=LATENCY)
    assert "bot-a.p99, bot-a.errors (deleted)" in engine.ask("sync a")
    (entry,) = audited(engine)
    changed, deleted = entry["alarms_set"]["alarms"]
    assert entry["alarms_set"]["actor"] == ANNA
    assert "above 800 ms" in changed["before"]["rule"]
    assert "above 2000 ms" in changed["after"]["rule"]
    assert (deleted["alarm"], deleted["after"]) == ("bot-a.errors", None)
    assert "above 2 %" in deleted["before"]["rule"]


@pytest.mark.parametrize("stop", ['freeze --reason "peak day"', 'lock a --reason "load test"'])
def test_nothing_rings_otherwise_under_a_lock_or_a_freeze(made: Made, stop: str) -> None:
    engine = made("a")
    stand_as_declared(engine)
    before = dict(engine.alarms.known)
    engine.type(stop, by=CARL)
    declare(engine, "a", alarms=LATENCY)
    manage(engine)
    assert "stands over it" in engine.ask("sync a")
    assert engine.alarms.known == before
    engine.type("thaw" if "freeze" in stop else "unlock a", by=CARL)
    manage(engine)
    assert set(engine.alarms.known) == {"bot-a.p99"}


def test_after_the_store_was_emptied_none_is_touched_before_the_tags_were_read(made: Made) -> None:
    engine = made("a")
    stand_as_declared(engine)
    before = dict(engine.alarms.known)
    declare(engine, "a", alarms=LATENCY)
    look(engine, RoundName.MANAGE)
    assert engine.alarms.known == before
    manage(engine)
    assert set(engine.alarms.known) == {"bot-a.p99"}


def test_a_freeze_that_comes_while_alarms_are_set_stops_the_rest(made: Made) -> None:
    engine = made("a", "b")
    before_each_put(engine, lambda puts: engine.type("freeze --reason peak", by=CARL) if puts == 0 else None)
    manage(engine)
    assert set(engine.alarms.known) == names_of("a")


def before_each_put(engine: EstateEngine, do: Callable[[int], object]) -> None:
    """Something happens before CloudWatch takes an alarm; it is told how many it took before."""
    put = engine.alarms.put

    def later(*args: Any) -> None:
        do(engine.alarms.count("put"))
        put(*args)

    engine.alarms.put = later  # type: ignore[method-assign]


def slowly(engine: EstateEngine, each: timedelta) -> None:
    before_each_put(engine, lambda _: engine.clock.tick(each))


def test_versions_do_not_wait_for_alarms_and_what_there_is_no_time_for_comes_next(made: Made) -> None:
    engine = made(*"abcd", versions=(V3, V4))
    for name in "abc":
        engine.estate[name].models[f"{name}-model"].document["PrimaryContainer"]["ModelPackageName"] = V4.arn
    slowly(engine, timedelta(seconds=15))
    manage(engine)
    assert [rollout.endpoint for rollout in engine.store.rollouts.recent()] == ["d"]
    assert set(engine.alarms.known) == names_of("a", "b")
    manage(engine)
    assert names_of("a", "b", "c") <= set(engine.alarms.known)


def test_sync_of_all_says_for_which_there_was_no_time(made: Made) -> None:
    engine = made("a", "b", "c")
    slowly(engine, timedelta(seconds=15))
    told = engine.ask("sync --all")
    assert set(engine.alarms.known) == names_of("a", "b")
    assert told.startswith("Sync of 3 endpoints: the alarms of 2 endpoints set\n")
    assert "2 endpoints are given the alarms that the fleet file says: a, b" in told
    assert "1 endpoint is due later; sync again: c" in told


def test_the_endpoints_are_looked_at_again_together(made: Made) -> None:
    engine = made("a", "b", "c")
    look(engine, RoundName.TAGS)
    before = engine.registry.count("list_versions")
    engine.parts.rounds.rounds[RoundName.MANAGE].run()
    assert set(engine.alarms.known) == names_of("a", "b", "c")
    assert engine.registry.count("list_versions") == before + 1


def test_a_cloudwatch_that_asks_for_a_slower_pace_is_given_a_rest_until_the_next_round(made: Made) -> None:
    engine = made("a", "b", "c")
    too_fast = TransientError("PutMetricAlarm", "Throttling", is_throttled=True)
    before_each_put(engine, lambda puts: engine.alarms.fail("put", too_fast) if puts == 1 else None)
    manage(engine)
    assert engine.alarms.count("put") == 2
    (entry,) = audited(engine)
    assert len(entry["alarms_set"]["alarms"]) == 1
    manage(engine)
    assert set(engine.alarms.known) == names_of("a", "b", "c")


def test_what_is_refused_is_tried_again_after_an_hour_and_keeps_nobody_else_waiting(made: Made) -> None:
    engine = made("a", "b")
    engine.alarms.fail("put", DENIED)
    manage(engine)
    assert set(engine.alarms.known) == names_of("b")
    manage(engine)
    assert set(engine.alarms.known) == names_of("b")
    assert [entry["endpoint"] for entry in audited(engine)] == ["b"]
