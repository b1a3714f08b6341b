"""gc knows the alarms that outlived their endpoints, and never takes one that somebody may still need."""

from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from fakes.clock import NOW
from fakes.engine import FLEET, Engine
from fakes.records import ANNA, BEN, CARL, ENDPOINT

from bot.domain.errors import AccessDenied
from bot.domain.fleet import parse_fleet
from bot.domain.kept_alarms import kept_alarms
from bot.domain.phases import Phase

ROLE = "arn:aws:iam::123456789012:role/sagemaker"
WATCHED = (
    FLEET
    + f"    execution_role: {ROLE}\n    instance_type: ml.m5.xlarge\n    alarms: {{error_rate: 2%, p99_ms: 800}}\n"
)
ANOTHER = WATCHED.replace(f"  {ENDPOINT}:", "  another:")
"""The same file after somebody took the endpoint out of it."""

ALARMS = [f"bot-{ENDPOINT}.{label}" for label in ("errors", "p99")]
DENIED = AccessDenied(operation="DeleteAlarms", code="AccessDenied")


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(WATCHED)
    for alarm in kept_alarms(made.world.fleet.endpoint(ENDPOINT)):
        made.alarms.put(alarm, {})
    yield made
    assert made.crashes == []
    made.close()


def declare(engine: Engine, text: str) -> None:
    """The fleet file says something else from now on."""
    object.__setattr__(engine.world, "fleet", parse_fleet(text, "fleet.yaml"))


def gone_for_good(engine: Engine) -> None:
    """Somebody deletes the endpoint by hand, and takes it out of the fleet file."""
    engine.endpoints.exists = False
    declare(engine, ANOTHER)


def left_after_gc(engine: Engine) -> list[str]:
    engine.type("gc --delete", by=BEN)
    return sorted(engine.alarms.known)


def torn_down_without_permission_to_delete_alarms(engine: Engine) -> None:
    deleting = engine.alarms.delete

    def refuse(names: Sequence[str]) -> None:
        raise DENIED

    engine.alarms.delete = refuse  # type: ignore[method-assign]
    engine.type(f'teardown {ENDPOINT} --reason "no longer used"')
    for by in (BEN, CARL):
        engine.press("Approve", by=by)
    assert engine.play_out(engine.store.rollouts.recent(ENDPOINT)[0].id) is Phase.SUCCEEDED
    assert set(engine.alarms.known) == set(ALARMS)
    engine.alarms.delete = deleting  # type: ignore[method-assign]
    declare(engine, ANOTHER)


def test_alarms_of_an_endpoint_that_was_deleted_by_hand_are_listed_with_what_they_cost(engine: Engine) -> None:
    gone_for_good(engine)
    engine.type("gc", by=ANNA)
    told = engine.slack.responses[-1][1]
    assert "2 alarms of the bot's own are left of an endpoint that does not exist any more" in told
    assert "about $0.20 a month" in told
    assert "Delete 2" in told
    assert set(engine.alarms.known) == set(ALARMS)


def test_gc_deletes_them_and_the_audit_trail_has_each(engine: Engine) -> None:
    gone_for_good(engine)
    assert left_after_gc(engine) == []
    assert "deleted 2 alarms that nothing needed" in engine.slack.responses[-1][1]
    noted = [entry for entry in engine.store.audit.since(NOW) if "deleted" in entry]
    assert [(entry["actor"], entry["deleted"]["name"]) for entry in noted] == [(BEN, name) for name in ALARMS]


def test_only_an_approver_of_the_fleets_defaults_may_delete_them(engine: Engine) -> None:
    gone_for_good(engine)
    engine.type("gc --delete", by=ANNA)
    assert set(engine.alarms.known) == set(ALARMS)


@pytest.mark.parametrize(("exists", "file"), [(True, ANOTHER), (False, WATCHED), (True, WATCHED)])
def test_alarms_of_an_endpoint_that_exists_or_is_declared_stay(engine: Engine, exists: bool, file: str) -> None:
    engine.endpoints.exists = exists
    declare(engine, file)
    assert left_after_gc(engine) == ALARMS
    assert "Nothing was deleted" in engine.slack.responses[-1][1]


@pytest.mark.parametrize("is_emptied", [False, True], ids=["remembered", "store emptied"])
def test_alarms_stay_for_as_long_as_their_endpoint_may_be_restored(engine: Engine, is_emptied: bool) -> None:
    torn_down_without_permission_to_delete_alarms(engine)
    if is_emptied:
        engine.redis.flushall()
    engine.clock.tick(timedelta(days=6))
    assert left_after_gc(engine) == ALARMS
    engine.clock.tick(timedelta(days=2))
    assert left_after_gc(engine) == []


def test_alarms_of_an_endpoint_that_a_rollout_is_about_stay(engine: Engine) -> None:
    engine.endpoints.exists = False
    engine.type(f"deploy {ENDPOINT}")
    declare(engine, ANOTHER)
    assert left_after_gc(engine) == ALARMS


def test_an_alarm_that_people_wrote_under_such_a_name_stays(engine: Engine) -> None:
    gone_for_good(engine)
    name = ALARMS[0]
    engine.alarms.known[name] = engine.alarms.known[name].model_copy(update={"description": "ours, do not touch"})
    assert left_after_gc(engine) == [name]


def test_an_endpoint_that_is_there_again_at_the_last_look_keeps_its_alarms(engine: Engine) -> None:
    gone_for_good(engine)
    deleting = engine.alarms.delete

    def meanwhile_somebody_creates_it(names: Sequence[str]) -> None:
        deleting(names)
        engine.endpoints.exists = True

    engine.alarms.delete = meanwhile_somebody_creates_it  # type: ignore[method-assign]
    assert left_after_gc(engine) == ALARMS[1:]
    assert "1 other turned out to be needed" in engine.slack.responses[-1][1]


def test_a_refused_deletion_of_an_alarm_is_told(engine: Engine) -> None:
    gone_for_good(engine)
    engine.alarms.fail("delete", DENIED)
    assert left_after_gc(engine) == ALARMS
    told = engine.slack.responses[-1][1]
    assert "not allowed DeleteAlarms" in told
    assert told.endswith("Nothing was changed.")
