"""The census: what it costs, how fresh it is, and what it does when AWS or the store is in trouble."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from fakes.clock import NOW
from fakes.counted import COUNT, FIRST, NAMES, CountedFleet, Recorded, fleet_of
from fakes.engine import Engine

from bot.domain.endpoint import EndpointStatus
from bot.domain.errors import AccessDenied
from bot.domain.fleet import Manager
from bot.domain.phases import Phase
from bot.domain.states import BoardState
from bot.store.keys import Due
from workers.census import Census
from workers.census.pace import BURST, RATE, Pace
from workers.rounds import RoundName

SECOND = timedelta(seconds=1)
DENIED = AccessDenied(operation="ListEndpoints", code="AccessDenied")


# what it costs


def test_a_first_census_asks_about_each_endpoint_once_and_about_each_group_once(fleet: CountedFleet) -> None:
    asked = fleet.round()
    assert asked == {"list": 1, "list_versions": 3, "describe": 30, "describe_config": 30, "describe_model": 30}
    assert {s.state for s in fleet.census.standings()} == {BoardState.UP_TO_DATE}


def test_a_quiet_census_is_one_listing_and_one_call_for_each_group(fleet: CountedFleet) -> None:
    fleet.round()
    assert fleet.passes().round() == {"list": 1, "list_versions": 3}


def test_only_what_moved_is_looked_at(fleet: CountedFleet) -> None:
    fleet.round()
    fleet.passes().estate[FIRST].moved_at = fleet.clock()
    assert fleet.round()["describe"] == 1


def test_what_did_not_move_is_looked_at_every_ten_minutes_or_so_and_not_all_at_once(fleet: CountedFleet) -> None:
    fleet.round()
    looks = [fleet.passes().round()["describe"] for _ in range(26)]
    assert sum(looks) == COUNT
    assert max(looks) < COUNT / 3


def test_the_board_asks_nothing_as_long_as_the_census_goes_on(fleet: CountedFleet) -> None:
    fleet.round()
    fleet.passes(60).asked.clear()
    assert len(fleet.census.standings()) == COUNT
    assert fleet.asked == []


def test_without_a_manager_the_board_looks_for_itself_and_with_little(fleet: CountedFleet) -> None:
    alone = CountedFleet(fleet_of(NAMES, manager=""))
    try:
        assert alone.state(FIRST) is BoardState.UP_TO_DATE
        alone.passes().asked.clear()
        assert alone.state(FIRST) is BoardState.UP_TO_DATE
        assert Counter(call[1] for call in alone.asked) == {"list": 1, "list_versions": 3}
    finally:
        alone.close()


def test_a_changed_fleet_file_is_held_against_what_runs_at_the_next_round(fleet: CountedFleet) -> None:
    fleet.round()
    spec = fleet.world.fleet.endpoint(FIRST).model_copy(update={"instance_type": "ml.m5.large"})
    changed = fleet.world.fleet.model_copy(update={"endpoints": {**fleet.world.fleet.endpoints, FIRST: spec}})
    fleet.census = Census(replace(fleet.world, fleet=changed), lambda seconds: None)
    assert fleet.passes().round()["describe"] == 1
    assert fleet.standing(FIRST).drift[0].path == "instance_type"


# ages


def test_what_did_not_move_is_as_fresh_as_the_last_listing(fleet: CountedFleet) -> None:
    fleet.round()
    fleet.passes(120).round()
    assert fleet.standing(FIRST).seen_at == fleet.asked[0][0]


def test_what_nobody_heard_of_for_long_is_unknown(fleet: CountedFleet) -> None:
    fleet.round()
    fleet.is_throttled = lambda: True
    fleet.passes(3600)
    shown = fleet.standing(FIRST)
    assert shown.state is BoardState.UNKNOWN
    assert shown.running == "group-0 version 1"


def test_how_long_an_endpoint_is_on_its_config_survives_a_change_of_its_count(fleet: CountedFleet) -> None:
    fleet.round()
    since = fleet.standing(FIRST).running_since
    fleet.estate[FIRST].moved_at = fleet.passes().clock()
    fleet.round()
    assert fleet.standing(FIRST).running_since == since


def test_what_a_rollout_did_shows_at_once(engine: Engine) -> None:
    assert BoardState.OUT_OF_DATE in engine.ask("status")
    rollout_id = engine.promoted(5)
    assert engine.phase(rollout_id) is Phase.SUCCEEDED
    census = Census(replace(engine.world, fleet=engine.world.fleet.model_copy(update={"manager": Manager()})))
    (shown,) = census.standings()
    assert (shown.state, shown.running) == (BoardState.UP_TO_DATE, "sentiment version 5")


# trouble


def test_an_emptied_store_is_filled_by_the_next_round(fleet: CountedFleet) -> None:
    fleet.round()
    fleet.redis.flushall()
    assert fleet.passes().round()["describe"] == COUNT
    assert {s.state for s in fleet.census.standings()} == {BoardState.UP_TO_DATE}


def test_where_nothing_may_be_listed_endpoints_are_looked_at_in_turn(fleet: CountedFleet) -> None:
    fleet.lives_in(endpoints=Unlisted(fleet.estate, fleet))
    fleet.census = Census(fleet.world, lambda seconds: None)
    fleet.round()
    assert {s.state for s in fleet.census.standings()} == {BoardState.UP_TO_DATE}
    fleet.estate[FIRST].status = EndpointStatus.FAILED
    for _ in range(6):
        fleet.passes().round()
    assert fleet.state(FIRST) is BoardState.FAILED


class Unlisted(Recorded):
    def list(self) -> None:
        raise DENIED


def test_one_endpoint_that_may_not_be_described_hides_no_other(fleet: CountedFleet) -> None:
    fleet.estate[FIRST].fail("describe", *[DENIED] * 5)
    fleet.round()
    assert fleet.state(FIRST) is BoardState.UNKNOWN
    assert fleet.state(NAMES[1]) is BoardState.UP_TO_DATE


def test_an_endpoint_asked_about_is_looked_at_now(fleet: CountedFleet) -> None:
    fleet.round()
    fleet.estate[FIRST].status = EndpointStatus.UPDATING
    (shown,) = fleet.census.look_now([FIRST])
    assert shown.state is BoardState.UPDATING


def in_the_busiest(seconds: int, calls: list[datetime]) -> int:
    """The most calls in any span of so many seconds."""
    return max(sum(start <= at < start + timedelta(seconds=seconds) for at in calls) for start in calls)


def every_seventh(fleet: CountedFleet) -> bool:
    return len(fleet.asked) % 7 == 0


def more_than_five_a_second(fleet: CountedFleet) -> bool:
    return sum(call[0] > fleet.clock() - SECOND for call in fleet.asked[-10:]) > 5


@pytest.mark.parametrize("throttles", [every_seventh, more_than_five_a_second])
def test_throttling_slows_the_census_down_and_does_not_end_it(throttles: Callable[[CountedFleet], bool]) -> None:
    fleet = CountedFleet(count=60)
    try:
        fleet.is_throttled = lambda: throttles(fleet)
        calls: list[datetime] = []
        for _ in range(60):
            fleet.round()
            calls += [call[0] for call in fleet.asked]
            if fleet.seen() == 60:
                break
            fleet.passes()
        assert fleet.seen() == 60
        for seconds in (1, 10, 60):
            assert in_the_busiest(seconds, calls) <= BURST + RATE * seconds
    finally:
        fleet.close()


def test_a_slow_pace_is_kept_by_the_next_round_and_forgotten_in_time(fleet: CountedFleet) -> None:
    def pace() -> Pace:
        return Pace(fleet.store.memory, "here", fleet.clock, lambda seconds: None, NOW + timedelta(days=1))

    pace().slow_down(None)
    assert pace().rate == RATE / 2
    fleet.passes(600)
    assert pace().rate == RATE


def test_a_fleet_larger_than_the_budget_is_seen_over_several_rounds() -> None:
    fleet = CountedFleet(count=400)
    try:
        fleet.round()
        seen = fleet.seen()
        assert 0 < seen < 400
        while seen < 400:
            fleet.passes().round()
            before, seen = seen, fleet.seen()
            assert seen > before
    finally:
        fleet.close()


def test_two_accounts_are_asked_each_for_its_own() -> None:
    role = ", role_to_assume: 'arn:aws:iam::210987654321:role/endpoint-bot'"
    text = fleet_of(NAMES[:2]).replace(
        f"{NAMES[1]}: {{model_package_group: group-1", f"{NAMES[1]}: {{model_package_group: group-1{role}"
    )
    fleet = CountedFleet(text)
    try:
        assert fleet.round()["list"] == 2
        assert {s.endpoint: s.state for s in fleet.census.standings()} == dict.fromkeys(
            NAMES[:2], BoardState.UP_TO_DATE
        )
    finally:
        fleet.close()


def test_the_census_comes_round_by_itself(fleet: CountedFleet) -> None:
    fleet.store.due.begin(Due.ROUNDS, [RoundName.CENSUS], fleet.clock())
    fleet.settle()
    assert fleet.seen() == COUNT
