from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import mannwhitneyu

from bench.judging.alarm import judge_like_an_alarm
from bench.judging.judges import Numbers
from bench.judging.kayenta import is_high, judge_like_kayenta
from workers.ports.metrics import Measure

LOOKS = 30


def numbers(p50: np.ndarray, errors: np.ndarray | None = None, requests: float = 500.0) -> Numbers:
    return {
        Measure.P50: p50,
        Measure.P90: 1.7 * p50,
        Measure.P99: 2.5 * p50,
        Measure.REQUESTS: np.full(p50.size, requests),
        Measure.ERRORS_5XX: np.zeros(p50.size) if errors is None else errors,
    }


def noisy(size: int, seed: int, level: float = 100.0) -> np.ndarray:
    return level * np.exp(0.05 * np.random.default_rng(seed).standard_normal(size))


@pytest.mark.parametrize("seed", range(10))
def test_the_interval_excludes_what_the_mann_whitney_test_rejects(seed: int):
    before, after = noisy(60, seed), noisy(20, seed + 100, 103.0)
    without_tolerance = mannwhitneyu(after, before, alternative="greater", method="asymptotic").pvalue < 0.01
    if is_high(before, after):
        assert without_tolerance


def test_kayenta_finds_a_plain_rise_as_soon_as_it_has_five_values():
    judgement = judge_like_kayenta(numbers(noisy(60, 1)), numbers(noisy(LOOKS, 2, 130.0)), LOOKS)
    assert judgement.alarm_at == 5
    assert judgement.alarm_at_end


def test_kayenta_passes_sparse_errors_as_its_users_report():
    errors = np.array([0.0, 1, 2, 1, 0, 0] * 5)
    judgement = judge_like_kayenta(numbers(noisy(60, 1)), numbers(noisy(60, 1)[:LOOKS], errors), LOOKS)
    assert judgement.alarm_at is None


def test_kayenta_does_not_call_a_fall_high():
    assert not is_high(noisy(60, 1), noisy(30, 2, 70.0))


def test_kayenta_says_nothing_about_fewer_than_five_values():
    after = noisy(LOOKS, 2, 300.0)
    after[4:] = np.nan
    judgement = judge_like_kayenta(numbers(noisy(60, 1)), numbers(after), LOOKS)
    assert (judgement.alarm_at, judgement.inconclusive) == (None, True)


def test_kayenta_wants_the_shift_clear_of_a_quarter_of_its_estimate():
    before, after = noisy(60, 7), noisy(20, 8, 102.5)
    assert mannwhitneyu(after, before, alternative="greater").pvalue < 0.05
    assert not is_high(before, after)


def test_an_alarm_rings_on_three_of_the_last_five_periods():
    after = noisy(LOOKS, 2)
    after[[10, 12, 14]] = 200.0
    judgement = judge_like_an_alarm(numbers(noisy(300, 1)), numbers(after), 288, LOOKS)
    assert (judgement.alarm_at, judgement.alarm_at_end) == (15, False)


def test_an_alarm_stays_silent_on_what_the_busiest_hour_of_the_day_before_did():
    history = noisy(300, 1)
    history[100:160] *= 1.6
    assert judge_like_an_alarm(numbers(history), numbers(noisy(LOOKS, 2, 160.0)), 288, LOOKS).alarm_at is None
    assert judge_like_an_alarm(numbers(history), numbers(noisy(LOOKS, 2, 160.0)), 100, LOOKS).alarm_at == 3


def test_an_alarm_on_errors_rings_above_one_percent_of_the_requests():
    history = numbers(noisy(300, 1))
    for errors, found in ((5.0, None), (6.0, 3)):
        after = numbers(noisy(LOOKS, 2), np.full(LOOKS, errors))
        assert judge_like_an_alarm(history, after, 288, LOOKS).alarm_at == found


def test_an_alarm_without_numbers_has_insufficient_data():
    judgement = judge_like_an_alarm(
        numbers(noisy(300, 1)), dict.fromkeys(numbers(noisy(1, 1)), np.full(LOOKS, np.nan)), 288, LOOKS
    )
    assert (judgement.alarm_at, judgement.inconclusive) == (None, True)
