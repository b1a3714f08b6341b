"""What a Marketplace seller offers beyond a track is told once, and is never taken for newer by the bot itself."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fakes.clock import NOW
from fakes.engine import FLEET, Engine, a_model
from fakes.failing import throttled
from fakes.records import ENDPOINT

from bot.domain.endpoint import ModelPackage
from bot.domain.track import Release
from workers.noticing import NOTICE

HASH = "0123456789abcdef0123456789abcdef"
TRACK = [f"arn:aws:sagemaker:us-east-1:865070037744:model-package/acme-stt-en-v{n}-{HASH}" for n in (1, 2)]
MANAGED = FLEET.replace(
    "defaults:", "manager: {census: 30s}\ndefaults:\n  channel: C0MLDEPLOYS\n  policy: manual"
).replace("model_package_group: sentiment", f"track: [{', '.join(TRACK)}]")
OFFERED = (
    Release(version="3.0", title="Acme STT 3.0", notes="Fewer wrong names."),
    Release(version="2.0", title="Acme STT 2.0"),
)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(MANAGED)
    made.registry.packages = [
        ModelPackage(
            arn=arn,
            name=arn.rpartition("/")[2],
            status="Completed",
            is_marketplace=True,
            product_id="prod-1",
            created_at=NOW,
        )
        for arn in TRACK
    ]
    document = {"PrimaryContainer": {"ModelPackageName": TRACK[0]}, "EnableNetworkIsolation": True}
    made.endpoints.models["model-v3"] = a_model().model_copy(update={"document": document})
    made.catalog.offered["prod-1"] = OFFERED
    yield made
    made.close()


def notices_after(engine: Engine, rounds: int) -> list[str]:
    for _ in range(rounds):
        engine.begin_rounds()
        engine.clock.tick(timedelta(seconds=31))
        engine.settle()
    assert engine.crashes == []
    return [p.words for p in engine.slack.posted if p.slot == NOTICE]


def test_a_version_beyond_the_track_is_told_once_with_its_notes(engine: Engine) -> None:
    (notice,) = notices_after(engine, 3)
    assert "Acme STT 3.0 (version 3.0) is offered in the AWS Marketplace." in notice
    assert f"The track of {ENDPOINT} ends with acme-stt-en-v2." in notice
    assert "Fewer wrong names." in notice
    assert engine.store.rollouts.recent(ENDPOINT) == ()


def test_a_track_that_has_everything_is_no_news(engine: Engine) -> None:
    engine.catalog.offered["prod-1"] = OFFERED[1:]
    assert notices_after(engine, 2) == []


def test_a_catalog_that_may_not_be_read_says_nothing_and_stops_nothing(engine: Engine) -> None:
    engine.catalog.offered.clear()
    assert notices_after(engine, 2) == []
    assert engine.catalog.count("releases") > 0


def test_a_catalog_that_does_not_answer_is_asked_again(engine: Engine) -> None:
    engine.catalog.fail("releases", throttled("ListFulfillmentOptions"))
    assert len(notices_after(engine, 3)) == 1


def test_versions_shows_what_the_seller_says_of_each(engine: Engine) -> None:
    engine.catalog.offered["prod-1"] = (Release(version="2.0", notes="Numbers are\nwritten as digits."), OFFERED[0])
    answer = engine.ask(f"versions {ENDPOINT}")
    assert "release notes: Numbers are written as digits." in answer
    assert "Fewer wrong names" not in answer, "that is no version of this track"


def test_versions_does_without_release_notes(engine: Engine) -> None:
    engine.catalog.offered.clear()
    assert "acme-stt-en-v2" in engine.ask(f"versions {ENDPOINT}")
