"""The census: what it costs, what it notices, and what it does when AWS or the store is in trouble."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.engine import Engine
from fakes.estate import EstateEngine, package_of, standing_on
from fakes.records import BEN

from bot.domain.board import OutsideChange, Standing
from bot.domain.endpoint import ApprovalStatus, EndpointStatus
from bot.domain.errors import AccessDenied, TransientError
from bot.domain.fleet import Manager
from bot.domain.phases import Phase
from bot.domain.states import BoardState
from bot.store.keys import Due
from workers.census import Census
from workers.census.pace import BURST, RATE, Pace
from workers.ports import Deed
from workers.rounds import RoundName

COUNT = 30
NAMES = [f"endpoint-{n:03}" for n in range(COUNT)]
SECOND = timedelta(seconds=1)
DENIED = AccessDenied(operation="ListEndpoints", code="AccessDenied")


def fleet_of(names: list[str], *, more: str = "", manager: str = "manager: {census: 30s}") -> str:
    endpoints = "\n".join(f"  {name}: {{model_package_group: group-{int(name[-3:]) % 3}{more}}}" for name in names)
    return f"""
version: 1
defaults:
  region: us-east-1
  channel: C0MLDEPLOYS
  approval: {{users: [{BEN}]}}
{manager}
endpoints:
{endpoints}
"""


class Recorded:
    """A port that notes when each of its methods was called, and may be throttled."""

    def __init__(self, port: Any, engine: "Fleet") -> None:
        self._port, self._engine = port, engine

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, **options: Any) -> Any:
            self._engine.asked.append((self._engine.clock(), name, *map(str, args[:1])))
            if self._engine.is_throttled():
                raise TransientError(name, "AWS asks for a slower pace", is_throttled=True)
            return getattr(self._port, name)(*args, **options)

        return call


class Fleet(EstateEngine):
    """Thirty endpoints of three groups, each on version 1."""

    def __init__(self, fleet: str | None = None, count: int = COUNT) -> None:
        names = [f"endpoint-{n:03}" for n in range(count)]
        versions = [package_of(f"group-{g}", v) for g in range(3) for v in (1,)]
        super().__init__(
            fleet or fleet_of(names), {n: package_of(f"group-{int(n[-3:]) % 3}", 1) for n in names}, versions
        )
        self.asked: list[tuple[Any, ...]] = []
        self.is_throttled = lambda: False
        self.waited = 0.0
        self.lives_in(endpoints=Recorded(self.estate, self), registry=Recorded(self.registry, self))
        self.census = Census(self.world, self._wait)

    def _wait(self, seconds: float) -> None:
        self.waited += seconds
        self.clock.tick(timedelta(seconds=seconds))

    def round(self) -> Counter[str]:
        """One round of the census, and what it asked."""
        self.asked.clear()
        self.census.round()
        return Counter(call[1] for call in self.asked)

    def passes(self, seconds: float = 30) -> "Fleet":
        self.clock.tick(timedelta(seconds=seconds))
        return self

    def seen(self) -> int:
        """How many endpoints AWS told about."""
        return sum(s.is_known for s in self.store.standings.sightings(self.world.fleet.endpoints).values())

    def standing(self, name: str) -> Standing:
        (found,) = [s for s in self.census.standings() if s.endpoint == name]
        return found

    def state(self, name: str) -> BoardState:
        return self.standing(name).state


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    made = Fleet()
    yield made
    made.close()


FIRST = NAMES[0]


# what it costs


def test_a_first_census_asks_about_each_endpoint_once_and_about_each_group_once(fleet: Fleet) -> None:
    asked = fleet.round()
    assert asked == {"list": 1, "list_versions": 3, "describe": 30, "describe_config": 30, "describe_model": 30}
    assert {s.state for s in fleet.census.standings()} == {BoardState.UP_TO_DATE}


def test_a_quiet_census_is_one_listing_and_one_call_for_each_group(fleet: Fleet) -> None:
    fleet.round()
    assert fleet.passes().round() == {"list": 1, "list_versions": 3}


def test_only_what_moved_is_looked_at(fleet: Fleet) -> None:
    fleet.round()
    fleet.passes().estate[FIRST].moved_at = fleet.clock()
    assert fleet.round()["describe"] == 1


def test_what_did_not_move_is_looked_at_every_ten_minutes_or_so_and_not_all_at_once(fleet: Fleet) -> None:
    fleet.round()
    looks = [fleet.passes().round()["describe"] for _ in range(26)]
    assert sum(looks) == COUNT
    assert max(looks) < COUNT / 3


def test_the_board_asks_nothing_as_long_as_the_census_goes_on(fleet: Fleet) -> None:
    fleet.round()
    fleet.passes(60).asked.clear()
    assert len(fleet.census.standings()) == COUNT
    assert fleet.asked == []


def test_without_a_manager_the_board_looks_for_itself_and_with_little(fleet: Fleet) -> None:
    alone = Fleet(fleet_of(NAMES, manager=""))
    try:
        assert alone.state(FIRST) is BoardState.UP_TO_DATE
        alone.passes().asked.clear()
        assert alone.state(FIRST) is BoardState.UP_TO_DATE
        assert Counter(call[1] for call in alone.asked) == {"list": 1, "list_versions": 3}
    finally:
        alone.close()


def test_a_changed_fleet_file_is_held_against_what_runs_at_the_next_round(fleet: Fleet) -> None:
    fleet.round()
    spec = fleet.world.fleet.endpoint(FIRST).model_copy(update={"instance_type": "ml.m5.large"})
    changed = fleet.world.fleet.model_copy(update={"endpoints": {**fleet.world.fleet.endpoints, FIRST: spec}})
    fleet.census = Census(replace(fleet.world, fleet=changed), lambda seconds: None)
    assert fleet.passes().round()["describe"] == 1
    assert fleet.standing(FIRST).drift[0].path == "instance_type"


# what it notices


def test_versions_are_compared_with_what_runs_without_looking_at_endpoints(fleet: Fleet) -> None:
    fleet.round()
    fleet.registry.packages.append(package_of("group-0", 2))
    fleet.registry.packages.append(package_of("group-0", 3, ApprovalStatus.PENDING))
    assert "describe" not in fleet.passes().round()
    shown = fleet.standing(FIRST)
    assert (shown.state, shown.newest, shown.pending) == (
        BoardState.OUT_OF_DATE,
        "group-0 version 2",
        ("group-0 version 3",),
    )
    assert fleet.state(NAMES[1]) is BoardState.UP_TO_DATE


def test_the_packages_of_a_track_are_told_newest_first_and_asked_for_seldom() -> None:
    arns = [f"arn:aws:sagemaker:us-east-1:865070037744:model-package/stt-v{n}-{n:032x}" for n in (1, 2, 3)]
    text = fleet_of(NAMES[:1]).replace("model_package_group: group-0", f"track: {arns}")
    fleet = Fleet(text, count=1)
    try:
        packages = [
            package_of("stt", 1).model_copy(update={"arn": arn, "name": arn, "group": None, "version": None})
            for arn in arns
        ]
        fleet.registry.packages += [packages[0], packages[2]]  # the second was taken off the market
        fleet.round()
        spec = fleet.world.fleet.endpoint(FIRST)
        assert [p.arn for p in fleet.census.versions(spec)] == [arns[2], arns[0]]
        assert fleet.standing(FIRST).newest_package == arns[2]
        assert "describe_package" not in fleet.passes().round()
    finally:
        fleet.close()


@pytest.mark.parametrize("approval", [ApprovalStatus.REJECTED, ApprovalStatus.PENDING])
def test_a_running_version_that_is_no_longer_approved_is_revoked(fleet: Fleet, approval: ApprovalStatus) -> None:
    fleet.round()
    fleet.registry.packages[0] = package_of("group-0", 1, approval)
    fleet.passes().round()
    assert fleet.state(FIRST) is BoardState.REVOKED


def test_a_deleted_endpoint_is_not_deployed_and_a_new_one_is_unmanaged(fleet: Fleet) -> None:
    fleet.round()
    fleet.estate.by_name.pop(FIRST)
    fleet.estate.add(standing_on(fleet.clock, "stranger", package_of("group-0", 1)))
    fleet.passes().round()
    assert fleet.state(FIRST) is BoardState.NOT_DEPLOYED
    assert [(s.endpoint, s.state) for s in fleet.census.others()] == [("stranger", BoardState.UNMANAGED)]
    assert fleet.passes().round() == {"list": 1, "list_versions": 3}


@pytest.mark.parametrize("what", ["configs", "models"])
def test_a_deleted_config_or_model_is_found_although_nothing_moved(fleet: Fleet, what: str) -> None:
    fleet.round()
    name = f"{FIRST}-made-by-hand" if what == "configs" else f"{FIRST}-model"
    getattr(fleet.estate, what).pop(name)
    for _ in range(26):
        fleet.passes().round()
    shown = fleet.standing(FIRST)
    assert shown.state is BoardState.UNPATCHABLE
    assert name in shown.problem


def test_a_failed_endpoint_is_seen_in_the_listing_alone(fleet: Fleet) -> None:
    fleet.round()
    fleet.estate[FIRST].status, fleet.estate[FIRST].moved_at = EndpointStatus.FAILED, fleet.passes().clock()
    fleet.round()
    assert fleet.state(FIRST) is BoardState.FAILED


def test_a_config_changed_by_hand_is_told_with_who_did_it(fleet: Fleet) -> None:
    fleet.round()
    endpoint = fleet.estate[FIRST]
    fleet.estate.configs["by-hand"] = fleet.estate.configs[endpoint.config].model_copy(update={"name": "by-hand"})
    endpoint.config, endpoint.moved_at = "by-hand", fleet.passes().clock()
    fleet.round()
    nobody_yet = OutsideChange(config="by-hand", at=endpoint.moved_at)
    assert fleet.standing(FIRST).outside == nobody_yet
    fleet.trail.deeds[FIRST] = [Deed(event="UpdateEndpoint", actor="carl", at=endpoint.moved_at)]
    for _ in range(26):
        fleet.passes().round()
    shown = fleet.standing(FIRST)
    assert (shown.state, shown.outside) == (BoardState.DRIFTED, nobody_yet.model_copy(update={"actor": "carl"}))


def test_cloudtrail_is_asked_a_few_times_and_then_no_more(fleet: Fleet) -> None:
    fleet.round()
    endpoint = fleet.estate[FIRST]
    fleet.estate.configs["by-hand"] = fleet.estate.configs[endpoint.config].model_copy(update={"name": "by-hand"})
    endpoint.config, endpoint.moved_at = "by-hand", fleet.passes().clock()
    for _ in range(60):
        fleet.passes(120).round()
    assert 2 <= fleet.trail.count("last_change") <= 6


def test_a_hold_shows_at_once_whatever_was_seen_when(fleet: Fleet) -> None:
    fleet.round()
    fleet.type(f"hold {FIRST} --reason moving")
    assert fleet.state(FIRST) is BoardState.HELD


def test_a_config_on_trial_is_shown_as_testing(fleet: Fleet) -> None:
    name = f"{FIRST}-made-by-hand"
    fleet.estate.configs[name] = fleet.estate.configs[name].model_copy(update={"tags": {"rollout:trial": "B"}})
    fleet.round()
    assert fleet.state(FIRST) is BoardState.TESTING


def test_what_an_endpoint_costs_and_that_nobody_uses_it(fleet: Fleet) -> None:
    fleet.prices.prices["ml.m5.xlarge"] = Decimal("0.23")
    fleet.metrics.requests = None
    fleet.round()
    shown = fleet.passes().standing(FIRST)
    assert shown.hourly == Decimal("0.46")
    assert shown.idle_since == fleet.estate[FIRST].moved_at - timedelta(days=30)
    assert fleet.prices.count("hourly") == 1


def test_an_endpoint_with_traffic_is_not_idle(fleet: Fleet) -> None:
    fleet.round()
    assert fleet.standing(FIRST).idle_since is None


def test_traffic_is_asked_for_once_an_hour_in_one_call(fleet: Fleet) -> None:
    for _ in range(20):
        fleet.passes(300).round()
    assert [len(wants) for wants in fleet.metrics.wanted] == [COUNT] * 2


# ages


def test_what_did_not_move_is_as_fresh_as_the_last_listing(fleet: Fleet) -> None:
    fleet.round()
    fleet.passes(120).round()
    assert fleet.standing(FIRST).seen_at == fleet.asked[0][0]


def test_what_nobody_heard_of_for_long_is_unknown(fleet: Fleet) -> None:
    fleet.round()
    fleet.is_throttled = lambda: True
    fleet.passes(3600)
    shown = fleet.standing(FIRST)
    assert shown.state is BoardState.UNKNOWN
    assert shown.running == "group-0 version 1"


def test_how_long_an_endpoint_is_on_its_config_survives_a_change_of_its_count(fleet: Fleet) -> None:
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


def test_an_emptied_store_is_filled_by_the_next_round(fleet: Fleet) -> None:
    fleet.round()
    fleet.redis.flushall()
    assert fleet.passes().round()["describe"] == COUNT
    assert {s.state for s in fleet.census.standings()} == {BoardState.UP_TO_DATE}


def test_where_nothing_may_be_listed_endpoints_are_looked_at_in_turn(fleet: Fleet) -> None:
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


def test_one_endpoint_that_may_not_be_described_hides_no_other(fleet: Fleet) -> None:
    fleet.estate[FIRST].fail("describe", *[DENIED] * 5)
    fleet.round()
    assert fleet.state(FIRST) is BoardState.UNKNOWN
    assert fleet.state(NAMES[1]) is BoardState.UP_TO_DATE


def test_an_endpoint_asked_about_is_looked_at_now(fleet: Fleet) -> None:
    fleet.round()
    fleet.estate[FIRST].status = EndpointStatus.UPDATING
    (shown,) = fleet.census.look_now([FIRST])
    assert shown.state is BoardState.UPDATING


def in_the_busiest(seconds: int, calls: list[datetime]) -> int:
    """The most calls in any span of so many seconds."""
    return max(sum(start <= at < start + timedelta(seconds=seconds) for at in calls) for start in calls)


def every_seventh(fleet: Fleet) -> bool:
    return len(fleet.asked) % 7 == 0


def more_than_five_a_second(fleet: Fleet) -> bool:
    return sum(call[0] > fleet.clock() - SECOND for call in fleet.asked[-10:]) > 5


@pytest.mark.parametrize("throttles", [every_seventh, more_than_five_a_second])
def test_throttling_slows_the_census_down_and_does_not_end_it(throttles: Callable[[Fleet], bool]) -> None:
    fleet = Fleet(count=60)
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


def test_a_slow_pace_is_kept_by_the_next_round_and_forgotten_in_time(fleet: Fleet) -> None:
    def pace() -> Pace:
        return Pace(fleet.store.memory, "here", fleet.clock, lambda seconds: None, NOW + timedelta(days=1))

    pace().slow_down(None)
    assert pace().rate == RATE / 2
    fleet.passes(600)
    assert pace().rate == RATE


def test_a_fleet_larger_than_the_budget_is_seen_over_several_rounds() -> None:
    fleet = Fleet(count=300)
    try:
        fleet.round()
        seen = fleet.seen()
        assert 0 < seen < 300
        while seen < 300:
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
    fleet = Fleet(text)
    try:
        assert fleet.round()["list"] == 2
        assert {s.endpoint: s.state for s in fleet.census.standings()} == dict.fromkeys(
            NAMES[:2], BoardState.UP_TO_DATE
        )
    finally:
        fleet.close()


def test_the_census_comes_round_by_itself(fleet: Fleet) -> None:
    fleet.store.due.begin(Due.ROUNDS, [RoundName.CENSUS], fleet.clock())
    fleet.settle()
    assert fleet.seen() == COUNT
