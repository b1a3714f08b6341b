"""The windows of the watch: whole periods, the warm-up left out, the baseline before the update."""

from datetime import datetime, timedelta

import pytest
from fakes.account import FakeEndpoints
from fakes.clock import NOW, FakeClock
from fakes.engine import a_config
from fakes.numbers import FakeMetrics
from fakes.records import ENDPOINT, WATCH, a_call, at

from bot.domain.phases import Phase
from bot.domain.rollout import Rollout
from bot.domain.verdict import Window
from workers.watch import MOST_POINTS, compare, windows

MINUTE = timedelta(minutes=1)
OVER = NOW + timedelta(minutes=33)


def watched(**fields: object) -> Rollout:
    return at(Phase.WATCHING, watch=WATCH.model_copy(update=fields))


@pytest.fixture
def metrics() -> FakeMetrics:
    endpoints = FakeEndpoints(FakeClock(), ENDPOINT, a_config())
    endpoints.updated_at = NOW
    return FakeMetrics(endpoints)


def test_the_warm_up_is_left_out() -> None:
    assert windows(watched(), NOW + 3 * MINUTE) is None
    assert windows(watched(), OVER) == (
        Window(start=NOW - timedelta(hours=1), end=NOW),
        Window(start=NOW + 3 * MINUTE, end=OVER),
    )


def test_the_window_grows_with_the_watch_and_ends_with_it() -> None:
    for minutes in (4, 20):
        spans = windows(watched(), NOW + minutes * MINUTE + timedelta(seconds=59))
        assert spans is not None
        assert spans[1].end == NOW + minutes * MINUTE
    late = windows(watched(), OVER + timedelta(hours=1))
    assert late is not None
    assert late[1].end == OVER


def is_whole(at: datetime) -> bool:
    return at.second == 0 and at.microsecond == 0


@pytest.mark.parametrize("seconds", [0, 1, 30, 59])
def test_windows_are_made_of_whole_periods(seconds: int) -> None:
    cutover = NOW + timedelta(seconds=seconds)
    rollout = at(Phase.WATCHING, cutover_at=cutover, update=a_call(intended_at=NOW - timedelta(seconds=seconds)))
    spans = windows(rollout, cutover + timedelta(minutes=40))
    assert spans is not None
    assert all(is_whole(edge) for span in spans for edge in (span.start, span.end))
    before, after = spans
    assert before.end <= NOW - timedelta(seconds=seconds)
    assert after.start >= cutover + WATCH.warm_up


def test_a_watch_shorter_than_its_period_still_has_a_window() -> None:
    short = {"duration": timedelta(seconds=10), "warm_up": timedelta(0)}
    rollout = at(Phase.WATCHING, watch=WATCH.model_copy(update=short), cutover_at=NOW + timedelta(seconds=5))
    assert windows(rollout, NOW + timedelta(seconds=6)) is None
    spans = windows(rollout, NOW + MINUTE)
    assert spans is not None
    assert spans[1] == Window(start=NOW, end=NOW + MINUTE)


@pytest.mark.parametrize("fields", [{"cutover_at": None}, {"update": None}])
def test_without_a_cutover_there_is_nothing_to_compare(fields: dict[str, None]) -> None:
    assert windows(at(Phase.WATCHING, **fields), OVER) is None


def test_nothing_is_asked_before_there_is_anything_to_see(metrics: FakeMetrics) -> None:
    assert compare(watched(), metrics, NOW, with_points=False) is None
    assert compare(at(Phase.WATCHING, snapshot=None), metrics, OVER, with_points=False) is None
    assert metrics.calls == []


def test_before_is_compared_with_after_for_the_variants_that_run(metrics: FakeMetrics) -> None:
    comparison = compare(watched(), metrics, OVER, with_points=False)
    assert comparison is not None
    assert (comparison.latency_metric, comparison.points) == ("ModelLatency", ())
    assert (comparison.before.p50_us, comparison.after.p50_us) == (400_000, 410_000)
    assert set(metrics.calls) == {("measure", ENDPOINT, "AllTraffic")}


def test_streams_are_judged_by_their_first_chunk(metrics: FakeMetrics) -> None:
    comparison = compare(watched(kind="streaming"), metrics, OVER, with_points=True)
    assert comparison is not None
    assert comparison.latency_metric == "FirstChunkLatency"
    assert all(streaming for _, streaming in metrics.asked)
    assert len(comparison.points) == 2


@pytest.mark.parametrize("period", [1, 30, 60])
@pytest.mark.parametrize("hours", [0.1, 1, 24])
def test_a_chart_has_a_readable_number_of_points(metrics: FakeMetrics, period: int, hours: float) -> None:
    asked: list[tuple[Window, timedelta]] = []
    series = metrics.series

    def remember(*args: object, **kwargs: object) -> object:
        asked.append((args[1], args[2]))  # type: ignore[arg-type]
        return series(*args, **kwargs)  # type: ignore[arg-type]

    metrics.series = remember  # type: ignore[method-assign,assignment]
    rollout = watched(
        duration=timedelta(hours=hours), baseline=timedelta(hours=48), metric_period=timedelta(seconds=period)
    )
    compare(rollout, metrics, NOW + timedelta(days=3), with_points=True)
    ((window, used),) = asked
    assert (window.end - window.start) / used <= MOST_POINTS
    assert used.total_seconds() in (1, 5, 10, 20, 30) or used.total_seconds() % 60 == 0
