"""Abort: our alarm is tripped until SageMaker itself goes back; before the call, nothing is called."""

from collections.abc import Iterator

import pytest
from fakes.account import LANDED, UPDATING, rolled_back
from fakes.engine import FLEET, Engine
from fakes.failing import always, throttled
from fakes.records import ANNA, BEN, CARL, CURRENT, ENDPOINT

from bot.domain.alarms import AlarmState
from bot.domain.errand import ButtonValue, Click
from bot.domain.errors import AccessDenied
from bot.domain.phases import Phase, Reason

GUARDED = FLEET.replace(
    "model_package_group: sentiment",
    "model_package_group: sentiment\n    strategy: {type: canary, size: 50%, bake: 10m}\n"
    "    retry: {capacity_attempts: 3, wait: 5m}",
)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(GUARDED)
    yield made
    made.close()


def updating(engine: Engine, *, then: object = None) -> str:
    """SageMaker works on it for a while, then does this."""
    engine.endpoints.plays([UPDATING] * 6 + [then or rolled_back("alarm bot-errors")])  # type: ignore[list-item]
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play(lambda: engine.endpoints.updates != [])
    return rollout_id


def abort(engine: Engine, rollout_id: str, by: str = ANNA) -> None:
    """A click as Slack delivers it, whether the button is shown or not."""
    value = ButtonValue(rollout_id=rollout_id, endpoint=ENDPOINT).model_dump_json()
    engine.click(Click.ABORT, value, by=by, on=engine.slack.shown("card"))


def told(engine: Engine, who: str) -> str:
    return next(text for whom, text in reversed(engine.slack.whispers) if whom == who)


@pytest.mark.parametrize("by", [ANNA, CARL])
def test_the_alarm_is_tripped_at_every_look_until_sagemaker_goes_back(engine: Engine, by: str) -> None:
    rollout_id = updating(engine)
    engine.settle()
    abort(engine, rollout_id, by=by)
    (name,) = engine.alarms.known
    assert engine.alarms.known[name].state is AlarmState.ALARM
    engine.alarms.sets(name, AlarmState.OK)  # CloudWatch sets it right again
    engine.play(lambda: engine.alarms.count("trip") == 3)
    assert engine.alarms.known[name].state is AlarmState.ALARM
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK_BY_AWS
    ended = engine.rollout(rollout_id)
    assert (ended.last.reason, ended.last.actor) == (Reason.ABORTED, "aws")
    assert ended.abort is not None
    assert ended.abort.actor == by
    assert engine.endpoints.config == CURRENT
    assert engine.alarms.known == {}
    assert len(engine.endpoints.updates) == 1


def test_an_abort_that_sagemaker_does_not_heed_is_told_as_what_it_did(engine: Engine) -> None:
    rollout_id = updating(engine, then=LANDED)
    abort(engine, rollout_id)
    engine.play_until(Phase.WATCHING, rollout_id)
    assert engine.rollout(rollout_id).last.reason is Reason.LANDED
    trips = engine.alarms.count("trip")
    engine.play_out(rollout_id)
    assert engine.alarms.count("trip") == trips


def test_only_one_abort_is_needed_and_the_second_clicker_is_told(engine: Engine) -> None:
    rollout_id = updating(engine)
    abort(engine, rollout_id, by=BEN)
    abort(engine, rollout_id, by=CARL)
    assert told(engine, CARL) == f"<@{BEN}> aborted it already. Your click changed nothing."


def test_an_abort_that_is_carried_out_again_after_a_crash_reproaches_nobody(engine: Engine) -> None:
    rollout_id = updating(engine)
    abort(engine, rollout_id, by=BEN)
    aborted = engine.rollout(rollout_id).abort
    assert aborted is not None
    engine.redis.hdel(f"endpoint-bot:errand:{aborted.caused_by}", "done")
    engine.parts.desk.run(aborted.caused_by)
    engine.settle()
    assert [whom for whom, _ in engine.slack.whispers] == []


def test_others_do_not_abort(engine: Engine) -> None:
    rollout_id = updating(engine)
    abort(engine, rollout_id, by="U0EVE")
    assert "or an approver may abort it" in told(engine, "U0EVE")
    assert engine.alarms.count("trip") == 0


@pytest.mark.parametrize("phase", [Phase.AWAITING_APPROVAL, Phase.WATCHING, Phase.SUCCEEDED])
def test_there_is_nothing_to_abort_but_an_update(engine: Engine, phase: Phase) -> None:
    rollout_id = engine.promote()
    if phase is not Phase.AWAITING_APPROVAL:
        engine.press("Approve", by=BEN)
        engine.play_until(phase, rollout_id)
    abort(engine, rollout_id)
    assert f"There is nothing to abort: its state is “{phase.words}”." in told(engine, ANNA)
    assert engine.rollout(rollout_id).abort is None


def test_an_unguarded_update_is_not_aborted() -> None:
    engine = Engine()
    try:
        rollout_id = updating(engine)
        abort(engine, rollout_id)
        assert "There is nothing to abort" in told(engine, ANNA)
    finally:
        engine.close()


def test_an_abort_before_the_call_calls_nothing(engine: Engine) -> None:
    engine.endpoints.fail("update", *always(throttled("UpdateEndpoint"), 5))
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    assert engine.phase(rollout_id) is Phase.UPDATING
    abort(engine, rollout_id)
    assert engine.play_out(rollout_id) is Phase.CANCELLED
    assert engine.rollout(rollout_id).last.actor == ANNA
    assert engine.endpoints.updates == []
    assert engine.alarms.count("trip") == 0
    assert engine.alarms.known == {}


def test_an_alarm_that_cannot_be_tripped_is_told_and_the_update_goes_on(engine: Engine) -> None:
    rollout_id = updating(engine, then=LANDED)
    engine.alarms.fail("trip", AccessDenied(operation="SetAlarmState", code="AccessDenied"))
    abort(engine, rollout_id)
    (failure,) = engine.rollout(rollout_id).chore_failures
    assert "The alarm could not be tripped: The bot's AWS role is not allowed SetAlarmState." in failure
    assert engine.rollout(rollout_id).abort is None
    engine.play_until(Phase.WATCHING, rollout_id)


def test_a_throttled_abort_is_tried_again(engine: Engine) -> None:
    rollout_id = updating(engine)
    engine.alarms.fail("trip", throttled("SetAlarmState"), throttled("SetAlarmState"))
    abort(engine, rollout_id)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK_BY_AWS
    assert engine.alarms.count("trip") >= 3
    assert engine.rollout(rollout_id).last.reason is Reason.ABORTED


def test_after_an_abort_nothing_is_tried_again(engine: Engine) -> None:
    rollout_id = updating(engine, then=rolled_back("Insufficient capacity"))
    abort(engine, rollout_id)
    assert engine.play_out(rollout_id) is Phase.ROLLED_BACK_BY_AWS
    assert len(engine.endpoints.updates) == 1
