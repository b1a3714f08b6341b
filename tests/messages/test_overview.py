"""Any stretch of time in words: totals, extremes, gaps that stay gaps, and a kind word where there is nothing."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from fakes.clock import NOW
from fakes.reading import words_of
from fakes.records import at

from bot.domain.phases import Phase
from bot.domain.rollout import Rollout
from bot.domain.verdict import Measurement, Point, Window
from bot.messages.overview import Overview, headlines, render_overview

HOUR = timedelta(hours=1)
WINDOW = Window(start=NOW - 24 * HOUR, end=NOW)


def an_overview(points: Sequence[Point] | None = None, rollouts: Sequence[Rollout] = (), **measured: Any) -> Overview:
    whole = {
        "p50_us": 412_000.0,
        "p90_us": 800_000.0,
        "p99_us": 1_236_000.0,
        "requests": 258_000.0,
        "errors_5xx": 12.0,
        "errors_4xx": 0.0,
        **measured,
    }
    day = [
        Point(at=WINDOW.start + n * HOUR, p50_us=400_000.0 + 1_000 * n, requests=1_000.0 + (500 if n == 7 else -n))
        for n in range(24)
    ]
    return Overview(
        endpoint="stt-prod",
        metric="FirstChunkLatency",
        whole=Measurement(window=WINDOW, **whole),
        points=day if points is None else points,
        period=HOUR,
        rollouts=rollouts,
    )


def test_the_window_is_summed_up_with_its_extremes() -> None:
    words = words_of(render_overview(an_overview(), "The chart is above."))
    assert words.startswith("stt-prod: the last 24 h, until 2026-11-22 08:00 UTC")
    assert "p50 412 ms\np90 800 ms\np99 1,236 ms\nRequests 258,000 (179 a minute)\n5xx 12 of 258,000" in words
    assert "Fastest 400 ms, 2026-11-21 08:00 UTC; slowest 423 ms, 2026-11-22 07:00 UTC." in words
    assert "Busiest 1,500, 2026-11-21 15:00 UTC; quietest 977, 2026-11-22 07:00 UTC." in words
    assert words.endswith(
        "FirstChunkLatency and counts from CloudWatch, which shows the last few minutes late. The chart is above."
    )


def test_a_gap_in_the_numbers_is_a_gap_in_the_line() -> None:
    points = [Point(at=WINDOW.start + n * HOUR, p50_us=None if n == 1 else 100_000.0 * (n + 1)) for n in range(4)]
    words = words_of(render_overview(an_overview(points)))
    assert "p50 over time ▃ ▇█\nFastest" in words
    assert "Busiest" not in words


def test_broken_streams_are_counted_where_there_are_streams() -> None:
    words = words_of(render_overview(an_overview(mid_stream_errors=3.0, errors_4xx=None)))
    assert "4xx no data" in words
    assert "Broken streams 3 of 258,000" in words


def test_counts_without_points_are_still_told() -> None:
    words = words_of(render_overview(an_overview([])))
    assert "Requests 258,000" in words
    assert "no latency or traffic to draw" in words


def test_nothing_at_all_is_said_kindly_and_with_what_to_try() -> None:
    silent = an_overview([], p50_us=None, p90_us=None, p99_us=None, requests=None, errors_5xx=None, errors_4xx=None)
    assert silent.is_empty
    words = words_of(render_overview(silent))
    assert "nobody called it, or it has not been there yet" in words
    assert "metrics stt-prod --since 7d" in words


def test_what_was_replaced_in_that_time_is_listed_the_latest_last() -> None:
    rollouts = [at(Phase.SUCCEEDED, id=f"rold{n}222") for n in range(9)]
    words = words_of(render_overview(an_overview(rollouts=rollouts)))
    assert words.count("• sentiment version 3 → sentiment version 4: succeeded (PASS)") == 6
    assert "rold8222" in words
    assert "rold2222" not in words


def test_two_lines_stand_above_the_chart() -> None:
    assert headlines(an_overview()) == ("Last 24 h: p50 412 ms, p99 1,236 ms", "258,000 requests, 5xx 12")
    assert headlines(an_overview(errors_5xx=None))[1] == "258,000 requests, 5xx no data"
