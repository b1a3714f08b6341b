"""A judge in the manner of Kayenta, with the settings that its own documentation gives.

Kayenta's NetflixACAJudge classifies each metric by a two-sided Mann–Whitney test at 98 %: the metric is High if the lower end of the
confidence interval of the shift lies above 0.25 of the Hodges–Lehmann estimate of the shift, and the ratio of the means is at
least 1.0 (kayenta-judge: MannWhitneyClassifier, `tolerance`, `confLevel`, `effectSizeThresholds`). The interval is R's wilcox.test's,
by normal approximation with correction for continuity. Every metric is critical, so one that is High fails the canary.

Metrics are the periods' p50, p90, p99 and error rate, of the hour before against the periods after the warm-up: a baseline fleet at
the same time, which Kayenta would rather have, does not exist after a Marketplace cutover. Gaps are left out of latencies. It is asked
again with every period, from the fifth on: with fewer than five values the test cannot reach its level.
"""

import numpy as np
from scipy.special import ndtri

from bench.judging.judges import Judgement, Numbers
from bench.judging.traces import Floats
from workers.ports.metrics import Measure

CONFIDENCE = 0.98
TOLERANCE = 0.25
LEAST_MEAN_RATIO = 1.0
FEWEST_VALUES = 5

_Z = float(ndtri(0.5 + CONFIDENCE / 2))


def judge_like_kayenta(before: Numbers, after: Numbers, looks: int) -> Judgement:
    """One watch: a canary analysis after each period, and one at the end."""
    pairs = [(_series(before, metric), _series(after, metric)) for metric in _METRICS]
    alarms = (n for n in range(FEWEST_VALUES, looks + 1) if any(is_high(old, new[:n]) for old, new in pairs))
    alarm_at = next(alarms, None)
    values_at_end = min(int(np.isfinite(side).sum()) for side in pairs[0])
    return Judgement(
        alarm_at=alarm_at,
        alarm_at_end=any(is_high(old, new) for old, new in pairs),
        inconclusive=alarm_at is None and values_at_end < FEWEST_VALUES,
    )


_METRICS = (Measure.P50, Measure.P90, Measure.P99, Measure.ERRORS_5XX)


def _series(numbers: Numbers, metric: Measure) -> Floats:
    """One metric as Kayenta would query it: errors as their rate."""
    if metric is Measure.ERRORS_5XX:
        return numbers[metric] / numbers[Measure.REQUESTS]
    return numbers[metric]


def is_high(before: Floats, after: Floats) -> bool:
    """Whether the metric classifies as High."""
    before, after = before[np.isfinite(before)], after[np.isfinite(after)]
    if min(before.size, after.size) < FEWEST_VALUES or after.mean() < LEAST_MEAN_RATIO * before.mean():
        return False
    differences = np.subtract.outer(after, before).ravel()
    pairs = differences.size
    lowest = pairs / 2 - _Z * np.sqrt(pairs * (after.size + before.size + 1) / 12) - 0.5
    if lowest < 0:
        return False
    low_rank, high_rank = int(lowest), (pairs - 1) // 2
    ranked = np.partition(differences, (low_rank, high_rank, pairs // 2))
    shift = (ranked[high_rank] + ranked[pairs // 2]) / 2  # Hodges and Lehmann's estimate: the median difference
    return bool(ranked[low_rank] > TOLERANCE * abs(shift))
