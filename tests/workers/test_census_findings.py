"""What the census notices: of endpoints, of the registry, of who did what, of cost and traffic."""

from datetime import timedelta
from decimal import Decimal

import pytest
from fakes.counted import COUNT, FIRST, NAMES, CountedFleet, fleet_of
from fakes.estate import package_of, standing_on
from fakes.failing import always, throttled

from bot.domain.board import OutsideChange
from bot.domain.endpoint import ApprovalStatus, EndpointStatus
from bot.domain.sighting import Listing
from bot.domain.states import BoardState
from workers.census.standing import Known, standing_of
from workers.ports import Deed


def test_versions_are_compared_with_what_runs_without_looking_at_endpoints(fleet: CountedFleet) -> None:
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
    fleet = CountedFleet(text, count=1)
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


@pytest.mark.parametrize(
    ("runs", "state"), [(1, BoardState.OUT_OF_DATE), (3, BoardState.UP_TO_DATE), (4, BoardState.UP_TO_DATE)]
)
def test_a_package_of_a_tracks_pattern_that_comes_after_all_that_are_listed_is_never_out_of_date(
    runs: int, state: BoardState
) -> None:
    arns = [f"arn:aws:sagemaker:us-east-1:865070037744:model-package/stt-v{n}-{n:032x}" for n in (1, 2, 3, 4)]
    track = f"track: {arns[:3]}, track_pattern: stt-v*"
    fleet = CountedFleet(fleet_of(NAMES[:1]).replace("model_package_group: group-0", track), count=1)
    try:
        fleet.registry.packages += [
            package_of("stt", 1).model_copy(update={"arn": arn, "name": arn, "group": None, "version": None})
            for arn in arns
        ]
        model = fleet.estate.models[f"{FIRST}-model"]
        container = {"ModelPackageName": arns[runs - 1]}
        fleet.estate.models[model.name] = model.model_copy(update={"document": {"PrimaryContainer": container}})
        fleet.round()
        assert fleet.state(FIRST) is state
    finally:
        fleet.close()


@pytest.mark.parametrize("approval", [ApprovalStatus.REJECTED, ApprovalStatus.PENDING])
def test_a_running_version_that_is_no_longer_approved_is_revoked(fleet: CountedFleet, approval: ApprovalStatus) -> None:
    fleet.round()
    fleet.registry.packages[0] = package_of("group-0", 1, approval)
    fleet.passes().round()
    assert fleet.state(FIRST) is BoardState.REVOKED


def test_a_deleted_endpoint_is_not_deployed_and_a_new_one_is_unmanaged(fleet: CountedFleet) -> None:
    fleet.round()
    fleet.estate.by_name.pop(FIRST)
    fleet.estate.add(standing_on(fleet.clock, "stranger", package_of("group-0", 1)))
    fleet.passes().round()
    assert fleet.state(FIRST) is BoardState.NOT_DEPLOYED
    assert [(s.endpoint, s.state) for s in fleet.census.others()] == [("stranger", BoardState.UNMANAGED)]
    assert fleet.passes().round() == {"list": 1, "list_versions": 3}


@pytest.mark.parametrize("what", ["configs", "models"])
def test_a_deleted_config_or_model_is_found_although_nothing_moved(fleet: CountedFleet, what: str) -> None:
    fleet.round()
    name = f"{FIRST}-made-by-hand" if what == "configs" else f"{FIRST}-model"
    getattr(fleet.estate, what).pop(name)
    for _ in range(26):
        fleet.passes().round()
    shown = fleet.standing(FIRST)
    assert shown.state is BoardState.UNPATCHABLE
    assert name in shown.problem


def test_a_failed_endpoint_is_seen_in_the_listing_alone(fleet: CountedFleet) -> None:
    fleet.round()
    fleet.estate[FIRST].status, fleet.estate[FIRST].moved_at = EndpointStatus.FAILED, fleet.passes().clock()
    fleet.round()
    assert fleet.state(FIRST) is BoardState.FAILED


def test_a_config_changed_by_hand_is_told_with_who_did_it(fleet: CountedFleet) -> None:
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


@pytest.mark.parametrize(("told_by", "asked"), [("nobody", 0), ("model", 1), ("config", 0)])
def test_tags_of_a_model_are_read_where_they_tell_that_a_config_was_put_together_by_hand(
    fleet: CountedFleet, told_by: str, asked: int
) -> None:
    """A look costs a call less where nothing depends on them: everywhere else but beside a config that says nothing."""
    endpoint, tags = fleet.estate[FIRST], {"rollout:id": "r1234567"}
    config, model = fleet.estate.configs[endpoint.config], fleet.estate.models[f"{FIRST}-model"]
    if told_by != "nobody":
        ours = model.model_copy(update={"name": f"{FIRST}-r1234567-abcdef", "tags": tags})
        variant = {**config.variants()[0], "ModelName": ours.name}
        fleet.estate.models[ours.name] = ours
        document = {"ProductionVariants": [variant]}
        mark = tags if told_by == "config" else {}
        fleet.estate.configs[endpoint.config] = config.model_copy(update={"document": document, "tags": mark})
    fleet.round()
    assert (fleet.standing(FIRST).outside is not None) is (told_by == "model")
    assert fleet.with_tags == asked


def test_who_changed_it_stays_known_whatever_else_is_true_of_it(fleet: CountedFleet) -> None:
    fleet.round()
    endpoint = fleet.estate[FIRST]
    fleet.estate.configs["by-hand"] = fleet.estate.configs[endpoint.config].model_copy(update={"name": "by-hand"})
    endpoint.config, endpoint.moved_at = "by-hand", fleet.passes().clock()
    fleet.trail.deeds[FIRST] = [Deed(event="UpdateEndpoint", actor="carl", at=endpoint.moved_at)]
    fleet.round()
    fleet.type(f"hold {FIRST} --reason moving")
    assert fleet.state(FIRST) is BoardState.HELD
    assert "changed outside the bot by carl" in fleet.ask("status")
    del fleet.estate.configs["by-hand"]
    fleet.passes(3600).round()
    shown = fleet.standing(FIRST)
    assert shown.state is BoardState.UNPATCHABLE
    assert shown.outside is not None
    assert shown.outside.actor == "carl"


@pytest.mark.parametrize(
    ("event", "actor", "is_told"),
    [
        ("UpdateEndpointWeightsAndCapacities", "Admin/dora", True),
        (
            "UpdateEndpointWeightsAndCapacities",
            "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint/autoscaling",
            False,
        ),
        ("UpdateEndpoint", "Admin/dora", False),
    ],
)
def test_a_count_set_by_hand_is_told_with_who_did_it(
    fleet: CountedFleet, event: str, actor: str, is_told: bool
) -> None:
    specs = fleet.world.fleet.endpoints
    specs[FIRST] = specs[FIRST].model_copy(update={"instance_count": 2})
    fleet.round()
    endpoint = fleet.estate[FIRST]
    fleet.passes()
    endpoint.set_weights_and_capacities(FIRST, counts={"AllTraffic": 5})
    called_at = fleet.clock()
    fleet.trail.deeds[FIRST] = [Deed(event=event, actor=actor, at=called_at)]
    for _ in range(3):
        fleet.passes().round()
        shown = fleet.standing(FIRST)
        assert shown.state is BoardState.DRIFTED
        told = OutsideChange(config=endpoint.config, at=called_at, actor=actor, of_counts=True)
        assert shown.outside == (told if is_told else None)
    assert fleet.trail.count("last_change") <= 2
    endpoint.set_weights_and_capacities(FIRST, counts={"AllTraffic": 2})
    fleet.passes(1800).round()
    assert fleet.standing(FIRST).outside is None


def test_cloudtrail_is_asked_a_few_times_and_then_no_more(fleet: CountedFleet) -> None:
    fleet.round()
    endpoint = fleet.estate[FIRST]
    fleet.estate.configs["by-hand"] = fleet.estate.configs[endpoint.config].model_copy(update={"name": "by-hand"})
    endpoint.config, endpoint.moved_at = "by-hand", fleet.passes().clock()
    for _ in range(60):
        fleet.passes(120).round()
    assert 2 <= fleet.trail.count("last_change") <= 6


def moved_by_carl(fleet: CountedFleet, names: list[str]) -> None:
    """He put them on a config of his own; CloudTrail tells it."""
    for name in names:
        endpoint = fleet.estate[name]
        by_hand = fleet.estate.configs[endpoint.config].model_copy(update={"name": f"{name}-by-hand"})
        fleet.estate.configs[by_hand.name] = by_hand
        endpoint.config, endpoint.moved_at = by_hand.name, fleet.clock()
        fleet.trail.deeds[name] = [Deed(event="UpdateEndpoint", actor="carl", at=endpoint.moved_at)]


def actor_told(fleet: CountedFleet, name: str) -> str | None:
    change = fleet.standing(name).outside
    assert change is not None
    return change.actor


def test_cloudtrail_that_gave_no_answer_is_asked_again_however_late_it_is(fleet: CountedFleet) -> None:
    fleet.round()
    moved_by_carl(fleet.passes(), [FIRST])
    fleet.trail.fail("last_change", *[throttled("LookupEvents")] * 2)
    fleet.passes(3600).round()
    assert not actor_told(fleet, FIRST)
    for _ in range(60):
        fleet.passes().round()
    assert actor_told(fleet, FIRST) == "carl"


def test_cloudtrail_is_asked_at_the_pace_that_it_allows(fleet: CountedFleet) -> None:
    """Two look-ups a second, three for each endpoint; what there was no time for comes in the next rounds."""
    fleet.round()
    moved_by_carl(fleet.passes(), NAMES[:20])
    fleet.passes(3600)
    began = fleet.clock()
    fleet.round()
    asked, took = fleet.trail.count("last_change"), fleet.clock() - began
    assert 2 <= asked <= 1 + took / timedelta(seconds=1.5)
    assert fleet.seen() == COUNT
    assert sum(bool(actor_told(fleet, name)) for name in NAMES[:20]) == asked
    for _ in range(60):
        fleet.passes(60).round()
    assert [actor_told(fleet, name) for name in NAMES[:20]] == ["carl"] * 20


def test_a_hold_shows_at_once_whatever_was_seen_when(fleet: CountedFleet) -> None:
    fleet.round()
    fleet.type(f"hold {FIRST} --reason moving")
    assert fleet.state(FIRST) is BoardState.HELD


def test_a_config_on_trial_is_shown_as_testing(fleet: CountedFleet) -> None:
    name = f"{FIRST}-made-by-hand"
    fleet.estate.configs[name] = fleet.estate.configs[name].model_copy(update={"tags": {"rollout:trial": "B"}})
    fleet.round()
    assert fleet.state(FIRST) is BoardState.TESTING


def test_what_an_endpoint_costs_and_that_nobody_uses_it(fleet: CountedFleet) -> None:
    fleet.prices.prices["ml.m5.xlarge"] = Decimal("0.23")
    fleet.metrics.requests = None
    fleet.round()
    shown = fleet.passes().standing(FIRST)
    assert shown.hourly == Decimal("0.46")
    assert shown.idle_since == fleet.estate[FIRST].moved_at - timedelta(days=30)
    assert fleet.prices.count("hourly") == 1


def test_an_endpoint_with_traffic_is_not_idle(fleet: CountedFleet) -> None:
    fleet.round()
    assert fleet.standing(FIRST).idle_since is None


def test_an_endpoint_whose_inference_components_are_busy_is_not_idle() -> None:
    fleet = CountedFleet(fleet_of(NAMES[:2], more=", watch: {inference_components: [busy]}"), count=2)
    try:
        fleet.metrics.component = "busy"
        fleet.round()
        assert fleet.passes().standing(FIRST).idle_since is None
    finally:
        fleet.close()


def test_traffic_is_asked_for_once_an_hour_in_one_call(fleet: CountedFleet) -> None:
    for _ in range(20):
        fleet.passes(300).round()
    assert [len(wants) for wants in fleet.metrics.wanted] == [COUNT] * 2


def test_who_has_no_traffic_stays_known_for_a_day_while_cloudwatch_does_not_answer(fleet: CountedFleet) -> None:
    fleet.metrics.requests = None
    fleet.round()
    since = fleet.standing(FIRST).idle_since
    assert since is not None
    fleet.metrics.fail("read", *always(throttled("GetMetricData"), 25))
    for hour in range(1, 26):
        fleet.passes(3600).round()
        assert fleet.standing(FIRST).idle_since == (since if hour < 24 else None)
    fleet.passes(3600).round()
    assert fleet.standing(FIRST).idle_since == since


def test_of_what_moved_and_was_not_looked_at_yet_the_status_is_new_and_the_rest_as_old_as_it_is(
    fleet: CountedFleet,
) -> None:
    fleet.round()
    seen_at = fleet.standing(FIRST).seen_at
    fleet.passes().estate[FIRST].status = EndpointStatus.UPDATING
    listing = Listing(at=fleet.clock(), endpoints={shown.name: shown for shown in fleet.estate.list()})
    spec = fleet.world.fleet.endpoint(FIRST)
    known = Known(
        sighting=fleet.store.standings.sightings([FIRST])[FIRST],
        listing=listing,
        shelf=None,
        holds=(),
        has_rollout=False,
        idle_since=None,
    )
    shown = standing_of(spec, known, fleet.clock() - timedelta(minutes=15))
    assert (shown.state, shown.seen_at) == (BoardState.UPDATING, seen_at)
