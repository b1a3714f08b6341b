"""How many failures the past leads one to expect of so many requests.

Given the past's own count, that number is negative binomial: a Poisson number whose rate is known only so well (Jeffreys' prior,
shifted towards few failures where the past is short). Failures that come in bursts prove less each; they are divided by how
clumped they were before (quasi-Poisson, McCullagh & Nelder 1989).
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy import special

from workers.ports import Floats

FEWEST_EVENTS = 5
"""Fewer failures are bad luck, whatever the statistics say."""

SMALLEST_RISE = 0.0005
"""A share that rose by less than one failure in two thousand requests is not worth a rollback."""

PRIOR_EVENTS, PRIOR_REQUESTS = 0.5, 1000.0
"""What is believed of a fleet before anything was seen of it: about one failure in two thousand. An hour of traffic outweighs it."""

BURSTS = (1, 3, 10)
"""Failures may come all at once, so the last so many periods are looked at by themselves as well."""


@dataclass(frozen=True)
class Rate:
    """What the past says about how often requests fail."""

    events: float
    requests: float
    clumping: float = 1.0
    foreseen: float = math.inf
    """What is to come is foretold no better than by so many failures."""

    @property
    def share(self) -> float:
        """Failures per request."""
        return self.events / self.requests if self.requests > 0 else 0.0

    def chance(self, events: float, requests: float) -> float:
        """The probability of so many failures or more in so many requests, if nothing has changed."""
        return float(self.chances(np.array([events]), np.array([requests]))[0])

    def chances(self, events: Floats, requests: Floats) -> Floats:
        """The same for several spans."""
        shape = (self.events + PRIOR_EVENTS) / self.clumping
        known = (self.requests + PRIOR_REQUESTS) / self.clumping
        if shape > self.foreseen:
            shape, known = self.foreseen, known * self.foreseen / shape
        new = np.maximum(requests, 0) / self.clumping
        found: Floats = np.where(
            (events > 0) & (new > 0),
            special.betainc(np.maximum(events, 1e-9) / self.clumping, shape, new / (known + new)),
            1.0,
        )
        return found

    def are_worse(self, events: Floats, requests: Floats, alpha: float) -> Floats:
        """Which spans show more failures than chance and than anybody would put up with: 1 for those, 0 for others."""
        with np.errstate(invalid="ignore", divide="ignore"):
            many = (events >= FEWEST_EVENTS) & (events / requests - self.share >= SMALLEST_RISE)
        worse = np.zeros(events.shape)
        worse[many] = self.chances(events[many], requests[many]) < alpha
        return worse

    def highest_share(self, events: float, requests: float, alpha: float) -> float:
        """A bound that the true share after the change exceeds with probability alpha (Garwood 1936)."""
        if requests <= 0:
            return 1.0
        return min(1.0, float(special.gammaincinv(events / self.clumping + 1, 1 - alpha)) * self.clumping / requests)

    def lowest_share(self, events: float, requests: float, alpha: float) -> float:
        """A bound that the true share after the change stays below with probability alpha."""
        if events <= 0 or requests <= 0:
            return 0.0
        return float(special.gammaincinv(events / self.clumping, alpha)) * self.clumping / requests


def alpha_of_whole(alpha: float, looks: int) -> float:
    """Half of alpha is for the watch as a whole, as much of it for each look as looks at a growing window are worth.

    Failures bring news when they come, from the first look on, unlike levels, which need five periods.
    """
    return alpha / 2 / (2 * (1 + math.log(max(looks, 1))))


def alpha_of_burst(alpha: float, looks: int) -> float:
    """The other half is shared out over all the short spans that the watch will have (Bonferroni: they hardly overlap)."""
    return alpha / 2 / (len(BURSTS) * max(looks, 1))


def sums(values: Floats, span: int) -> Floats:
    """The sum of each `span` successive values."""
    summed = np.concatenate([[0.0], np.cumsum(values)])
    found: Floats = summed[span:] - summed[:-span]
    return found


def both_known(events: Floats, requests: Floats) -> tuple[Floats, Floats]:
    """Failures and requests period by period. No datapoint of failures means that there were none."""
    asked = np.maximum(np.nan_to_num(requests), 0.0)
    return np.minimum(np.nan_to_num(events), asked), asked
