"""The alarms beside an endpoint: made with it, kept as declared, heeded by the watch, deleted with it, and shown."""

from collections.abc import Iterator

import pytest
from fakes.account import CREATING, SETTLED, UPDATING, rolled_back
from fakes.clock import NOW
from fakes.engine import FLEET, Engine, a_package
from fakes.failing import always, throttled
from fakes.records import BEN, CARL, ENDPOINT

from bot.domain.alarms import AlarmState
from bot.domain.endpoint import ApprovalStatus
from bot.domain.errors import AccessDenied
from bot.domain.fleet import parse_fleet
from bot.domain.kept_alarms import kept_alarms
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.plan import Level
from bot.domain.preflight import CheckName

TOPIC = "arn:aws:sns:us-east-1:123456789012:oncall"
ERRORS, P99, P50 = (f"bot-{ENDPOINT}.{label}" for label in ("errors", "p99", "p50"))
DECLARED = FLEET.replace(
    "    model_package_group: sentiment\n",
    "    model_package_group: sentiment\n    execution_role: arn:aws:iam::123456789012:role/sagemaker\n"
    "    instance_type: ml.m5.xlarge\n    instance_count: 2\n",
)
WATCHED = DECLARED + f"    alarms: {{error_rate: 2%, p99_ms: 800, notify: [{TOPIC}]}}\n"
DENIED = AccessDenied(operation="PutMetricAlarm", code="AccessDenied")


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(WATCHED)
    yield made
    assert made.crashes == []
    made.close()


def newest(engine: Engine) -> str:
    return engine.store.rollouts.recent(ENDPOINT)[0].id


def deployed(engine: Engine) -> str:
    engine.endpoints.exists = False
    engine.type(f"deploy {ENDPOINT}")
    engine.press("Approve", by=BEN)
    rollout_id = newest(engine)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    return rollout_id


def torn_down(engine: Engine) -> str:
    engine.type(f'teardown {ENDPOINT} --reason "no longer used"')
    rollout_id = newest(engine)
    engine.press("Approve", by=BEN)
    engine.press("Approve", by=CARL)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    return rollout_id


def promoted(engine: Engine) -> str:
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    return rollout_id


def stand_as_declared(engine: Engine) -> None:
    for alarm in kept_alarms(engine.world.fleet.endpoint(ENDPOINT)):
        engine.alarms.put(alarm, {})


def declare(engine: Engine, text: str) -> None:
    """The fleet file says something else from now on."""
    object.__setattr__(engine.world, "fleet", parse_fleet(text, "fleet.yaml"))


def words(engine: Engine) -> str:
    return "\n".join(posted.words for posted in engine.slack.posted)


def status(engine: Engine) -> str:
    return engine.ask(f"status {ENDPOINT}")


def test_they_are_made_as_soon_as_the_endpoint_is_there(engine: Engine) -> None:
    rollout_id = deployed(engine)
    assert set(engine.alarms.known) == {ERRORS, P99}
    assert engine.alarms.known[P99].notify == (TOPIC,)
    assert engine.alarms.tags[P99]["rollout:id"] == rollout_id
    assert engine.alarms.calls[-1][0] == "describe"  # that they are there was seen, not believed
    assert engine.store.rollouts.active() == ()


def test_the_plan_the_steps_and_the_end_tell_of_them(engine: Engine) -> None:
    deployed(engine)
    told = words(engine)
    rules = "Average of Invocation5XXErrors above 2 %; p99 of ModelLatency above 800 ms"
    assert f"2 alarms are set when it is InService: {rules}." in told
    assert "✓ 2 alarms of the endpoint set" in told
    assert f"2 alarms watch it: {ERRORS}, {P99}. They tell oncall." in told


def test_alarms_that_are_refused_fail_no_deploy_and_the_thread_says_what_to_do(engine: Engine) -> None:
    engine.alarms.fail("put", DENIED)
    rollout = engine.rollout(deployed(engine))
    assert rollout.last.reason is Reason.CREATED
    (told,) = rollout.chore_failures
    assert told.startswith(f"Not all alarms of {ENDPOINT} could be set ({ERRORS}, {P99}): ")
    assert "It serves all the same." in told
    assert "✖ 2 alarms of the endpoint set: refused, see below" in words(engine)
    assert "alarms watch it" not in words(engine)


def test_alarms_that_cannot_be_seen_are_made_again_until_they_can(engine: Engine) -> None:
    describe, looks = engine.alarms.describe, []

    def late(names: list[str]) -> object:
        looks.append(names)
        return {} if len(looks) < 5 else describe(names)

    engine.alarms.describe = late  # type: ignore[method-assign, assignment]
    rollout = engine.rollout(deployed(engine))
    assert (rollout.kept_alarms_set, rollout.chore_failures) == (True, ())


def test_a_teardown_deletes_them_and_says_so(engine: Engine) -> None:
    deployed(engine)
    torn_down(engine)
    assert engine.alarms.known == {}
    assert "2 alarms are deleted with it." in words(engine)
    assert "Its 2 alarms are deleted, too." in words(engine)


def test_a_teardown_deletes_those_too_that_the_fleet_file_declares_no_more(engine: Engine) -> None:
    stand_as_declared(engine)
    declare(engine, DECLARED)
    torn_down(engine)
    assert engine.alarms.known == {}


def test_a_restore_brings_them_back(engine: Engine) -> None:
    deployed(engine)
    torn_down(engine)
    engine.endpoints.plays((CREATING, SETTLED))
    engine.press("Restore", by=BEN)
    engine.press("Approve", by=CARL)
    rollout_id = newest(engine)
    assert (engine.play_out(rollout_id), engine.rollout(rollout_id).kind) == (Phase.SUCCEEDED, Kind.CREATE)
    assert set(engine.alarms.known) == {ERRORS, P99}


def test_a_promotion_makes_what_is_missing_changes_what_differs_and_deletes_what_is_not_declared(
    engine: Engine,
) -> None:
    stand_as_declared(engine)
    declare(engine, WATCHED.replace("error_rate: 2%, p99_ms: 800", "p99_ms: 600, p50_ms: 100"))
    rollout_id = promoted(engine)
    engine.play_until(Phase.WATCHING, rollout_id)
    engine.play(lambda: engine.rollout(rollout_id).kept_alarms_set)
    assert set(engine.alarms.known) == {P99, P50}
    assert engine.alarms.known[P99].threshold == 600_000
    assert engine.phase(rollout_id) is Phase.WATCHING


def test_a_promotion_leaves_them_alone_where_they_are_as_declared(engine: Engine) -> None:
    stand_as_declared(engine)
    calls = engine.alarms.count("put")
    rollout_id = promoted(engine)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert engine.alarms.count("put") == calls


def test_nothing_is_set_where_the_update_came_to_nothing(engine: Engine) -> None:
    engine.endpoints.plays((UPDATING, rolled_back("CannotStartContainerError")))
    rollout_id = promoted(engine)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK_BY_AWS
    assert engine.alarms.known == {}
    assert engine.store.rollouts.active() == ()


def test_the_watch_heeds_them(engine: Engine) -> None:
    stand_as_declared(engine)
    rollout_id = promoted(engine)
    assert set(engine.rollout(rollout_id).watch.alarms) == {ERRORS, P99}
    engine.play_until(Phase.WATCHING, rollout_id)
    known = engine.alarms.known[ERRORS]
    engine.alarms.known[ERRORS] = known.model_copy(update={"state": AlarmState.ALARM, "since": engine.clock()})
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    assert ERRORS in words(engine)


def test_the_watch_heeds_none_that_is_new_and_still_looks_at_the_old_fleet(engine: Engine) -> None:
    rollout_id = promoted(engine)
    engine.play_until(Phase.WATCHING, rollout_id)
    engine.play(lambda: engine.rollout(rollout_id).kept_alarms_set)
    known = engine.alarms.known[ERRORS]
    engine.alarms.known[ERRORS] = known.model_copy(update={"state": AlarmState.ALARM, "since": engine.clock()})
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED


def test_one_that_rings_already_is_said_before_anybody_approves(engine: Engine) -> None:
    stand_as_declared(engine)
    engine.alarms.sets(ERRORS, AlarmState.ALARM)
    plan = engine.rollout(engine.promote()).plan
    assert plan is not None
    (finding,) = [f for f in plan.findings if f.check == CheckName.WATCH_ALARMS]
    assert finding.level is Level.WARNING
    assert f"{ERRORS} is in ALARM already" in finding.text


def test_a_cloudwatch_that_never_answers_holds_up_no_watch_for_ever(engine: Engine) -> None:
    engine.alarms.fail("put", *always(throttled("PutMetricAlarm")))
    rollout_id = promoted(engine)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert "could be set" in engine.rollout(rollout_id).chore_failures[0]


def test_alarms_that_cannot_be_read_are_left_alone_and_the_plan_says_so(engine: Engine) -> None:
    engine.alarms.fail("describe", *always(AccessDenied(operation="DescribeAlarms", code="AccessDenied")))
    plan = engine.rollout(engine.promote()).plan
    assert plan is not None
    assert (plan.kept_alarms, plan.dropped_alarms) == ((), ())
    assert "Which alarms it has could not be read, so they stay as they are." in {f.text for f in plan.findings}


def test_status_shows_them_with_their_states_and_what_differs(engine: Engine) -> None:
    stand_as_declared(engine)
    engine.alarms.sets(ERRORS, AlarmState.ALARM)
    engine.alarms.known[ERRORS] = engine.alarms.known[ERRORS].model_copy(update={"since": NOW})
    del engine.alarms.known[P99]
    told = status(engine)
    assert f"{ERRORS}: in ALARM since" in told
    assert "tells oncall" in told
    assert "alarms.p99_ms" in told
    assert "800 ms" in told


def test_sync_sets_what_differs_without_a_rollout(engine: Engine) -> None:
    engine.registry.decides(a_package(4), ApprovalStatus.REJECTED)
    engine.registry.decides(a_package(5), ApprovalStatus.REJECTED)
    told = engine.ask(f"sync {ENDPOINT}")
    assert told == (f"{ENDPOINT}: its alarms are set as the fleet file says: {ERRORS}, {P99}. No rollout was needed.")
    assert set(engine.alarms.known) == {ERRORS, P99}
    assert engine.store.rollouts.recent(ENDPOINT) == ()
    assert "alarms." not in status(engine)


def test_sync_says_why_alarms_could_not_be_set(engine: Engine) -> None:
    engine.registry.decides(a_package(4), ApprovalStatus.REJECTED)
    engine.registry.decides(a_package(5), ApprovalStatus.REJECTED)
    engine.alarms.fail("put", DENIED)
    assert "its alarms could not be set: " in engine.ask(f"sync {ENDPOINT}")
