"""Writes what must outlive the store onto the endpoints as tags, and reads it back when the store was emptied.

A hold is worth most when everything else was forgotten: without it, automation would bring back at once what was rolled back. So until
an endpoint's tags were read, nobody but people may change it (`KeptStore.known`). A freeze stands on the first endpoints of each
account and region; so these are read first, and the others of the place only when one of them was.
"""

import logging
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.board import OutsideChange
from bot.domain.errors import GatewayError, ResourceMissing, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.hold import Hold, HoldKind
from bot.domain.hold_tags import HOLD_PREFIX, holds_in, tags_of
from bot.domain.lock import EVERYTHING
from bot.domain.lock_tags import FREEZE_PREFIX, LOCK_PREFIX, locks_in, tags_of_lock, tags_of_thaw, thawed_at
from bot.domain.outside_tags import OUTSIDE_TAG, outside_in, tags_of_outside
from bot.domain.phases import BOT_ACTOR
from bot.domain.sighting import Sighting
from bot.store.kept import digest_of
from workers.cloning.lineage import TAG_LIMIT
from workers.planning.restoring import TeardownNote, teardown_noted
from workers.world import World, place_of

log = logging.getLogger(__name__)

ONE_ROUND = timedelta(seconds=45)
"""The rest waits for the next round: a job has two minutes."""

AT_ONCE = 4
"""Endpoints whose tags are read at the same time; all of them at first, later only those about which something changed."""

FREEZE_COPIES = 3
"""Endpoints of each account and region that tell of a freeze: one would be lost with its endpoint."""

GONE = {"gone": ""}
"""Stands for the tags of an endpoint that does not exist: nothing to read, and to be looked at again."""

_GONE = digest_of(GONE)


@dataclass(frozen=True)
class Keeping:
    """Holds, locks, freezes and changes outside the bot, as tags of the endpoints that they are about."""

    world: World
    stopwatch: Callable[[], float] = time.monotonic

    def round(self) -> None:
        """Bring tags and store together, endpoint by endpoint, as far as the time of one round goes."""
        kept = self.world.store.kept
        turn = _Turn(self.world, kept.era(), self.stopwatch() + ONE_ROUND.total_seconds(), self.stopwatch)
        turn.noted.update(kept.digests(self.world.fleet.endpoints))
        turn.read_back()
        turn.write_out()


@dataclass(frozen=True)
class _Turn:
    """One round."""

    world: World
    era: str
    until: float
    stopwatch: Callable[[], float]
    noted: dict[str, str] = field(default_factory=dict)
    """What each endpoint's tags say, as a digest; missing where they were not read yet."""

    def read_back(self) -> None:
        """Put into the store what the tags of endpoints tell that nobody has read since it began."""
        names, tried = self._by_place(), set[str]()
        while first := [n for place in names for n in self._first(place) if n not in self.noted and n not in tried]:
            tried.update(first)
            self._each(first, self._read)
        rest = [n for place in names if self._tells_of_freezes(place) for n in place]
        self._each([n for n in rest if n not in self.noted and n not in tried], self._read)

    def write_out(self) -> None:
        """Have the tags say what the store does, wherever that has changed."""
        seen = self.world.store.standings.sightings(self.noted)
        gone = {n for n, sighting in seen.items() if sighting.is_known and sighting.snapshot is None}
        wanted = self._wanted(gone, self._changed_outside(seen))
        moved = [n for n, digest in self.noted.items() if digest != (_GONE if n in gone else digest_of(wanted[n]))]

        def write(name: str) -> None:
            snapshot = seen[name].snapshot if name in seen else None
            self._write(name, snapshot.arn if snapshot is not None else None, wanted[name])

        self._each(moved, write)

    def _changed_outside(self, seen: Mapping[str, Sighting]) -> Mapping[str, OutsideChange]:
        """What people changed outside the bot: nothing by itself undoes that, and without a manager nothing happens by itself."""
        if self.world.fleet.manager is None:
            return {}
        unseen = [name for name in self.noted if name not in seen or not seen[name].is_known]
        known = {name: sighting.outside for name, sighting in seen.items() if sighting.outside is not None}
        return {**self.world.store.standings.read_back(unseen), **known}

    def _wanted(self, gone: Collection[str], outside: Mapping[str, OutsideChange]) -> Mapping[str, Mapping[str, str]]:
        """The tags that each endpoint shall have, the most important first."""
        store, now = self.world.store, self.world.clock()
        locks, holds, lifted_at = (
            store.locks.standing(now),
            store.holds.on_each(self.noted),
            store.locks.lifted_at(EVERYTHING),
        )
        freeze: Mapping[str, str] = {}
        if EVERYTHING in locks:
            freeze = tags_of_lock(locks[EVERYTHING])
        elif lifted_at is not None:
            freeze = tags_of_thaw(lifted_at)
        tellers = {n for place in self._by_place() for n in self._first([n for n in place if n not in gone])}
        return {
            name: {
                **(tags_of_lock(locks[name]) if name in locks else {}),
                **(freeze if name in tellers else {}),
                **(tags_of_outside(outside[name]) if name in outside else {}),
                **tags_of(holds[name]),
            }
            for name in self.noted
        }

    def _by_place(self) -> Sequence[Sequence[str]]:
        """The names of all endpoints, by account and region, in their order."""
        places: defaultdict[str, list[str]] = defaultdict(list)
        for name, spec in sorted(self.world.fleet.endpoints.items()):
            places[place_of(spec)].append(name)
        return tuple(places.values())

    def _first(self, place: Iterable[str]) -> Sequence[str]:
        """Those that tell of freezes there: the first that exist, or that may exist as far as is known."""
        return [name for name in place if self.noted.get(name) != _GONE][:FREEZE_COPIES]

    def _tells_of_freezes(self, place: Sequence[str]) -> bool:
        """Whether it is known what they tell; where none exists, none can."""
        first = self._first(place)
        return not first or any(name in self.noted for name in first)

    def _each(self, names: Iterable[str], do: Callable[[str], None]) -> None:
        """Several at the same time, for as long as there is time."""

        def in_time(name: str) -> None:
            if self.stopwatch() < self.until:
                do(name)

        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            for _ in pool.map(in_time, names):
                pass

    def _read(self, name: str) -> None:
        """One endpoint. What AWS does not let us do now keeps no other endpoint waiting."""
        store, spec = self.world.store, self.world.fleet.endpoint(name)
        try:
            tags = self._tags(spec, None)[1]
        except ResourceMissing:
            self._read_teardown(spec)
            return
        except (TransientError, GatewayError) as exc:
            log.warning("the tags of %s cannot be read; until they are, nothing changes it by itself: %s", name, exc)
            return
        store.holds.put_back(name, holds_in(name, tags))
        store.locks.put_back(locks_in(name, tags), thawed_at(tags), self.world.clock())
        if (outside := outside_in(tags)) is not None:
            store.standings.put_back(name, outside, self.world.clock())
        self.noted[name] = store.kept.note(name, _ours(tags), self.era)

    def _read_teardown(self, spec: EndpointSpec) -> None:
        """An endpoint that is not there has no tags. Whether people deleted it is noted on the config that it ran."""
        try:
            note = teardown_noted(self.world.aws(spec), spec)
        except (TransientError, GatewayError) as exc:
            log.warning("it cannot be read whether %s was torn down: %s", spec.name, exc)
            return
        if note is not None and note.by != BOT_ACTOR:
            self.world.store.holds.put_back(spec.name, [_left_by(note, spec)])
        self.noted[spec.name] = self.world.store.kept.note(spec.name, GONE, self.era)

    def _write(self, name: str, arn: str | None, wanted: Mapping[str, str]) -> None:
        spec = self.world.fleet.endpoint(name)
        try:
            arn, tags = self._tags(spec, arn)
            there = _ours(tags)
            room = TAG_LIMIT - len(tags) + len(there)
            fitting = dict(list(wanted.items())[:room])
            new = {key: value for key, value in fitting.items() if there.get(key) != value}
            stale = [key for key in there if key not in fitting]
            if new or stale:
                self.world.aws(spec).endpoints.change_tags(arn, new, stale)
        except ResourceMissing:
            wanted = fitting = GONE
        except (TransientError, GatewayError) as exc:
            log.warning(
                "what must outlive the store cannot be kept as tags of %s; if the store is lost, it is lost, too: %s",
                name,
                exc,
            )
            return
        if len(fitting) < len(wanted):
            log.warning("%s has %d tags of its own: not all holds and locks fit in beside them", name, TAG_LIMIT - room)
        self.world.store.kept.note(name, wanted, self.era)

    def _tags(self, spec: EndpointSpec, arn: str | None) -> tuple[str, Mapping[str, str]]:
        """An endpoint's ARN, unless it is known, and its tags."""
        endpoints = self.world.aws(spec).endpoints
        arn = arn or endpoints.describe(spec.name).arn
        return arn, endpoints.tags(arn)


def _ours(tags: Mapping[str, str]) -> Mapping[str, str]:
    """Those that are written here: tags of one endpoint are written by rollouts, too, and by its owners."""
    return {k: v for k, v in tags.items() if k.startswith((HOLD_PREFIX, LOCK_PREFIX, FREEZE_PREFIX, OUTSIDE_TAG))}


def _left_by(note: TeardownNote, spec: EndpointSpec) -> Hold:
    """The hold that the teardown left, which lasts until a person creates the endpoint again."""
    return Hold(
        kind=HoldKind.BY_PERSON,
        endpoint=spec.name,
        since=note.at,
        actor=note.by,
        reason=f"torn down in rollout {note.rollout_id}".removesuffix(" in rollout "),
        rollout_id=note.rollout_id,
        restored=True,
    )
