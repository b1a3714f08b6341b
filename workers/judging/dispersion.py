"""Unsteadiness: a fleet may be as fast as the old one in the middle of the minutes, and far slower in some of them (kayenta#780)."""

import math

import numpy as np

from bot.domain.signals import Role, Signal
from bot.domain.verdict import Effect, Standing
from workers.judging.levels import at, bounds_of, effect_of
from workers.judging.looking import Look
from workers.judging.measures import MEASURE_OF
from workers.judging.robust import logs, unsteadiness

UNSTEADIER = 1.75
"""Times as far apart as before; less than that is no change of character."""

SLOW_MINUTES = 0.9
"""Whoever calls in the slowest tenth of the minutes must notice it, or it does not matter."""

NORMAL_SLOW = 1.6
"""The slowest tenth of normal values begins so many mean absolute deviations above their middle."""

FEWEST = 8
"""Periods with data that it needs."""


def judge_dispersion(look: Look, role: Role) -> Effect:
    """How the spread of the minutes stands."""
    signal = Signal.SPREAD
    yardstick, level = look.yardsticks.of(signal), look.yardsticks.of(Signal.P50)
    x = logs(look.after.of(MEASURE_OF[signal]))
    known = int(np.sum(~np.isnan(x)))
    if yardstick is None or known == 0:
        return Effect(signal=signal, role=role, standing=Standing.MISSING)
    if known < FEWEST or not look.is_enough or level is None:
        needed = look.after.period * max(1, FEWEST - known)
        return Effect(signal=signal, role=role, standing=Standing.UNCLEAR, before=yardstick.before, more_needed=needed)
    after, expected = float(unsteadiness(x[None, :])[0]), at(yardstick.expected, x.size)
    spread = at(yardstick.spread, known)
    usual = at(level.expected, x.size)
    slow = float(np.nanquantile(x, SLOW_MINUTES)) - usual
    slow -= NORMAL_SLOW * math.exp(expected)
    rise = after - expected
    standing = Standing.UNCLEAR
    matters = rise > math.log(UNSTEADIER) and slow > bounds_of(look, math.exp(usual)).least
    if matters and rise > yardstick.alarm_at * spread:
        standing = Standing.WORSE
    elif not matters or rise + yardstick.interval_at * spread < math.log(UNSTEADIER):
        standing = Standing.AS_GOOD
    return effect_of(signal, role, standing, yardstick, expected, after, spread, None)
