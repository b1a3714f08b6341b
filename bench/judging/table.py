"""The table, the goals, and an honest line for every row in which a rival is better."""

from collections.abc import Iterator, Sequence

from bench.judging.regressions import REGRESSIONS, Regression
from bench.judging.replay import JUDGES, JudgeName
from bench.judging.rows import ALL, SOON, Row, Rows
from bench.judging.traffic import Traffic
from bench.judging.watches import BASELINE, LOOKS, STEADY, WARM_UP

NULLS = tuple(r for r in REGRESSIONS if r.kind == "none")
CHANGES = tuple(r for r in REGRESSIONS if r.kind != "none")
PLUS_20 = next(r for r in CHANGES if r.kind == "level" and r.amount == 0.20)
BURSTS = tuple(r for r in CHANGES if r.kind == "errors")

NAMES: dict[JudgeName, str] = {"ours": "ours", "kayenta": "Kayenta-style", "static": "static alarm"}
RIVALS: tuple[JudgeName, ...] = ("kayenta", "static")

FALSE_ALARMS_AT_MOST = 0.01
PLUS_20_AT_LEAST = 0.95
NOTABLE = 0.005
"""Shares that differ by less than half a percent of the watches are called equal."""

FIRST = 52
CELL = 20


def render(rows: Rows) -> str:
    """All of it, as text."""
    parts = [_header(rows), _false_alarms(rows), _detection(rows), _steady(rows), _goals(rows), _honest(rows)]
    return "\n\n".join(parts)


def percent(share: float | None) -> str:
    """A share in at most six letters; a dash for none."""
    if share is None:
        return "–"
    return f"{100 * share:.1f} %"


def _header(rows: Rows) -> str:
    watches = rows.of("ours", NULLS[0]).watches
    steady = len(rows.of("ours", NULLS[0]).steady)
    return (
        f"{watches} watches on {len(rows.traces)} {'trace' if len(rows.traces) == 1 else 'traces'}, each with every regression below. "
        f"One row of a trace is one minute, whatever its own step;\nwindows are {BASELINE} minutes before the cut and {LOOKS} after a "
        f"warm-up of {WARM_UP}, with a look every minute; days and weeks are those of the trace's own clock.\n"
        f"Minutes are counted from the first judged one; three more pass until CloudWatch's numbers are in, for every judge alike. "
        f"Steady: 95 % of the day before the cut lie within {STEADY:.0%} of its median "
        f"({steady} watches).\n"
        f"Traffic is {Traffic.HIGH.requests} requests a minute (high, also where nothing is said) or {Traffic.LOW.requests} (low)."
    )


def _line(first: str, cells: Sequence[str]) -> str:
    return f"{first:<{FIRST}}" + "".join(f"{cell:>{CELL}}" for cell in cells)


def _head(title: str, below: str, last: str) -> str:
    names = [*(NAMES[judge] for judge in JUDGES), last]
    return _line(title, names) + "\n" + _line("", [*(below for _ in JUDGES), ""])


def _false_alarms(rows: Rows) -> str:
    lines = [_head("FALSE ALARMS per watch", "(at the end only)", "ours INCONCLUSIVE")]
    for null in NULLS:
        for trace in (ALL, *rows.traces):
            of_judges = [rows.of(judge, null, trace) for judge in JUDGES]
            cells = [f"{percent(row.share)} ({percent(row.share_at_end)})" for row in of_judges]
            lines.append(
                _line(null.words if trace == ALL else f"  {trace}"[: FIRST - 1], [*cells, _inconclusive(of_judges[0])])
            )
    return "\n".join(lines)


def _detection(rows: Rows) -> str:
    lines = [_head("FOUND, all traces", "in minutes (median)", "ours INCONCLUSIVE")]
    for change in CHANGES:
        of_judges = [rows.of(judge, change) for judge in JUDGES]
        cells = [f"{percent(row.share)} in {_minutes(row)}" for row in of_judges]
        lines.append(_line(change.words, [*cells, _inconclusive(of_judges[0])]))
    return "\n".join(lines)


def _steady(rows: Rows) -> str:
    lines = [_head("AFTER A STEADY DAY: found", f"(within {SOON} minutes)", "")]
    for regression in REGRESSIONS:
        of_judges = [rows.of(judge, regression) for judge in JUDGES]
        cells = [f"{percent(row.steady_share)} ({percent(row.steady_soon)})" for row in of_judges]
        lines.append(_line(regression.words, [*cells, ""]).rstrip())
    return "\n".join(lines)


def _inconclusive(row: Row) -> str:
    return percent(row.inconclusive / row.watches)


def _minutes(row: Row) -> str:
    return "–" if row.median_minutes is None else f"{row.median_minutes:g}"


def _goals(rows: Rows) -> str:
    lines = ["GOALS"]
    for null in NULLS:
        row = rows.of("ours", null)
        said = f"false alarms at most {FALSE_ALARMS_AT_MOST:.0%} of watches, {null.traffic.words}: {percent(row.share)}"
        lines.append(_goal(row.share <= FALSE_ALARMS_AT_MOST, f"{said} ({row.alarms} of {row.watches})"))
    soon = rows.of("ours", PLUS_20).steady_soon
    said = f"+20 % found within {SOON} minutes after a steady day in at least {PLUS_20_AT_LEAST:.0%}"
    if soon is None:
        lines.append(f"  –        {said}: no day was steady")
    else:
        lines.append(_goal(soon >= PLUS_20_AT_LEAST, f"{said}: {percent(soon)}"))
    missed = sum(row.watches - row.alarms for row in (rows.of("ours", burst) for burst in BURSTS))
    of = sum(rows.of("ours", burst).watches for burst in BURSTS)
    lines.append(_goal(missed == 0, f"no burst of 5 errors or more in 500 requests missed: {missed} of {of}"))
    worse = list(_where_rivals_are_better(rows))
    said = "better than both rivals, or as good, in every row over all traces"
    lines.append(_goal(not worse, said if not worse else f"{said}: not in {len(worse)}, which are named below"))
    return "\n".join(lines)


def _goal(is_met: bool, words: str) -> str:
    return f"  {'ok' if is_met else 'not met':<8} {words}"


def _honest(rows: Rows) -> str:
    lines = list(_where_rivals_are_better(rows))
    if not lines:
        return "No rival is better in any row over all traces."
    return "\n".join(["WHERE A RIVAL IS BETTER, and what that costs", *(f"  {line}" for line in lines)])


def _where_rivals_are_better(rows: Rows) -> Iterator[str]:
    """One line for every row over all traces and every rival that does better in it."""
    for regression in REGRESSIONS:
        ours = rows.of("ours", regression)
        for rival in RIVALS:
            theirs = rows.of(rival, regression)
            price = _price(rows, rival, regression)
            if regression.kind == "none":
                if ours.share - theirs.share > NOTABLE:
                    yield f"{regression.words}: {NAMES[rival]} alarms in {percent(theirs.share)}, ours in {percent(ours.share)}."
            elif theirs.share - ours.share > NOTABLE:
                yield f"{regression.words}: {NAMES[rival]} finds {percent(theirs.share)}, ours {percent(ours.share)}; {price}."
            elif _is_faster(theirs, ours):
                yield f"{regression.words}: {NAMES[rival]} is faster, {_minutes(theirs)} minutes to {_minutes(ours)}; {price}."


def _is_faster(theirs: Row, ours: Row) -> bool:
    """Whether a rival that finds as much, or nearly, finds it sooner."""
    if theirs.median_minutes is None or ours.median_minutes is None or ours.share - theirs.share > NOTABLE:
        return False
    return theirs.median_minutes < ours.median_minutes


def _price(rows: Rows, rival: JudgeName, regression: Regression) -> str:
    null = next(n for n in NULLS if n.traffic is regression.traffic)
    theirs, ours = rows.of(rival, null), rows.of("ours", null)
    return f"with nothing changed it alarms in {percent(theirs.share)} of watches, ours in {percent(ours.share)}"
