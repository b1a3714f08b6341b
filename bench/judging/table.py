"""The three tables: false alarms, what is found, and what is found where it should be found soon."""

from collections.abc import Sequence

from bench.judging.regressions import CHANGES, NULLS, REGRESSIONS
from bench.judging.replay import JUDGES, JudgeName
from bench.judging.rows import ALL, SOON, Row, Rows
from bench.judging.traffic import Traffic
from bench.judging.watches import BASELINE, LOOKS, STEADY, WARM_UP

NAMES: dict[JudgeName, str] = {"ours": "ours", "kayenta": "Kayenta-style", "static": "static alarm"}
ONCE = "Kayenta-style, once"
UNCLEAR = "ours INCONCLUSIVE"

FIRST = 50
CELL = 20


def render_tables(rows: Rows) -> str:
    """All three, with a word on how to read them."""
    return "\n\n".join([_header(rows), _false_alarms(rows), _detection(rows), _steady(rows)])


def percent(share: float | None) -> str:
    """A share with one digit behind the point; a dash for none."""
    return "–" if share is None else f"{100 * share:.1f} %"


def minutes(row: Row) -> str:
    """The median time to an alarm; a dash if there was none."""
    return "–" if row.median_minutes is None else f"{row.median_minutes:g}"


def _header(rows: Rows) -> str:
    row = rows.of("ours", NULLS[0])
    traces = f"{len(rows.traces)} {'trace' if len(rows.traces) == 1 else 'traces'}"
    return "\n".join(
        [
            f"{row.watches} watches on {traces}, each without and with every regression below.",
            "One row of a trace is one minute, whatever its own step; days and weeks are those of its own clock.",
            f"Windows: {BASELINE} minutes before the cut; a warm-up of {WARM_UP}; {LOOKS} judged, with a look after each.",
            "Minutes count from the first judged one; CloudWatch is two or three minutes late for every judge alike.",
            f"Traffic: {Traffic.HIGH.requests} requests a minute (high, also where nothing is said) or {Traffic.LOW.requests} (low).",
            f"“{ONCE}” looks only at the end of the watch.",
            f"Steady: 95 % of the day before the cut lie within {STEADY * 100:.0f} % of its median ({len(row.steady)} watches).",
        ]
    )


def _line(first: str, cells: Sequence[str]) -> str:
    return f"{first[: FIRST - 1]:<{FIRST}}" + "".join(f"{cell:>{CELL}}" for cell in cells)


def _head(title: str) -> str:
    return _line(title, ["ours", NAMES["kayenta"], ONCE, NAMES["static"], UNCLEAR])


def _false_alarms(rows: Rows) -> str:
    lines = [_head("FALSE ALARMS per watch")]
    for null in NULLS:
        for trace in (ALL, *rows.traces):
            ours, kayenta, static = (rows.of(judge, null, trace) for judge in JUDGES)
            shares = (ours.share, kayenta.share, kayenta.share_at_end, static.share, ours.inconclusive / ours.watches)
            lines.append(_line(null.words if trace == ALL else f"  {trace}", [percent(share) for share in shares]))
    return "\n".join(lines)


def _detection(rows: Rows) -> str:
    lines = [_head("FOUND on all traces, in minutes (median)")]
    for change in CHANGES:
        ours, kayenta, static = (rows.of(judge, change) for judge in JUDGES)
        found = [f"{percent(row.share)} in {minutes(row):>4}" for row in (ours, kayenta, static)]
        found.insert(2, f"{percent(kayenta.share_at_end)} in {LOOKS:>4}")
        lines.append(_line(change.words, [*found, percent(ours.inconclusive / ours.watches)]))
    return "\n".join(lines)


def _steady(rows: Rows) -> str:
    lines = [_head(f"AFTER A STEADY DAY: found (within {SOON} minutes)")]
    for regression in REGRESSIONS:
        ours, kayenta, static = (rows.of(judge, regression) for judge in JUDGES)
        found = [f"{percent(row.steady_share)} ({percent(row.steady_soon)})" for row in (ours, kayenta, static)]
        found.insert(2, f"{percent(kayenta.steady_share_at_end)} (–)")
        lines.append(_line(regression.words, [*found, percent(ours.steady_inconclusive)]))
    return "\n".join(lines)
