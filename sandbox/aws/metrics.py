"""Metric values as a deterministic function of endpoint, time and seed; nothing is stored, so any window can be asked.

Underneath lie single requests: a second, a routing number, a latency number and an error number, drawn per block of
ten minutes from a generator that is seeded by the endpoint's name and the block. All statistics over any period are
computed from the same requests, so minutes and whole windows agree with each other.
"""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from .traffic import Part, Profile, Spell, TrafficHistory

BLOCK_SECONDS = 600
GAUGE_SECONDS = 10  # how often utilisation and concurrency are measured
_CACHED_BLOCKS = 256
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Samples:
    """Raw values with the epoch seconds at which they were measured."""

    seconds: Floats
    values: Floats


NO_SAMPLES = Samples(np.empty(0), np.empty(0))


@dataclass(frozen=True)
class _Requests:
    seconds: Floats  # epoch seconds, ascending
    route: Floats  # [0, 1): which part of the fleet serves it
    speed: Floats  # standard normal: how slow it is
    luck: Floats  # [0, 1): whether it fails
    spare: Floats  # [0, 1): for what else depends on chance


@dataclass(frozen=True)
class _Served:
    """Requests that one part served."""

    requests: _Requests
    part: Part
    latency_us: Floats
    failure_ratio: Floats


def season(moment: float) -> float:
    """Demand at an epoch second, as a factor on the daily average: busy afternoons (UTC), quiet nights and weekends."""
    hour = (moment / 3600.0) % 24.0
    weekday = int(moment // 86400 + 3) % 7  # the epoch began on a Thursday
    daily = 1.0 + 0.45 * math.cos((hour - 14.0) / 24.0 * 2 * math.pi)
    return daily * (0.7 if weekday >= 5 else 1.08)


class MetricSource:
    """The raw samples of one endpoint."""

    def __init__(self, endpoint: str, history: TrafficHistory, seed: int, cache: BlockCache) -> None:
        self._endpoint = endpoint
        self._history = history
        self._seed = seed
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
        begins = self._history.begins
        if begins is None or end <= max(start, begins):
            return NO_SAMPLES
        start = max(start, begins)
        if metric in _GAUGES:
            return self._gauge(metric, variant, config, start, end)
        read = _PER_REQUEST[metric]
        found = [read(served, self._history.profile) for served in self._served(variant, config, start, end)]
        if not found:
            return NO_SAMPLES
        return Samples(np.concatenate([s.seconds for s in found]), np.concatenate([s.values for s in found]))

    def _served(self, variant: str, config: str | None, start: datetime, end: datetime) -> Iterator[_Served]:
        for low, high, part in self._history.between(start, end):
            if part.variant != variant or (config is not None and part.config_name != config):
                continue
            first, last = low.timestamp(), high.timestamp()
            for block in range(int(first // BLOCK_SECONDS), int((last - 1e-6) // BLOCK_SECONDS) + 1):
                served = self._block_served(block, first, last, part)
                if served.requests.seconds.size:
                    yield served

    def _block_served(self, block: int, first: float, last: float, part: Part) -> _Served:
        everything = self._cache.get((self._endpoint, self._seed, block), lambda: self._draw(block))
        keep = (everything.seconds >= first) & (everything.seconds < last)
        keep &= (everything.route >= part.low) & (everything.route < part.high)
        latency_factor = np.full(everything.seconds.size, part.traits.latency_factor)
        failing = np.full(everything.seconds.size, part.traits.error_ratio)
        for spell in self._history.spells:
            inside = _within(spell, everything.seconds)
            keep &= ~inside | (everything.spare < spell.demand)
            latency_factor[inside] *= spell.traits.latency_factor
            failing[inside] += spell.traits.error_ratio
        profile = self._history.profile
        requests = _Requests(
            everything.seconds[keep],
            everything.route[keep],
            everything.speed[keep],
            everything.luck[keep],
            everything.spare[keep],
        )
        latency = profile.latency_us * latency_factor[keep] * np.exp(profile.spread * requests.speed)
        return _Served(requests, part, latency * self._minute_mood(block, requests.seconds), failing[keep])

    def _minute_mood(self, block: int, seconds: Floats) -> Floats:
        """Minutes differ a little from each other, as they do in real life: latency by a few percent."""
        rng = _generator(self._endpoint, self._seed, block, "mood")
        moods: Floats = np.exp(rng.normal(0.0, 0.02, BLOCK_SECONDS // 60))
        return np.take(moods, ((seconds - block * BLOCK_SECONDS) // 60).astype(int))

    def _draw(self, block: int) -> _Requests:
        rng = _generator(self._endpoint, self._seed, block, "requests")
        begin = block * BLOCK_SECONDS
        rate = self._history.profile.requests_per_second * season(begin) * math.exp(rng.normal(0.0, 0.03))
        counts = rng.poisson(rate, BLOCK_SECONDS)
        total = int(counts.sum())
        seconds = begin + np.repeat(np.arange(BLOCK_SECONDS, dtype=np.float64), counts)
        return _Requests(seconds, rng.random(total), rng.standard_normal(total), rng.random(total), rng.random(total))

    def _gauge(self, metric: str, variant: str, config: str | None, start: datetime, end: datetime) -> Samples:
        """Measurements taken every ten seconds on every instance."""
        seconds: list[Floats] = []
        values: list[Floats] = []
        profile = self._history.profile
        for low, high, part in self._history.between(start, end):
            if part.variant != variant or (config is not None and part.config_name != config):
                continue
            first = math.ceil(low.timestamp() / GAUGE_SECONDS) * GAUGE_SECONDS
            moments = np.arange(first, high.timestamp(), GAUGE_SECONDS, dtype=np.float64)
            if not moments.size:
                continue
            demand = np.array([season(moment) for moment in moments]) * (part.high - part.low)
            for spell in self._history.spells:
                demand[_within(spell, moments)] *= spell.demand
            key = (self._endpoint, self._seed, int(first), metric + part.variant)
            noise = 1.0 + _generator(*key).normal(0.0, 0.05, moments.size)
            level = _GAUGES[metric](profile, demand, part) * np.clip(noise, 0.5, 1.5)
            seconds.append(np.repeat(moments, max(1, part.instances)))
            values.append(np.repeat(level, max(1, part.instances)))
        if not seconds:
            return NO_SAMPLES
        return Samples(np.concatenate(seconds), np.concatenate(values))


class BlockCache:
    """The blocks drawn last; a poll every few seconds asks for the same ones again and again."""

    def __init__(self) -> None:
        self._blocks: OrderedDict[tuple[str, int, int], _Requests] = OrderedDict()

    def get(self, key: tuple[str, int, int], draw: Callable[[], _Requests]) -> _Requests:
        if key in self._blocks:
            self._blocks.move_to_end(key)
            return self._blocks[key]
        block = self._blocks[key] = draw()
        if len(self._blocks) > _CACHED_BLOCKS:
            self._blocks.popitem(last=False)
        return block


def _generator(endpoint: str, seed: int, number: int, purpose: str) -> np.random.Generator:
    digest = hashlib.blake2b(f"{endpoint}|{seed}|{number}|{purpose}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))


def _within(spell: Spell, seconds: Floats) -> npt.NDArray[np.bool_]:
    until = spell.until or datetime.max.replace(tzinfo=UTC) - timedelta(days=1)
    return (seconds >= spell.since.timestamp()) & (seconds < until.timestamp())


# What each request contributes. A metric that is not listed for an endpoint's kind does not exist there.


def _one_each(served: _Served, _: Profile) -> Samples:
    return Samples(served.requests.seconds, np.ones(served.requests.seconds.size))


def _per_instance(served: _Served, _: Profile) -> Samples:
    return Samples(served.requests.seconds, np.full(served.requests.seconds.size, 1.0 / max(1, served.part.instances)))


def _latency(served: _Served, _: Profile) -> Samples:
    return Samples(served.requests.seconds, served.latency_us)


def _model_share(served: _Served, _: Profile) -> Samples:
    return Samples(served.requests.seconds, served.latency_us * 0.9)


def _overhead(served: _Served, _: Profile) -> Samples:
    return Samples(served.requests.seconds, 9_000.0 * np.exp(0.25 * served.requests.spare))


def _cold_starts(served: _Served, _: Profile) -> Samples:
    cold = served.requests.spare < 0.03
    return Samples(served.requests.seconds[cold], 2_500_000.0 * np.exp(0.2 * served.requests.speed[cold]))


def _zero_or_one(served: _Served, failed: npt.NDArray[np.bool_]) -> Samples:
    return Samples(served.requests.seconds, failed.astype(np.float64))


def _server_errors(served: _Served, profile: Profile) -> Samples:
    added = 0.0 if profile.kind == "streaming" else served.failure_ratio
    return _zero_or_one(served, served.requests.luck < profile.error_ratio + added)


def _client_errors(served: _Served, _: Profile) -> Samples:
    return _zero_or_one(served, served.requests.luck > 1.0 - 0.002)


def _mid_stream_errors(served: _Served, _: Profile) -> Samples:
    """Published only when a stream breaks, so there is no series of zeros."""
    broken = served.requests.luck < served.failure_ratio
    return Samples(served.requests.seconds[broken], np.ones(int(broken.sum())))


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
_GAUGES = {
    "ConcurrentRequestsPerModel": _concurrency,
    "CPUUtilization": _utilisation,
    "GPUUtilization": _utilisation,
    "MemoryUtilization": _memory,
    "GPUMemoryUtilization": _memory,
    "DiskUtilization": _memory,
}

_INVOCATION_ERRORS = ("Invocation4XXErrors", "Invocation5XXErrors", "InvocationModelErrors")
INVOCATION_METRICS = {
    "realtime": ("Invocations", "InvocationsPerInstance", *_INVOCATION_ERRORS, "ModelLatency", "OverheadLatency",
                 "ConcurrentRequestsPerModel"),
    "streaming": ("Invocations", "InvocationsPerInstance", *_INVOCATION_ERRORS, "FirstChunkLatency",
                  "FirstChunkModelLatency", "FirstChunkOverheadLatency", "MidStreamErrors", "ConcurrentRequestsPerModel"),
    "serverless": ("Invocations", *_INVOCATION_ERRORS, "ModelLatency", "OverheadLatency", "ModelSetupTime"),
    "async": ("ModelLatency", "Invocation4XXErrors", "Invocation5XXErrors"),
}  # fmt: skip
_HOST_METRICS = ("CPUUtilization", "MemoryUtilization", "DiskUtilization")
HOST_METRICS = {
    "realtime": _HOST_METRICS,
    "streaming": (*_HOST_METRICS, "GPUUtilization", "GPUMemoryUtilization"),
    "serverless": (),
    "async": _HOST_METRICS,
}
