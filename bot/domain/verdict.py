"""The judgement of a watch as values: what was measured before and after, and what follows from it.

How the verdict is reached lives with the judge in the workers; here is only what it says, so that messages can show it and
the engine can act on it.
"""

from datetime import datetime
from enum import StrEnum

from bot.domain.model import Value


class VerdictKind(StrEnum):
    """What the watch found."""

    PASS = "PASS"  # the new fleet is as good as the old one, as far as these numbers can tell
    REGRESSED = "REGRESSED"  # it is worse, by more than chance and by more than a little
    INCONCLUSIVE = "INCONCLUSIVE"  # the numbers do not say; what is missing is in the evidence


class Verdict(Value):
    """A verdict and one sentence of evidence that a person understands."""

    kind: VerdictKind
    evidence: str


class Window(Value):
    """A span of time, start inclusive and end exclusive, as CloudWatch takes it."""

    start: datetime
    end: datetime


class Measurement(Value):
    """One window of one endpoint's traffic. None always means "CloudWatch had no data", never zero.

    Latencies are microseconds, as CloudWatch publishes them; counts are sums over the window.
    """

    window: Window
    p50_us: float | None = None
    p90_us: float | None = None
    p99_us: float | None = None
    requests: float | None = None
    errors_4xx: float | None = None
    errors_5xx: float | None = None
    mid_stream_errors: float | None = None

    @property
    def has_latency(self) -> bool:
        """Whether any latency percentile is known."""
        return self.p50_us is not None

    @property
    def error_rate(self) -> float | None:
        """Server-side errors (5XX and errors in the middle of streams) per request; None without requests."""
        if not self.requests:
            return None
        return ((self.errors_5xx or 0.0) + (self.mid_stream_errors or 0.0)) / self.requests


class Point(Value):
    """One period of a series; None where CloudWatch had no datapoint."""

    at: datetime
    p50_us: float | None = None
    p99_us: float | None = None
    requests: float | None = None
    errors: float | None = None


class Comparison(Value):
    """Before against after, with the points between for the chart."""

    latency_metric: str
    """`ModelLatency`, or `FirstChunkLatency` for streaming endpoints, where ModelLatency is not published."""
    before: Measurement
    after: Measurement
    points: tuple[Point, ...] = ()
