"""The judgement of a watch as values: what was measured before and after, and what follows from it.

How the verdict is reached lives with the judge in the workers; here is only what it says, so that messages can show it and
the engine can act on it.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.model import Value
from bot.domain.signals import Role, Signal


class VerdictKind(StrEnum):
    """What the watch found."""

    PASS = "PASS"  # the new fleet is as good as the old one, as far as these numbers can tell
    REGRESSED = "REGRESSED"  # it is worse, by more than chance and by more than a little
    INCONCLUSIVE = "INCONCLUSIVE"  # the numbers do not say; what is missing is in the evidence


class Basis(StrEnum):
    """What the old fleet's numbers were compared with: whichever has foretold this endpoint best over the last two weeks."""

    HOUR_BEFORE = "hour_before"  # the baseline before the update
    YESTERDAY = "yesterday"  # ... and what the same hour did yesterday
    LAST_WEEK = "last_week"  # ... and what the same hour did a week ago
    BOTH_DAYS = "both_days"  # ... and the mean of the two
    SIDE_BY_SIDE = "side_by_side"  # the old variant, at the same time


class Standing(StrEnum):
    """How one signal stands."""

    WORSE = "worse"  # by more than chance, and by more than anybody would put up with
    AS_GOOD = "as_good"  # a rise that matters can be excluded
    UNCLEAR = "unclear"  # neither can be said
    MISSING = "missing"  # there are no numbers, or too few


class Effect(Value):
    """One signal, before against after. Latencies are microseconds; counts are shares of the requests, 0.01 is one percent.

    `low` and `high` bound the relative change with 95 % confidence, however often one looks; for counts they bound the share after.
    """

    signal: Signal
    role: Role
    standing: Standing
    before: float | None = None
    """What was measured before the update."""
    expected: float | None = None
    """What the baseline leads one to expect now; equal to `before` where it knows of no rhythm."""
    after: float | None = None
    change: float | None = None
    """Relative to what was expected: 0.29 is 29 percent more. None for counts, whose share before may be zero."""
    low: float | None = None
    high: float | None = None
    events: tuple[float, float] | None = None
    """For counts: how many before and after."""
    requests: tuple[float, float] | None = None
    """For counts: out of how many requests, before and after."""
    basis: Basis = Basis.HOUR_BEFORE
    more_needed: timedelta | None = None
    """For UNCLEAR: how much longer the watch would have to be at this traffic; None where longer would not help."""


class Cap(StrEnum):
    """Why the numbers may say neither PASS nor REGRESSED, although they look like one of the two."""

    LOAD_ROSE = "load_rose"
    LOAD_FELL = "load_fell"
    STREAMS_ROSE = (
        "streams_rose"  # far more are open at once; fewer mean nothing, because old ones stay on the old fleet
    )
    MIX_CHANGED = (
        "mix_changed"  # 4XX errors jumped: callers send other requests, or the new fleet refuses what the old one took
    )


class Verdict(Value):
    """A verdict and one sentence of evidence that a person understands."""

    kind: VerdictKind
    evidence: str
    is_hard: bool = False
    """A limit was crossed, not a statistical one: this needs no confirmation by a second look."""
    may_act: bool = True
    """Whether the bot may roll back for it by itself, where the fleet file lets it: not for what the old fleet did as well, nor for
    signals that are not critical."""
    effects: tuple[Effect, ...] = ()
    cap: Cap | None = None
    more_needed: timedelta | None = None
    """For INCONCLUSIVE: how much longer the watch would have to be at this traffic, if that would help."""


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
    p90_us: float | None = None
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
    by_config: bool = False
    """Whether CloudWatch tells the fleets apart by their configs; otherwise time alone does."""
