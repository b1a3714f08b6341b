"""The chart of any stretch of time: the same drawing without a before and an after, with the cutovers of that time marked."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.domain.verdict import Point, Window
from bot.domain.watchplan import WatchPlan
from workers.charts.canvas import Sheet, clock, mark_cutover, new_sheet, number
from workers.charts.panels import draw_errors, draw_latency, draw_requests, draw_tail
from workers.charts.series import Limit


def render_overview(
    points: Sequence[Point],
    *,
    title: str,
    lines: Sequence[str],
    metric: str,
    window: Window,
    period: timedelta,
    watch: WatchPlan,
    cutovers: Sequence[datetime] = (),
) -> bytes:
    """The picture of one endpoint's numbers.

    Args:
        points: Period by period, oldest first.
        title: The endpoint's name.
        lines: What the numbers say in words, two at most.
        metric: The latency metric.
        window: What was asked about; the clock runs over all of it, whether there are numbers or not.
        period: Of the points.
        watch: Its ceilings are drawn as limits.
        cutovers: When a fleet was replaced, oldest first.

    Returns:
        A PNG of 1080 × 1200 pixels.
    """
    sheet = new_sheet(title, lines, window.start, window.end)
    limits = [("p50 limit", watch.p50_ceiling_ms), ("p90 limit", watch.p90_ceiling_ms)]
    drawn = [Limit(words, value) for words, value in limits if value is not None]
    draw_latency(sheet.panels.latency, points, period, metric, drawn)
    tail = watch.p99_ceiling_ms
    draw_tail(sheet.panels.tail, points, period, Limit("p99 limit", tail) if tail is not None else None)
    draw_requests(sheet.panels.requests, points, period)
    draw_errors(
        sheet.panels.errors,
        points,
        streaming=watch.streaming,
        words=_in_all(points),
        ceiling=watch.error_rate_ceiling,
    )
    _mark_cutovers(sheet, cutovers)
    return sheet.png()


def _in_all(points: Sequence[Point]) -> str:
    return f"{number(sum(p.errors or 0 for p in points))} in all"


def _mark_cutovers(sheet: Sheet, cutovers: Sequence[datetime]) -> None:
    """Each by a line; by its time, where that has room."""
    is_long = sheet.span > timedelta(hours=36)
    room, shown = (0.3, "%d %b %H:%M") if is_long else (0.12, clock(sheet.span))
    named: datetime | None = None
    for cutover in cutovers:
        has_room = named is None or sheet.share(cutover - named) >= room
        word = "" if named is not None else "cutover "
        mark_cutover(sheet, cutover, f"{word}{cutover.astimezone(UTC):{shown}}" if has_room else "", dashed=True)
        named = cutover if has_room else named
