"""Runs of the check command as values: lost and begun again, and the JSON file that a program may write."""

import re
from datetime import timedelta

import pytest
from fakes.clock import NOW

from bot.domain.checks import (
    GRACE,
    LONGEST_WAIT,
    MOST_SCORES,
    NEVER_PASSED,
    CheckPlan,
    CheckRun,
    CheckTime,
    Score,
    begun_again,
    is_lost,
    read_report,
    waited_for_nothing,
)
from bot.settings import Settings

PLAN = CheckPlan(command=("wer",), timeout=timedelta(minutes=5))
WAITS = CheckRun(time=CheckTime.AFTER, intended_at=NOW)
RUNS = WAITS.model_copy(update={"started_at": NOW + timedelta(minutes=1)})
OVER = RUNS.model_copy(update={"finished_at": NOW + timedelta(minutes=2), "exit_status": 0})
DEADLINE = NOW + timedelta(minutes=1) + PLAN.timeout + GRACE
SECOND = timedelta(seconds=1)


def test_a_run_is_lost_once_its_worker_should_have_ended_it() -> None:
    assert not is_lost(RUNS, PLAN, DEADLINE - SECOND)
    assert is_lost(RUNS, PLAN, DEADLINE)
    assert not is_lost(OVER, PLAN, DEADLINE)
    assert not is_lost(WAITS, PLAN, DEADLINE)


def test_a_lost_run_is_begun_again_once_and_then_given_up() -> None:
    again = begun_again(RUNS, DEADLINE)
    assert again == CheckRun(time=CheckTime.AFTER, intended_at=DEADLINE, attempt=2)
    over = begun_again(again, DEADLINE)
    assert (over.is_over, over.passed, over.finished_at) == (True, None, DEADLINE)
    assert over.problem == "The worker that ran it was killed, 2 times."


def test_a_run_that_no_worker_begins_is_given_up_in_the_end() -> None:
    assert waited_for_nothing(WAITS, NOW + LONGEST_WAIT - SECOND) is None
    assert waited_for_nothing(RUNS, NOW + LONGEST_WAIT) is None
    assert waited_for_nothing(OVER, NOW + LONGEST_WAIT) is None
    over = waited_for_nothing(WAITS, NOW + LONGEST_WAIT)
    assert over is not None
    assert (over.is_over, over.problem) == (True, "No worker had time for it within 15 minutes.")


@pytest.mark.parametrize(("status", "passed"), [(0, True), (1, False), (None, None)])
def test_the_exit_status_says_whether_it_passed(status: int | None, passed: bool | None) -> None:
    assert OVER.model_copy(update={"exit_status": status}).passed is passed


def test_a_report_has_a_summary_and_scores_some_of_which_can_be_judged() -> None:
    report = read_report(
        b'{"summary": "40 files", "scores": {"wer": {"value": 0.081, "better": "lower", "tolerance": 0.1}, "files": 40}}'
    )
    assert report.summary == "40 files"
    assert report.scores == {"wer": Score(value=0.081, better="lower", tolerance=0.1), "files": Score(value=40)}
    assert report.scores["files"].better is None


@pytest.mark.parametrize("text", [b"{}", b'{"summary": ""}', b'{"scores": {}}'])
def test_a_report_may_say_little(text: bytes) -> None:
    assert (read_report(text).summary, read_report(text).scores) == ("", {})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"", "Invalid JSON"),
        (b"\xff", "Invalid JSON"),
        (b'{"summary": "cut', "Invalid JSON"),
        (b"[]", "Input should be an object"),
        (b'{"wer": 0.1}', "wer: "),
        (b'{"summary": 3}', "summary: "),
        (b'{"summary": "%s"}' % (b"x" * 301), "summary: "),
        (b'{"scores": {"wer": "0.1"}}', "scores.wer: "),
        (b'{"scores": {"wer": true}}', "scores.wer.value: "),
        (b'{"scores": {"wer": NaN}}', "scores.wer.value: "),
        (b'{"scores": {"wer": {"value": "0.1"}}}', "scores.wer.value: "),
        (b'{"scores": {"wer": {"value": 1, "better": "smaller"}}}', "scores.wer.better: "),
        (b'{"scores": {"wer": {"value": 1, "tolerance": -1}}}', "scores.wer.tolerance: "),
        (b'{"scores": {"": 1}}', "scores."),
        (b'{"scores": {%s}}' % b",".join(b'"%d": 1' % n for n in range(MOST_SCORES + 1)), "scores: "),
    ],
)
def test_a_report_that_says_something_else_is_refused_with_where(text: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(words)}"):
        read_report(text)


def test_none_of_the_bots_own_secrets_can_be_passed_on() -> None:
    secrets = {name.upper() for name, field in Settings.model_fields.items() if "SecretStr" in str(field.annotation)}
    assert "SLACK_BOT_TOKEN" in secrets
    assert secrets == NEVER_PASSED
