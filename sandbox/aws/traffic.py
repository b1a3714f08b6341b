"""Who served which part of an endpoint's traffic, when, and how well: the facts that metrics are computed from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Profile:
    """The demand on an endpoint and its normal behaviour.

    Attributes:
        kind: `realtime`, `streaming`, `serverless` or `async`; decides which metrics exist.
        requests_per_second: Average over a day.
        latency_us: Median ModelLatency, or FirstChunkLatency when streaming.
        spread: Sigma of the lognormal latency distribution.
        session_seconds: How long one request occupies a slot; decides ConcurrentRequestsPerModel.
        error_ratio: Share of requests that end in a 5xx on a healthy version.
        busy_percent: CPU (or GPU) utilisation at average traffic.
    """

    kind: str = "realtime"
    requests_per_second: float = 2.0
    latency_us: float = 80_000.0
    spread: float = 0.35
    session_seconds: float = 0.1
    error_ratio: float = 0.0005
    busy_percent: float = 35.0


@dataclass(frozen=True)
class Traits:
    """How a model version behaves, compared with its endpoint's normal behaviour."""

    latency_factor: float = 1.0
    error_ratio: float = 0.0  # added to 5xx (MidStreamErrors when streaming)
    client_error_ratio: float = 0.0  # added to 4xx
    tail_factor: float = 1.0  # on the latency of the slowest requests, which are
    tail_share: float = 0.05  # so many of all
    swing: float = 0.0  # sigma of a lognormal factor on the latency that changes
    swing_seconds: int = 60  # so often
    ramp_seconds: float = 0.0  # the latency factor grows to its full size within this time
    set_up_factor: float = 1.0  # on ModelSetupTime, the cold starts of serverless endpoints

    def combined(self, other: Traits) -> Traits:
        """Both at once; what cannot be added up is the other's, if it has any."""
        tailed, swinging = (other if other.tail_factor != 1.0 else self), (other if other.swing else self)
        return Traits(
            self.latency_factor * other.latency_factor,
            min(1.0, self.error_ratio + other.error_ratio),
            min(1.0, self.client_error_ratio + other.client_error_ratio),
            tailed.tail_factor,
            tailed.tail_share,
            swinging.swing,
            swinging.swing_seconds,
            max(self.ramp_seconds, other.ramp_seconds),
            self.set_up_factor * other.set_up_factor,
        )


@dataclass(frozen=True)
class Part:
    """A slice of the traffic: requests whose routing number falls into [low, high) go to this fleet."""

    variant: str
    config_name: str
    low: float
    high: float
    traits: Traits
    instances: int


@dataclass(frozen=True)
class Shift:
    """From `at` on, traffic is split like this."""

    at: datetime
    parts: tuple[Part, ...]


@dataclass
class Spell:
    """A stretch of time in which everything behaves differently, whichever version serves."""

    since: datetime
    until: datetime | None = None
    traits: Traits = field(default_factory=Traits)
    demand: float = 1.0

    def overlaps(self, start: datetime, end: datetime) -> bool:
        return self.since < end and (self.until is None or start < self.until)

    def touches(self, second: float, length: float) -> bool:
        """Whether it lies over a part of the stretch that begins at an epoch second."""
        ended_before = self.until is not None and self.until.timestamp() <= second
        return self.since.timestamp() < second + length and not ended_before


@dataclass
class TrafficHistory:
    """The shifts of one endpoint, oldest first, and the spells that lay over them."""

    profile: Profile
    shifts: list[Shift] = field(default_factory=list)
    spells: list[Spell] = field(default_factory=list)

    def record(self, at: datetime, parts: tuple[Part, ...]) -> None:
        if not self.shifts or self.shifts[-1].parts != parts:
            self.shifts.append(Shift(at, parts))

    def between(self, start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime, Part]]:
        """Every part that served within [start, end), with the stretch in which it did."""
        first = max(0, bisect_right([shift.at for shift in self.shifts], start) - 1)
        for index in range(first, len(self.shifts)):
            shift = self.shifts[index]
            until = self.shifts[index + 1].at if index + 1 < len(self.shifts) else end
            low, high = max(start, shift.at), min(end, until)
            if low < high:
                for part in shift.parts:
                    yield low, high, part
            if until >= end:
                return

    def first_served(self, part: Part) -> datetime:
        """When the part's fleet first took traffic."""
        fleet = (part.variant, part.config_name)
        return next(shift.at for shift in self.shifts if any((p.variant, p.config_name) == fleet for p in shift.parts))

    def config_names(self, variant: str) -> list[str]:
        """The configs whose fleets have taken traffic as this variant, oldest first."""
        found = (part.config_name for shift in self.shifts for part in shift.parts if part.variant == variant)
        return list(dict.fromkeys(found))

    def variants(self) -> list[str]:
        return list(dict.fromkeys(part.variant for shift in self.shifts for part in shift.parts))

    @property
    def begins(self) -> datetime | None:
        return self.shifts[0].at if self.shifts else None


def split(fleets: list[tuple[str, float, list[tuple[str, float, Traits, int]]]]) -> tuple[Part, ...]:
    """Parts out of fleets.

    Args:
        fleets: Config name, share of the traffic, and its variants as (name, weight, traits, instances).
    """
    parts: list[Part] = []
    low = 0.0
    for config_name, share, variants in fleets:
        total = sum(weight for _, weight, _, _ in variants)
        for name, weight, traits, instances in variants:
            high = low + (share * weight / total if total else 0.0)
            if high > low:
                parts.append(Part(name, config_name, low, high, traits, instances))
            low = high
    return tuple(parts)
