"""The chart, looked at as pixels: where there is ink of a line, and where there must be none."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise

import pytest
from PIL import Image

from bot.domain.signals import Role, Signal
from bot.domain.verdict import Comparison, Effect, Measurement, Point, Standing, Verdict, VerdictKind, Window
from bot.domain.watchplan import WatchPlan
from workers.charts import HEIGHT_PX, WIDTH_PX, render_chart, render_overview
from workers.charts.canvas import Panels, new_sheet

START = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CUTOVER = START + 66 * MINUTE
BLUE, VERMILLION, GREEN, BLACK = (0, 114, 178), (213, 94, 0), (0, 158, 115), (0, 0, 0)
Box = tuple[float, float, float, float]  # left, top, right, bottom, as shares of the picture
WATCH = WatchPlan(duration=30 * MINUTE, warm_up=3 * MINUTE, metric_period=MINUTE, baseline=60 * MINUTE)


def boxes() -> Panels:
    """Where each panel is."""
    panels = new_sheet("x", [], START, CUTOVER).panels
    places = [axes.get_position() for axes in panels]
    return Panels(*((p.x0, 1 - p.y1, p.x1, 1 - p.y0) for p in places))


LATENCY, TAIL, REQUESTS, ERRORS = boxes()


def point(minute: int, p50: float | None = 120_000, p99: float | None = 400_000, **members: float) -> Point:
    p90 = members.pop("p90", None if p50 is None else 2 * p50)
    return Point(at=START + minute * MINUTE, p50_us=p50, p90_us=p90, p99_us=p99, **members)


def comparison(points: Sequence[Point], metric: str = "ModelLatency", has_data: bool = True) -> Comparison:
    latency = {"p50_us": 120_000.0, "p90_us": 200_000.0, "p99_us": 400_000.0} if has_data else {}
    return Comparison(
        latency_metric=metric,
        before=Measurement(window=Window(start=START, end=START + 60 * MINUTE), **latency),
        after=Measurement(window=Window(start=START + 69 * MINUTE, end=START + 99 * MINUTE), **latency),
        points=tuple(points),
    )


def picture(
    points: Sequence[Point],
    watch: WatchPlan = WATCH,
    title: str = "stt-prod",
    verdict: Verdict | None = None,
    **options: object,
) -> Image.Image:
    seen = comparison(points, **options)  # type: ignore[arg-type]
    png = render_chart(seen, title=title, cutover=CUTOVER, watch=watch, verdict=verdict)
    return Image.open(BytesIO(png)).convert("RGB")


def columns_with(image: Image.Image, colour: tuple[int, int, int], box: Box) -> set[float]:
    """Where ink of a colour is within a part of the picture, as shares of that part's width."""
    left, top, right, bottom = (int(s * size) for s, size in zip(box, (WIDTH_PX, HEIGHT_PX) * 2, strict=True))
    part = image.crop((left, top, right, bottom))
    pixels = part.load()
    assert pixels is not None
    found = {x for x in range(part.width) for y in range(part.height) if pixels[x, y] == colour}
    return {x / part.width for x in found}


def differ(one: Image.Image, other: Image.Image, box: Box) -> bool:
    """Whether two pictures differ in that part of them."""
    area = tuple(int(s * size) for s, size in zip(box, (WIDTH_PX, HEIGHT_PX) * 2, strict=True))
    return one.crop(area).tobytes() != other.crop(area).tobytes()  # type: ignore[arg-type]


def test_picture_is_a_png_of_its_promised_size_and_always_the_same() -> None:
    points = [point(m, requests=150, errors=0) for m in range(99)]
    one, other = (render_chart(comparison(points), title="stt-prod", cutover=CUTOVER, watch=WATCH) for _ in range(2))
    assert one == other
    assert Image.open(BytesIO(one)).size == (WIDTH_PX, HEIGHT_PX)


@pytest.mark.parametrize(("colour", "panel"), [(BLUE, LATENCY), (VERMILLION, TAIL), (GREEN, REQUESTS)])
def test_lines_run_through_the_whole_window(colour: tuple[int, int, int], panel: Box) -> None:
    columns = columns_with(picture([point(m, requests=150) for m in range(99)]), colour, panel)
    assert (min(columns), max(columns)) == (pytest.approx(0.01, abs=0.02), pytest.approx(0.99, abs=0.02))


@pytest.mark.parametrize(("colour", "panel"), [(BLUE, LATENCY), (VERMILLION, TAIL), (GREEN, REQUESTS)])
def test_a_gap_stays_a_gap(colour: tuple[int, int, int], panel: Box) -> None:
    image = picture([point(m, requests=150, errors=1) for m in range(99) if not 30 <= m < 60])
    left, top, right, bottom = panel
    start, end = left + 0.33 * (right - left), left + 0.57 * (right - left)
    assert columns_with(image, colour, (left, top, start, bottom))
    assert not columns_with(image, colour, (start, top, end, bottom))


def test_a_value_that_is_absent_from_a_point_is_not_drawn_as_zero() -> None:
    ground = (TAIL[0], TAIL[3] - 0.2 * (TAIL[3] - TAIL[1]), TAIL[2], TAIL[3])
    image = picture([point(m, p99=None if m % 3 else 400_000) for m in range(99)])
    assert columns_with(image, VERMILLION, TAIL)
    assert not columns_with(image, VERMILLION, ground)


def test_the_band_ends_where_p90_is_not_known() -> None:
    points = [point(m) for m in range(99)]
    without = [p.model_copy(update={"p90_us": None}) if p.at >= CUTOVER else p for p in points]
    left, top, right, bottom = LATENCY
    cut = left + 0.67 * (right - left)
    assert not differ(picture(points), picture(without), (left, top + 0.1, cut - 0.02, bottom))
    assert differ(picture(points), picture(without), (cut, top, right, bottom))


def test_a_single_point_can_be_seen() -> None:
    image = picture([point(10)])
    assert columns_with(image, BLUE, LATENCY)
    assert columns_with(image, VERMILLION, TAIL)


def test_without_data_nothing_is_drawn_that_looks_like_some() -> None:
    image = picture([], has_data=False)
    whole = (0.0, 0.0, 1.0, 1.0)
    assert not any(columns_with(image, colour, whole) for colour in (BLUE, VERMILLION, GREEN))


def test_cutover_stands_where_it_happened() -> None:
    for panel in (LATENCY, TAIL, REQUESTS, ERRORS):
        inside = (panel[0] + 0.01, panel[1] + 0.002, panel[2], panel[3] - 0.004)
        assert {round(column, 1) for column in columns_with(picture([]), BLACK, inside)} == {0.7}


@pytest.mark.parametrize(
    ("ceiling", "near", "far", "panel"),
    [
        ("p50_ceiling_ms", 150.0, 60_000.0, LATENCY),
        ("p90_ceiling_ms", 250.0, 60_000.0, LATENCY),
        ("p99_ceiling_ms", 450.0, 60_000.0, TAIL),
        ("error_rate_ceiling", 0.02, 0.9, ERRORS),
    ],
)
def test_a_limit_near_the_data_is_drawn_and_one_far_above_does_not_flatten_it(
    ceiling: str, near: float, far: float, panel: Box
) -> None:
    points = [point(m, requests=150, errors=2) for m in range(99)]
    plain = picture(points)
    assert differ(plain, picture(points, watch=WATCH.model_copy(update={ceiling: near})), panel)
    assert picture(points, watch=WATCH.model_copy(update={ceiling: far})).tobytes() == plain.tobytes()


def a_verdict(expected: float = 120_000, kind: VerdictKind = VerdictKind.REGRESSED) -> Verdict:
    median = Effect(
        signal=Signal.P50,
        role=Role.CRITICAL,
        standing=Standing.WORSE,
        before=120_000,
        expected=expected,
        after=160_000,
        change=0.3,
    )
    return Verdict(kind=kind, evidence="It is slower.", effects=(median,))


def test_the_level_to_be_expected_is_drawn_where_it_is_not_that_of_before() -> None:
    points = [point(m) for m in range(99)]
    same, other = (picture(points, verdict=a_verdict(expected)) for expected in (120_500, 135_000))
    right = (LATENCY[0] + 0.7 * (LATENCY[2] - LATENCY[0]), *LATENCY[1:])
    assert differ(same, other, right)
    assert not differ(same, other, (LATENCY[0], LATENCY[1], 0.5, LATENCY[3]))


def test_the_verdict_stands_above_the_chart() -> None:
    heading = (0.0, 0.05, 1.0, 0.1)
    kinds = [picture([], verdict=a_verdict(kind=kind)) for kind in VerdictKind]
    assert all(differ(one, other, heading) for one, other in pairwise(kinds))


def test_the_drain_of_old_streams_is_marked_for_streams_only() -> None:
    points = [point(m, requests=150) for m in range(99)]
    streams = WATCH.model_copy(update={"kind": "streaming"})
    above = (REQUESTS[0] + 0.3, REQUESTS[1] - 0.03, REQUESTS[2], REQUESTS[3])
    assert differ(picture(points), picture(points, watch=streams), above)


def test_the_warm_up_is_marked_and_named() -> None:
    points = [point(m) for m in range(99)]
    none = WATCH.model_copy(update={"warm_up": timedelta()})
    assert differ(picture(points), picture(points, watch=none), (0.4, LATENCY[3], TAIL[2], TAIL[1]))
    long = WATCH.model_copy(update={"warm_up": 15 * MINUTE})
    assert differ(picture(points), picture(points, watch=long), (LATENCY[0] + 0.45, LATENCY[1], LATENCY[2], 0.25))


def overview(points: Sequence[Point], *cutovers: datetime, hours: int = 24) -> Image.Image:
    png = render_overview(
        points,
        title="stt-prod",
        lines=["The last 24 h", "1,000 requests"],
        metric="FirstChunkLatency",
        window=Window(start=START, end=START + timedelta(hours=hours)),
        period=6 * MINUTE,
        watch=WATCH.model_copy(update={"p99_ceiling_ms": 450.0}),
        cutovers=cutovers,
    )
    return Image.open(BytesIO(png)).convert("RGB")


@pytest.mark.parametrize("hours", [24, 14 * 24])
def test_an_overview_marks_each_cutover_where_it_happened(hours: int) -> None:
    day = timedelta(hours=hours)
    shares = (0.05, 0.3, 0.34, 0.95)
    image = overview([], *(START + share * day for share in shares), hours=hours)
    inside = (ERRORS[0] + 0.01, ERRORS[1], ERRORS[2], ERRORS[3] - 0.004)
    columns = sorted(columns_with(image, BLACK, inside))
    assert [any(abs(column - share) < 0.02 for column in columns) for share in shares] == [True] * 4
    assert all(any(abs(column - share) < 0.02 for share in shares) for column in columns)


def test_an_overview_runs_over_all_that_was_asked_about() -> None:
    image = overview([point(m) for m in range(720, 1440, 6)])
    columns = columns_with(image, VERMILLION, TAIL)
    assert (min(columns), max(columns)) == (pytest.approx(0.5, abs=0.02), pytest.approx(0.99, abs=0.02))
    assert not columns_with(overview([]), VERMILLION, (0.0, 0.0, 1.0, 1.0))


@pytest.mark.parametrize(
    "points",
    [
        [point(0)],
        [point(m, p50=None, p99=None, errors=2) for m in (0, 5)],
        [point(m, p50=0, p99=0, requests=0, errors=0) for m in range(9)],
        [point(m, p50=0.4, p99=90e9, requests=12_345_678, errors=99_999) for m in range(99)],
        [point(m) for m in range(-300, 1500, 5)],
    ],
    ids=["one point", "errors only", "all zero", "huge", "longer than a day"],
)
def test_every_shape_of_data_gives_a_picture(points: list[Point]) -> None:
    assert picture(points, title="e" * 63, metric="FirstChunkLatency").size == (WIDTH_PX, HEIGHT_PX)
