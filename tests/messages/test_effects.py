"""Signals in words: names, numbers, intervals, and the one that matters most."""

from datetime import timedelta

import pytest
from fakes.records import a_count, an_effect, judged, regressed

from bot.domain.signals import Role, Signal
from bot.domain.verdict import Basis, Cap, Effect, Standing, VerdictKind
from bot.messages.effects import basis_words, effect_line, effect_words, glance, signal_name


@pytest.mark.parametrize("signal", Signal)
def test_every_signal_has_a_name(signal: Signal) -> None:
    assert signal_name(signal)
    assert (signal_name(signal) == signal_name(signal, streaming=True)) is (
        signal not in (Signal.P50, Signal.P90, Signal.P99)
    )


UNMEASURED = an_effect().model_copy(update=dict.fromkeys(("before", "expected", "after", "change", "low", "high")))


@pytest.mark.parametrize(
    ("effect", "words"),
    [
        (an_effect(change=0.29), "400 → 516 ms (+29 %, 95 % interval +24…+34 %)"),
        (an_effect(change=0.001, low=None), "400 → 400 ms (±0 %)"),
        (
            an_effect(expected=430_000.0, after=530_000.0, change=0.23),
            "400 → 530 ms (+23 % against the 430 ms to be expected at this hour, 95 % interval +18…+28 %)",
        ),
        (UNMEASURED, "no data → no data"),
        (
            an_effect(Signal.SPREAD, before=0.02, change=5.53, low=1.87, high=13.87),
            "±2 % → ±13 % (+553 %, 95 % interval +187…+1,387 %)",
        ),
        (UNMEASURED.model_copy(update={"signal": Signal.SPREAD}), "no data → no data"),
        (a_count(7), "7 of 1,790 (0.39 %) against 0 of 1,840 before"),
        (a_count(7, requests=None), "no data"),
    ],
)
def test_an_effect_says_what_was_and_what_is_with_its_bounds(effect: Effect, words: str) -> None:
    assert effect_words(effect) == words


@pytest.mark.parametrize(
    ("effect", "line"),
    [
        (a_count(7, Standing.WORSE), "✖ 5xx 7 of 1,790 (0.39 %) against 0 of 1,840 before: worse"),
        (an_effect(), "✓ p50 latency 400 → 404 ms (+1 %, 95 % interval −4…+6 %): as good"),
        (
            an_effect(standing=Standing.UNCLEAR, more_needed=timedelta(minutes=9)),
            "· p50 latency 400 → 404 ms (+1 %, 95 % interval −4…+6 %): not clear yet; about 9 minutes more would tell",
        ),
        (
            an_effect(standing=Standing.MISSING, more_needed=timedelta(seconds=8)),
            "· p50 latency: too few numbers so far; 8 s more would tell",
        ),
    ],
)
def test_a_line_of_the_watch_says_in_words_how_the_signal_stands(effect: Effect, line: str) -> None:
    assert effect_line(effect) == line


@pytest.mark.parametrize(
    ("verdict", "words"),
    [
        (regressed(), "p50 latency 412 → 531 ms (+29 %)"),
        (judged(VerdictKind.PASS, an_effect(Signal.SPREAD, change=0.2)), "p50 swings +20 %"),
        (
            judged(VerdictKind.PASS, an_effect(expected=430_000.0, after=530_000.0, change=0.23)),
            "p50 latency 400 → 530 ms (+23 % against 430 ms expected)",
        ),
        (
            judged(VerdictKind.REGRESSED, an_effect(), a_count(7, Standing.WORSE)),
            "5xx 7 of 1,790 (0.39 %) against 0 of 1,840 before",
        ),
        (judged(VerdictKind.REGRESSED, an_effect()), None),  # an alarm or a check command says it
        (
            judged(VerdictKind.PASS, an_effect(standing=Standing.MISSING), an_effect(Signal.P90)),
            "p90 latency 400 → 404 ms (+1 %)",
        ),
        (judged(VerdictKind.PASS, an_effect(role=Role.MUTED), UNMEASURED), None),
        (judged(VerdictKind.PASS), None),
        (judged(VerdictKind.INCONCLUSIVE, an_effect(), cap=Cap.LOAD_FELL), "the load fell"),
    ],
)
def test_what_matters_most_is_told_first(verdict: object, words: str | None) -> None:
    assert glance(verdict) == words  # type: ignore[arg-type]


def test_above_a_chart_the_numbers_are_left_to_the_line_below() -> None:
    assert glance(regressed(), numbers=False) == "p50 latency +29 %"
    assert glance(judged(VerdictKind.PASS, a_count(0)), numbers=False) == "5xx 0 of 1,790 against 0 of 1,840 before"


@pytest.mark.parametrize(
    ("basis", "words"),
    [
        (Basis.HOUR_BEFORE, ""),
        (Basis.YESTERDAY, ", corrected by what the same hour did yesterday"),
        (Basis.LAST_WEEK, ", corrected by what the same hour did a week ago"),
        (Basis.BOTH_DAYS, ", corrected by what the same hour did yesterday and a week ago"),
    ],
)
def test_what_the_median_was_compared_with_is_said_where_it_is_more_than_the_hour_before(
    basis: Basis, words: str
) -> None:
    assert basis_words([a_count(), an_effect(basis=basis)]) == words
    assert basis_words([a_count()]) == ""
