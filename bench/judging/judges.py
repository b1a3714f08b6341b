"""What every judge is given and what is kept of its judgement of one watch."""

from collections.abc import Mapping
from dataclasses import dataclass

from bench.judging.traces import Floats
from workers.ports.metrics import Measure

Numbers = Mapping[Measure, Floats]
"""What CloudWatch shows, period by period. NaN is a gap."""


@dataclass(frozen=True)
class Judgement:
    """How one watch went."""

    alarm_at: int | None
    """After how many judged periods the alarm was raised; None for never."""
    alarm_at_end: bool
    """Whether a single look at the end of the watch would have raised it."""
    inconclusive: bool
    """Whether the watch ended with neither an alarm nor the word that all is well."""
