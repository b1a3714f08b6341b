"""How large a deviation has to be before it means anything, at all looks of a watch together.

Looking again and again at a growing window gives chance again and again its chance. What counts is therefore the largest
deviation of a whole watch. Where the past has enough watches-that-might-have-been, their largest deviations say what chance can do;
where it has not, normal theory with Student's allowance for few observations stands in.
"""

import math
from collections.abc import Iterable, Mapping

import numpy as np
from scipy import stats

from bot.domain.signals import Role
from workers.ports import Floats

FAMILY_ALPHA = 0.01
"""One watch in a hundred of a healthy fleet may say REGRESSED: over all its looks, and all its signals."""

WEIGHTS: Mapping[Role, float] = {Role.CRITICAL: 2.0, Role.NORMAL: 1.0, Role.MUTED: 0.0}
"""How that chance is shared out: what matters more is looked at more sharply."""

INTERVAL_ALPHA = 0.025
"""A side, of the intervals that people are shown."""

FEWEST_PERIODS = 5
"""Fewer periods with data say nothing: of five against any number, Mann and Whitney's test could say anything at all, of four not."""

HEAVIEST, LIGHTEST = 0.9, 1e-3
"""Shapes of a tail: a mean must exist, and below the lesser it is exponential."""

EPISODE = 1.5
"""Stretches of the past that one lasting change may spoil: watches that began a little before it, and a little after."""

ENOUGH_STRETCHES = 20
"""So many stretches of the past tell the shape of a tail, not only its width."""


def alpha_of(role: Role, judged: Iterable[Role]) -> float:
    """The chance of a false alarm that a signal of that role may take; a muted one takes as much, but nobody acts on it."""
    total = sum(WEIGHTS[other] for other in judged)
    return FAMILY_ALPHA * (WEIGHTS[role] or 1.0) / max(total, 1.0)


def worth_of_looks(looks: int, first: int = FEWEST_PERIODS) -> float:
    """How many independent looks the looks at a growing window are worth.

    Deviations after n and after m periods have the correlation sqrt(n/m): what is new comes with the logarithm of the time
    (the law of the iterated logarithm; for the factor see Siegmund 1985, Sequential Analysis, chapter 4).
    """
    return 1 + 2 * math.log(max(looks, first) / first)


def student(alpha: float, looks: int, freedom: float) -> float:
    """The deviation that chance exceeds with probability alpha at any of the looks, when so much is known about its size."""
    return float(stats.t.isf(alpha / worth_of_looks(looks), max(freedom, 2.0)))


def seldom_reached(deviations: Floats, alpha: float, stretches: int) -> float:
    """The deviation that the past's own watches reached in a share alpha of cases at most; one episode apart.

    One lasting change in two weeks is an incident or an earlier promotion, which deserves an alarm when it comes at a cutover. Were the
    tail thought on from there, as `exceeded` does, one incident would blind the judge for as long as it is remembered. What is so
    common that it is more than an episode counts in full. Where the past is too short to tell so small a share, the step from the
    share that it can tell is a normal distribution's.
    """
    share = max(alpha, EPISODE / stretches)
    further = float(stats.norm.isf(alpha) / stats.norm.isf(share))
    return further * float(np.quantile(deviations, 1 - share))


def exceeded(maxima: Floats, alpha: float, stretches: int) -> float:
    """The largest deviation that one watch in 1/alpha reaches, from those of the past.

    Beyond what was seen the tail goes on as a generalised Pareto distribution (Pickands 1975; fitted by probability-weighted
    moments, Hosking & Wallis 1987), never lighter than an exponential one: thinking a tail too light is the dear mistake.
    """
    share = float(np.clip(10 / max(stretches, 1), 0.05, 0.4))
    edge = float(np.quantile(maxima, 1 - share))
    beyond = np.sort(maxima[maxima > edge]) - edge
    if alpha >= share or beyond.size < 3:
        return float(np.quantile(maxima, 1 - min(alpha, 1.0)))
    mean = float(beyond.mean())
    higher = float(np.mean(beyond * np.arange(beyond.size) / (beyond.size - 1)))
    shape = float(np.clip(2 - mean / (2 * higher - mean), 0.0, HEAVIEST)) if 2 * higher > mean else 0.0
    rarer = share / alpha
    if shape < LIGHTEST:
        return edge + mean * math.log(rarer)
    return edge + mean * (1 - shape) / shape * float(rarer**shape - 1)
