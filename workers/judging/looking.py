"""What one look at the watch has in hand."""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from bot.domain.signals import Role
from bot.domain.watchplan import WatchPlan
from bot.domain.yardstick import Yardsticks
from workers.judging.load import load_ratio, streams_ratio
from workers.judging.tails import FEWEST_PERIODS, alpha_of
from workers.ports import Floats, Measure, Series

FEWEST_REQUESTS = 50
"""Below this many requests after the cutover, a percentile is an anecdote."""


@dataclass(frozen=True)
class Look:
    """The yardsticks, the numbers since, and the rules that the fleet file sets."""

    yardsticks: Yardsticks
    after: Series
    plan: WatchPlan
    is_over: bool = False
    """Whether this is the last look: what is silent now is silence, and no late news any more."""

    @property
    def periods(self) -> int:
        """Periods with any data."""
        asked, latency = self.after.of(Measure.REQUESTS), self.after.of(Measure.P50)
        return int(np.sum((np.nan_to_num(asked) > 0) | ~np.isnan(latency)))

    @property
    def requests(self) -> float:
        """Requests to the new fleet so far."""
        return float(np.nansum(self.after.of(Measure.REQUESTS)))

    @property
    def is_enough(self) -> bool:
        """Whether there are enough periods and requests for statistics."""
        return self.periods >= FEWEST_PERIODS and self.requests >= FEWEST_REQUESTS

    @property
    def enough_after(self) -> timedelta | None:
        """How much longer until there are enough periods and requests, at this traffic; None while there is no traffic."""
        if self.is_enough:
            return timedelta(0)
        if self.requests <= 0 or self.periods == 0:
            return None
        length = self.after.length
        for_periods = (FEWEST_PERIODS - self.periods) * length / self.periods
        for_requests = (FEWEST_REQUESTS - self.requests) * length / self.requests
        return self.after.period * int(np.ceil(max(for_periods, for_requests, 1)))

    @property
    def load(self) -> float | None:
        """How much traffic there was for what was expected."""
        return load_ratio(self.yardsticks.load, self.traffic)

    @property
    def streams(self) -> float | None:
        """How many streams were open at once for what was expected."""
        return streams_ratio(self.yardsticks.streams, self.after.of(Measure.CONCURRENCY))

    @property
    def traffic(self) -> Floats:
        """Requests period by period. While more numbers may come, silence at the end is none of it: they may only be late."""
        asked = self.after.of(Measure.REQUESTS)
        known = np.flatnonzero(~np.isnan(asked))
        return asked if self.is_over or known.size == 0 else asked[: known[-1] + 1]

    @property
    def planned_looks(self) -> int:
        """How often the watch will be looked at, if nobody extends it."""
        return max(1, -(-self.plan.duration // self.after.period))

    def alpha(self, role: Role) -> float:
        """The chance of a false alarm that a signal of that role may take."""
        return alpha_of(role, self.plan.judged.values())
