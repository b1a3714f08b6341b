"""The yardsticks of a watch, made once from the past: what to expect of each signal, and how far that goes wrong by itself."""

import math
from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np

from bot.domain.signals import Signal
from bot.domain.verdict import Window
from bot.domain.watchplan import WatchPlan
from bot.domain.yardstick import CountYardstick, Yardstick, Yardsticks
from workers.judging.counts import count_yardstick
from workers.judging.expectation import Expectation, expect
from workers.judging.load import filled, load_yardstick
from workers.judging.measures import MEASURE_OF
from workers.judging.model import Memory, error_of_rise, error_of_unsteadiness, memory_of
from workers.judging.placebo import Layout, Statistic, layout
from workers.judging.robust import logs, middles, scale, stretches, tail_scale, unsteadiness
from workers.judging.tails import (
    ENOUGH_STRETCHES,
    FEWEST_PERIODS,
    INTERVAL_ALPHA,
    alpha_of,
    exceeded,
    seldom_reached,
    student,
)
from workers.ports import Floats, Measure, Series

FEWEST_BEFORE = 10
"""Periods with data that a baseline needs."""

FEWEST_FOR_UNSTEADINESS = 8
"""Periods that unsteadiness needs: of fewer one cannot tell it from a single slow minute."""

FEWEST_TRIED = 8
"""On fewer stretches of the past the model is believed instead."""

SELDOM = 0.005
"""How seldom the errors are that decide on the shape of the boundary; never so seldom that fewer than five were seen."""

NARROWEST = 0.002
"""No expectation is thought to be better than a fifth of a percent."""


def make_yardsticks(
    history: Series, plan: WatchPlan, baseline: Window, starts_at: datetime, looks: int, now: datetime
) -> Yardsticks:
    """What to measure the watch with.

    Args:
        history: As much of the past as there is, with the measures that `measures_of` names; it ends no earlier than the baseline.
        plan: How the watch is held.
        baseline: What the watch is compared with, before the update.
        starts_at: When the judged window begins.
        looks: How many periods the watch is planned to last.
        now: When the yardsticks are made.
    """
    past = history.between(history.start, baseline.end)
    period = history.period
    lay = layout(
        baseline=max(1, round((baseline.end - baseline.start) / period)),
        gap=max(0, round((starts_at - baseline.end) / period)),
        looks=looks,
    )
    alpha = {signal: alpha_of(role, plan.judged.values()) for signal, role in plan.judged.items()}
    metrics = [_yardstick(past, s, lay, alpha[s], plan.tolerance) for s in plan.judged if not s.is_count]
    counts = [_count(past, signal, lay, alpha[signal]) for signal in plan.judged if signal.is_count]
    return Yardsticks(
        made_at=now,
        starts_at=starts_at,
        metrics=tuple(y for y in metrics if y is not None),
        counts=tuple(y for y in counts if y is not None),
        load=load_yardstick(filled(past.of(Measure.REQUESTS)), lay, a_day(period)),
        streams=load_yardstick(past.of(Measure.CONCURRENCY), lay, a_day(period)) if plan.streaming else None,
    )


def a_day(period: timedelta) -> int:
    """How many periods later the clock shows the same time."""
    return max(1, round(timedelta(days=1) / period))


def _yardstick(past: Series, signal: Signal, lay: Layout, alpha: float, tolerance: float) -> Yardstick | None:
    x = logs(past.of(MEASURE_OF[signal]))
    before = x[-lay.baseline :]
    if np.sum(~np.isnan(before)) < min(FEWEST_BEFORE, lay.baseline):
        return None
    is_spread = signal is Signal.SPREAD
    statistic: Statistic = unsteadiness if is_spread else middles
    lay = _that_fits(lay, x)
    expectation = expect(x, lay, a_day(past.period), statistic)
    level = float(statistic(stretches(x, [x.size - lay.baseline], lay.baseline))[0])
    memory = memory_of(x[-max(lay.baseline, 6 * 60) :]) or Memory(deviation=1.0, likeness=0.0, freedom=2.0)
    error = error_of_unsteadiness if is_spread else error_of_rise
    modelled = np.array([error(memory, lay.baseline, n) for n in lay.lengths])
    return _assembled(signal, lay, expectation, level, modelled, memory, alpha, tolerance)


def _assembled(
    signal: Signal,
    lay: Layout,
    expectation: Expectation,
    level: float,
    modelled: Floats,
    memory: Memory,
    alpha: float,
    tolerance: float,
) -> Yardstick:
    first = FEWEST_FOR_UNSTEADINESS if signal is Signal.SPREAD else FEWEST_PERIODS
    rise, errors, tried = expectation.rise, expectation.errors, expectation.tried
    if errors.size and signal is Signal.SPREAD:
        # Few minutes lie closer together than many do, for every series: that much is to be expected.
        usual = np.nan_to_num(np.nanmedian(_filled(errors), axis=0))
        rise, errors = rise + usual, errors - usual
    bulk, spread = _spreads(errors, modelled, tried)
    columns = [i for i, n in enumerate(lay.lengths) if min(first, lay.looks) <= n <= lay.looks]
    # What normal theory asks for is asked of the bulk of the errors; the tail has its own word below.
    narrow = float(np.max(bulk[columns] / spread[columns]))
    freedom = max(tried, memory.freedom)
    alarm_at = narrow * student(alpha, lay.looks, freedom)
    interval_at = narrow * student(INTERVAL_ALPHA, lay.looks, freedom)
    if tried >= ENOUGH_STRETCHES:
        deviations = _filled(errors[:, columns] / spread[columns])
        deviations = deviations[np.flatnonzero(np.sum(~np.isnan(deviations), axis=1))]
        highest, widest = np.nanmax(deviations, axis=1), np.nanmax(np.abs(deviations), axis=1)
        interval_at = max(interval_at, exceeded(widest, 2 * INTERVAL_ALPHA, tried))
        if signal is Signal.SPREAD:
            alarm_at = max(alarm_at, exceeded(highest, alpha, tried))
        else:
            alarms = _false_alarms(errors[:, columns], expectation.newer[:, columns], spread[columns], tolerance)
            # However calm the past was, chance keeps what normal theory leaves to it. And the interval that people are shown must
            # exclude "no change" where they are told of one.
            alarm_at = max(alarm_at, interval_at, seldom_reached(alarms, alpha, tried))
    every = np.arange(1, lay.lengths[-1] + 1)
    return Yardstick(
        signal=signal,
        basis=expectation.basis,
        before=math.exp(level),
        expected=tuple(float(v) for v in np.interp(every, lay.lengths, level + rise)),
        spread=tuple(float(v) for v in np.interp(every, lay.lengths, spread)),
        alarm_at=alarm_at,
        interval_at=interval_at,
        drift=0.0 if signal is Signal.SPREAD else expectation.drift,
        tried=tried,
    )


def _false_alarms(errors: Floats, newer: Floats, spread: Floats, tolerance: float) -> Floats:
    """How far each of the past's watches would have gone beyond the spread, by the rule that the judge goes by.

    That is: against the whole baseline and against the newest part of it, at two looks in a row, and by more than is tolerated;
    zero for watches that would have kept quiet however sharply they were looked at.
    """
    against_both = np.fmin(np.nan_to_num(errors), np.nan_to_num(newer))
    confirmed = np.minimum(against_both[:, :-1], against_both[:, 1:]) if errors.shape[1] > 1 else against_both
    counted: Floats = np.where(confirmed > math.log1p(tolerance), confirmed / spread[: confirmed.shape[1]], 0.0)
    return np.asarray(counted.max(axis=1))


def _spreads(errors: Floats, modelled: Floats, tried: int) -> tuple[Floats, Floats]:
    """One standard deviation of the error for each length, by the bulk of the past's errors and with regard to their tail.

    Where there is little past, neither is less than the model's.
    """
    tested = np.flatnonzero(np.sum(~np.isnan(errors), axis=0))
    if tried < FEWEST_TRIED or tested.size == 0:
        return np.maximum(modelled, NARROWEST), np.maximum(modelled, NARROWEST)
    least = NARROWEST if tried >= ENOUGH_STRETCHES else np.maximum(modelled, NARROWEST)
    # Lengths that the past had no room for go wrong by as much as the longest that it had room for.
    every = np.arange(errors.shape[1])
    bulk = np.maximum(np.interp(every, tested, scale(errors[:, tested])), least)
    tail = np.interp(every, tested, tail_scale(errors[:, tested], max(SELDOM, 5 / tried)))
    return bulk, np.maximum(bulk, tail)


def _filled(errors: Floats) -> Floats:
    """The errors, with zero in columns that are empty, so that numpy does not warn of what is seen to elsewhere."""
    filled: Floats = np.where(np.sum(~np.isnan(errors), axis=0) > 0, errors, 0.0)
    return filled


def _that_fits(lay: Layout, x: Floats) -> Layout:
    """The layout with a baseline so short that the past can be tried on: half of a past that is little more than a baseline."""
    known = np.flatnonzero(~np.isnan(x))
    room, stretch = x.size - int(known[0]) - lay.gap - lay.looks, lay.gap + lay.looks
    shorter = min(lay.baseline, room // 2)
    if room >= lay.baseline + ENOUGH_STRETCHES * stretch or room - shorter < FEWEST_TRIED * stretch:
        return lay
    return replace(lay, baseline=shorter)


def _count(past: Series, signal: Signal, lay: Layout, alpha: float) -> CountYardstick | None:
    return count_yardstick(signal, past.of(MEASURE_OF[signal]), past.of(Measure.REQUESTS), lay, alpha)
