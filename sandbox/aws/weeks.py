"""Weeks of percentiles and errors without a single request drawn: each period's numbers, from how many requests it had.

Two weeks of minutes are tens of millions of requests, which would take minutes to draw. What CloudWatch says of them can be had
directly: the k-th slowest of n requests lies at a quantile that follows a beta distribution, and failures follow a binomial one. So
these numbers scatter as those of single requests do, though they are not the same ones. Periods in which something was out of the
ordinary (a shared fleet, a cutover, a spell, a fleet that is not steady) are still computed from their requests.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
from scipy.special import bdtrik, betaincinv, ndtri

from .demand import BLOCK_SECONDS, Floats, generator, moods
from .metrics import COLD_START_SPREAD, COLD_START_US, COLD_STARTS, MetricSource
from .served import USUAL_CLIENT_ERRORS
from .traffic import Part, Traits

LONG = timedelta(hours=6)
"""What is asked of shorter windows is computed from requests: there it has to agree to the last digit."""

_FEW_PERIODS = 10
_SAMPLED_BLOCKS = 36
_DRAWN_TOGETHER = 1440
_PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,10})?)")
_LATENCIES = {"ModelLatency": 1.0, "FirstChunkLatency": 1.0, "FirstChunkModelLatency": 0.9}
_FAILURES = ("Invocation5XXErrors", "InvocationModelErrors", "Invocation4XXErrors", "MidStreamErrors")


def can_summarise(metric: str, stat: str, start: datetime, end: datetime, period: int) -> bool:
    """Whether a question is about so much time that it is answered from summaries, and such that it can be."""
    if end - start <= LONG or period % 60:
        return False
    if _PERCENTILE.fullmatch(stat):
        return metric in _LATENCIES or metric == "ModelSetupTime"
    return stat == "Sum" and metric in _FAILURES


def are_few(start: datetime, end: datetime, period: int) -> bool:
    """Whether the periods are so long that each is put together from parts of it, as `summed` and `sampled` say."""
    return (end - start).total_seconds() < _FEW_PERIODS * period


def summed(minutes: list[tuple[datetime, float]], start: datetime, period: int) -> list[tuple[datetime, float]]:
    """The errors of long periods, the first of which begins at `start`, from those of their minutes."""
    found: dict[datetime, float] = {}
    step = timedelta(seconds=period)
    for at, errors in minutes:
        begin = start + (at - start) // step * step
        found[begin] = found.get(begin, 0.0) + errors
    return sorted(found.items())


def sampled(start: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Stretches that lie evenly in a long time: percentiles of their requests are as good as those of all of them.

    Two weeks are a hundred million requests, too many to draw.
    """
    block = timedelta(seconds=BLOCK_SECONDS)
    apart = max(1, math.ceil((end - start) / block / _SAMPLED_BLOCKS))
    while start < end:
        yield start, min(end, start + block)
        start += apart * block


@dataclass(frozen=True)
class _Minutes:
    """What is known of every minute; of those that are not plain only how many requests came."""

    requests: Floats
    slowness: Floats
    """The logarithm of the factor on the profile's latency."""
    failures: Floats
    client_failures: Floats
    set_up: Floats
    is_plain: npt.NDArray[np.bool_]

    def in_periods(self, values: Floats, length: int) -> Floats:
        """One row for each period, the last one filled up with nothing."""
        missing = -values.size % length
        return np.concatenate([values, np.zeros(missing, dtype=values.dtype)]).reshape(-1, length)


class Weeks:
    """Summaries of one variant's traffic, of all its fleets or of one."""

    def __init__(self, source: MetricSource, variant: str, config: str | None) -> None:
        self._source = source
        self._variant = variant
        self._config = config

    def datapoints(
        self,
        metric: str,
        stat: str,
        start: datetime,
        end: datetime,
        period: int,
        exactly: Callable[[datetime, datetime], Iterator[tuple[datetime, float]]],
    ) -> list[tuple[datetime, float]]:
        """The value of every period of [start, end) that has one, oldest first.

        Args:
            metric: One that `can_summarise` takes, with its statistic.
            stat: The statistic.
            start: On a full minute.
            end: Exclusive; nothing is known of what comes later.
            period: Seconds, a multiple of 60.
            exactly: Computes a stretch of whole periods from its requests.
        """
        minutes = self._minutes(start, end)
        length = period // 60
        plain = minutes.in_periods(minutes.is_plain, length).all(axis=1)
        values = self._values(metric, stat, minutes, length, int(start.timestamp() // period), period)
        step, known = timedelta(seconds=period), values.tolist()
        exact = np.flatnonzero(~plain)
        for first, last in _runs(exact.tolist()):
            known[first : last + 1] = [math.nan] * (last + 1 - first)
        shown = [(start + place * step, value) for place, value in enumerate(known) if value == value]
        for first, last in _runs(exact.tolist()):
            shown += exactly(start + first * step, min(end, start + (last + 1) * step))
        return sorted(shown) if exact.size else shown

    def _minutes(self, start: datetime, end: datetime) -> _Minutes:
        source, origin = self._source, start.timestamp()
        requests = source.requests_by_minute(self._variant, self._config, start, end).astype(np.float64)
        size = requests.size
        found = _Minutes(requests, np.zeros(size), np.zeros(size), np.zeros(size), np.ones(size), np.zeros(size, bool))
        history = source.history
        for low, high, part in history.between(start, end):
            if part.variant != self._variant or (self._config is not None and part.config_name != self._config):
                continue
            first, last = (low.timestamp() - origin) / 60, (high.timestamp() - origin) / 60
            if not _is_steady(part):
                continue
            inside = slice(math.ceil(first), math.floor(last))
            found.is_plain[inside] = True
            found.slowness[inside] = math.log(part.traits.latency_factor)
            found.failures[inside] = part.traits.error_ratio
            found.client_failures[inside] = part.traits.client_error_ratio
            found.set_up[inside] = part.traits.set_up_factor
        for spell in history.spells:
            first = max(0, math.floor((spell.since.timestamp() - origin) / 60))
            last = math.ceil((spell.until.timestamp() - origin) / 60) if spell.until else size
            found.is_plain[first : max(0, last)] = False
        if history.begins is not None and history.begins > start:
            nothing = math.floor((history.begins.timestamp() - origin) / 60)
            found.is_plain[: max(0, nothing)] = True  # nothing was there, which is plain enough
        numbers = range(int(origin // BLOCK_SECONDS), int((origin + 60 * size) // BLOCK_SECONDS) + 1)
        drawn = np.concatenate([moods(source.endpoint, source.seed, number) for number in numbers])
        skipped = int((origin - numbers[0] * BLOCK_SECONDS) // 60)
        found.slowness[:] += drawn[skipped : skipped + size]
        return found

    def _values(self, metric: str, stat: str, minutes: _Minutes, length: int, number: int, period: int) -> Floats:
        weights = minutes.in_periods(minutes.requests, length)
        requests = weights.sum(axis=1)

        def mean(values: Floats) -> Floats:
            summed = (minutes.in_periods(values, length) * weights).sum(axis=1)
            return np.asarray(np.divide(summed, requests, out=np.zeros(requests.size), where=requests > 0))

        luck = self._luck(f"{metric} {stat} {period}", number, requests.size)
        profile = self._source.history.profile
        if metric in _LATENCIES:
            level = _LATENCIES[metric] * profile.latency_us * np.exp(mean(minutes.slowness))
            return _percentile(requests, level, profile.spread, stat, luck)
        if metric == "ModelSetupTime":
            cold = _failed(
                requests, np.full(requests.size, COLD_STARTS), self._luck(f"cold {period}", number, requests.size)
            )
            return _percentile(cold, COLD_START_US * mean(minutes.set_up), COLD_START_SPREAD, stat, luck)
        own = mean(minutes.failures)
        if metric == "Invocation4XXErrors":
            ratio = USUAL_CLIENT_ERRORS + mean(minutes.client_failures)
        elif metric == "MidStreamErrors":
            ratio = own
        else:
            ratio = profile.error_ratio + (0.0 if profile.kind == "streaming" else own)
        failed = _failed(requests, np.clip(ratio, 0.0, 1.0), luck)
        is_published = failed > 0 if metric == "MidStreamErrors" else requests > 0
        return np.where(is_published, failed, np.nan)

    def _luck(self, purpose: str, number: int, count: int) -> Floats:
        """A number in (0, 1) for each period, the same one whichever window asks about it."""
        chunks = range(number // _DRAWN_TOGETHER, (number + count) // _DRAWN_TOGETHER + 1)
        drawn = [
            generator(self._source.endpoint, self._source.seed, chunk, f"{purpose} {self._variant}").random(
                _DRAWN_TOGETHER
            )
            for chunk in chunks
        ]
        skipped = number - chunks[0] * _DRAWN_TOGETHER
        return np.clip(np.concatenate(drawn)[skipped : skipped + count], 1e-9, 1 - 1e-9)


def _runs(places: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of places that follow each other."""
    first = last = None
    for place in places:
        if last is not None and first is not None and place != last + 1:
            yield first, last
            first = None
        first, last = place if first is None else first, place
    if first is not None and last is not None:
        yield first, last


def _is_steady(part: Part) -> bool:
    """Whether one fleet served everything, and each request took as long as any other of its time."""
    traits = part.traits
    steady = Traits(
        traits.latency_factor,
        traits.error_ratio,
        traits.client_error_ratio,
        set_up_factor=traits.set_up_factor,
        tail_share=traits.tail_share,
        swing_seconds=traits.swing_seconds,
    )
    return (part.low, part.high) == (0.0, 1.0) and traits == steady


def _percentile(requests: Floats, level: Floats, spread: float, stat: str, luck: Floats) -> Floats:
    """Of a lognormal distribution, as so many draws from it show it."""
    match = _PERCENTILE.fullmatch(stat)
    assert match is not None
    rank = float(match[1]) / 100.0
    others = np.maximum(requests - 1.0, 0.0)
    quantile = betaincinv(rank * others + 1.0, (1.0 - rank) * others + 1.0, luck)
    value = level * np.exp(spread * ndtri(quantile))
    return np.where(requests > 0, value, np.nan)


def _failed(requests: Floats, ratio: Floats, luck: Floats) -> Floats:
    """How many of so many fail."""
    none_fail = np.power(1.0 - ratio, requests) >= luck
    count = np.ceil(bdtrik(luck, np.maximum(requests, 1.0), np.clip(ratio, 1e-12, 1 - 1e-12)))
    return np.where(none_fail | (requests == 0), 0.0, np.clip(count, 0.0, requests))
