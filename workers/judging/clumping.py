"""How clumped failures are: ten that come one by one prove more than ten that come at once, which may have one cause."""

import numpy as np

from workers.judging.placebo import Layout
from workers.judging.rates import BURSTS, FEWEST_EVENTS, Rate, alpha_of_burst, sums
from workers.ports import Floats

FEWEST_BLOCKS = 10
"""Fewer spans of a length say nothing about their variance."""

LONGEST_SPAN = 60

CLUMPED = 2.5
"""Standard errors above a Poisson number's variance at which failures count as clumped."""

MUCH_PAST = 100
"""Where so many watches fit into the past, one of them may have seen an alarm by itself: one in a hundred is what is allowed."""

STEP, STEPS = 1.25, 40
"""By how much the clumping is raised at a time while the past contradicts it, and how often at most."""


def clumping_of(failed: Floats, asked: Floats, layout: Layout, alpha: float) -> float:
    """Variance over mean of the failures, at each of the spans in which they will be counted; the largest of them.

    It is then raised until the judge would have kept quiet all over the past: tails may be heavier than a variance tells.
    """
    if failed.sum() < FEWEST_EVENTS:
        return 1.0
    share = float(failed.sum() / asked.sum())
    spans = {*BURSTS, min(layout.looks, LONGEST_SPAN)}
    found = max([1.0, *(_variance_over_mean(span, failed, asked, share) for span in spans)])
    windows = [(sums(failed, span), sums(asked, span)) for span in BURSTS if failed.size >= span]
    stretch = layout.gap + layout.looks
    allowed = 1 if failed.size >= MUCH_PAST * stretch else 0
    for _ in range(STEPS):
        rate = Rate(float(failed.sum()), float(asked.sum()), found)
        if _alarms(windows, rate, alpha_of_burst(alpha, layout.looks), stretch) <= allowed:
            break
        found *= STEP
    return found


def _variance_over_mean(span: int, failed: Floats, asked: Floats, share: float) -> float:
    blocks = failed.size // span
    if blocks < FEWEST_BLOCKS:
        return 1.0
    counted = failed[failed.size - blocks * span :].reshape(blocks, span).sum(axis=1)
    expected = share * asked[asked.size - blocks * span :].reshape(blocks, span).sum(axis=1)
    if expected.sum() <= 0:
        return 1.0
    ratio = float(((counted - expected) ** 2).sum() / expected.sum())
    # How far the ratio of Poisson numbers strays from 1 by itself: independent failures must not be taken for clumped ones.
    error = float(np.sqrt((2 + 1 / expected.mean()) / blocks))
    if ratio - 1 < CLUMPED * error:
        return 1.0
    # A variance from few spans may be too small, so it is taken at its upper end.
    return 1 + (ratio - 1) * (1 + 2 * float(np.sqrt(2 / blocks)))


def _alarms(windows: list[tuple[Floats, Floats]], rate: Rate, alpha: float, stretch: int) -> int:
    """In how many stretches of the past the judge would have raised a false alarm."""
    places = [np.flatnonzero(rate.are_worse(events, requests, alpha)) // stretch for events, requests in windows]
    return int(np.unique(np.concatenate(places)).size)
