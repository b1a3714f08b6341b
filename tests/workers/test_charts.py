"""The chart, looked at as pixels: where there is ink of a line, and where there must be none."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from PIL import Image

from bot.domain.verdict import Comparison, Measurement, Point, Window
from bot.domain.watchplan import WatchPlan
from workers.charts import HEIGHT_PX, WIDTH_PX, render_chart

START = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CUTOVER = START + 66 * MINUTE
BLUE, VERMILLION, GREEN, BLACK = (0, 114, 178), (213, 94, 0), (0, 158, 115), (0, 0, 0)
LATENCY = (0.09, 0.18, 0.835, 0.52)  # the upper panel, as shares of the picture: left, top, right, bottom
WATCH = WatchPlan(duration=30 * MINUTE, warm_up=3 * MINUTE, metric_period=MINUTE, baseline=60 * MINUTE)


def point(minute: int, p50: float | None = 120_000, p99: float | None = 400_000, **members: float) -> Point:
    return Point(at=START + minute * MINUTE, p50_us=p50, p99_us=p99, **members)


def comparison(points: Sequence[Point], metric: str = "ModelLatency", has_data: bool = True) -> Comparison:
    latency = {"p50_us": 120_000.0, "p90_us": 200_000.0, "p99_us": 400_000.0} if has_data else {}
    return Comparison(
        latency_metric=metric,
        before=Measurement(window=Window(start=START, end=START + 60 * MINUTE), **latency),
        after=Measurement(window=Window(start=START + 69 * MINUTE, end=START + 99 * MINUTE), **latency),
        points=tuple(points),
    )


def picture(
    points: Sequence[Point], watch: WatchPlan = WATCH, title: str = "stt-prod", **options: object
) -> Image.Image:
    png = render_chart(comparison(points, **options), title=title, cutover=CUTOVER, watch=watch)  # type: ignore[arg-type]
    return Image.open(BytesIO(png)).convert("RGB")


def columns_with(
    image: Image.Image, colour: tuple[int, int, int], box: tuple[float, float, float, float]
) -> set[float]:
    """Where ink of a colour is within a part of the picture, as shares of that part's width."""
    left, top, right, bottom = (int(s * size) for s, size in zip(box, (WIDTH_PX, HEIGHT_PX) * 2, strict=True))
    part = image.crop((left, top, right, bottom))
    pixels = part.load()
    assert pixels is not None
    found = {x for x in range(part.width) for y in range(part.height) if pixels[x, y] == colour}
    return {x / part.width for x in found}


def test_picture_is_a_png_of_its_promised_size_and_always_the_same() -> None:
    points = [point(m, requests=150, errors=0) for m in range(99)]
    one, other = (render_chart(comparison(points), title="stt-prod", cutover=CUTOVER, watch=WATCH) for _ in range(2))
    assert one == other
    assert Image.open(BytesIO(one)).size == (WIDTH_PX, HEIGHT_PX)


def test_lines_run_through_the_whole_window() -> None:
    image = picture([point(m, requests=150) for m in range(99)])
    for colour in (BLUE, VERMILLION):
        columns = columns_with(image, colour, LATENCY)
        assert (min(columns), max(columns)) == (pytest.approx(0.01, abs=0.02), pytest.approx(0.99, abs=0.02))


def test_a_gap_stays_a_gap() -> None:
    image = picture([point(m, requests=150, errors=1) for m in range(99) if not 30 <= m < 60])
    gap = LATENCY[0] + 0.33 * (LATENCY[2] - LATENCY[0]), LATENCY[0] + 0.57 * (LATENCY[2] - LATENCY[0])
    inside = (gap[0], 0.18, gap[1], 0.92)
    outside = (LATENCY[0], 0.18, gap[0], 0.75)
    for colour in (BLUE, VERMILLION, GREEN):
        assert columns_with(image, colour, outside)
        assert not columns_with(image, colour, inside)


def test_a_value_that_is_absent_from_a_point_is_not_drawn_as_zero() -> None:
    ground = (0.1, 0.48, 0.83, 0.52)  # the lowest part of the latency panel
    image = picture([point(m, p99=None if m % 3 else 400_000) for m in range(99)])
    assert not columns_with(image, VERMILLION, ground)


def test_a_single_point_can_be_seen() -> None:
    image = picture([point(10)])
    assert columns_with(image, BLUE, LATENCY)
    assert columns_with(image, VERMILLION, LATENCY)


def test_without_data_nothing_is_drawn_that_looks_like_some() -> None:
    image = picture([], has_data=False)
    whole = (0.0, 0.0, 1.0, 1.0)
    assert not any(columns_with(image, colour, whole) for colour in (BLUE, VERMILLION, GREEN))


def test_cutover_stands_where_it_happened() -> None:
    columns = columns_with(picture([]), BLACK, (0.1, 0.3, 0.83, 0.4))
    assert {round(column, 1) for column in columns} == {0.7}


def test_a_limit_near_the_data_is_drawn_and_one_far_above_does_not_flatten_it() -> None:
    points = [point(m) for m in range(99)]
    plain = picture(points)
    near = picture(points, watch=WATCH.model_copy(update={"p99_ceiling_ms": 450.0}))
    far = picture(points, watch=WATCH.model_copy(update={"p99_ceiling_ms": 60_000.0}))
    assert near.tobytes() != plain.tobytes()
    assert far.tobytes() == plain.tobytes()


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
@pytest.mark.parametrize("title", ["x", "e" * 63])
def test_every_shape_of_data_gives_a_picture(points: list[Point], title: str) -> None:
    assert picture(points, title=title, metric="FirstChunkLatency").size == (WIDTH_PX, HEIGHT_PX)
