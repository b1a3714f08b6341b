"""Locks and freezes outlive the store as tags of endpoints."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fakes.engine import HOME
from fakes.estate import EstateEngine, package_of, standing_on
from fakes.failing import throttled
from fakes.records import ANNA, BEN, CARL

from bot.domain.lock import EVERYTHING, Lock
from bot.domain.phases import Phase
from workers.cloning.lineage import TAG_LIMIT
from workers.keeping import FREEZE_COPIES, Keeping
from workers.rounds import RoundName

NAMES = ("a", "b", "c", "d", "e")
FLEET = f"""
version: 1
defaults:
  region: us-east-1
  channel: {HOME}
  approval: {{users: [{BEN}, {CARL}]}}
endpoints:
""" + "".join(f"  {name}: {{model_package_group: one}}\n" for name in ("0-not-there", *NAMES))
ONE, TWO = package_of("one", 1), package_of("one", 2)
HOUR = timedelta(hours=1)


@pytest.fixture
def engine() -> Iterator[EstateEngine]:
    made = EstateEngine(FLEET, dict.fromkeys(NAMES, ONE), [ONE, TWO])
    yield made
    assert made.crashes == []
    made.close()


@pytest.fixture
def keeping(engine: EstateEngine) -> Keeping:
    return Keeping(engine.world)


def emptied(engine: EstateEngine, keeping: Keeping) -> None:
    """What stands in the store is written onto the endpoints; then the store is emptied."""
    keeping.round()
    engine.redis.flushall()
    engine.clock.tick(HOUR)
    assert engine.store.locks.standing(engine.clock()) == {}


def standing(engine: EstateEngine, subject: str) -> Lock | None:
    return engine.store.locks.standing(engine.clock()).get(subject)


def tags_on(engine: EstateEngine, name: str, of: str) -> list[str]:
    return [value for key, value in engine.estate[name].own_tags.items() if key.startswith(f"rollout:{of}:")]


def freeze_tellers(engine: EstateEngine) -> list[str]:
    """Endpoints that tell of a freeze that stands."""
    return [name for name in NAMES if len(tags_on(engine, name, "freeze")) == 2]


def answered(engine: EstateEngine, text: str, *, by: str = ANNA) -> str:
    engine.type(text, by=by)
    return engine.slack.responses[-1][1]


def test_a_lock_stands_again_after_the_store_was_emptied_with_who_why_and_until_when(
    engine: EstateEngine, keeping: Keeping
):
    engine.type('lock a --until 4h --reason "load test, 50 %"', by=BEN)
    before = standing(engine, "a")
    emptied(engine, keeping)
    keeping.round()
    found = standing(engine, "a")
    assert before is not None
    assert found == before.model_copy(update={"restored": True})
    assert standing(engine, "b") is None
    said = answered(engine, "status a")
    assert f"Locked by @{BEN} 1 h ago: load test, 50 %, until " in said
    assert "the store was emptied since; this was read back from SageMaker's tags" in said


def test_under_a_lock_that_was_read_back_nothing_starts_and_its_holder_lifts_it(engine: EstateEngine, keeping: Keeping):
    engine.type("lock a --reason x", by=BEN)
    emptied(engine, keeping)
    keeping.round()
    assert f"a is locked by @{BEN}" in answered(engine, "promote a --version 2", by=CARL)
    assert f"@{BEN} unlocked a" in answered(engine, "unlock a", by=BEN)
    keeping.round()
    assert tags_on(engine, "a", "lock") == []
    engine.redis.flushall()
    keeping.round()
    assert standing(engine, "a") is None


def test_people_wait_for_no_tags_but_a_lock_that_they_tell_counts_before_the_call(
    engine: EstateEngine, keeping: Keeping
):
    engine.type("lock a --reason x", by=BEN)
    emptied(engine, keeping)
    engine.type("promote a --version 2 --at 2h", by=ANNA)
    engine.press("Approve", by=CARL)
    (rollout,) = engine.store.rollouts.recent("a")
    assert engine.phase(rollout.id) is Phase.SCHEDULED
    keeping.round()
    engine.clock.tick(3 * HOUR)
    engine.settle()
    assert engine.phase(rollout.id) is Phase.SCHEDULED
    assert f"the lock of <@{BEN}> (x)" in (engine.rollout(rollout.id).stopped_by or "")
    engine.type("unlock a", by=BEN)
    assert engine.play_out(rollout.id) is Phase.SUCCEEDED


def test_a_lock_that_lapsed_is_taken_off_and_does_not_come_back(engine: EstateEngine, keeping: Keeping):
    engine.type("lock a --until 30m --reason x", by=BEN)
    engine.type("lock b --until 30m --reason x", by=BEN)
    keeping.round()
    engine.estate["b"].fail("tags", throttled("ListTags"))
    engine.clock.tick(HOUR)
    keeping.round()
    assert (tags_on(engine, "a", "lock"), len(tags_on(engine, "b", "lock"))) == ([], 2)
    engine.redis.flushall()
    keeping.round()
    assert standing(engine, "b") is None
    assert tags_on(engine, "b", "lock") == []


def test_a_freeze_stands_on_the_first_endpoints_that_exist_and_freezes_everything_again(
    engine: EstateEngine, keeping: Keeping
):
    engine.type("freeze --reason holidays", by=BEN)
    keeping.round()
    keeping.round()
    assert freeze_tellers(engine) == list(NAMES[:FREEZE_COPIES])
    emptied(engine, keeping)
    keeping.round()
    found = standing(engine, EVERYTHING)
    assert found is not None
    assert (found.holder, found.reason) == (BEN, "holidays")
    assert f"Everything is frozen by @{BEN} 1 h ago: holidays" in answered(engine, "status")
    assert f"@{BEN} lifted the freeze after 1 h" in answered(engine, "thaw", by=BEN)


def test_an_endpoint_that_is_deleted_hands_its_word_on(engine: EstateEngine, keeping: Keeping):
    engine.type("freeze --reason holidays", by=BEN)
    keeping.round()
    engine.estate["a"].exists = False
    answered(engine, "status a")
    keeping.round()
    assert freeze_tellers(engine)[-3:] == ["b", "c", "d"]


def test_a_thaw_is_told_where_the_freeze_was_so_that_an_unreachable_endpoint_freezes_nothing_later(
    engine: EstateEngine, keeping: Keeping
):
    engine.type("freeze --reason holidays", by=BEN)
    keeping.round()
    engine.clock.tick(HOUR)
    engine.estate["a"].fail("tags", throttled("ListTags"))
    engine.type("thaw", by=BEN)
    keeping.round()
    assert freeze_tellers(engine) == ["a"]
    assert [len(tags_on(engine, name, "freeze")) for name in NAMES] == [2, 1, 1, 0, 0]
    engine.redis.flushall()
    engine.clock.tick(HOUR)
    keeping.round()
    assert standing(engine, EVERYTHING) is None
    assert freeze_tellers(engine) == []


def test_a_later_freeze_counts_although_an_earlier_one_was_lifted(engine: EstateEngine, keeping: Keeping):
    engine.type("freeze --reason first", by=BEN)
    keeping.round()
    engine.clock.tick(HOUR)
    engine.type("thaw", by=BEN)
    engine.clock.tick(HOUR)
    engine.type("freeze --reason second", by=BEN)
    emptied(engine, keeping)
    keeping.round()
    found = standing(engine, EVERYTHING)
    assert found is not None
    assert found.reason == "second"


def test_nothing_of_a_place_is_known_before_one_that_tells_of_freezes_was_read(engine: EstateEngine, keeping: Keeping):
    for name in NAMES[:FREEZE_COPIES]:
        engine.estate[name].fail("tags", throttled("ListTags"))
    keeping.round()
    assert [name for name in NAMES if engine.store.kept.digests([name])] == []
    assert engine.store.kept.digests(["0-not-there"])
    engine.estate["a"].fail("tags", throttled("ListTags"))
    keeping.round()
    assert [name for name in NAMES if engine.store.kept.digests([name])] == ["b", "c", "d", "e"]


def test_a_store_that_is_emptied_in_the_middle_of_a_round_takes_no_lock_with_it(engine: EstateEngine, keeping: Keeping):
    engine.type("lock a --reason x", by=BEN)
    keeping.round()
    engine.type('lock a --reason "a better one"', by=BEN)
    a, change_tags = engine.estate["a"], engine.estate["a"].change_tags

    def emptied_meanwhile(arn: str, put: dict[str, str], remove: tuple[str, ...] = ()) -> None:
        change_tags(arn, put, remove)
        engine.redis.flushall()

    a.change_tags = emptied_meanwhile  # type: ignore[method-assign]
    keeping.round()
    assert not engine.store.kept.digests(["a"])
    keeping.round()
    found = standing(engine, "a")
    assert found is not None
    assert found.reason == "a better one"


def test_an_endpoint_that_was_deleted_and_made_again_gets_its_tags_again(engine: EstateEngine, keeping: Keeping):
    engine.type("lock a --reason x", by=BEN)
    keeping.round()
    engine.estate["a"].exists = False
    answered(engine, "status a")
    keeping.round()
    engine.estate.add(standing_on(engine.clock, "a", ONE))
    assert tags_on(engine, "a", "lock") == []
    answered(engine, "status a")
    keeping.round()
    assert len(tags_on(engine, "a", "lock")) == 2


def test_what_does_not_fit_in_beside_the_owners_tags_is_left_out_the_lock_last(engine: EstateEngine, keeping: Keeping):
    engine.estate["a"].own_tags = {f"team-{n}": "nlp" for n in range(TAG_LIMIT - 3)}
    engine.type("lock a --reason x", by=BEN)
    engine.type("freeze --reason y", by=BEN)
    keeping.round()
    assert len(engine.estate["a"].own_tags) == TAG_LIMIT
    assert (len(tags_on(engine, "a", "lock")), len(tags_on(engine, "a", "freeze"))) == (2, 1)
    emptied(engine, keeping)
    keeping.round()
    assert {*engine.store.locks.standing(engine.clock())} == {"a", EVERYTHING}


def test_a_quiet_round_asks_aws_about_nothing_that_exists(engine: EstateEngine, keeping: Keeping):
    engine.type("lock a --reason x", by=BEN)
    engine.type("freeze --reason y", by=BEN)
    keeping.round()
    before = [len(engine.estate[name].calls) for name in NAMES]
    keeping.round()
    assert [len(engine.estate[name].calls) for name in NAMES] == before


def test_what_people_lock_is_written_at_once_also_without_a_manager(engine: EstateEngine):
    engine.begin_rounds()
    engine.settle()
    engine.type("lock a --reason x", by=BEN)
    engine.settle()
    assert len(tags_on(engine, "a", "lock")) == 2
    assert RoundName.TAGS in engine.parts.rounds.names


def test_what_outlives_the_store_is_read_before_anybody_acts(engine: EstateEngine):
    assert engine.parts.rounds.names[:2] == (RoundName.TAGS, RoundName.REVIVE)


# What automation does


def rounds(engine: EstateEngine, *names: RoundName) -> None:
    for name in names:
        engine.parts.rounds.rounds[name].run()


@pytest.mark.parametrize(
    ("lock", "lift", "kept"),
    [("lock a --reason x", "unlock a", {"a"}), ("freeze --reason x", "thaw", set(NAMES))],
)
def test_automation_leaves_alone_what_people_locked_before_the_store_was_emptied(
    lock: str, lift: str, kept: set[str]
) -> None:
    auto = FLEET.replace("version: 1\n", "version: 1\nmanager: {}\n", 1).replace(": {model_", ": {policy: auto, model_")
    engine = EstateEngine(auto, dict.fromkeys(NAMES, ONE), [ONE])
    rounds(engine, RoundName.CENSUS, RoundName.MANAGE)
    engine.type(lock, by=BEN)
    rounds(engine, RoundName.TAGS)
    engine.redis.flushall()
    engine.registry.packages.append(TWO)
    rounds(engine, RoundName.CENSUS, RoundName.MANAGE)
    assert engine.store.rollouts.active() == ()
    rounds(engine, RoundName.REVIVE, RoundName.TAGS, RoundName.MANAGE)
    assert {s.rollout.endpoint for s in engine.store.rollouts.active()} & {*NAMES} == {*NAMES} - kept
    engine.type(lift, by=BEN)
    rounds(engine, RoundName.MANAGE)
    assert {s.rollout.endpoint for s in engine.store.rollouts.active()} >= kept
    engine.close()
