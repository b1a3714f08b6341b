"""Whether the goals are met, and an honest line for every row in which a rival is better."""

from collections.abc import Iterator

from bench.judging.regressions import CHANGES, NULLS, REGRESSIONS, Regression
from bench.judging.replay import JudgeName
from bench.judging.rows import SOON, Row, Rows
from bench.judging.table import NAMES, minutes, percent

PLUS_20 = next(r for r in CHANGES if r.kind == "level" and r.amount == 0.20)
BURSTS = tuple(r for r in CHANGES if r.kind == "errors")
RIVALS: tuple[JudgeName, ...] = ("kayenta", "static")

FALSE_ALARMS_AT_MOST = 0.01
PLUS_20_AT_LEAST = 0.95
NOTABLE = 0.005
"""Shares that differ by less than half a percent of the watches are called equal."""


def render_goals(rows: Rows) -> str:
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


def render_honest(rows: Rows) -> str:
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
                yield f"{regression.words}: {NAMES[rival]} is faster, {minutes(theirs)} minutes to {minutes(ours)}; {price}."


def _is_faster(theirs: Row, ours: Row) -> bool:
    """Whether a rival that finds as much, or nearly, finds it sooner."""
    if theirs.median_minutes is None or ours.median_minutes is None or ours.share - theirs.share > NOTABLE:
        return False
    return theirs.median_minutes <= ours.median_minutes - 1


def _price(rows: Rows, rival: JudgeName, regression: Regression) -> str:
    null = next(n for n in NULLS if n.traffic is regression.traffic)
    theirs, ours = rows.of(rival, null), rows.of("ours", null)
    return f"with nothing changed it alarms in {percent(theirs.share)} of watches, ours in {percent(ours.share)}"
