"""Holds outlive the store as tags of their endpoints."""

from collections.abc import Iterator

import pytest
from fakes.engine import HOME
from fakes.estate import EstateEngine, package_of
from fakes.failing import throttled
from fakes.records import BEN, CARL

from bot.domain.hold import Hold, HoldKind
from bot.domain.hold_tags import HOLD_PREFIX as PREFIX
from workers.keeping import Keeping

FLEET = f"""
version: 1
manager: {{}}
defaults:
  region: us-east-1
  channel: {HOME}
  approval: {{users: [{BEN}, {CARL}]}}
endpoints:
  a: {{model_package_group: one}}
  b: {{model_package_group: one}}
  not-there: {{model_package_group: one}}
"""
BAD = package_of("one", 2)


@pytest.fixture
def engine() -> Iterator[EstateEngine]:
    one = package_of("one", 1)
    made = EstateEngine(FLEET, {"a": one, "b": one}, [one, BAD])
    yield made
    made.close()


@pytest.fixture
def keeping(engine: EstateEngine) -> Keeping:
    return Keeping(engine.world)


def held(engine: EstateEngine, endpoint: str = "a", kind: HoldKind = HoldKind.HELD) -> Hold:
    package = None if kind is HoldKind.BY_PERSON else BAD.arn
    hold = Hold(
        kind=kind, endpoint=endpoint, since=engine.clock(), actor="bot", reason="p99 rose", package_arn=package, rank=2
    )
    return engine.store.holds.put(endpoint, f"test {endpoint} {kind}", engine.clock(), lambda _: [hold])[0]


def tags_on(engine: EstateEngine, name: str) -> dict[str, str]:
    return {k: v for k, v in engine.estate[name].own_tags.items() if k.startswith(PREFIX)}


def test_a_hold_is_there_again_after_the_store_was_emptied(engine: EstateEngine, keeping: Keeping):
    hold = held(engine)
    keeping.round()
    engine.redis.flushall()
    assert not engine.store.kept.digests(["a"])
    keeping.round()
    assert engine.store.holds.on("a") == (hold.model_copy(update={"restored": True}),)
    assert engine.store.holds.on("b") == ()


def test_an_endpoint_may_be_changed_alone_only_once_its_tags_were_read(engine: EstateEngine, keeping: Keeping):
    engine.estate["a"].fail("describe", throttled("DescribeEndpoint"))
    keeping.round()
    assert not engine.store.kept.digests(["a"])
    assert engine.store.kept.digests(["b"])
    assert engine.store.kept.digests(["not-there"])
    keeping.round()
    assert engine.store.kept.digests(["a"])


def test_what_was_lifted_is_gone_from_the_tags(engine: EstateEngine, keeping: Keeping):
    engine.estate["a"].own_tags["team"] = "nlp"
    held(engine)
    keeping.round()
    assert tags_on(engine, "a")
    engine.store.holds.lift("a", "lift", "U0BEN", engine.clock(), lambda standing: standing)
    keeping.round()
    assert tags_on(engine, "a") == {}
    assert engine.estate["a"].own_tags == {"team": "nlp"}


def test_what_was_put_on_since_the_store_was_emptied_stays(engine: EstateEngine, keeping: Keeping):
    held(engine)
    keeping.round()
    engine.redis.flushall()
    newer = held(engine, kind=HoldKind.BY_PERSON)
    keeping.round()
    assert {h.kind for h in engine.store.holds.on("a")} == {newer.kind, HoldKind.HELD}
    keeping.round()
    engine.redis.flushall()
    keeping.round()
    assert {h.kind for h in engine.store.holds.on("a")} == {newer.kind, HoldKind.HELD}


def test_a_quiet_round_asks_aws_about_nothing_that_exists(engine: EstateEngine, keeping: Keeping):
    held(engine)
    keeping.round()
    before = len(engine.estate["a"].calls) + len(engine.estate["b"].calls)
    keeping.round()
    assert len(engine.estate["a"].calls) + len(engine.estate["b"].calls) == before


def test_tags_that_cannot_be_written_are_tried_again(engine: EstateEngine, keeping: Keeping):
    held(engine)
    engine.estate["a"].fail("change_tags", throttled("AddTags"))
    keeping.round()
    assert tags_on(engine, "a") == {}
    keeping.round()
    assert tags_on(engine, "a")
