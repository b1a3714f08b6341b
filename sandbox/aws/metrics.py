"""Metric values as a deterministic function of endpoint, time and seed; nothing is stored, so any window can be asked.

All statistics over any period are computed from the same single requests, so minutes and whole windows agree.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from .demand import BLOCK_SECONDS, Block, BlockCache, Counts, Floats, generator, season
from .served import Chosen, Mask, Served, choose, within
from .traffic import Part, Profile, Spell, TrafficHistory
from .world import Settings

COLD_STARTS = 0.03  # of the requests to a serverless endpoint
COLD_START_US, COLD_START_SPREAD = 2_500_000.0, 0.2
GAUGE_SECONDS = 10  # how often utilisation and concurrency are measured


@dataclass(frozen=True)
class Samples:
    """Raw values with the epoch seconds at which they were measured."""

    seconds: Floats
    values: Floats


NO_SAMPLES = Samples(np.empty(0), np.empty(0))


class MetricSource:
    """The raw samples of one endpoint."""

    def __init__(self, endpoint: str, history: TrafficHistory, settings: Settings, cache: BlockCache) -> None:
        self.endpoint = endpoint
        self.history = history
        self.seed = settings.seed
        self._requests_per_second = history.profile.requests_per_second * settings.traffic
        self._cache = cache

    def samples(self, metric: str, variant: str, config: str | None, start: datetime, end: datetime) -> Samples:
        """Raw values of a metric in [start, end).

        Args:
            metric: CloudWatch's metric name.
            variant: Only what this variant served.
            config: Only what the fleet of this endpoint config served; None for all.
            start: Inclusive.
            end: Exclusive.
        """
        begins = self.history.begins
        if begins is None or end <= max(start, begins):
            return NO_SAMPLES
        start = max(start, begins)
        if metric in _GAUGES:
            return self._gauge(metric, variant, config, start, end)
        read = _PER_REQUEST[metric]
        found = [read(served) for served in self._served(variant, config, start, end)]
        if not found:
            return NO_SAMPLES
        return Samples(np.concatenate([s.seconds for s in found]), np.concatenate([s.values for s in found]))

    def requests_by_minute(self, variant: str, config: str | None, start: datetime, end: datetime) -> Counts:
        """How many requests were served in every minute of [start, end), which begins on a full minute.

        It agrees with the samples of `Invocations` and costs a thousandth of them, so that weeks can be asked for.
        """
        origin = start.timestamp()
        totals = np.zeros(max(0, math.ceil((end.timestamp() - origin) / 60)), dtype=np.int64)
        for low, high, part in self.history.between(start, end):
            if part.variant != variant or (config is not None and part.config_name != config):
                continue
            first, last = low.timestamp(), high.timestamp()
            spells = [spell for spell in self.history.spells if spell.overlaps(low, high) and spell.demand != 1.0]
            is_undivided = (part.low, part.high) == (0.0, 1.0)
            for number in _block_numbers(first, last):
                key = (self.endpoint, self.seed, number, self._requests_per_second)
                begin = number * BLOCK_SECONDS
                is_whole = first <= begin and begin + BLOCK_SECONDS <= last
                if is_undivided and is_whole and not any(spell.touches(begin, BLOCK_SECONDS) for spell in spells):
                    at = int((begin - origin) // 60)
                    totals[at : at + BLOCK_SECONDS // 60] += self._cache.minutes(*key)
                    continue
                for block, chosen in self._crowds(number, first, last, part, spells):
                    minutes = (block.seconds[chosen] - origin) // 60
                    totals += np.bincount(minutes.astype(np.int64), minlength=totals.size)
        return totals

    def luck(self, start: datetime, end: datetime) -> Floats:
        """The luck of every request in [start, end), whoever serves it; what is to come included."""
        found = [served.luck for name in self.history.variants() for served in self._served(name, None, start, end)]
        return np.concatenate(found) if found else np.empty(0)

    def _served(self, variant: str, config: str | None, start: datetime, end: datetime) -> Iterator[Served]:
        profile = self.history.profile
        for low, high, part in self.history.between(start, end):
            if part.variant != variant or (config is not None and part.config_name != config):
                continue
            first, last = low.timestamp(), high.timestamp()
            spells = [spell for spell in self.history.spells if spell.overlaps(low, high)]
            since = self.history.first_served(part).timestamp()
            for number in _block_numbers(first, last):
                for block, chosen in self._crowds(number, first, last, part, spells):
                    yield Served(block, chosen, part, profile, spells, since)

    def _crowds(
        self, number: int, first: float, last: float, part: Part, spells: list[Spell]
    ) -> Iterator[tuple[Block, Chosen]]:
        """The usual requests of a block that a part served in [first, last), and those that come on top in busier spells."""
        block = self._cache.get(self.endpoint, self.seed, number, self._requests_per_second)
        yield block, choose(block, first, last, part, spells)
        for spell in spells:
            if spell.demand > 1.0:
                low = max(first, spell.since.timestamp())
                high = min(last, spell.until.timestamp()) if spell.until else last
                rate = self._requests_per_second * (spell.demand - 1.0)
                more = self._cache.get(f"{self.endpoint}+", self.seed, number, rate)
                yield more, choose(more, low, high, part, spells)

    def _gauge(self, metric: str, variant: str, config: str | None, start: datetime, end: datetime) -> Samples:
        """Measurements taken every ten seconds on every instance."""
        seconds: list[Floats] = []
        values: list[Floats] = []
        profile = self.history.profile
        for low, high, part in self.history.between(start, end):
            if part.variant != variant or (config is not None and part.config_name != config):
                continue
            first = math.ceil(low.timestamp() / GAUGE_SECONDS) * GAUGE_SECONDS
            moments = np.arange(first, high.timestamp(), GAUGE_SECONDS, dtype=np.float64)
            if not moments.size:
                continue
            demand = season(moments) * (part.high - part.low)
            for spell in self.history.spells:
                demand[within(spell, moments)] *= spell.demand
            level = _GAUGES[metric](profile, demand, part) * self._noise(metric + part.variant, moments)
            seconds.append(np.repeat(moments, max(1, part.instances)))
            values.append(np.repeat(level, max(1, part.instances)))
        if not seconds:
            return NO_SAMPLES
        return Samples(np.concatenate(seconds), np.concatenate(values))

    def _noise(self, purpose: str, moments: Floats) -> Floats:
        """Factors on what is measured at these moments, the same ones for whoever asks about them."""
        numbers = _block_numbers(float(moments[0]), float(moments[-1]) + 1.0)
        per_block = BLOCK_SECONDS // GAUGE_SECONDS
        drawn = [generator(self.endpoint, self.seed, n, purpose).normal(0.0, 0.05, per_block) for n in numbers]
        index = (moments - numbers[0] * BLOCK_SECONDS) // GAUGE_SECONDS
        return np.clip(1.0 + np.concatenate(drawn)[index.astype(np.int64)], 0.5, 1.5)


def _block_numbers(first: float, last: float) -> range:
    """The blocks that have a part in [first, last), which are epoch seconds."""
    return range(int(first // BLOCK_SECONDS), int((last - 1e-6) // BLOCK_SECONDS) + 1)


# What each request contributes. A metric that is not listed for an endpoint's kind does not exist there.


def _one_each(served: Served) -> Samples:
    return Samples(served.seconds, np.ones(served.seconds.size))


def _per_instance(served: Served) -> Samples:
    return Samples(served.seconds, np.full(served.seconds.size, 1.0 / max(1, served.part.instances)))


def _latency(served: Served) -> Samples:
    return Samples(served.seconds, served.latency_us)


def _model_share(served: Served) -> Samples:
    return Samples(served.seconds, served.latency_us * 0.9)


def _overhead(served: Served) -> Samples:
    return Samples(served.seconds, 9_000.0 * np.exp(0.25 * served.spare))


def _cold_starts(served: Served) -> Samples:
    cold = served.spare < COLD_STARTS
    took = COLD_START_US * np.exp(COLD_START_SPREAD * served.speed) * served.set_up_factor
    return Samples(served.seconds[cold], took[cold])


def _zero_or_one(served: Served, failed: Mask) -> Samples:
    return Samples(served.seconds, failed.astype(np.float64))


def _server_errors(served: Served) -> Samples:
    added = 0.0 if served.profile.kind == "streaming" else served.failure_ratio
    return _zero_or_one(served, served.luck < served.profile.error_ratio + added)


def _client_errors(served: Served) -> Samples:
    return _zero_or_one(served, served.luck > 1.0 - served.client_error_ratio)


def _mid_stream_errors(served: Served) -> Samples:
    """Published only when a stream breaks, so there is no series of zeros."""
    broken = served.luck < served.failure_ratio
    return Samples(served.seconds[broken], np.ones(int(broken.sum())))


def _utilisation(profile: Profile, demand: Floats, part: Part) -> Floats:
    return np.clip(profile.busy_percent * demand * part.traits.latency_factor, 1.0, 100.0)


def _memory(profile: Profile, demand: Floats, part: Part) -> Floats:
    return np.full(demand.size, 48.0) + 4.0 * demand


def _concurrency(profile: Profile, demand: Floats, part: Part) -> Floats:
    busy = profile.requests_per_second * demand * profile.session_seconds * part.traits.latency_factor
    return np.round(busy / max(1, part.instances))


_PER_REQUEST = {
    "Invocations": _one_each,
    "InvocationsPerInstance": _per_instance,
    "ModelLatency": _latency,
    "OverheadLatency": _overhead,
    "ModelSetupTime": _cold_starts,
    "FirstChunkLatency": _latency,
    "FirstChunkModelLatency": _model_share,
    "FirstChunkOverheadLatency": _overhead,
    "Invocation4XXErrors": _client_errors,
    "Invocation5XXErrors": _server_errors,
    "InvocationModelErrors": _server_errors,
    "MidStreamErrors": _mid_stream_errors,
}
ONE_PER_REQUEST = frozenset(_PER_REQUEST) - {"ModelSetupTime", "MidStreamErrors"}
"""Metrics with one sample for each request, so that they need not be drawn to be counted."""
_GAUGES = {
    "ConcurrentRequestsPerModel": _concurrency,
    "CPUUtilization": _utilisation,
    "GPUUtilization": _utilisation,
    "MemoryUtilization": _memory,
    "GPUMemoryUtilization": _memory,
    "DiskUtilization": _memory,
}
