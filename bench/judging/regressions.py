"""Known changes for the worse, done to the requests after the cutover."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from bench.judging.traces import Floats
from bench.judging.traffic import Requests, Traffic, with_slow_share
from workers.ports.metrics import Measure

Kind = Literal["none", "level", "tail", "variance", "ramp", "errors"]

SLOW_SHARE = 0.05
LATENCIES = (Measure.P50, Measure.P90, Measure.P99)


@dataclass(frozen=True)
class Regression:
    """One kind of change and how large it is.

    `amount` is a relative rise for level and ramp (0.2 is 20 %), a factor for tail and variance, and errors in 500 requests for
    errors.
    """

    kind: Kind
    amount: float = 0.0
    traffic: Traffic = Traffic.HIGH

    @property
    def size(self) -> float | str:
        """For data: a number, or words where one number does not say it."""
        match self.kind:
            case "none":
                return self.traffic.words
            case "errors":
                return f"{self.amount:.0f} in 500, {self.traffic.words}"
            case _:
                return self.amount

    @property
    def words(self) -> str:
        """For tables."""
        match self.kind:
            case "none":
                return f"nothing changed, {self.traffic.words}"
            case "level":
                return f"level +{self.amount:.0%}"
            case "tail":
                return f"tail: {SLOW_SHARE:.0%} of requests ×{self.amount:.0f}"
            case "variance":
                return f"variance: minutes' spread ×{self.amount:.0f}"
            case "ramp":
                return f"slow ramp to +{self.amount:.0%}"
            case "errors":
                where = "in one minute" if self.traffic is Traffic.HIGH else "over the watch"
                return f"errors: {self.amount:.0f} in 500, {where}, {self.traffic.words}"


REGRESSIONS = (
    Regression("none", traffic=Traffic.HIGH),
    Regression("none", traffic=Traffic.LOW),
    *(Regression("level", rise) for rise in (0.05, 0.10, 0.20, 0.35, 0.50)),
    Regression("tail", 3),
    Regression("variance", 3),
    Regression("ramp", 0.5),
    *(Regression("errors", count, traffic) for traffic in Traffic for count in (5, 20)),
)

NULLS = tuple(r for r in REGRESSIONS if r.kind == "none")
CHANGES = tuple(r for r in REGRESSIONS if r.kind != "none")


def inject(regression: Regression, after: Requests, warm_up: int, rng: np.random.Generator) -> dict[Measure, Floats]:
    """What CloudWatch shows of the periods from the cutover on, with that change from their first one.

    Args:
        regression: What changes, and by how much.
        after: The periods from the cutover on.
        warm_up: How many of them are not judged; errors are put behind them.
        rng: Where the errors fall.
    """
    match regression.kind:
        case "none":
            return after.numbers()
        case "level":
            return replace(after, median=after.median * (1 + regression.amount)).numbers()
        case "tail":
            return replace(after, quantiles=with_slow_share(SLOW_SHARE, regression.amount)).numbers()
        case "ramp":
            grown = np.linspace(0, regression.amount, after.median.size + 1)[1:]
            return replace(after, median=after.median * (1 + grown)).numbers()
        case "variance":
            return _spread_out(after.numbers(), regression.amount)
        case "errors":
            return replace(after, errors=after.errors + _errors(regression, after, warm_up, rng)).numbers()


def _spread_out(numbers: dict[Measure, Floats], times: float) -> dict[Measure, Floats]:
    """The periods' medians lie so many times as far from their own middle; a period's p90 and p99 go with its median."""
    logarithm = np.log(numbers[Measure.P50])
    if np.isnan(logarithm).all():
        return numbers
    factor = np.exp((times - 1) * (logarithm - np.nanmedian(logarithm)))
    return {measure: values * factor if measure in LATENCIES else values for measure, values in numbers.items()}


def _errors(regression: Regression, after: Requests, warm_up: int, rng: np.random.Generator) -> Floats:
    """How many more of each period's requests fail: all in one period at high traffic, anywhere in the watch at low traffic."""
    requests = np.nan_to_num(after.requests).astype(np.int64)
    requests[:warm_up] = 0
    requests -= np.minimum(requests, np.nan_to_num(after.errors).astype(np.int64))
    if regression.traffic is Traffic.HIGH:
        hit = rng.choice(np.flatnonzero(requests >= regression.amount))
        return np.where(np.arange(requests.size) == hit, regression.amount, 0.0)
    return rng.multivariate_hypergeometric(requests, int(regression.amount)).astype(np.float64)
