"""The sheet that charts are drawn on: its size, type, colours, axes and clock.

Drawn for a phone and for eyes that do not tell red from green: large type, the Okabe-Ito colours, a dash and a marker of its own
for every line, and names at the lines instead of a legend.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

WIDTH_PX, HEIGHT_PX, DPI = 1080, 1200, 100

SMALL, NORMAL, LARGE = 16, 19, 25
"""Points. The smallest are 22 px high, which are 8 where a phone shows the picture 390 px wide."""

BLUE, VERMILLION, GREEN, BLACK, SKY = "#0072B2", "#D55E00", "#009E73", "#000000", "#56B4E9"  # Okabe-Ito
GREY, HATCH, PALE = "#595959", "#BDBDBD", "#E6E6E6"

NO_DATA = "no data in this window"

LEFT, RIGHT, TOP, BOTTOM = 0.1, 0.83, 0.8, 0.065
"""Where the panels are; beside them stand the names of the lines, above them what the chart is about."""

HEIGHTS = (5, 2.4, 1.7, 1.3)
"""The panels from top to bottom: p50 and p90, p99, requests, errors."""

_TICK_STEPS = [timedelta(seconds=n) for n in (1, 2, 5, 10, 15, 30)]
_TICK_STEPS += [timedelta(minutes=n) for n in (1, 2, 5, 10, 15, 30)]
_TICK_STEPS += [timedelta(hours=n) for n in (1, 2, 3, 6, 12, 24, 48, 7 * 24)]

_MOST_LETTERS = 40
"""Of a title in large type; endpoints may have names of 63."""


class Panels(NamedTuple):
    """From top to bottom, over one clock."""

    latency: Axes
    tail: Axes
    requests: Axes
    errors: Axes


class Sheet(NamedTuple):
    """An empty chart."""

    figure: Figure
    panels: Panels
    start: datetime
    end: datetime

    @property
    def span(self) -> timedelta:
        """How long its clock runs."""
        return self.end - self.start

    def share(self, span: timedelta) -> float:
        """How much of the width that is."""
        return span / self.span

    def png(self) -> bytes:
        """The finished picture; the same drawing always gives the same bytes."""
        written = BytesIO()
        self.figure.savefig(written, format="png", metadata={"Software": None})
        return written.getvalue()


def new_sheet(title: str, lines: Sequence[str], start: datetime, end: datetime) -> Sheet:
    """A sheet with its heading and its clock, and four empty panels.

    Args:
        title: What the chart is about.
        lines: What it says in words, two at most: the first in bold.
        start: Where the clock begins.
        end: Where it ends; later than `start`.
    """
    figure = Figure(figsize=(WIDTH_PX / DPI, HEIGHT_PX / DPI), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    panels = Panels(*figure.subplots(4, 1, sharex=True, gridspec_kw={"height_ratios": HEIGHTS, "hspace": 0.5}))
    figure.subplots_adjust(left=LEFT, right=RIGHT, top=TOP, bottom=BOTTOM)
    figure.text(
        0.02, 0.972, title, fontsize=LARGE if len(title) <= _MOST_LETTERS else SMALL, fontweight="bold", va="center"
    )
    for place, line in enumerate(lines[:2]):
        weight, colour = ("bold", BLACK) if place == 0 else ("normal", GREY)
        figure.text(0.02, 0.935 - 0.031 * place, line, fontsize=NORMAL, fontweight=weight, color=colour, va="center")
    for axes in panels:
        _prepare(axes)
    margin = 0.01 * (x(end) - x(start))
    panels.latency.set_xlim(x(start) - margin, x(end))
    _mark_times(panels.errors, start, end)
    return Sheet(figure, panels, start, end)


def x(at: datetime) -> float:
    """Where an instant is on the clock."""
    return at.timestamp()


def head(axes: Axes, words: str) -> None:
    """What a panel shows."""
    axes.set_title(words, fontsize=NORMAL, loc="left", pad=8)


def say_no_data(axes: Axes) -> None:
    """Nothing is drawn that could be taken for numbers."""
    axes.set_yticks([])
    paper = {"boxstyle": "square,pad=0.2", "facecolor": "white", "linewidth": 0}
    axes.text(
        0.5, 0.5, NO_DATA, transform=axes.transAxes, fontsize=NORMAL, color=GREY, ha="center", va="center", bbox=paper
    )


def scale_to(axes: Axes, top: float, *, ticks: int, whole: bool = False) -> None:
    """From zero, because a shortened axis makes a mountain of every change."""
    axes.set_ylim(0, top)
    axes.yaxis.set_major_locator(MaxNLocator(ticks, integer=whole))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: number(value)))


def clock(span: timedelta) -> str:
    """How an instant is written on a chart of that length."""
    return "%H:%M:%S" if span <= timedelta(minutes=6) else "%H:%M"


def number(value: float) -> str:
    """A number in the room beside an axis: `0.25`, `412`, `12,000`, `1.2 M`."""
    if value >= 1_000_000:
        return f"{value / 1_000_000:,.3g} M"
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:.2g}"


def per(period: timedelta) -> str:
    """What a sum of one period is a sum of: `minute`, `5 min`, `10 s`."""
    seconds = int(period.total_seconds())
    if seconds % 60:
        return f"{seconds} s" if seconds > 1 else "second"
    if seconds % 3600:
        return f"{seconds // 60} min" if seconds > 60 else "minute"
    return f"{seconds // 3600} h" if seconds > 3600 else "hour"


def mark_cutover(sheet: Sheet, cutover: datetime, words: str, *, dashed: bool = False) -> None:
    """A line through all panels, with its name above them."""
    for axes in sheet.panels:
        axes.axvline(x(cutover), color=BLACK, linewidth=2.5, linestyle=(0, (6, 2)) if dashed else "-", zorder=1)
    if not words:
        return
    place = sheet.share(cutover - sheet.start)
    side, foot = ("center", 0.5) if 0.2 < place < 0.8 else ("left", 0.0) if place <= 0.2 else ("right", 1.0)
    sheet.panels.latency.annotate(
        words,
        (x(cutover), 1.0),
        xycoords=sheet.panels.latency.get_xaxis_transform(),
        xytext=(0, 42),
        textcoords="offset points",
        fontsize=SMALL,
        fontweight="bold",
        ha=side,
        arrowprops={
            "arrowstyle": "-",
            "color": BLACK,
            "linewidth": 2.5,
            "shrinkA": 0,
            "shrinkB": 0,
            "relpos": (foot, 0.0),
        },
    )


def _prepare(axes: Axes) -> None:
    axes.grid(axis="y", color=PALE, linewidth=1)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GREY)
    axes.tick_params(labelsize=SMALL, colors=GREY, labelcolor=BLACK)


def _mark_times(axes: Axes, start: datetime, end: datetime) -> None:
    span = end - start
    shown = clock(span) if span < timedelta(hours=20) else "%d %b\n%H:%M"
    most = 6 if shown == "%H:%M" else 5
    step = next((step for step in _TICK_STEPS if span <= most * step), span).total_seconds()
    first = -int(-x(start) // step)
    last = x(end) - 0.06 * span.total_seconds()  # a label at the very end would run into the date beside it
    axes.xaxis.set_major_locator(FixedLocator([n * step for n in range(first, int(last // step) + 1)]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: f"{datetime.fromtimestamp(at, UTC):{shown}}"))
    day = f"{end.astimezone(UTC):%d %b %Y}"
    axes.text(1.015, -0.12, f"UTC\n{day}", transform=axes.transAxes, fontsize=SMALL, color=GREY, va="top")
