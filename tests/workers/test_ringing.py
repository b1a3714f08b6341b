"""Alarms that the watch heeds, over the whole engine: they end it at once, cost one call for all, and may be unreadable."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from fakes.engine import FLEET, Engine
from fakes.failing import always
from fakes.records import BEN, ENDPOINT

from bot.domain.alarms import Alarm, AlarmState
from bot.domain.errors import AccessDenied, RolloutBotError, TransientError
from bot.domain.phases import Phase, Reason
from bot.domain.plan import Finding, Level
from bot.domain.verdict import VerdictKind

HEEDING = FLEET.replace("watch: {", "watch: {alarms: [stt-errors], ").replace(
    "    model_package_group: sentiment\n",
    "    model_package_group: sentiment\n  beside:\n    model_package_group: sentiment\n    watch: {alarms: [beside-errors]}\n",
)


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine(HEEDING)
    made.alarms.known["stt-errors"] = Alarm(name="stt-errors", state=AlarmState.OK)
    yield made
    made.close()


def watched(engine: Engine) -> str:
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.WATCHING, rollout_id)
    return rollout_id


def rings(engine: Engine) -> None:
    ringing = {"state": AlarmState.ALARM, "since": engine.clock()}
    engine.alarms.known["stt-errors"] = engine.alarms.known["stt-errors"].model_copy(update=ringing)


def finding(engine: Engine, rollout_id: str) -> Finding:
    plan = engine.rollout(rollout_id).plan
    assert plan is not None
    return next(f for f in plan.findings if f.check == "watch_alarms")


def test_an_alarm_that_goes_off_during_the_watch_has_the_bot_roll_back(engine: Engine) -> None:
    rollout_id = watched(engine)
    assert finding(engine, rollout_id).level is Level.OK
    engine.clock.tick(timedelta(minutes=2))
    rings(engine)
    engine.play_until(Phase.ROLLED_BACK, rollout_id)
    rollout = engine.rollout(rollout_id)
    assert rollout.verdict is not None
    assert (rollout.verdict.kind, rollout.verdict.is_hard) == (VerdictKind.REGRESSED, True)
    assert rollout.verdict.evidence.startswith("The alarm stt-errors went off at ")
    assert Reason.WATCH_REGRESSED in {t.reason for t in rollout.transitions}


def test_a_fleet_that_is_given_up_before_its_first_look_is_shown_with_the_numbers_that_there_are(
    engine: Engine,
) -> None:
    rollout_id = watched(engine)
    rings(engine)
    engine.play_until(Phase.ROLLED_BACK, rollout_id)
    compared = engine.rollout(rollout_id).comparison
    assert compared is not None
    assert compared.before.p50_us is not None
    assert compared.points


def test_a_fleet_that_is_given_up_while_cloudwatch_is_away_is_shown_without_numbers(engine: Engine) -> None:
    rollout_id = watched(engine)
    rings(engine)
    engine.metrics.fail("measure", *always(TransientError("GetMetricData", "throttled")))
    engine.metrics.fail("read", *always(TransientError("GetMetricData", "throttled")))
    engine.play_until(Phase.ROLLED_BACK, rollout_id)
    compared = engine.rollout(rollout_id).comparison
    assert compared is not None
    assert compared.before.p50_us is None


def test_an_alarm_that_rang_before_the_update_is_told_in_the_plan_and_not_held_against_the_new_fleet(
    engine: Engine,
) -> None:
    rings(engine)
    rollout_id = watched(engine)
    assert "stt-errors is in ALARM already" in finding(engine, rollout_id).text
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED


def test_an_alarm_that_does_not_exist_is_told_in_the_plan_and_does_without(engine: Engine) -> None:
    engine.alarms.known.clear()
    rollout_id = watched(engine)
    assert finding(engine, rollout_id).level is Level.WARNING
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED


@pytest.mark.parametrize(
    "error",
    [
        TransientError("DescribeAlarms", "throttled"),
        AccessDenied(operation="DescribeAlarms", code="AccessDenied"),
    ],
)
def test_alarms_that_cannot_be_read_do_not_stop_the_watch(engine: Engine, error: RolloutBotError) -> None:
    rollout_id = watched(engine)
    engine.alarms.fail("describe", *always(error))
    assert engine.play_out(rollout_id) is Phase.SUCCEEDED


def test_all_alarms_of_an_account_and_region_are_read_in_one_call_and_remembered_for_half_a_period(
    engine: Engine,
) -> None:
    rollout_id = watched(engine)
    rollout, spec = engine.rollout(rollout_id), engine.world.fleet.endpoint(ENDPOINT)
    ringing = engine.parts.reconciler.ringing
    engine.clock.tick(rollout.watch.metric_period / 2)
    engine.alarms.calls.clear()
    for _ in range(3):
        assert [alarm.name for alarm in ringing.heeded_by(rollout, spec)] == ["stt-errors"]
    assert engine.alarms.calls == [("describe", "beside-errors", "stt-errors")]
    other = rollout.with_(watch=rollout.watch.model_copy(update={"alarms": ("of-an-older-fleet-file",)}))
    assert ringing.heeded_by(other, spec) == ()
    assert engine.alarms.calls[1:] == [("describe", "beside-errors", "of-an-older-fleet-file", "stt-errors")]
    assert ringing.heeded_by(rollout.with_(watch=rollout.watch.model_copy(update={"alarms": ()})), spec) == ()
    engine.clock.tick(rollout.watch.metric_period / 2)
    assert ringing.heeded_by(rollout, spec) != ()
    assert len(engine.alarms.calls) == 3
