"""The metrics command: numbers in words for everybody, and as a chart where there is Slack."""

from datetime import timedelta

import pytest
from fakes.engine import CHANNEL, Engine
from fakes.failing import throttled
from fakes.records import ANNA, BEN, ENDPOINT

from bot.domain.errand import ReplyTo
from bot.domain.errors import SlackRefused
from bot.domain.phases import Phase


def test_metrics_are_told_in_words_and_drawn_where_they_were_asked_for(engine: Engine) -> None:
    answer = engine.ask(f"metrics {ENDPOINT} --since 6h")
    assert answer.startswith(f"{ENDPOINT}: the last 6 h, until ")
    assert "p50 400 ms\np90 800 ms\np99 1,200 ms\nRequests 21,600 (60 a minute)" in answer
    assert engine.slack.files == [(None, f"{ENDPOINT}-{engine.clock():%Y%m%d-%H%M}.png")]


def test_in_a_thread_the_chart_goes_into_the_thread(engine: Engine) -> None:
    engine.type(f"metrics {ENDPOINT}", reply=ReplyTo(user_id=ANNA, channel_id=CHANNEL, thread_ts="1.000100"))
    ((thread_ts, filename),) = engine.slack.files
    assert (thread_ts, filename.endswith(".png")) == ("1.000100", True)
    (answer,) = [p for p in engine.slack.posted if "the last 24 h" in p.words]
    assert answer.thread_ts == "1.000100"


def test_a_terminal_gets_the_words_and_is_told_where_the_chart_is(engine: Engine) -> None:
    answer = engine.terminal(f"metrics {ENDPOINT}")
    assert answer.exit_status == 0
    assert "the last 24 h" in answer.text
    assert "The chart is drawn in Slack only." in answer.text
    assert engine.slack.files == []


@pytest.mark.parametrize(("since", "seconds"), [("5m", 60), ("24h", 360), ("14d", 5040)])
def test_a_chart_has_no_more_points_than_a_phone_can_show(engine: Engine, since: str, seconds: int) -> None:
    engine.terminal(f"metrics {ENDPOINT} --since {since}")
    ((window, _),) = engine.metrics.asked
    assert (window.end - window.start) % timedelta(seconds=seconds) == timedelta()
    assert (window.end - window.start) / timedelta(seconds=seconds) <= 240
    assert timedelta() <= engine.clock() - window.end < timedelta(seconds=seconds)


def test_cutovers_within_the_time_are_named(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    engine.play_until(Phase.WATCHING, rollout_id)
    engine.clock.tick(timedelta(minutes=2))
    shown = engine.terminal(f"metrics {ENDPOINT} --since 1h").text
    assert "Replaced in this time\n• sentiment version 3 → sentiment version 4" in shown
    engine.clock.tick(timedelta(hours=2))
    assert "Replaced" not in engine.terminal(f"metrics {ENDPOINT} --since 1h").text


def test_an_endpoint_that_nobody_called_has_a_kind_answer_and_no_chart(engine: Engine) -> None:
    engine.metrics.before_us, engine.metrics.requests = None, None
    answer = engine.ask(f"metrics {ENDPOINT}")
    assert "CloudWatch has no numbers of it in this time: nobody called it, or it has not been there yet." in answer
    assert engine.slack.files == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (SlackRefused("files.upload", "not_in_channel"), "invite the bot with /invite @endpoint-bot"),
        (throttled("files.upload"), "Slack did not take the chart; ask again in a minute."),
    ],
)
def test_without_the_chart_the_words_still_come(engine: Engine, error: Exception, words: str) -> None:
    engine.slack.fail("upload", error)
    answer = engine.ask(f"metrics {ENDPOINT}")
    assert "p50 400 ms" in answer
    assert words in answer


def test_what_cloudwatch_does_not_tell_is_said(engine: Engine) -> None:
    engine.metrics.fail("measure", *[throttled("GetMetricData")] * 20)
    engine.type(f"metrics {ENDPOINT}")
    engine.play(lambda: bool(engine.slack.responses))
    assert "GetMetricData got no answer" in engine.slack.responses[-1][1]
