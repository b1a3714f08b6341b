"""Marketplace tracks, serverless endpoints, and many rollouts at once."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fakes.account import LANDED, UPDATING
from fakes.clock import NOW
from fakes.engine import FLEET, Engine, a_config, a_model
from fakes.records import BEN, ENDPOINT, a_call, a_snapshot, at

from bot.domain.commands import Change
from bot.domain.endpoint import EndpointStatus, ModelPackage
from bot.domain.errors import AccessDenied, TransientError, UnknownName
from bot.domain.phases import Phase
from bot.store.rollouts import Write
from workers.drafting import Drafting
from workers.glance import CROWD, PROGRESS_EVERY, Glance

HASH = "0123456789abcdef0123456789abcdef"
TRACK = [f"arn:aws:sagemaker:us-east-1:865070037744:model-package/acme-stt-en-v{n}-{HASH}" for n in (1, 2, 3)]


def a_product(arn: str) -> ModelPackage:
    return ModelPackage(
        arn=arn,
        name=arn.rpartition("/")[2],
        status="Completed",
        is_marketplace=True,
        product_id="prod-1",
        created_at=NOW,
    )


@pytest.fixture
def marketplace() -> Iterator[Engine]:
    engine = Engine(FLEET.replace("model_package_group: sentiment", f"track: [{', '.join(TRACK)}]"))
    engine.registry.packages = [a_product(arn) for arn in TRACK]
    document = {"PrimaryContainer": {"ModelPackageName": TRACK[0]}, "EnableNetworkIsolation": True}
    engine.endpoints.models["model-v3"] = a_model().model_copy(update={"document": document})
    yield engine
    engine.close()


def test_a_marketplace_endpoint_is_updated_all_at_once_and_the_plan_says_why(marketplace: Engine) -> None:
    rollout_id = marketplace.promote(2)
    words = marketplace.slack.shown("plan").words
    assert words.startswith(f"Plan for {ENDPOINT}: acme-stt-en-v1 → acme-stt-en-v2")
    assert "all-at-once. AWS Marketplace packages get nothing else from SageMaker" in words
    assert (
        "version status" in words.partition("passed: ")[2]
    )  # it is Completed, and has no approval state to be held against
    marketplace.press("Approve", by=BEN)
    marketplace.play_until(Phase.WATCHING, rollout_id)
    created = marketplace.endpoints.models[f"{marketplace.rollout(rollout_id).target_config}"]
    assert created.document["EnableNetworkIsolation"] is True


@pytest.mark.parametrize(("version", "index"), [("latest", 2), (None, 2), (1, 0), (2, 1)])
def test_a_track_is_counted_from_its_oldest_package(marketplace: Engine, version: int | str | None, index: int) -> None:
    spec = marketplace.world.fleet.endpoint(ENDPOINT)
    package = Drafting(marketplace.world).resolve_package(Change.model_validate({"version": version}), spec)
    assert package is not None
    assert package.arn == TRACK[index]


def test_a_version_beyond_the_track_is_unknown(marketplace: Engine) -> None:
    spec = marketplace.world.fleet.endpoint(ENDPOINT)
    with pytest.raises(UnknownName, match="There is no version on this endpoint's track “4”"):
        Drafting(marketplace.world).resolve_package(Change(version=4), spec)


def test_a_package_by_its_arn_may_be_off_the_track_and_is_warned_of(marketplace: Engine) -> None:
    off = TRACK[0].replace("-en-", "-de-")
    marketplace.registry.packages.append(a_product(off))
    marketplace.type(f"promote {ENDPOINT} --package {off}")
    assert "acme-stt-de-v1 is not on this endpoint's track" in marketplace.slack.shown("plan").words


def test_without_an_approved_version_there_is_nothing_to_promote(engine: Engine) -> None:
    engine.registry.packages = []
    engine.type(f"promote {ENDPOINT}")
    assert "No version of sentiment is Approved and Completed" in engine.slack.shown("ending").words


def crowd(engine: Engine) -> None:
    """So many rollouts that their updates are no longer described one by one."""
    for i in range(CROWD):
        other = at(Phase.AWAITING_APPROVAL, id=f"rcrowd{i:02}", endpoint=f"e{i}", expires_at=NOW + timedelta(days=9))
        engine.store.rollouts.commit([Write(other, 0, None)], NOW)


def test_in_a_crowd_a_listing_tells_that_an_update_goes_on(engine: Engine) -> None:
    engine.endpoints.plays([UPDATING] * 8 + [LANDED])
    rollout_id = engine.promote()
    crowd(engine)
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.phase(rollout_id) is Phase.UPDATING and engine.endpoints.count("list_statuses") >= 3)
    described, listed = engine.endpoints.count("describe"), engine.endpoints.count("list_statuses")
    engine.play(lambda: engine.endpoints.count("list_statuses") >= listed + 2)
    assert engine.endpoints.count("describe") <= described + 1
    engine.play_until(Phase.WATCHING, rollout_id)
    assert len(engine.endpoints.updates) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"snapshot": None},
        {"update": None},
        {"update": a_call()},
        {"snapshot": a_snapshot(EndpointStatus.IN_SERVICE)},
        {"snapshot": a_snapshot(EndpointStatus.UPDATING).model_copy(update={"observed_at": NOW - PROGRESS_EVERY})},
    ],
    ids=["never seen", "not called", "not accepted", "settled", "seen long ago"],
)
def test_a_listing_is_enough_only_for_an_update_known_to_go_on(engine: Engine, fields: dict[str, object]) -> None:
    crowd(engine)
    engine.store.rollouts.commit([Write(at(Phase.UPDATING, endpoint="another"), 0, None)], NOW)
    spec = engine.world.fleet.endpoint(ENDPOINT)
    assert Glance(engine.world).unchanged(at(Phase.UPDATING, **fields), spec, NOW) is None


def test_a_listing_that_fails_is_trouble_as_any_other(engine: Engine) -> None:
    crowd(engine)
    engine.store.rollouts.commit([Write(at(Phase.UPDATING, endpoint="another"), 0, None)], NOW)
    engine.endpoints.fail("list_statuses", TransientError("ListEndpoints", "throttled"))
    spec = engine.world.fleet.endpoint(ENDPOINT)
    with pytest.raises(TransientError):
        Glance(engine.world).unchanged(at(Phase.UPDATING), spec, NOW)


def test_a_listing_that_is_not_allowed_ends_no_update(engine: Engine) -> None:
    engine.endpoints.plays([UPDATING] * 8 + [LANDED])
    engine.endpoints.fail("list_statuses", *[AccessDenied(operation="ListEndpoints", code="AccessDenied")] * 50)
    rollout_id = engine.promote()
    crowd(engine)
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.WATCHING, rollout_id)
    assert engine.endpoints.count("list_statuses") > 0


def test_a_config_with_a_named_count_keeps_what_lives(engine: Engine) -> None:
    config = a_config()
    document = {"ProductionVariants": [{**config.variants()[0], "InitialInstanceCount": 1}]}
    engine.endpoints.configs[config.name] = config.model_copy(update={"document": document})
    engine.promote()
    assert "AllTraffic keeps its 2 live instances; its present config says 1." in engine.slack.shown("plan").words
