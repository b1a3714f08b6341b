"""Requests simulated on a trace: what CloudWatch would publish of an endpoint whose median latency follows the trace.

Within a period latencies are lognormal around the trace's value. A percentile that CloudWatch shows is an order statistic of the
requests of that period, so it scatters with their number; it is drawn as one: order statistics of uniform numbers are beta
distributed, and each is drawn given the one below it (David & Nagaraja, Order Statistics, 2003, chapter 2). The uniform numbers
are kept, so that the same minutes with and without a regression differ by the regression alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum

import numpy as np
from scipy.special import ndtr, ndtri

from bench.judging.traces import Floats
from workers.ports.metrics import Measure

SIGMA = 0.4
"""Of the logarithm within one period: p90 is 1.7 times and p99 2.5 times the median, as inference latencies usually are."""
CLIENT_ERROR_RATE = 0.005


class Traffic(Enum):
    """How busy the endpoint is: requests per period on average, and the share of them that fails with nothing wrong."""

    HIGH = (500, 0.0002)
    LOW = (17, 0.0)  # a watch of 30 periods has about 500 requests

    @property
    def requests(self) -> int:
        """Per period, on average."""
        return self.value[0]

    @property
    def error_rate(self) -> float:
        """Background of server-side errors."""
        return self.value[1]

    @property
    def words(self) -> str:
        """For tables."""
        return f"{self.name.lower()} traffic"


Quantiles = Callable[[Floats], Floats]
"""From uniform numbers to latencies, as multiples of the period's median."""


def lognormal(uniform: Floats) -> Floats:
    """Of a healthy endpoint."""
    return np.exp(SIGMA * np.asarray(ndtri(uniform)))


def with_slow_share(share: float, times: float) -> Quantiles:
    """That share of the requests takes so many times as long, and the others as long as ever."""
    grid = np.linspace(-6 * SIGMA, np.log(times) + 6 * SIGMA, 2000)
    reached = (1 - share) * ndtr(grid / SIGMA) + share * ndtr((grid - np.log(times)) / SIGMA)
    score = ndtri(np.clip(reached, 1e-15, 1 - 1e-15))
    return lambda uniform: np.exp(np.interp(ndtri(uniform), score, grid))


@dataclass(frozen=True)
class Requests:
    """What the requests of each period did, apart from how slow the endpoint is. NaN where the trace has nothing."""

    median: Floats
    """The latency in microseconds around which each period's requests lie."""
    requests: Floats
    uniforms: Mapping[Measure, Floats]
    errors: Floats
    client_errors: Floats
    quantiles: Quantiles = lognormal

    def between(self, first: int, end: int) -> "Requests":
        """The periods [first, end)."""
        return replace(
            self,
            median=self.median[first:end],
            requests=self.requests[first:end],
            uniforms={measure: u[first:end] for measure, u in self.uniforms.items()},
            errors=self.errors[first:end],
            client_errors=self.client_errors[first:end],
        )

    def numbers(self) -> dict[Measure, Floats]:
        """As CloudWatch would publish them."""
        numbers = {measure: self.median * self.quantiles(u) for measure, u in self.uniforms.items()}
        numbers[Measure.REQUESTS] = self.requests
        numbers[Measure.ERRORS_5XX] = self.errors
        numbers[Measure.ERRORS_4XX] = self.client_errors
        return numbers


PERCENTILES = {Measure.P50: 0.50, Measure.P90: 0.90, Measure.P99: 0.99}


def simulate(values: Floats, traffic: Traffic, rng: np.random.Generator) -> Requests:
    """A healthy endpoint at that traffic whose median latency follows the values."""
    requests = np.maximum(rng.poisson(traffic.requests, values.size), 1)
    uniforms, below, rank_below = {}, np.zeros(values.size), np.zeros(values.size, dtype=np.int64)
    for measure, share in PERCENTILES.items():
        rank = np.maximum(np.ceil(share * requests).astype(np.int64), 1)
        further = rank > rank_below  # few requests may have one and the same rank for p90 and p99
        draw = rng.beta(np.maximum(rank - rank_below, 1), requests + 1 - rank)
        below = np.where(further, below + (1 - below) * draw, below)
        uniforms[measure] = below
        rank_below = rank
    errors = rng.binomial(requests, traffic.error_rate).astype(np.float64)
    client_errors = rng.binomial(requests, CLIENT_ERROR_RATE).astype(np.float64)
    gap = np.isnan(values)
    counts = [np.where(gap, np.nan, count) for count in (requests, errors, client_errors)]
    return Requests(values, counts[0], uniforms, counts[1], counts[2])
