"""Outcomes counted up: one row for each judge, trace and regression, and one over all traces."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from bench.judging.judges import Judgement
from bench.judging.regressions import REGRESSIONS, Regression
from bench.judging.replay import JUDGES, JudgeName, Outcome

ALL = "all"
SOON = 10
"""Periods within which a regression on a steady trace should have been found."""


@dataclass
class Row:
    """How one judge did on one trace with one regression."""

    judge: JudgeName
    trace: str
    regression: Regression
    judgements: list[Judgement] = field(default_factory=list)
    steady: list[Judgement] = field(default_factory=list)
    """Of the watches that came after a steady day."""

    @property
    def watches(self) -> int:
        """How many watches were judged."""
        return len(self.judgements)

    @property
    def alarms(self) -> int:
        """In how many an alarm was raised."""
        return count_alarms(self.judgements)

    @property
    def share(self) -> float:
        """Alarms per watch."""
        return self.alarms / self.watches

    @property
    def share_at_end(self) -> float:
        """Watches in which a single look at the end would have raised the alarm."""
        return sum(j.alarm_at_end for j in self.judgements) / self.watches

    @property
    def median_minutes(self) -> float | None:
        """From the first judged period to the alarm, where there was one."""
        found = [j.alarm_at for j in self.judgements if j.alarm_at is not None]
        return median(found) if found else None

    @property
    def inconclusive(self) -> int:
        """How many watches ended with neither an alarm nor the word that all is well."""
        return sum(j.inconclusive for j in self.judgements)

    @property
    def steady_share(self) -> float | None:
        """Alarms per watch after a steady day; None without any."""
        return count_alarms(self.steady) / len(self.steady) if self.steady else None

    @property
    def steady_soon(self) -> float | None:
        """Watches after a steady day with an alarm within ten periods; None without any."""
        return count_alarms(self.steady, SOON) / len(self.steady) if self.steady else None

    @property
    def steady_share_at_end(self) -> float | None:
        """Watches after a steady day in which a single look at the end would have raised the alarm; None without any."""
        return sum(j.alarm_at_end for j in self.steady) / len(self.steady) if self.steady else None

    @property
    def steady_inconclusive(self) -> float | None:
        """Watches after a steady day that ended with neither an alarm nor the word that all is well; None without any."""
        return sum(j.inconclusive for j in self.steady) / len(self.steady) if self.steady else None

    def as_data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "judge": self.judge,
            "trace": self.trace,
            "kind": self.regression.kind,
            "size": self.regression.size,
            "traffic": self.regression.traffic.name.lower(),
            "watches": self.watches,
            "alarms": self.alarms,
            "median_minutes": self.median_minutes,
            "inconclusive": self.inconclusive,
            "alarms_at_end": sum(j.alarm_at_end for j in self.judgements),
            "alarms_within_10": count_alarms(self.judgements, SOON),
            "steady_watches": len(self.steady),
            "steady_alarms": count_alarms(self.steady),
            "steady_alarms_within_10": count_alarms(self.steady, SOON),
        }


def count_alarms(judgements: Iterable[Judgement], within: int | None = None) -> int:
    """Watches with an alarm, or with one within so many judged periods."""
    return sum(j.alarm_at is not None and (within is None or j.alarm_at <= within) for j in judgements)


class Rows:
    """All rows, by judge, trace and regression."""

    def __init__(self, outcomes: Iterable[Outcome]) -> None:
        self._rows: dict[tuple[str, str, Regression], Row] = {}
        for outcome in outcomes:
            for trace in (outcome.trace, ALL):
                key = (outcome.judge, trace, outcome.regression)
                row = self._rows.setdefault(key, Row(outcome.judge, trace, outcome.regression))
                row.judgements.append(outcome.judgement)
                if outcome.steady:
                    row.steady.append(outcome.judgement)

    def of(self, judge: JudgeName, regression: Regression, trace: str = ALL) -> Row:
        """One row."""
        return self._rows[judge, trace, regression]

    @property
    def traces(self) -> list[str]:
        """By name, without the row over all."""
        return sorted({trace for _, trace, _ in self._rows} - {ALL})

    def as_data(self) -> list[dict[str, Any]]:
        """For JSON: every row, by trace, with all traces together last."""
        return [
            self.of(judge, regression, trace).as_data()
            for trace in (*self.traces, ALL)
            for regression in REGRESSIONS
            for judge in JUDGES
        ]
