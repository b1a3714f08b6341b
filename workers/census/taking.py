"""Takes the census: one listing tells what changed, and only that is looked at closely. What was seen is kept for everybody."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType

from bot.domain.board import Standing
from bot.domain.endpoint import ModelPackage
from bot.domain.errors import GatewayError, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.sighting import Listing, Shelf, Sighting
from bot.domain.states import BoardState
from workers.census.choosing import FULL_LOOK, moved, old
from workers.census.idling import Idling
from workers.census.pace import pause
from workers.census.sources import Source
from workers.census.standing import Known, standing_of
from workers.census.touring import Tour, old_sources, says_nothing, untold
from workers.world import World, place_of

log = logging.getLogger(__name__)

ROUND = timedelta(seconds=45)
"""A job has 120 s, and one request may take 10 s three times over."""

CATCH_UP = timedelta(seconds=2)
"""Somebody waits for the board; what is not looked at by then is shown with its age."""

FIRST_LOOK = timedelta(seconds=30)
"""Where nothing is known yet, an empty board would help nobody."""

PATIENCE = timedelta(seconds=60)
"""For one endpoint that somebody asks about."""

FRESH = timedelta(seconds=10)
"""Without a manager nobody looks by itself: what is older than this is looked at when it is asked for."""

MISSED = 3
"""So many rounds of the census late, and what was seen is looked at again before it is shown."""

TRACK_AGE = timedelta(minutes=10)
"""A Marketplace package never changes; whether it still exists is no urgent matter."""

REFRESHED = 60
"""Endpoints that did not move and are looked at closely in one round: with four calls each, a third of what the pace allows,
and 1,000 endpoints in ten minutes."""

BELIEVED = timedelta(minutes=15)
"""After this long without a word from AWS, a state is no longer shown as one."""

TOUCHED = 20
"""Rollouts of late whose endpoints may have moved since they were looked at."""

NO_AGE = timedelta(0)

PLACES_AT_ONCE = 4


@dataclass(frozen=True)
class Census:
    """Looks at all endpoints of the fleet file and at the registry."""

    world: World
    wait: Callable[[float], None] = pause

    def round(self) -> None:
        """Look at what changed since the last look, and at what was not looked at for long."""

        def go_round(specs: Sequence[EndpointSpec]) -> None:
            tour = self._tour(specs[0], ROUND)
            listing = tour.list()
            seen = self.world.store.standings.sightings(spec.name for spec in specs)
            shelves = self._shelves(tour, specs, NO_AGE, TRACK_AGE)
            tour.look(self._wanted(specs, seen, listing), seen, shelves)
            tour.close()
            if listing is not None:
                Idling(self.world).note(tour.place, specs, listing)

        self._everywhere(self.world.fleet.endpoints.values(), go_round)

    def standings(self, specs: Iterable[EndpointSpec] | None = None) -> tuple[Standing, ...]:
        """How endpoints stand, all of the fleet file or only these, with the age of what is told.

        What nobody looked at lately is looked at now, as far as that takes a moment.
        """
        chosen = list(self.world.fleet.endpoints.values()) if specs is None else list(specs)
        self._everywhere(chosen, self._catch_up)
        return self._remembered(chosen)

    def look_now(self, names: Iterable[str]) -> tuple[Standing, ...]:
        """How these endpoints stand this very moment, in full."""
        specs = [self.world.fleet.endpoint(name) for name in names]
        found: dict[str, Sighting] = {}

        def look(there: Sequence[EndpointSpec]) -> None:
            tour = self._tour(there[0], PATIENCE)
            seen = self.world.store.standings.sightings(spec.name for spec in there)
            shelves = self._shelves(tour, there, NO_AGE, NO_AGE)
            found.update(tour.look(there, seen, shelves, in_full=True))
            tour.close()

        refused = self._everywhere(specs, look)
        return self._remembered(specs, {**refused, **found})

    def others(self) -> tuple[Standing, ...]:
        """Endpoints that exist and are not in the fleet file, where it has any."""
        specs = self.world.fleet.endpoints
        listings = self.world.store.standings.listings({place_of(spec) for spec in specs.values()})
        declared = {(place_of(spec), spec.name) for spec in specs.values()}
        return tuple(
            Standing(
                endpoint=listed.name,
                state=BoardState.UNMANAGED,
                running_since=listed.last_modified,
                seen_at=listing.at,
            )
            for place, listing in sorted(listings.items())
            for listed in sorted(listing.endpoints.values(), key=lambda listed: listed.name)
            if (place, listed.name) not in declared
        )

    def versions(self, spec: EndpointSpec) -> tuple[ModelPackage, ...]:
        """The versions of an endpoint's group or track, newest first, whatever their approval."""
        tour = self._tour(spec, CATCH_UP)
        shelf = self._shelves(tour, [spec], self._patience(), TRACK_AGE).get(Source.of(spec).key)
        tour.close()
        return shelf.packages if shelf is not None else ()

    def _catch_up(self, specs: Sequence[EndpointSpec]) -> None:
        """Look at what is older than it should be; where nothing is known at all, take the time for a first look."""
        now, kept = self.world.clock(), self.world.store.standings
        place = place_of(specs[0])
        seen = kept.sightings(spec.name for spec in specs)
        listing = kept.listings([place]).get(place)
        is_listed = listing is not None and now - listing.at <= self._patience()
        sources = old_sources(specs, kept.shelves(Source.of(s).key for s in specs), now, self._patience(), TRACK_AGE)
        if is_listed and not sources and not moved(specs, seen, listing, self._touched()):
            return
        tour = self._tour(specs[0], CATCH_UP if len(seen) == len(specs) else FIRST_LOOK)
        if not is_listed:
            listing = tour.list() or listing
        shelves = self._shelves(tour, specs, self._patience(), TRACK_AGE)
        tour.look(self._wanted(specs, seen, listing), seen, shelves)
        tour.close()

    def _wanted(
        self, specs: Sequence[EndpointSpec], seen: Mapping[str, Sighting], listing: Listing | None
    ) -> list[EndpointSpec]:
        """Those that deserve a close look, the most urgent first. Without a listing, only looking tells what moved."""
        first = moved(specs, seen, listing, self._touched())
        age = FULL_LOOK if listing is not None else self._patience()
        named = {spec.name for spec in first}
        unmoved = [spec for spec in specs if spec.name not in named]
        return [*first, *old(unmoved, seen, self.world.clock(), age, REFRESHED)]

    def _touched(self) -> dict[str, datetime]:
        """When rollouts last got on: what they did shall show at once, whenever the next listing comes."""
        recent = self.world.store.rollouts.recent(limit=TOUCHED)
        return {rollout.endpoint: rollout.last.at for rollout in reversed(recent)}

    def _shelves(
        self, tour: Tour, specs: Iterable[EndpointSpec], group_age: timedelta, track_age: timedelta
    ) -> dict[str, Shelf]:
        """The versions that these endpoints may run, asked for again where they are older than that."""
        specs = list(specs)
        shelves = self.world.store.standings.shelves(Source.of(spec).key for spec in specs)
        return shelves | tour.restock(old_sources(specs, shelves, self.world.clock(), group_age, track_age))

    def _remembered(
        self, specs: Sequence[EndpointSpec], just_seen: Mapping[str, Sighting] = MappingProxyType({})
    ) -> tuple[Standing, ...]:
        """The standings out of the store alone, but for what was just seen."""
        store, places = self.world.store, {place_of(spec) for spec in specs}
        names = [spec.name for spec in specs]
        seen = store.standings.sightings(names) | dict(just_seen)
        listings, traffic = store.standings.listings(places), store.standings.traffic(places)
        shelves = store.standings.shelves(Source.of(spec).key for spec in specs)
        holds = store.holds.on_each(names)
        busy = {s.rollout.endpoint for s in store.rollouts.active() if not s.rollout.is_waiting}
        heard_since = self.world.clock() - max(BELIEVED, MISSED * self._patience())

        def standing(spec: EndpointSpec) -> Standing:
            place = place_of(spec)
            known = Known(
                sighting=seen.get(spec.name),
                listing=listings.get(place),
                shelf=shelves.get(Source.of(spec).key),
                holds=holds[spec.name],
                has_rollout=spec.name in busy,
                idle_since=traffic[place].idle_since.get(spec.name) if place in traffic else None,
            )
            return standing_of(spec, known, heard_since)

        return tuple(standing(spec) for spec in specs)

    def _tour(self, spec: EndpointSpec, lasts: timedelta) -> Tour:
        return Tour(self.world, spec, self.wait, self.world.clock() + lasts)

    def _patience(self) -> timedelta:
        """How old what was seen may be before somebody who asks has it looked at again."""
        manager = self.world.fleet.manager
        return MISSED * manager.census if manager is not None else FRESH

    def _everywhere(
        self, specs: Iterable[EndpointSpec], go: Callable[[Sequence[EndpointSpec]], None]
    ) -> dict[str, Sighting]:
        """Do it in each account and region that these endpoints are in, at the same time.

        One that does not let the bot in keeps nobody from the others; returned is what there is to say of its endpoints.
        """
        by_place: defaultdict[str, list[EndpointSpec]] = defaultdict(list)
        for spec in specs:
            by_place[place_of(spec)].append(spec)
        refused: dict[str, Sighting] = {}

        def go_there(there: Sequence[EndpointSpec]) -> None:
            try:
                go(there)
            except (TransientError, GatewayError) as exc:
                log.warning("%s: nothing can be asked there: %s", place_of(there[0]), exc)
                refused.update(self._refused(there, exc.user_message))

        with ThreadPoolExecutor(PLACES_AT_ONCE, thread_name_prefix="place") as pool:
            list(pool.map(go_there, by_place.values()))
        return refused

    def _refused(self, specs: Sequence[EndpointSpec], why: str) -> dict[str, Sighting]:
        """Why nothing is told of these; kept of those of which nothing better is known."""
        kept = self.world.store.standings
        before = kept.sightings(spec.name for spec in specs)
        told = {spec.name: untold(spec, self.world.clock(), why) for spec in specs}
        kept.save_sightings(told[spec.name] for spec in specs if says_nothing(before.get(spec.name), spec))
        return told
