"""The numbers of the new fleet, read for all watches of an account and region at once.

A hundred watches that each asked for themselves would be a hundred calls a minute. Whoever looks first after a period has ended
asks for everybody, as far as CloudWatch's limits allow in one call, and leaves the numbers with the store.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from bot.domain.endpoint import Snapshot
from bot.domain.errors import GatewayError, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import Phase
from bot.domain.reconcile import lateness
from bot.domain.rollout import Rollout
from bot.domain.verdict import Window
from bot.store.numbers import Numbers
from workers.judging import measures_of
from workers.ports import Floats, Measure, Series, Subject, Want
from workers.watching.subjects import new_fleet
from workers.watching.windows import LONGEST_FINE_HISTORY, MINUTE, ended, floor, settled
from workers.world import Aws, World, place_of

log = logging.getLogger(__name__)

FEWEST_PERIODS = 8
"""Windows are this many periods long, or twice, four times, … as many: watches that need about the same are then asked for together."""

LATEST = timedelta(minutes=30)
"""How late numbers may come and still be read; silence that is older is taken for what it looks like."""

READING = timedelta(seconds=60)
"""How long a worker that died while it read keeps others from reading."""


@dataclass(frozen=True)
class Sample:
    """The judged window so far, as it was known when it was read."""

    series: Series
    config: str | None
    """The endpoint config whose fleet alone it is about; None for whoever served."""
    read_at: datetime


@dataclass(frozen=True)
class _Watched:
    """A rollout in its watch, whose numbers are due."""

    rollout: Rollout
    subject: Subject
    window: Window
    known: Numbers | None

    def since(self, now: datetime) -> datetime:
        """From where on numbers must be read: what was settled when it was read is known for good, unless it was silence.

        CloudWatch may be later than usual, and then the newest periods are silent although somebody called.
        """
        if self.known is None:
            return self.window.start
        watch = self.rollout.watch
        was_settled = floor(self.known.read_at - lateness(watch), watch.metric_period)
        return max(self.window.start, min(was_settled, max(_heard_until(self.known), was_settled - LATEST)))

    def want(self, now: datetime) -> Want:
        watch = self.rollout.watch
        period, needed = watch.metric_period, (self.window.end - self.since(now)) // watch.metric_period
        length = FEWEST_PERIODS
        while length < needed:
            length *= 2
        start = self.window.end - length * period
        if period < MINUTE:  # older ones are gone, and asking for them is refused
            start = max(start, floor(now - LONGEST_FINE_HISTORY, period))
        return Want(self.subject, Window(start=start, end=self.window.end), period, measures_of(watch))

    def merged(self, read: Series, now: datetime) -> Numbers:
        """What was known, with what was read over it."""
        watch, since = self.rollout.watch, self.since(now)
        newer = read.between(since, self.window.end)
        older = _series(self.known).between(self.window.start, since) if self.known is not None else None
        values = {}
        for measure, tail in newer.values.items():
            head = older.of(measure) if older is not None else np.empty(0)
            values[measure.value] = _listed(np.concatenate([head, tail]))
        return Numbers(
            config=self.subject.config,
            start=self.window.start,
            period=watch.metric_period,
            read_at=now,
            values=values,
        )


@dataclass(frozen=True)
class Sampler:
    """Reads for everybody who is watched in one account and region."""

    world: World
    aws: Aws
    spec: EndpointSpec

    def sample(self, rollout: Rollout, snapshot: Snapshot, now: datetime) -> Sample | None:
        """The rollout's numbers, fresh if possible; None where none were ever read.

        Raises:
            TransientError, GatewayError: CloudWatch gave none, and none are known from before.
        """
        known = self._known([rollout]).get(rollout.id)
        own = self._watched(rollout, snapshot, known, now)
        if own is None:
            return _sample(known)
        try:
            fresh = self._read(own, now)
        except (TransientError, GatewayError) as exc:
            if own.known is None:
                raise
            log.warning("rollout %s: no newer metrics: %s", rollout.id, exc)
            fresh = {}
        return _sample(fresh.get(rollout.id, own.known))

    def _read(self, own: _Watched, now: datetime) -> Mapping[str, Numbers]:
        """Fresh numbers of this watch, and of all others that are due; empty while somebody else reads them."""
        with self.world.store.due.hold("numbers", place_of(self.spec), READING) as hold:
            if hold is None:
                return self._read_by_others(own.rollout)
            watched = [own, *self._others(own.rollout, now)]
            try:
                fresh = self._ask(watched, now)
            except (
                GatewayError
            ) as exc:  # one name that CloudWatch does not take must not leave all others without numbers
                if len(watched) == 1:
                    raise
                log.warning("rollout %s is measured by itself: %s", own.rollout.id, exc)
                fresh = self._ask([own], now)
            self.world.store.numbers.save(fresh)
        return fresh

    def _ask(self, watched: Sequence[_Watched], now: datetime) -> Mapping[str, Numbers]:
        read = self.aws.metrics.read([w.want(now) for w in watched])
        return {w.rollout.id: w.merged(series, now) for w, series in zip(watched, read, strict=True)}

    def _read_by_others(self, rollout: Rollout) -> Mapping[str, Numbers]:
        return self._known([rollout])

    def _others(self, rollout: Rollout, now: datetime) -> list[_Watched]:
        place, endpoints = place_of(self.spec), self.world.fleet.endpoints
        active = [stored.rollout for stored in self.world.store.rollouts.active() if stored.rollout.id != rollout.id]
        here = [r for r in active if r.phase is Phase.WATCHING and r.endpoint in endpoints]
        here = [r for r in here if place_of(endpoints[r.endpoint]) == place and r.snapshot is not None]
        known = self._known(here)
        found = [self._watched(r, r.snapshot, known.get(r.id), now) for r in here if r.snapshot is not None]
        return [watched for watched in found if watched is not None]

    def _known(self, rollouts: Sequence[Rollout]) -> Mapping[str, Numbers]:
        return self.world.store.numbers.load(r.id for r in rollouts)

    def _watched(self, rollout: Rollout, snapshot: Snapshot, known: Numbers | None, now: datetime) -> _Watched | None:
        """What is to be read of it; None while there is nothing new to be had."""
        window = ended(rollout, now)
        if window is None:
            return None
        subject = new_fleet(rollout, snapshot, self.aws.metrics)
        is_same = known is not None and (known.config, known.start, known.period) == (
            *(subject.config, window.start),
            rollout.watch.metric_period,
        )
        if known is not None and is_same and not _is_stale(known, rollout, now):
            return None
        return _Watched(rollout, subject, window, known if is_same else None)


def _is_stale(known: Numbers, rollout: Rollout, now: datetime) -> bool:
    """Whether another period has ended, or settled, since it was read."""
    then = known.read_at
    return (ended(rollout, now), settled(rollout, now)) != (ended(rollout, then), settled(rollout, then))


def _heard_until(known: Numbers) -> datetime:
    """The end of the last period of which anything was known."""
    heard = [place for numbers in known.values.values() for place, value in enumerate(numbers) if value is not None]
    return known.start + (max(heard, default=-1) + 1) * known.period


def _sample(known: Numbers | None) -> Sample | None:
    return Sample(_series(known), known.config, known.read_at) if known is not None else None


def _series(known: Numbers) -> Series:
    values = {Measure(name): np.array(numbers, dtype=float) for name, numbers in known.values.items()}
    return Series(known.start, known.period, values)


def _listed(values: Floats) -> tuple[float | None, ...]:
    return tuple(None if np.isnan(value) else float(value) for value in values)
