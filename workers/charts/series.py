"""What is drawn of the points of a series: lines, the band between two of them, their names, limits and levels.

What CloudWatch did not publish is a gap, never a zero.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import NamedTuple, TypeVar

from matplotlib.axes import Axes

from bot.domain.verdict import Point, Window
from workers.charts.canvas import BLACK, BLUE, GREEN, GREY, NORMAL, SMALL, VERMILLION, number, x

CROWDED = 60  # points in one line from which on markers run into each other


Drawn = TypeVar("Drawn")


class Line(NamedTuple):
    """How one series is drawn, and what of a point it shows."""

    name: str
    value: Callable[[Point], float | None]
    colour: str
    dash: str
    marker: str
    width: float = 3.0


def _in_ms(microseconds: float | None) -> float | None:
    return None if microseconds is None else microseconds / 1000


P50 = Line("p50", lambda p: _in_ms(p.p50_us), BLUE, "-", "o")
P90 = Line("p90", lambda p: _in_ms(p.p90_us), BLUE, "-", "", 1.2)
P99 = Line("p99", lambda p: _in_ms(p.p99_us), VERMILLION, "--", "s")
REQUESTS = Line("requests", lambda p: p.requests, GREEN, "-", "^")


class Limit(NamedTuple):
    """A threshold of the fleet file."""

    words: str
    value: float


def period_of(points: Sequence[Point]) -> timedelta:
    """The distance of neighbouring points: absent ones are left out, so the smallest distance is the period."""
    return min((later.at - earlier.at for earlier, later in pairwise(points)), default=timedelta(minutes=1))


def values_of(line: Line, points: Sequence[Point]) -> list[float]:
    """What is known of a series."""
    return [value for p in points if (value := line.value(p)) is not None]


def draw_line(axes: Axes, line: Line, points: Sequence[Point], period: timedelta) -> float | None:
    """Draw it piece by piece, so that nothing joins two points with a gap between; returns its last value."""
    drawn = [(p.at, value) for p in points if (value := line.value(p)) is not None]
    for piece in _pieces(drawn, period):
        # A point alone has no line to be seen by; in a long series the markers would run into each other.
        markers = (line.marker or "o") if len(piece) == 1 else line.marker if len(drawn) <= CROWDED else ""
        axes.plot(
            [x(at) for at, _ in piece],
            [value for _, value in piece],
            color=line.colour,
            linestyle=line.dash,
            linewidth=line.width,
            marker=markers,
            markersize=6,
        )
    return drawn[-1][1] if drawn else None


def fill_between(axes: Axes, low: Line, high: Line, points: Sequence[Point], period: timedelta) -> None:
    """The band between two series, where both are known."""
    both = [(p.at, (a, b)) for p in points if (a := low.value(p)) is not None and (b := high.value(p)) is not None]
    for piece in _pieces(both, period):
        at = [x(moment) for moment, _ in piece]
        axes.fill_between(at, [a for _, (a, _) in piece], [b for _, (_, b) in piece], color=low.colour, alpha=0.2, lw=0)


def _pieces(drawn: Sequence[tuple[datetime, Drawn]], period: timedelta) -> list[list[tuple[datetime, Drawn]]]:
    pieces: list[list[tuple[datetime, Drawn]]] = []
    for at, value in drawn:
        if pieces and at - pieces[-1][-1][0] <= 1.5 * period:
            pieces[-1].append((at, value))
        else:
            pieces.append([(at, value)])
    return pieces


def name_ends(axes: Axes, ends: Sequence[tuple[Line, float]], top: float, *, row: float) -> None:
    """Name each line where it ends, lowest first and never one over the other; `row` is a label's height as a share of the panel."""
    floor = 0.0
    for line, last in sorted(ends, key=lambda end: end[1]):
        height = max(last, floor)
        floor = height + row * top
        axes.text(
            1.015,
            height,
            f"{line.name} {number(last)}",
            transform=axes.get_yaxis_transform(),
            fontsize=NORMAL,
            fontweight="bold",
            color=line.colour,
            va="center",
        )


def near(limits: Sequence[Limit | None], highest: float) -> list[Limit]:
    """The limits that can be drawn: one far above everything would flatten the lines that the chart is for."""
    return [limit for limit in limits if limit is not None and limit.value <= 2.5 * highest]


def draw_limits(axes: Axes, limits: Sequence[Limit]) -> None:
    """Thresholds, dotted and named."""
    for limit in limits:
        axes.axhline(limit.value, color=GREY, linewidth=2, linestyle=":", zorder=1)
        axes.annotate(
            f"{limit.words} {number(limit.value)}",
            (0, limit.value),
            xycoords=axes.get_yaxis_transform(),
            xytext=(6, 5),
            textcoords="offset points",
            fontsize=SMALL,
            color=GREY,
        )


def draw_level(axes: Axes, window: Window, level: float, words: str, *, dash: str = "-", above: bool = True) -> None:
    """The middle of a window as a level across it, with its number."""
    ends = (x(window.start), x(window.end))
    axes.plot(
        ends, (level, level), color=BLACK, linewidth=2.2, linestyle=dash, zorder=1.8
    )  # the line itself lies above it
    axes.annotate(
        words,
        ((x(window.start) + x(window.end)) / 2, level),
        xytext=(0, 7 if above else -7),
        textcoords="offset points",
        fontsize=SMALL,
        fontweight="bold",
        ha="center",
        va="bottom" if above else "top",
        zorder=5,
        bbox={"boxstyle": "square,pad=0.1", "facecolor": "white", "alpha": 0.8, "linewidth": 0},
    )
