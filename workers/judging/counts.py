"""Failures: numbers of requests out of all requests, judged as counts and never by ranks.

A rank test on minutes sees seven failures in one minute as one minute out of thirty (kayenta#426). Counted, they are seven out of
so many requests.
"""

import math
from dataclasses import dataclass

import numpy as np

from bot.domain.signals import Signal
from bot.domain.yardstick import CountYardstick
from workers.judging.clumping import clumping_of
from workers.judging.placebo import Layout
from workers.judging.rates import BURSTS, FEWEST_EVENTS, Rate, alpha_of_burst, alpha_of_whole, both_known, sums
from workers.ports import Floats

OUTAGE = 0.05
"""Past periods in which more failed, five at least, were outages: what an endpoint may do is not learnt from them."""

DOUBTFUL = 0.001
"""When the hour before failed so much more often than the weeks before that chance does so once in a thousand, only the hour counts."""

FEWEST_TRIED, FORESEEN = 12, 2.0
"""With fewer stretches of the past than the first, nobody knows how much the rate of failures wanders from hour to hour: then it is
foretold only as well as by the second number of failures, which is to within two thirds."""


def count_yardstick(
    signal: Signal, events: Floats, requests: Floats, layout: Layout, alpha: float
) -> CountYardstick | None:
    """What the past says about a count; None without any request in it."""
    failed, asked = both_known(events, requests)
    if asked.sum() <= 0:
        return None
    recent_failed, recent_asked = failed[-layout.baseline :].sum(), asked[-layout.baseline :].sum()
    if signal is not Signal.CLIENT_ERRORS:
        outage = (failed >= FEWEST_EVENTS) & (failed > OUTAGE * asked)
        failed, asked = np.where(outage, 0.0, failed), np.where(outage, 0.0, asked)
    begins = int(np.argmax(asked > 0))
    return CountYardstick(
        signal=signal,
        events=float(recent_failed),
        requests=float(recent_asked),
        past_events=float(failed.sum()),
        past_requests=float(asked.sum()),
        clumping=clumping_of(failed[begins:], asked[begins:], layout, alpha),
        tried=(failed.size - begins) // (layout.gap + layout.looks),
    )


def rate_of(yardstick: CountYardstick) -> Rate:
    """The rate to expect: the whole past's, unless the hour before contradicts it."""
    foreseen = math.inf if yardstick.tried >= FEWEST_TRIED else FORESEEN
    older = Rate(
        max(0.0, yardstick.past_events - yardstick.events),
        max(0.0, yardstick.past_requests - yardstick.requests),
        yardstick.clumping,
        foreseen,
    )
    if older.chance(yardstick.events, yardstick.requests) < DOUBTFUL:
        return Rate(yardstick.events, yardstick.requests, yardstick.clumping, foreseen)
    return Rate(yardstick.past_events, yardstick.past_requests, yardstick.clumping, foreseen)


@dataclass(frozen=True)
class Burst:
    """The span of the watch in which failures are least like chance."""

    events: float
    requests: float
    periods: int
    is_worse: bool
    chance: float
    """For the whole watch so far: the probability of as many failures, if nothing has changed."""


def worst_burst(rate: Rate, failed: Floats, asked: Floats, alpha: float, looks: int) -> Burst:
    """Looks at all of the watch so far, and at each stretch of a few minutes in it."""
    looks = max(looks, failed.size, 1)
    total, requests = failed.sum(keepdims=True), asked.sum(keepdims=True)
    chance = float(rate.chances(total, requests)[0])
    is_worse = bool(rate.are_worse(total, requests, alpha_of_whole(alpha, looks))[0])
    worst = Burst(float(total[0]), float(requests[0]), failed.size, is_worse, chance)
    if is_worse:
        return worst
    least = 1.0
    for span in (s for s in BURSTS if s <= failed.size):
        several, out_of = sums(failed, span), sums(asked, span)
        for place in np.flatnonzero(rate.are_worse(several, out_of, alpha_of_burst(alpha, looks))):
            how_likely = rate.chance(several[place], out_of[place])
            if how_likely < least:
                least = how_likely
                worst = Burst(float(several[place]), float(out_of[place]), span, True, chance)
    return worst
