"""CloudWatch alarms with thresholds fixed before the update, as a careful engineer sets them.

Latency: one alarm each on p50, p90 and p99, a quarter above what 99 % of the preceding day's periods stayed under (the history there
is, if it is shorter than a day), so that the busiest hour of a normal day rings nothing. Errors: 5XX above 1 % of the requests. Each
rings when three of the last five periods breach it, CloudWatch's "M out of N", which AWS recommends against flapping. Gaps do not
breach; five of them in a row are INSUFFICIENT_DATA. Periods of the warm-up are not evaluated.
"""

import numpy as np
import numpy.typing as npt

from bench.judging.judges import Judgement, Numbers
from workers.ports.metrics import Measure

HEADROOM = 1.25
NORMAL = 99  # percentile of the preceding day
ERROR_RATE = 0.01
BREACHES, EVALUATED = 3, 5
LATENCIES = (Measure.P50, Measure.P90, Measure.P99)

Flags = npt.NDArray[np.bool_]


def judge_like_an_alarm(history: Numbers, after: Numbers, day: int, looks: int) -> Judgement:
    """One watch: whether any of the alarms rings, and when.

    Args:
        history: Everything before the update.
        after: The judged periods.
        day: How many periods of the history the thresholds are taken from.
        looks: How many periods the watch has.
    """
    ringing = np.zeros(looks, dtype=np.bool_)
    for metric in LATENCIES:
        known = history[metric][-day:]
        threshold = HEADROOM * np.percentile(known[np.isfinite(known)], NORMAL)
        ringing |= _rings(after[metric][:looks] > threshold)
    ringing |= _rings(after[Measure.ERRORS_5XX][:looks] > ERROR_RATE * after[Measure.REQUESTS][:looks])
    first = int(ringing.argmax()) + 1 if ringing.any() else None
    no_data = not np.isfinite(after[Measure.REQUESTS][:looks][-EVALUATED:]).any()
    return Judgement(alarm_at=first, alarm_at_end=bool(ringing[-1]), inconclusive=first is None and no_data)


def _rings(breaching: Flags) -> Flags:
    """For each period, whether enough of the last ones breach."""
    counted = np.concatenate([np.zeros(EVALUATED), np.cumsum(breaching)])
    return np.asarray(counted[EVALUATED:] - counted[:-EVALUATED] >= BREACHES)
