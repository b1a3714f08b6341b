from __future__ import annotations

from bench.judging.goals import PLUS_20, render_goals, render_honest
from bench.judging.judges import Judgement
from bench.judging.ours import first_alarm
from bench.judging.regressions import REGRESSIONS
from bench.judging.replay import JUDGES, JudgeName, Outcome
from bench.judging.rows import ALL, Rows
from bench.judging.table import render_tables
from bot.domain.verdict import Verdict, VerdictKind

KEYS = {"judge", "trace", "kind", "size", "watches", "alarms", "median_minutes", "inconclusive"}

SILENT = Judgement(alarm_at=None, alarm_at_end=False, inconclusive=False)
UNSURE = Judgement(alarm_at=None, alarm_at_end=False, inconclusive=True)


def alarm(minute: int) -> Judgement:
    return Judgement(alarm_at=minute, alarm_at_end=True, inconclusive=False)


def outcomes(**finds: Judgement) -> list[Outcome]:
    """Two watches on each of two traces: one after a steady day; a judge finds every regression as said, and raises no false alarm."""
    return [
        Outcome(judge, trace, regression, steady, SILENT if regression.kind == "none" else finds.get(judge, SILENT))
        for judge in JUDGES
        for regression in REGRESSIONS
        for trace in ("a.csv", "b.csv")
        for steady in (True, False)
    ]


def render(found: list[Outcome]) -> str:
    rows = Rows(found)
    return "\n".join([render_tables(rows), render_goals(rows), render_honest(rows)])


def replaced(found: list[Outcome], judge: JudgeName, kind: str, judgement: Judgement) -> list[Outcome]:
    return [
        Outcome(o.judge, o.trace, o.regression, o.steady, judgement)
        if (o.judge, o.regression.kind) == (judge, kind)
        else o
        for o in found
    ]


def test_rows_count_every_watch_once_for_its_trace_and_once_for_all():
    rows = Rows(outcomes(ours=alarm(4)))
    assert rows.of("ours", PLUS_20, "a.csv").watches == 2
    assert rows.of("ours", PLUS_20).watches == 4
    assert (rows.of("ours", PLUS_20).alarms, rows.of("kayenta", PLUS_20).alarms) == (4, 0)
    assert rows.of("ours", PLUS_20).steady_soon == 1.0


def test_data_has_a_row_for_every_judge_trace_and_regression():
    data = Rows(outcomes(ours=alarm(4), static=UNSURE)).as_data()
    assert all(row.keys() >= KEYS for row in data)
    assert len(data) == len(JUDGES) * len(REGRESSIONS) * 3
    assert len({(row["judge"], row["trace"], row["kind"], row["size"]) for row in data}) == len(data)
    assert {row["trace"] for row in data} == {"a.csv", "b.csv", ALL}
    level = next(row for row in data if row["judge"] == "static" and row["trace"] == ALL and row["size"] == 0.2)
    assert (level["alarms"], level["inconclusive"], level["median_minutes"]) == (0, 4, None)


def test_a_judge_that_is_best_everywhere_meets_every_goal():
    text = render(outcomes(ours=alarm(4)))
    assert "not met" not in text
    assert "No rival is better in any row over all traces." in text


def test_a_false_alarm_too_many_is_a_goal_not_met():
    text = render(replaced(outcomes(ours=alarm(4)), "ours", "none", alarm(9)))
    assert "  not met  false alarms at most 1% of watches, high traffic: 100.0 % (4 of 4)" in text
    assert "nothing changed, low traffic: static alarm alarms in 0.0 %, ours in 100.0 %." in text


def test_a_burst_missed_is_a_goal_not_met():
    text = render(replaced(outcomes(ours=alarm(4)), "ours", "errors", UNSURE))
    assert "not met  no burst of 5 errors or more in 500 requests missed: 16 of 16" in text


def test_plus_20_found_late_is_a_goal_not_met():
    text = render(outcomes(ours=alarm(11)))
    assert "not met  +20 % found within 10 minutes after a steady day in at least 95%: 0.0 %" in text


def test_a_rival_that_finds_more_is_named_with_its_price():
    found = replaced(outcomes(ours=SILENT, kayenta=alarm(5)), "kayenta", "none", alarm(3))
    assert (
        "level +20%: Kayenta-style finds 100.0 %, ours 0.0 %; with nothing changed it alarms in 100.0 % of watches, ours in 0.0 %."
    ) in render(found)


def test_a_rival_that_is_only_faster_is_named_too():
    assert "level +20%: static alarm is faster, 3 minutes to 8;" in render(outcomes(ours=alarm(8), static=alarm(3)))


def test_a_rival_that_is_fast_where_it_finds_anything_is_not_called_faster():
    found = outcomes(ours=alarm(8))
    lucky = next(n for n, o in enumerate(found) if o.judge == "static" and o.regression == PLUS_20)
    found[lucky] = Outcome("static", "a.csv", PLUS_20, True, alarm(1))
    assert "faster" not in render(found)


def verdicts(kinds: str, *, is_hard: bool = False) -> list[Verdict]:
    by_letter = {"P": VerdictKind.PASS, "R": VerdictKind.REGRESSED, "I": VerdictKind.INCONCLUSIVE}
    return [Verdict(kind=by_letter[letter], evidence="", is_hard=is_hard) for letter in kinds]


def test_our_soft_alarm_needs_two_looks_in_a_row_or_the_last_one():
    assert first_alarm(verdicts("PRPRRP")) == 5
    assert first_alarm(verdicts("RPRPRPRIR")) is None
    assert first_alarm(verdicts("P" * 29 + "R")) == 30


def test_our_hard_alarm_counts_at_once():
    assert first_alarm(verdicts("PR", is_hard=True)) == 2
