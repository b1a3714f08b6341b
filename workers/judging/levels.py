"""Latencies: is the level of the new fleet higher than was to be expected, by more than chance and by more than a little?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from bot.domain.signals import Role, Signal
from bot.domain.verdict import Effect, Standing
from bot.domain.yardstick import Yardstick
from workers.judging.looking import Look
from workers.judging.measures import MEASURE_OF
from workers.judging.robust import logs, middles

LONGEST_WAIT = 4
"""A watch is never said to need more than so many times as long: before that, something else will have changed."""

FALLS = 0.1
"""Errors that fall more slowly than with this power of the time do not fall in any time worth waiting for."""


@dataclass(frozen=True)
class Bounds:
    """What separates worse from as good, as logarithms of a ratio."""

    least: float
    """A rise that nobody minds is no more than this."""
    most: float
    """A rise that matters is more than this."""


def judge_level(look: Look, signal: Signal, role: Role) -> Effect:
    """How one latency stands."""
    yardstick = look.yardsticks.of(signal)
    x = logs(look.after.of(MEASURE_OF[signal]))
    known = int(np.sum(~np.isnan(x)))
    if yardstick is None or known == 0:
        before = None if yardstick is None else yardstick.before
        after = None if known == 0 else math.exp(middles(x[None, :])[0])
        return Effect(signal=signal, role=role, standing=Standing.MISSING, before=before, after=after)
    after = float(middles(x[None, :])[0])
    expected = at(yardstick.expected, x.size)
    bounds = bounds_of(look, math.exp(expected))
    standing = Standing.UNCLEAR
    if look.is_enough:
        rises = (after - expected, after - expected - yardstick.drift)
        standing = standing_of(rises, at(yardstick.spread, known), yardstick.alarm_at, yardstick.interval_at, bounds)
    needed = None
    if standing is Standing.UNCLEAR:
        needed = more_needed(yardstick, after - expected, known, bounds, look)
    return effect_of(signal, role, standing, yardstick, expected, after, at(yardstick.spread, known), needed)


def bounds_of(look: Look, expected_us: float) -> Bounds:
    """What counts for a latency that is expected to be so long: more than both tolerances, the relative and the absolute one."""
    absolute = math.log1p(look.plan.tolerance_ms * 1000 / expected_us)
    return Bounds(
        least=max(math.log1p(look.plan.tolerance), absolute),
        most=max(math.log1p(2 * look.plan.tolerance), absolute),
    )


def standing_of(
    rises: tuple[float, ...], spread: float, alarm_at: float, interval_at: float, bounds: Bounds
) -> Standing:
    """Where a rise stands whose error has that spread.

    Args:
        rises: Against what was to be expected, and against whatever else must have risen for it to be the new fleet's doing: what
            the old fleet did right before the cutover, so that a rise that began under it is not laid at the new one's door.
        spread: One standard deviation of the error.
        alarm_at: So many of them mean a change.
        interval_at: So many of them are the interval.
        bounds: What separates worse from as good.
    """
    if min(rises) > max(alarm_at * spread, bounds.least):
        return Standing.WORSE
    if rises[0] + interval_at * spread < bounds.most:
        return Standing.AS_GOOD
    return Standing.UNCLEAR


def more_needed(yardstick: Yardstick, rise: float, known: int, bounds: Bounds, look: Look) -> timedelta | None:
    """How much longer it would take to tell, if the rise stays as it is; None where longer would not help."""
    if not look.is_enough:
        return look.enough_after
    helpful = 0.0
    if rise < bounds.most:
        helpful = (bounds.most - rise) / yardstick.interval_at
    if rise > bounds.least:
        helpful = max(helpful, rise / yardstick.alarm_at)
    seen = look.after.length
    for n in range(known + 1, LONGEST_WAIT * max(known, look.planned_looks) + 1):
        if _foreseen(yardstick.spread, n) <= helpful:
            return look.after.period * math.ceil((n - known) * seen / known)
    return None


def effect_of(
    signal: Signal,
    role: Role,
    standing: Standing,
    yardstick: Yardstick,
    expected: float,
    after: float,
    spread: float,
    needed: timedelta | None,
) -> Effect:
    """The effect as people are told of it."""
    rise, margin = after - expected, yardstick.interval_at * spread
    return Effect(
        signal=signal,
        role=role,
        standing=standing,
        before=yardstick.before,
        expected=math.exp(expected),
        after=math.exp(after),
        change=math.expm1(rise),
        low=math.expm1(rise - margin),
        high=math.expm1(min(rise + margin, 50.0)),
        basis=yardstick.basis,
        more_needed=needed,
    )


def at(values: Sequence[float], n: int) -> float:
    """The value for the first n periods; a watch that was extended beyond the last keeps it."""
    return values[min(max(n, 1), len(values)) - 1]


def _foreseen(spread: Sequence[float], n: int) -> float:
    """The spread after n periods; beyond the yardstick's end it goes on falling as in its last half."""
    if n <= len(spread):
        return spread[n - 1]
    half, last = spread[max(1, len(spread) // 2) - 1], spread[-1]
    power = math.log(half / last) / math.log(2) if len(spread) > 1 else 0.5
    return last * (n / len(spread)) ** -power if power > FALLS else last
