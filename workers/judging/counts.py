"""Failures: numbers of requests out of all requests, judged as counts and never by ranks.

A rank test on minutes sees seven failures in one minute as one minute out of thirty (kayenta#426). Counted, they are seven out of
so many requests, and what the past leads one to expect of as many requests is a negative binomial number: a Poisson number whose
rate is known only from the past's own count (Jeffreys' prior, shifted towards few failures where the past is short). Failures that
come in bursts prove less each; they are divided by how clumped they were before (quasi-Poisson, McCullagh & Nelder 1989).
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from bot.domain.signals import Signal
from bot.domain.yardstick import CountYardstick
from workers.judging.placebo import Layout
from workers.ports import Floats

FEWEST_EVENTS = 5
"""Fewer failures are bad luck, whatever the statistics say."""

SMALLEST_RISE = 0.0005
"""A share that rose by less than one failure in two thousand requests is not worth a rollback."""

PRIOR_EVENTS, PRIOR_REQUESTS = 0.5, 1000.0
"""What is believed of a fleet before anything was seen of it: about one failure in two thousand. An hour of traffic outweighs it."""

BURSTS = (1, 3, 10)
"""Failures may come all at once, so the last so many periods are looked at by themselves as well."""

OUTAGE = 0.05
"""Past periods in which more failed, five at least, were outages: what an endpoint may do is not learnt from them."""

DOUBTFUL = 0.01
"""When the hour before failed so much more often than the weeks before that chance does so once in a hundred, only the hour counts."""


@dataclass(frozen=True)
class Rate:
    """What the past says about how often requests fail."""

    events: float
    requests: float
    clumping: float

    def chance(self, events: float, requests: float) -> float:
        """The probability of so many failures or more in so many requests, if nothing has changed."""
        if events <= 0 or requests <= 0:
            return 1.0
        shape = (self.events + PRIOR_EVENTS) / self.clumping
        known, new = (self.requests + PRIOR_REQUESTS) / self.clumping, requests / self.clumping
        return float(special.betainc(events / self.clumping, shape, new / (known + new)))

    def highest_share(self, events: float, requests: float, alpha: float) -> float:
        """A bound that the true share after the change exceeds with probability alpha."""
        if requests <= 0:
            return 1.0
        return min(1.0, float(special.gammaincinv(events / self.clumping + 1, 1 - alpha)) * self.clumping / requests)

    def lowest_share(self, events: float, requests: float, alpha: float) -> float:
        """A bound that the true share after the change stays below with probability alpha."""
        if events <= 0 or requests <= 0:
            return 0.0
        return float(special.gammaincinv(events / self.clumping, alpha)) * self.clumping / requests

    @property
    def share(self) -> float:
        """Failures per request."""
        return self.events / self.requests if self.requests > 0 else 0.0


def both_known(events: Floats, requests: Floats) -> tuple[Floats, Floats]:
    """Failures and requests period by period. No datapoint of failures means that there were none."""
    asked = np.nan_to_num(requests)
    return np.where(asked > 0, np.minimum(np.nan_to_num(events), np.maximum(asked, 0)), 0.0), np.maximum(asked, 0.0)


def count_yardstick(signal: Signal, events: Floats, requests: Floats, layout: Layout) -> CountYardstick | None:
    """What the past says about a count; None without any request in it."""
    failed, asked = both_known(events, requests)
    if asked.sum() <= 0:
        return None
    recent_failed, recent_asked = failed[-layout.baseline :].sum(), asked[-layout.baseline :].sum()
    outage = (failed >= FEWEST_EVENTS) & (failed > OUTAGE * asked)
    if signal is not Signal.CLIENT_ERRORS:
        failed, asked = np.where(outage, 0.0, failed), np.where(outage, 0.0, asked)
    clumping = _clumping(failed, asked, layout)
    return CountYardstick(
        signal=signal,
        events=float(recent_failed),
        requests=float(recent_asked),
        past_events=float(failed.sum()),
        past_requests=float(asked.sum()),
        clumping=clumping,
    )


def rate_of(yardstick: CountYardstick) -> Rate:
    """The rate to expect: the whole past's, unless the hour before contradicts it."""
    whole = Rate(yardstick.past_events, yardstick.past_requests, yardstick.clumping)
    if yardstick.requests <= 0:
        return whole
    older = Rate(
        max(0.0, yardstick.past_events - yardstick.events),
        max(0.0, yardstick.past_requests - yardstick.requests),
        yardstick.clumping,
    )
    if older.chance(yardstick.events, yardstick.requests) >= DOUBTFUL:
        return whole
    return Rate(yardstick.events, yardstick.requests, yardstick.clumping)


def _clumping(failed: Floats, asked: Floats, layout: Layout) -> float:
    """Variance over mean of the failures, at each of the spans in which they will be counted; the largest of them."""
    share = failed.sum() / asked.sum() if asked.sum() > 0 else 0.0
    if failed.sum() < FEWEST_EVENTS:
        return 1.0
    found = 1.0
    for span in {*BURSTS, min(layout.looks, 60)}:
        blocks = failed.size // span
        if blocks < 10:
            continue
        counted = failed[failed.size - blocks * span :].reshape(blocks, span).sum(axis=1)
        expected = share * asked[asked.size - blocks * span :].reshape(blocks, span).sum(axis=1)
        if expected.sum() > 0:
            found = max(found, float(((counted - expected) ** 2).sum() / expected.sum()))
    return found


@dataclass(frozen=True)
class Burst:
    """The span of the watch, up to its newest period, in which failures are least like chance."""

    events: float
    requests: float
    periods: int
    is_worse: bool
    chance: float
    """For the whole watch so far: the probability of as many failures, if nothing has changed."""


def worst_burst(rate: Rate, failed: Floats, asked: Floats, alpha: float, looks: int) -> Burst:
    """Looks at all of the watch so far, and at each stretch of a few minutes in it.

    Half of alpha is for the whole, as much of it for each look as looks at a growing window are worth; the other half is shared out
    evenly over all the short stretches that the watch will have (Bonferroni: they hardly overlap).
    """
    looks = max(looks, failed.size, 1)
    total, requests = float(failed.sum()), float(asked.sum())
    chance = rate.chance(total, requests)
    whole = Burst(
        total, requests, failed.size, _is_worse(rate, total, requests, alpha / 2 / _looks_worth(looks)), chance
    )
    if whole.is_worse:
        return whole
    spans = [span for span in BURSTS if span < failed.size or (span == 1 and failed.size == 1)]
    each = alpha / 2 / (len(BURSTS) * looks)
    worst, least = whole, 1.0
    for span in spans:
        several, out_of = _windows(failed, span), _windows(asked, span)
        for events, base in zip(several.tolist(), out_of.tolist(), strict=True):
            if events < FEWEST_EVENTS or not _is_worse(rate, events, base, each):
                continue
            how_likely = rate.chance(events, base)
            if how_likely < least:
                least, worst = how_likely, Burst(events, base, span, True, chance)
    return worst


def _windows(values: Floats, span: int) -> Floats:
    summed = np.concatenate([[0.0], np.cumsum(values)])
    found: Floats = summed[span:] - summed[:-span]
    return found


def _looks_worth(looks: int) -> float:
    """Rare failures bring news when they come: counted from the first look on, unlike levels, which need five periods."""
    return 2 * (1 + math.log(looks))


def _is_worse(rate: Rate, events: float, requests: float, alpha: float) -> bool:
    if events < FEWEST_EVENTS or requests <= 0 or events / requests - rate.share < SMALLEST_RISE:
        return False
    return rate.chance(events, requests) < alpha
