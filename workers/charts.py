"""The chart of a watch: latency, requests and errors before and after the cutover, as a PNG.

Drawn for a phone and for eyes that do not tell red from green: large type, the Okabe-Ito colours, a dash and a marker of its own
for every line, and names at the lines instead of a legend. What CloudWatch did not publish is a gap, never a zero.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

from bot.domain.verdict import Comparison, Point
from bot.domain.watchplan import WatchPlan
from bot.messages.words import before_after_ms, percent

WIDTH_PX, HEIGHT_PX, DPI = 1200, 900, 100

_SMALL, _NORMAL, _LARGE = (
    14,
    16,
    20,
)  # points; 14 are 19 px, which stay legible when a phone shows the picture at a third

_BLUE, _VERMILLION, _GREEN, _BLACK, _SKY = "#0072B2", "#D55E00", "#009E73", "#000000", "#56B4E9"  # Okabe-Ito
_GREY, _PALE = "#595959", "#E6E6E6"

NO_DATA = "no data in this window"

CROWDED = 60  # points in one line from which on markers run into each other

_TICK_STEPS = [timedelta(seconds=n) for n in (1, 2, 5, 10, 15, 30)]
_TICK_STEPS += [timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30)]
_TICK_STEPS += [timedelta(hours=n) for n in (1, 2, 3, 6, 12, 24, 48, 7 * 24)]


class _Line(NamedTuple):
    """How one series is drawn, and what of a point it shows."""

    name: str
    value: Callable[[Point], float | None]
    colour: str
    dash: str
    marker: str


_P50 = _Line("p50", lambda p: None if p.p50_us is None else p.p50_us / 1000, _BLUE, "-", "o")
_P99 = _Line("p99", lambda p: None if p.p99_us is None else p.p99_us / 1000, _VERMILLION, "--", "s")
_REQUESTS = _Line("requests", lambda p: p.requests, _GREEN, "-", "^")


def render_chart(comparison: Comparison, *, title: str, cutover: datetime, watch: WatchPlan) -> bytes:
    """The picture of a comparison.

    Args:
        comparison: What was measured, with its points.
        title: What the chart is about, e.g. the endpoint's name.
        cutover: When all traffic was on the green fleet.
        watch: The watch's ceilings, drawn as limits.

    Returns:
        A PNG of 1200 × 900 pixels. The same comparison always gives the same bytes.
    """
    figure = Figure(figsize=(WIDTH_PX / DPI, HEIGHT_PX / DPI), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    latency, requests, errors = figure.subplots(
        3, 1, sharex=True, gridspec_kw={"height_ratios": [5, 2, 1.5], "hspace": 0.42}
    )
    figure.subplots_adjust(left=0.09, right=0.835, top=0.825, bottom=0.09)
    figure.text(0.02, 0.965, title, fontsize=_LARGE if len(title) <= 45 else _NORMAL, fontweight="bold", va="center")
    figure.text(0.02, 0.915, _figures(comparison), fontsize=_NORMAL, color=_GREY, va="center")

    period = _period(comparison.points)
    start, end = _span(comparison, period, cutover)
    for axes in (latency, requests, errors):
        _prepare(axes)
        _shade(axes, comparison, cutover, start, end)
    _draw_latency(latency, comparison, period, watch)
    _draw_requests(requests, comparison.points, period)
    _draw_errors(errors, comparison)
    margin = 0.01 * (_x(end) - _x(start))
    latency.set_xlim(_x(start) - margin, _x(end))
    _name_the_parts(latency, comparison, cutover, start, end)
    _mark_times(errors, start, end)

    png = BytesIO()
    figure.savefig(png, format="png", metadata={"Software": None})
    return png.getvalue()


def _x(at: datetime) -> float:
    return at.timestamp()


def _figures(comparison: Comparison) -> str:
    """What the windows as a whole measured: the chart's points are shorter and say it less exactly."""
    before, after = comparison.before, comparison.after
    if not before.has_latency and not after.has_latency:
        return f"CloudWatch has no {comparison.latency_metric} for before or after."
    p50, p99 = before_after_ms(before.p50_us, after.p50_us), before_after_ms(before.p99_us, after.p99_us)
    return f"p50  {p50}       p99  {p99}"


def _period(points: Sequence[Point]) -> timedelta:
    """The distance of neighbouring points: absent ones are left out, so the smallest distance is the period."""
    return min((later.at - earlier.at for earlier, later in pairwise(points)), default=timedelta(minutes=1))


def _span(comparison: Comparison, period: timedelta, cutover: datetime) -> tuple[datetime, datetime]:
    points = comparison.points
    start = points[0].at if points else comparison.before.window.start
    end = max(comparison.after.window.end, points[-1].at + period if points else cutover)
    return min(start, comparison.before.window.end - period, cutover), max(end, cutover + period)


def _prepare(axes: Axes) -> None:
    axes.grid(axis="y", color=_PALE, linewidth=1)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_GREY)
    axes.tick_params(labelsize=_SMALL, colors=_GREY, labelcolor=_BLACK)


def _shade(axes: Axes, comparison: Comparison, cutover: datetime, start: datetime, end: datetime) -> None:
    began = max(comparison.before.window.end, start)
    axes.axvspan(_x(min(began, cutover)), _x(cutover), color=_PALE, alpha=0.55, linewidth=0, zorder=0)
    axes.axvspan(_x(cutover), _x(end), color=_SKY, alpha=0.14, linewidth=0, zorder=0)
    axes.axvline(_x(cutover), color=_BLACK, linewidth=2, zorder=1)


def _name_the_parts(axes: Axes, comparison: Comparison, cutover: datetime, start: datetime, end: datetime) -> None:
    began = min(max(comparison.before.window.end, start), cutover)
    width = _x(end) - _x(start)
    for name, left, right in (("before", start, began), ("update", began, cutover), ("after", cutover, end)):
        if (_x(right) - _x(left)) / width > 0.09:
            middle = (_x(left) + _x(right)) / 2
            axes.text(
                middle, 0.92, name, transform=axes.get_xaxis_transform(), fontsize=_SMALL, color=_GREY, ha="center"
            )
    axes.annotate(
        f"cutover {cutover.astimezone(UTC):{_clock(end - start)}} UTC",
        (_x(cutover), 1.0),
        xycoords=axes.get_xaxis_transform(),
        xytext=(0, 30),
        textcoords="offset points",
        fontsize=_SMALL,
        fontweight="bold",
        ha="center" if 0.15 < (_x(cutover) - _x(start)) / width < 0.85 else "right",
        arrowprops={"arrowstyle": "-", "color": _BLACK, "linewidth": 2, "shrinkA": 0, "shrinkB": 0},
    )


def _draw_latency(axes: Axes, comparison: Comparison, period: timedelta, watch: WatchPlan) -> None:
    _head(axes, f"{comparison.latency_metric}, ms")
    ends = [
        (line, last) for line in (_P99, _P50) if (last := _draw_line(axes, line, comparison.points, period)) is not None
    ]
    if not ends:
        _say_no_data(axes)
        return
    highest = max(v for p in comparison.points for v in (_P50.value(p), _P99.value(p)) if v is not None)
    limits = [
        (f"{name} limit {_number(ceiling)}", ceiling)
        for name, ceiling in (("p50", watch.p50_ceiling_ms), ("p99", watch.p99_ceiling_ms))
        # A limit far above everything would flatten the lines that the chart is for.
        if ceiling is not None and ceiling <= 2.5 * highest
    ]
    for words, ceiling in limits:
        axes.axhline(ceiling, color=_GREY, linewidth=1.5, linestyle=":", zorder=1)
        axes.annotate(
            words,
            (0, ceiling),
            xycoords=axes.get_yaxis_transform(),
            xytext=(6, 4),
            textcoords="offset points",
            fontsize=_SMALL,
            color=_GREY,
        )
    top = 1.22 * max([highest, *(ceiling for _, ceiling in limits)]) or 1.0
    axes.set_ylim(0, top)
    _label_ends(axes, ends, top)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _number(value)))


def _draw_requests(axes: Axes, points: Sequence[Point], period: timedelta) -> None:
    _head(axes, f"requests per {_words(period)}")
    if (last := _draw_line(axes, _REQUESTS, points, period)) is None:
        _say_no_data(axes)
        return
    top = 1.15 * max(max(p.requests for p in points if p.requests is not None), 1)
    axes.set_ylim(0, top)
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _number(value)))
    _label_ends(axes, [(_REQUESTS, last)], top, with_name=False)


def _draw_errors(axes: Axes, comparison: Comparison) -> None:
    """Stems: a known zero is a dot on the ground, an unknown number is nothing at all."""
    streaming = comparison.latency_metric == "FirstChunkLatency"
    _head(axes, "server errors and broken streams" if streaming else "server errors")
    known = [(_x(p.at), p.errors) for p in comparison.points if p.errors is not None]
    if not known:
        _say_no_data(axes)
        return
    some = [(x, errors) for x, errors in known if errors]
    none = [x for x, errors in known if not errors]
    axes.vlines([x for x, _ in some], 0, [errors for _, errors in some], color=_BLACK, linewidth=3)
    if len(some) <= CROWDED / 2:
        axes.plot([x for x, _ in some], [errors for _, errors in some], "X", color=_BLACK, markersize=8, clip_on=False)
    axes.plot(none, [0] * len(none), ".", color=_GREY, markersize=5, clip_on=False)
    axes.set_ylim(0, max(1.25 * max(errors for _, errors in known), 1))
    axes.yaxis.set_major_locator(MaxNLocator(2, integer=True))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: _number(value)))
    rates = f"{percent(comparison.before.error_rate)} before\n{percent(comparison.after.error_rate)} after"
    axes.text(1.015, 0.5, rates, transform=axes.transAxes, fontsize=_SMALL, va="center", linespacing=1.4)


def _draw_line(axes: Axes, line: _Line, points: Sequence[Point], period: timedelta) -> float | None:
    """Draw it piece by piece, so that nothing joins two points with a gap between; returns its last value."""
    drawn = [(p.at, value) for p in points if (value := line.value(p)) is not None]
    pieces: list[list[tuple[datetime, float]]] = []
    for at, value in drawn:
        if pieces and at - pieces[-1][-1][0] <= 1.5 * period:
            pieces[-1].append((at, value))
        else:
            pieces.append([(at, value)])
    for piece in pieces:
        # A point alone has no line to be seen by; in a long series the markers would run into each other.
        markers = line.marker if len(piece) == 1 or len(drawn) <= CROWDED else ""
        axes.plot(
            [_x(at) for at, _ in piece],
            [value for _, value in piece],
            color=line.colour,
            linestyle=line.dash,
            linewidth=2.6,
            marker=markers,
            markersize=6,
        )
    return drawn[-1][1] if drawn else None


def _label_ends(axes: Axes, ends: Sequence[tuple[_Line, float]], top: float, *, with_name: bool = True) -> None:
    """Name each line where it ends, lowest first and never one over the other."""
    row = 0.085 * top if with_name else 0.2 * top
    floor = 0.0
    for line, last in sorted(ends, key=lambda end: end[1]):
        height = max(last, floor)
        floor = height + row
        words = f"{line.name}  {_number(last)}" if with_name else f"{_number(last)} last"
        axes.text(
            1.015,
            height,
            words,
            transform=axes.get_yaxis_transform(),
            fontsize=_NORMAL,
            fontweight="bold",
            color=line.colour,
            va="center",
        )


def _head(axes: Axes, words: str) -> None:
    axes.set_title(words, fontsize=_NORMAL, loc="left", pad=8)


def _say_no_data(axes: Axes) -> None:
    axes.set_yticks([])
    axes.text(0.5, 0.5, NO_DATA, transform=axes.transAxes, fontsize=_NORMAL, color=_GREY, ha="center", va="center")


def _clock(span: timedelta) -> str:
    """How an instant is written on a chart of that length."""
    return "%H:%M:%S" if span <= timedelta(minutes=6) else "%H:%M"


def _mark_times(axes: Axes, start: datetime, end: datetime) -> None:
    span = end - start
    shown = _clock(span) if span < timedelta(hours=20) else "%d %b\n%H:%M"
    most = 8 if shown == "%H:%M" else 5
    step = next((step for step in _TICK_STEPS if span <= most * step), span).total_seconds()
    first = -int(-_x(start) // step)
    last = _x(end) - 0.04 * span.total_seconds()  # a label at the very end would run into the date beside it
    axes.xaxis.set_major_locator(FixedLocator([n * step for n in range(first, int(last // step) + 1)]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{datetime.fromtimestamp(x, UTC):{shown}}"))
    day = f"{end.astimezone(UTC):%d %b %Y}"
    axes.text(1.015, -0.09, f"UTC\n{day}", transform=axes.transAxes, fontsize=_SMALL, color=_GREY, va="top")


def _number(value: float) -> str:
    """A number in the room beside an axis: `0.25`, `412`, `12,000`, `1.2 M`."""
    if value >= 1_000_000:
        return f"{value / 1_000_000:,.3g} M"
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"


def _words(period: timedelta) -> str:
    seconds = int(period.total_seconds())
    if seconds % 60:
        return f"{seconds} s" if seconds > 1 else "second"
    return f"{seconds // 60} min" if seconds > 60 else "minute"
