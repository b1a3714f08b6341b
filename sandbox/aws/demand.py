"""The requests that reach an endpoint, drawn block by block; the same ones whenever they are asked for."""

from __future__ import annotations

import hashlib
import math
from collections import OrderedDict
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

BLOCK_SECONDS = 600
_CACHED_BLOCKS = 256
_CACHED_COUNTS = 65_536  # two weeks of thirty endpoints
_MINUTE_SPREAD = 0.02  # minutes differ a little from each other, as they do in real life
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
QUIET_HOUR_UTC = 2  # the hour of the day with the least traffic, from 02:00 to 03:00


def season(moments: Floats) -> Floats:
    """Demand at epoch seconds, as a factor on the daily average: busy afternoons, quiet nights (UTC) and weekends.

    The quietest hour stands out so clearly that neither chance nor a weekend nearby makes another one quieter.
    """
    from_quietest = (moments / 3600.0 - QUIET_HOUR_UTC - 0.5 + 12.0) % 24.0 - 12.0
    weekday = (moments // 86400 + 3) % 7  # the epoch began on a Thursday
    daily = 1.0 - 0.45 * np.cos(from_quietest / 24.0 * 2 * math.pi) - 0.06 * np.exp(-np.square(from_quietest / 0.6))
    return np.asarray(daily * np.where(weekday >= 5, 0.88, 1.05))


class Block:
    """The requests of ten minutes. Each of their properties is drawn when first needed, from a generator of its own."""

    def __init__(self, endpoint: str, seed: int, number: int, requests_per_second: float) -> None:
        self.begin = number * BLOCK_SECONDS
        self._identity = (endpoint, seed, number)
        self._requests_per_second = requests_per_second

    @cached_property
    def per_second(self) -> Counts:
        """How many requests come in each of its seconds."""
        rng = self._generator("arrivals")
        rate = self._requests_per_second * float(season(np.array(self.begin))) * math.exp(rng.normal(0.0, 0.03))
        return rng.poisson(rate, BLOCK_SECONDS)

    @cached_property
    def seconds(self) -> Floats:
        """Epoch seconds, ascending: the requests of a second come at equal distances."""
        counts = self.per_second
        ordinal = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        within = (ordinal + 0.5) / np.repeat(counts, counts)
        return self.begin + np.repeat(np.arange(BLOCK_SECONDS, dtype=np.float64), counts) + within

    @cached_property
    def route(self) -> Floats:
        """[0, 1): which part of the fleet serves it."""
        return self._generator("route").random(self.seconds.size)

    @cached_property
    def speed(self) -> Floats:
        """Standard normal: how slow it is."""
        return self._generator("speed").standard_normal(self.seconds.size)

    @cached_property
    def luck(self) -> Floats:
        """[0, 1): whether it fails."""
        return self._generator("luck").random(self.seconds.size)

    @cached_property
    def spare(self) -> Floats:
        """[0, 1): for what else depends on chance."""
        return self._generator("spare").random(self.seconds.size)

    @cached_property
    def mood(self) -> Floats:
        """A factor on every request's latency that its minute brings along."""
        return np.take(np.exp(moods(*self._identity)), ((self.seconds - self.begin) // 60).astype(int))

    def whim(self, seconds: int) -> Floats:
        """Standard normal, another one for every stretch of so many seconds: how an unsteady fleet feels like."""
        drawn: Floats = self._generator(f"whim-{seconds}").standard_normal(math.ceil(BLOCK_SECONDS / seconds))
        return np.take(drawn, ((self.seconds - self.begin) // seconds).astype(int))

    def _generator(self, purpose: str) -> np.random.Generator:
        return generator(*self._identity, purpose)


class BlockCache:
    """The blocks used last; a poll every few seconds asks for the same ones again and again.

    The counts of many more blocks are kept than their requests: weeks are asked for by the hour, minutes one by one.
    """

    def __init__(self) -> None:
        self._blocks: OrderedDict[tuple[str, int, int, float], Block] = OrderedDict()
        self._minutes: OrderedDict[tuple[str, int, int, float], Counts] = OrderedDict()

    def minutes(self, endpoint: str, seed: int, number: int, requests_per_second: float) -> Counts:
        """How many requests come in each minute of a block, without drawing anything else about them."""
        key = (endpoint, seed, number, requests_per_second)
        if key not in self._minutes:
            self._minutes[key] = Block(*key).per_second.reshape(-1, 60).sum(axis=1)
        self._minutes.move_to_end(key)
        if len(self._minutes) > _CACHED_COUNTS:
            self._minutes.popitem(last=False)
        return self._minutes[key]

    def get(self, endpoint: str, seed: int, number: int, requests_per_second: float) -> Block:
        key = (endpoint, seed, number, requests_per_second)
        if key not in self._blocks:
            self._blocks[key] = Block(*key)
        self._blocks.move_to_end(key)
        if len(self._blocks) > _CACHED_BLOCKS:
            self._blocks.popitem(last=False)
        return self._blocks[key]


@lru_cache(_CACHED_COUNTS)
def moods(endpoint: str, seed: int, number: int) -> Floats:
    """The logarithms of the factors that the minutes of a block bring along on every latency."""
    return generator(endpoint, seed, number, "mood").normal(0.0, _MINUTE_SPREAD, BLOCK_SECONDS // 60)


def generator(endpoint: str, seed: int, number: int, purpose: str) -> np.random.Generator:
    """A source of randomness of its own for every endpoint, number and purpose, the same at every start."""
    digest = hashlib.blake2b(f"{endpoint}|{seed}|{number}|{purpose}".encode(), digest_size=16).digest()
    return np.random.Generator(np.random.PCG64(int.from_bytes(digest, "big")))
