"""A rollout's own alarms: made and seen before the call, named in it, and gone afterwards, whatever becomes of the update."""

from collections.abc import Callable, Iterator, Mapping, Sequence

import pytest
from fakes.account import MIXED, UPDATING, rolled_back
from fakes.engine import FLEET, Engine
from fakes.failing import always, lost, throttled
from fakes.records import ANNA, BEN, CURRENT, ENDPOINT

from bot.domain.alarms import Alarm
from bot.domain.errors import AccessDenied, GatewayError
from bot.domain.phases import Phase, Reason

GUARDED = FLEET.replace(
    "model_package_group: sentiment",
    "model_package_group: sentiment\n    strategy: {type: canary, size: 50%, bake: 10m}",
)
Steer = Callable[[Engine], None]


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(GUARDED)
    yield made
    made.close()


def approved(engine: Engine) -> str:
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    return rollout_id


def assert_tidy(engine: Engine) -> None:
    engine.play(lambda: False)
    assert engine.alarms.known == {}
    assert engine.store.rollouts.active() == ()
    assert engine.store.rollouts.lease_of(ENDPOINT) is None
    assert engine.next_due() is None


def test_the_call_is_what_the_plan_said_and_its_alarms_stand_by_then(engine: Engine) -> None:
    rollout_id = approved(engine)
    engine.play(lambda: engine.endpoints.updates != [])
    plan = engine.rollout(rollout_id).plan
    assert plan is not None
    assert plan.deployment is not None
    assert engine.endpoints.deployments == [plan.deployment]
    sent = plan.deployment["AutoRollbackConfiguration"]["Alarms"]
    assert {a["AlarmName"] for a in sent} == set(engine.alarms.known) != set()
    for alarm in engine.alarms.known.values():
        assert alarm.dimensions["EndpointConfigName"] == plan.target_config
    order = [c[0] for c in engine.alarms.calls]
    assert order == ["create"] * len(sent) + ["describe"]


def test_its_alarms_carry_the_lineage(engine: Engine) -> None:
    rollout_id = approved(engine)
    (tags,) = engine.alarms.tags.values()
    assert tags["rollout:id"] == rollout_id
    assert tags["rollout:previous-config"] == CURRENT


WAYS_OUT: list[tuple[str, Steer, Phase]] = [
    ("success", lambda e: None, Phase.SUCCEEDED),
    ("SageMaker goes back", lambda e: e.endpoints.plays((UPDATING, rolled_back("alarm"))), Phase.ROLLED_BACK_BY_AWS),
    ("a mixed fleet", lambda e: e.endpoints.plays((UPDATING, MIXED)), Phase.NEEDS_HUMAN),
    ("refused", lambda e: e.endpoints.fail("update", GatewayError("UpdateEndpoint", "Nope")), Phase.FAILED),
    ("throttled for ever", lambda e: e.endpoints.fail("update", *always(throttled("UpdateEndpoint"))), Phase.FAILED),
    ("always crashing", lambda e: e.endpoints.fail("update", *[RuntimeError("bug")] * 99), Phase.FAILED),
    ("an alarm that is refused", lambda e: e.alarms.fail("create", GatewayError("PutMetricAlarm", "No")), Phase.FAILED),
    ("alarms for ever throttled", lambda e: e.alarms.fail("create", *always(throttled("x"))), Phase.FAILED),
]


@pytest.mark.parametrize(("steer", "end"), [w[1:] for w in WAYS_OUT], ids=[w[0] for w in WAYS_OUT])
def test_its_alarms_are_deleted_on_every_way_out(engine: Engine, steer: Steer, end: Phase) -> None:
    steer(engine)
    rollout_id = approved(engine)
    assert engine.play_out(rollout_id) is end
    assert engine.alarms.count("delete") >= 1
    assert_tidy(engine)


def test_its_alarms_are_deleted_after_cancel(engine: Engine) -> None:
    engine.endpoints.fail("update", *always(throttled("UpdateEndpoint"), 50))
    rollout_id = approved(engine)
    engine.play(lambda: engine.alarms.known != {})
    engine.press("Cancel", by=ANNA)
    assert engine.play_out(rollout_id) is Phase.CANCELLED
    assert_tidy(engine)


def test_its_alarms_are_deleted_although_the_endpoint_is_gone(engine: Engine) -> None:
    rollout_id = approved(engine)
    engine.play(lambda: engine.endpoints.updates != [])
    engine.endpoints.endpoint = "another"
    assert engine.play_out(rollout_id) is Phase.NEEDS_HUMAN
    assert_tidy(engine)


def test_without_alarms_that_can_be_seen_nothing_is_called(engine: Engine) -> None:
    """SageMaker would take the name of an alarm that does not exist, and guard nothing."""
    describe = engine.alarms.describe

    def blind(names: Sequence[str]) -> Mapping[str, Alarm]:
        return {k: v for k, v in describe(names).items() if not k.startswith("bot-")}

    engine.alarms.describe = blind  # type: ignore[method-assign]
    rollout_id = approved(engine)
    assert engine.play_out(rollout_id) is Phase.FAILED
    assert engine.rollout(rollout_id).last.reason is Reason.AWS_UNREACHABLE
    assert engine.endpoints.updates == []
    assert_tidy(engine)


def test_alarms_that_show_a_little_late_are_waited_for(engine: Engine) -> None:
    describe, looks = engine.alarms.describe, []

    def late(names: Sequence[str]) -> Mapping[str, Alarm]:
        looks.append(names)
        return {} if len(looks) < 4 else describe(names)

    engine.alarms.describe = late  # type: ignore[method-assign]
    rollout_id = approved(engine)
    engine.play_until(Phase.WATCHING, rollout_id)
    assert engine.alarms.count("create") == 4


@pytest.mark.parametrize("method", ["create", "delete"])
def test_an_answer_that_was_lost_costs_nothing(engine: Engine, method: str) -> None:
    engine.alarms.fail(method, lost("PutMetricAlarm"))
    rollout_id = approved(engine)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert_tidy(engine)


def test_a_deletion_that_is_throttled_is_tried_until_it_works(engine: Engine) -> None:
    engine.alarms.fail("delete", *[throttled("DeleteAlarms")] * 60)
    rollout_id = approved(engine)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert engine.alarms.count("delete") == 61
    assert_tidy(engine)


def test_a_deletion_that_is_refused_is_told_once(engine: Engine) -> None:
    denied = AccessDenied(operation="DeleteAlarms", code="AccessDenied")
    engine.alarms.fail("delete", denied, denied)
    rollout_id = approved(engine)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    assert engine.alarms.count("delete") == 1
    (told,) = engine.rollout(rollout_id).chore_failures
    assert told.startswith(
        f"The alarms of this rollout could not be deleted: {denied.user_message} Delete them by hand: bot-"
    )
    assert engine.store.rollouts.active() == ()


def test_a_new_change_does_not_wait_for_the_alarms_of_an_older_one(engine: Engine) -> None:
    engine.alarms.fail("delete", *[throttled("DeleteAlarms")] * 1000)
    engine.endpoints.plays((UPDATING, rolled_back("alarm")))
    first = approved(engine)
    engine.play(lambda: engine.phase(first) is Phase.ROLLED_BACK_BY_AWS)
    second = engine.promote(5)
    engine.tell()
    assert engine.phase(second) is Phase.AWAITING_APPROVAL


def test_the_way_back_is_all_at_once_and_guarded_by_nothing(engine: Engine) -> None:
    rollout_id = approved(engine)
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED
    engine.press("Roll back", by=BEN)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK
    assert engine.endpoints.deployments[1] is None
    assert_tidy(engine)
