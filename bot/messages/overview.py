"""An endpoint's numbers over any stretch of time: the words beside the chart, and all there is in a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.rollout import Rollout
from bot.domain.verdict import Measurement, Point, Window
from bot.messages.answers import past_line
from bot.messages.blocks import Block, Message, context, escape, fields, listed, section
from bot.messages.effects import out_of
from bot.messages.words import amount, milliseconds, moment, span

_LEVELS = "▁▂▃▄▅▆▇█"
_LETTERS = 24
_MOST_CUTOVERS = 6


@dataclass(frozen=True)
class Overview:
    """What was measured of an endpoint."""

    endpoint: str
    metric: str
    """The latency metric."""
    whole: Measurement
    """The window as a whole."""
    points: Sequence[Point]
    period: timedelta
    """Of the points."""
    rollouts: Sequence[Rollout] = ()
    """Whose cutover was within the window, oldest first."""

    @property
    def window(self) -> Window:
        """What was asked about."""
        return self.whole.window

    @property
    def is_empty(self) -> bool:
        """Whether CloudWatch has nothing at all."""
        return not self.points and not self.whole.has_latency and self.whole.requests is None


def render_overview(overview: Overview, note: str = "") -> Message:
    """The numbers in words.

    Args:
        overview: What was measured.
        note: Where the chart is, or why there is none; empty where that is plain to see.
    """
    whole, lasted = overview.whole, _lasted(overview.window)
    head = f"*{escape(overview.endpoint)}*: the last {lasted}, until {moment(overview.window.end)}"
    small = [f"{overview.metric} and counts from CloudWatch, which shows the last few minutes late.", note]
    if overview.is_empty:
        told = (
            f"CloudWatch has no numbers of it in this time: nobody called it, or it has not been there yet. "
            f"For a longer look back: `metrics {escape(overview.endpoint)} --since 7d`"
        )
        return Message(f"{overview.endpoint}: no numbers in the last {lasted}.", (section(f"{head}\n{told}"),))
    blocks: list[Block] = [section(head), fields(*_figures(whole)), section("\n".join(_courses(overview)))]
    if overview.rollouts:
        past = [past_line(r) for r in overview.rollouts[-_MOST_CUTOVERS:]]
        blocks.append(section(f"*Replaced in this time*\n{listed(past)}"))
    blocks.append(context(" ".join(text for text in small if text)))
    return Message(f"{overview.endpoint}, the last {lasted}: {'; '.join(headlines(overview))}.", tuple(blocks))


def headlines(overview: Overview) -> tuple[str, str]:
    """Latency, and traffic with its errors, in a line each: above the chart, and for whoever cannot see it."""
    whole = overview.whole
    errors = "no data" if whole.errors_5xx is None else amount(whole.errors_5xx)
    return (
        f"Last {_lasted(overview.window)}: p50 {milliseconds(whole.p50_us)}, p99 {milliseconds(whole.p99_us)}",
        f"{amount(whole.requests)} requests, 5xx {errors}",
    )


def _lasted(window: Window) -> str:
    """As people ask for it: `24 h`, and days from two on."""
    lasted = window.end - window.start
    hours = lasted // timedelta(hours=1)
    return f"{hours} h" if hours < 48 and lasted == timedelta(hours=hours) else span(lasted)


def _figures(whole: Measurement) -> list[str]:
    minutes = (whole.window.end - whole.window.start) / timedelta(minutes=1)
    rate = f" ({amount(whole.requests / minutes)} a minute)" if whole.requests is not None else ""
    told = [
        f"*p50* {milliseconds(whole.p50_us)}",
        f"*p90* {milliseconds(whole.p90_us)}",
        f"*p99* {milliseconds(whole.p99_us)}",
        f"*Requests* {amount(whole.requests)}{rate}",
        f"*5xx* {_share(whole.errors_5xx, whole.requests)}",
        f"*4xx* {_share(whole.errors_4xx, whole.requests)}",
    ]
    if whole.mid_stream_errors is not None:
        told.append(f"*Broken streams* {_share(whole.mid_stream_errors, whole.requests)}")
    return told


def _share(events: float | None, requests: float | None) -> str:
    return "no data" if events is None or requests is None else out_of(events, requests)


def _courses(overview: Overview) -> list[str]:
    """How latency and traffic went, as a line of blocks, with their extremes in words."""
    lines = []
    latency = [(p.at, p.p50_us) for p in overview.points if p.p50_us is not None]
    if latency:
        fast, slow = min(latency, key=lambda known: known[1]), max(latency, key=lambda known: known[1])
        lines.append(
            f"*p50 over time* {_course([p.p50_us for p in overview.points])}\n"
            f"Fastest {milliseconds(fast[1])}, {moment(fast[0])}; slowest {milliseconds(slow[1])}, {moment(slow[0])}."
        )
    traffic = [(p.at, p.requests) for p in overview.points if p.requests is not None]
    if traffic:
        quiet, busy = min(traffic, key=lambda known: known[1]), max(traffic, key=lambda known: known[1])
        lines.append(
            f"*Requests in {span(overview.period)}* {_course([p.requests for p in overview.points])}\n"
            f"Busiest {amount(busy[1])}, {moment(busy[0])}; quietest {amount(quiet[1])}, {moment(quiet[0])}."
        )
    return lines or ["There are counts, and no latency or traffic to draw."]


def _course(values: Sequence[float | None]) -> str:
    """The values in a line of blocks from zero up; what is not known is a gap."""
    size = max(1, -(-len(values) // _LETTERS))
    groups = [[v for v in values[i : i + size] if v is not None] for i in range(0, len(values), size)]
    means = [sum(group) / len(group) if group else None for group in groups]
    top = max((mean for mean in means if mean is not None), default=0.0) or 1.0
    return "".join(" " if mean is None else _LEVELS[min(7, int(8 * mean / top))] for mean in means)
