"""The four panels that every chart has: p50 with its band, p99, requests, errors."""

from collections.abc import Sequence
from datetime import timedelta

from matplotlib.axes import Axes

from bot.domain.verdict import Point
from bot.messages.words import percent
from workers.charts.canvas import BLACK, GREY, SMALL, head, per, say_no_data, scale_to, x
from workers.charts.series import (
    CROWDED,
    P50,
    P90,
    P99,
    REQUESTS,
    Limit,
    draw_limits,
    draw_line,
    fill_between,
    name_ends,
    near,
    values_of,
)


def draw_latency(
    axes: Axes, points: Sequence[Point], period: timedelta, metric: str, limits: Sequence[Limit | None] = ()
) -> None:
    """The median as a line, and the band up to the slowest tenth."""
    head(axes, f"{metric}, ms")
    fill_between(axes, P50, P90, points, period)
    ends = [(line, last) for line in (P90, P50) if (last := draw_line(axes, line, points, period)) is not None]
    if not ends:
        say_no_data(axes)
        return
    highest = max([*values_of(P50, points), *values_of(P90, points)])
    drawn = near(limits, highest)
    draw_limits(axes, drawn)
    top = 1.3 * max([highest, *(limit.value for limit in drawn)]) or 1.0
    scale_to(axes, top, ticks=5)
    name_ends(axes, ends, top, row=0.1)


def draw_tail(axes: Axes, points: Sequence[Point], period: timedelta, limit: Limit | None = None) -> None:
    """p99, on a scale of its own: it would press the median to the ground."""
    head(axes, "p99, ms")
    if (last := draw_line(axes, P99, points, period)) is None:
        say_no_data(axes)
        return
    highest = max(values_of(P99, points))
    drawn = near([limit], highest)
    draw_limits(axes, drawn)
    top = 1.25 * max([highest, *(limit.value for limit in drawn)]) or 1.0
    scale_to(axes, top, ticks=3)
    name_ends(axes, [(P99, last)], top, row=0.2)


def draw_requests(axes: Axes, points: Sequence[Point], period: timedelta) -> None:
    """How much traffic there was."""
    head(axes, f"requests per {per(period)}")
    if (last := draw_line(axes, REQUESTS, points, period)) is None:
        say_no_data(axes)
        return
    top = 1.15 * max([*values_of(REQUESTS, points), 1])
    scale_to(axes, top, ticks=3, whole=True)
    name_ends(axes, [(REQUESTS._replace(name="last"), last)], top, row=0.3)


def draw_errors(
    axes: Axes, points: Sequence[Point], *, streaming: bool, words: str, ceiling: float | None = None
) -> None:
    """Stems: a known zero is a dot on the ground, an unknown number is nothing at all.

    Args:
        axes: The panel.
        points: What is drawn.
        streaming: Whether broken streams are among the errors.
        words: The error rate in words, which stands beside it.
        ceiling: The share of the requests that the fleet file lets fail.
    """
    head(axes, "server errors and broken streams" if streaming else "server errors (5xx)")
    known = [(x(p.at), p.errors) for p in points if p.errors is not None]
    if not known:
        say_no_data(axes)
        return
    some = [(at, errors) for at, errors in known if errors]
    none = [at for at, errors in known if not errors]
    axes.vlines([at for at, _ in some], 0, [errors for _, errors in some], color=BLACK, linewidth=3)
    if len(some) <= CROWDED / 2:
        axes.plot([at for at, _ in some], [errors for _, errors in some], "X", color=BLACK, markersize=9, clip_on=False)
    axes.plot(none, [0] * len(none), ".", color=GREY, markersize=5, clip_on=False)
    highest = max(errors for _, errors in known)
    limit = _draw_error_limit(axes, points, ceiling, highest)
    scale_to(axes, max(1.25 * highest, 1.1 * limit, 1), ticks=2, whole=True)
    axes.text(1.015, 0.5, words, transform=axes.transAxes, fontsize=SMALL, va="center", linespacing=1.4)


def _draw_error_limit(axes: Axes, points: Sequence[Point], ceiling: float | None, highest: float) -> float:
    """So many errors would be too many, at the traffic of that moment; its highest value, 0 where it is too far off to be drawn."""
    if ceiling is None:
        return 0.0
    allowed = [(x(p.at), ceiling * p.requests) for p in points if p.requests is not None]
    top = max((value for _, value in allowed), default=0.0)
    if not top or top > 2.5 * highest:
        return 0.0
    axes.plot([at for at, _ in allowed], [value for _, value in allowed], color=GREY, linewidth=2, linestyle=":")
    axes.set_title(f"dotted: {percent(ceiling)} of the requests", fontsize=SMALL, color=GREY, loc="right", pad=8)
    return top
