"""What a plan says of the alarms that the watch heeds."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from fakes.facts import ROLLBACK, SCALE, UPDATE, a_spec, found

from bot.domain.alarms import Alarm, AlarmState
from bot.domain.fleet import Watch
from bot.domain.plan import Finding, Level
from bot.domain.preflight import Facts

HEEDS = a_spec(watch=Watch(alarms=("stt-errors", "stt-wer")))
QUIET, RINGING = AlarmState.OK, AlarmState.ALARM


def finding(states: Mapping[str, AlarmState] | None, facts: Facts = UPDATE) -> Finding | None:
    alarms = None if states is None else {name: Alarm(name=name, state=state) for name, state in states.items()}
    return found(replace(facts, spec=HEEDS, watch_alarms=alarms)).get("watch_alarms")


def test_alarms_that_exist_and_are_quiet_are_well() -> None:
    well = finding({"stt-errors": QUIET, "stt-wer": AlarmState.INSUFFICIENT_DATA})
    assert well is not None
    assert (well.level, well.text) == (Level.OK, "The watch heeds stt-errors, stt-wer.")


@pytest.mark.parametrize(
    ("states", "words", "step"),
    [
        (None, "Whether the watch can heed stt-errors, stt-wer is unknown: AWS did not say.", "DescribeAlarms"),
        ({"stt-errors": QUIET}, "There is no alarm stt-wer in this account and region.", "Correct alarms"),
        ({}, "There is no alarm stt-errors and no alarm stt-wer in this account and region.", "Correct alarms"),
        (
            {"stt-errors": RINGING, "stt-wer": QUIET},
            "stt-errors is in ALARM already, which says nothing about the new fleet.",
            "Mend what rings",
        ),
        ({"stt-errors": RINGING, "stt-wer": RINGING}, "stt-errors and stt-wer are in ALARM already", "Mend"),
        (
            {"stt-errors": RINGING},
            "There is no alarm stt-wer in this account and region. stt-errors is in ALARM",
            "Mend",
        ),
    ],
)
def test_an_alarm_that_cannot_speak_is_a_warning(
    states: Mapping[str, AlarmState] | None, words: str, step: str
) -> None:
    warned = finding(states)
    assert warned is not None
    assert warned.level is Level.WARNING
    assert words in warned.text
    assert step in warned.next_step


@pytest.mark.parametrize("facts", [ROLLBACK, SCALE], ids=["a way back", "a change of counts"])
def test_what_is_not_watched_heeds_no_alarm(facts: Facts) -> None:
    assert finding({}, facts) is None


def test_a_watch_that_names_none_says_nothing_of_alarms() -> None:
    assert "watch_alarms" not in found(UPDATE)
