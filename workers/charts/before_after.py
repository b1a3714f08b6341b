"""The chart of a watch: the distribution of latencies over time, with the cutover and what was compared marked in it."""

from datetime import UTC, datetime, timedelta

from matplotlib.axes import Axes

from bot.domain.signals import Signal
from bot.domain.verdict import Comparison, Effect, Measurement, Verdict, Window
from bot.domain.watchplan import WatchPlan
from bot.messages.effects import glance, is_expected_to_move
from bot.messages.words import before_after_ms, from_to_ms, milliseconds, percent, signed
from workers.charts.canvas import GREY, HATCH, PALE, SKY, SMALL, Sheet, clock, mark_cutover, new_sheet, number, x
from workers.charts.panels import draw_errors, draw_latency, draw_requests, draw_tail
from workers.charts.series import Limit, draw_level, period_of

DRAIN = timedelta(minutes=30)
"""How long bidirectional streams that were open at the cutover may live on in the old fleet."""

_FEWEST_FOR_WORDS = 0.1
"""Of the width: a narrower part has no room for its name."""


def render_chart(
    comparison: Comparison, *, title: str, cutover: datetime, watch: WatchPlan, verdict: Verdict | None = None
) -> bytes:
    """The picture of a comparison.

    Args:
        comparison: What was measured, with its points.
        title: What the chart is about, e.g. the endpoint's name.
        cutover: When all traffic was on the green fleet.
        watch: The watch's ceilings, drawn as limits.
        verdict: What follows from it, in words above the chart.

    Returns:
        A PNG of 1080 × 1200 pixels. The same comparison always gives the same bytes.
    """
    points, period = comparison.points, period_of(comparison.points)
    median, tail = _judged(verdict, Signal.P50), _judged(verdict, Signal.P99)
    start, end = _span(comparison, period, cutover)
    sheet = new_sheet(title, [_verdict_words(verdict, watch), _figures(comparison, median, tail)], start, end)
    for axes in sheet.panels:
        _shade(axes, comparison, cutover, watch, end)
    mark_cutover(sheet, cutover, f"cutover {cutover.astimezone(UTC):{clock(sheet.span)}} UTC")
    limits = [_limit("p50 limit", watch.p50_ceiling_ms), _limit("p90 limit", watch.p90_ceiling_ms)]
    draw_latency(sheet.panels.latency, points, period, comparison.latency_metric, limits)
    draw_tail(sheet.panels.tail, points, period, _limit("p99 limit", watch.p99_ceiling_ms))
    draw_requests(sheet.panels.requests, points, period)
    rates = f"was {_rate(comparison.before)}\nnow {_rate(comparison.after)}"
    draw_errors(sheet.panels.errors, points, streaming=watch.streaming, words=rates, ceiling=watch.error_rate_ceiling)
    if points:
        _draw_levels(sheet.panels.latency, comparison, median, start)
    _name_the_parts(sheet, comparison, cutover, watch)
    return sheet.png()


def _judged(verdict: Verdict | None, signal: Signal) -> Effect | None:
    """What the judge found of a signal, if it has both sides."""
    found = next((e for e in verdict.effects if e.signal is signal), None) if verdict is not None else None
    return found if found is not None and found.before is not None and found.after is not None else None


def _verdict_words(verdict: Verdict | None, watch: WatchPlan) -> str:
    if verdict is None:
        return "Before and after the cutover"
    told = glance(verdict, streaming=watch.streaming, numbers=False)
    return f"{verdict.kind}: {told}" if told is not None else str(verdict.kind)


def _figures(comparison: Comparison, median: Effect | None, tail: Effect | None) -> str:
    """The numbers of the summary; where the judge has none, what the windows as a whole measured."""
    before, after = comparison.before, comparison.after
    if median is None and not before.has_latency and not after.has_latency:
        return f"CloudWatch has no {comparison.latency_metric} for before or after."
    p99 = before_after_ms(before.p99_us, after.p99_us)
    if tail is not None and tail.change is not None:
        p99 = f"{from_to_ms(tail.before, tail.after)} ({signed(tail.change)})"
    if median is None or median.change is None:
        return f"p50  {before_after_ms(before.p50_us, after.p50_us)}     p99  {p99}"
    against = f" against {milliseconds(median.expected)} expected" if is_expected_to_move(median) else ""
    p50 = f"{from_to_ms(median.before, median.after)} ({signed(median.change)}{against})"
    return f"p50  {p50}" if against else f"p50  {p50}     p99  {p99}"


def _rate(measured: Measurement) -> str:
    """In the little room beside the panel."""
    return percent(measured.error_rate).replace("under ", "<")


def _limit(words: str, ceiling_ms: float | None) -> Limit | None:
    return Limit(words, ceiling_ms) if ceiling_ms is not None else None


def _span(comparison: Comparison, period: timedelta, cutover: datetime) -> tuple[datetime, datetime]:
    points = comparison.points
    start = points[0].at if points else comparison.before.window.start
    end = max(comparison.after.window.end, points[-1].at + period if points else cutover)
    return min(start, comparison.before.window.end - period, cutover), max(end, cutover + period)


def _shade(axes: Axes, comparison: Comparison, cutover: datetime, watch: WatchPlan, end: datetime) -> None:
    """The update in grey, the warm-up hatched, what was judged in blue."""
    began, judged = _update_began(comparison, cutover), min(cutover + watch.warm_up, end)
    axes.axvspan(x(began), x(cutover), color=PALE, alpha=0.6, linewidth=0, zorder=0)
    if judged > cutover:
        axes.axvspan(x(cutover), x(judged), facecolor="none", edgecolor=HATCH, hatch="//", linewidth=0, zorder=0)
    axes.axvspan(x(judged), x(end), color=SKY, alpha=0.14, linewidth=0, zorder=0)


def _update_began(comparison: Comparison, cutover: datetime) -> datetime:
    return min(comparison.before.window.end, cutover)


def _draw_levels(axes: Axes, comparison: Comparison, median: Effect | None, start: datetime) -> None:
    """The medians of both windows, and what was to be expected where that is something else."""
    before, after = comparison.before.p50_us, comparison.after.p50_us
    if median is not None:
        before, after = median.before, median.after
    shown = Window(start=max(comparison.before.window.start, start), end=comparison.before.window.end)
    if before is not None and shown.end > shown.start:
        draw_level(axes, shown, before / 1000, number(before / 1000), above=False)
    if after is not None:
        draw_level(axes, comparison.after.window, after / 1000, number(after / 1000))
    if median is not None and median.expected is not None and is_expected_to_move(median):
        expected, is_lower = median.expected / 1000, median.expected < (median.after or 0.0)
        draw_level(
            axes, comparison.after.window, expected, f"{number(expected)} expected", dash=":", above=not is_lower
        )


def _name_the_parts(sheet: Sheet, comparison: Comparison, cutover: datetime, watch: WatchPlan) -> None:
    axes, began, judged = sheet.panels.latency, _update_began(comparison, cutover), cutover + watch.warm_up
    parts = (
        ("before", "", sheet.start, began),
        ("update", "grey: the update", began, cutover),
        ("warm-up", "hatched: warm-up", cutover, judged),
        ("judged", "blue: judged", judged, sheet.end),
    )
    narrow = [explained for _, explained, left, right in parts if left < right and not _has_room(sheet, right - left)]
    for name, _, left, right in parts:
        if _has_room(sheet, right - left):
            middle = (x(left) + x(right)) / 2
            axes.text(middle, 0.93, name, transform=axes.get_xaxis_transform(), fontsize=SMALL, color=GREY, ha="center")
    _explain(sheet.panels.tail, ", ".join(words for words in narrow if words))
    if watch.streaming:
        _mark_drain(sheet, cutover)


def _has_room(sheet: Sheet, span: timedelta) -> bool:
    return sheet.share(span) > _FEWEST_FOR_WORDS


def _explain(axes: Axes, words: str) -> None:
    """Small print at the right end of a panel's heading."""
    axes.set_title(words, fontsize=SMALL, color=GREY, loc="right", pad=8)


def _mark_drain(sheet: Sheet, cutover: datetime) -> None:
    """As long as this, streams from before may still be served by the old fleet: a bar, because the warm-up ends earlier."""
    axes, over = sheet.panels.requests, min(cutover + DRAIN, sheet.end)
    axes.axvspan(x(cutover), x(over), ymin=0.86, ymax=1.0, facecolor="white", edgecolor=GREY, hatch="\\\\", linewidth=1)
    _explain(axes, "striped: old streams drain, up to 30 min")
