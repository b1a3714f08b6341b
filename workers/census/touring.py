"""A tour of one account and region: the listing, the registry's lists, and close looks, all at one pace and within a given time."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta

from bot.domain.errors import GatewayError, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.sighting import Listing, Shelf, Sighting, basis_of
from workers.census.looking import Looking
from workers.census.pace import OutOfTime, Pace, paced
from workers.census.sources import Source
from workers.drafting import Drafting
from workers.rounds import RoundName, soon
from workers.world import Aws, World, place_of

log = logging.getLogger(__name__)

AT_ONCE = 8
"""Requests that are under way at the same time: a slow one does not hold up the others."""

REQUESTS = {"describe_config": 2, "describe_model": 2, "last_change": 3}
"""Of methods that make more than one: the first two ask for the tags, too, unless they are told not to."""

LOOKUPS = 2.0
"""CloudTrail's own limit a second, for an account and region; it allows no burst to speak of."""


class Tour:
    """What is asked of one account and region in one go. Whatever AWS does not tell is left as it was, and logged."""

    def __init__(self, world: World, spec: EndpointSpec, wait: Callable[[float], None], deadline: datetime) -> None:
        """Begin a tour.

        Args:
            world: The world at its own pace.
            spec: Any endpoint of the account and region.
            wait: Waits for so many seconds.
            deadline: Nothing is asked after this.
        """
        self.place = place_of(spec)
        self.world = world
        self.store = world.store.standings
        self.clock = world.clock
        memory, began = world.store.memory, world.clock()
        self.pace = Pace(memory, self.place, world.clock, wait, deadline)
        # Who changed what is good to know; how the endpoints stand is what the tour is for, and that gets half of its time for sure.
        self.trail_pace = Pace(
            memory,
            f"CloudTrail of {self.place}",
            world.clock,
            wait,
            began + (deadline - began) / 2,
            usual=LOOKUPS,
            burst=0,
        )
        self.aws = _at_pace(world.aws(spec), self.pace, self.trail_pace)
        slow_world = replace(world, aws=lambda _: self.aws)
        self.looking = Looking(slow_world, Drafting(slow_world))

    def list(self) -> Listing | None:
        """All endpoints there are; None where AWS does not tell."""
        try:
            found = self.aws.endpoints.list()
        except (TransientError, GatewayError) as exc:
            log.warning("%s: its endpoints cannot be listed: %s", self.place, exc)
            return None
        except OutOfTime:
            return None
        listing = Listing(at=self.clock(), endpoints={listed.name: listed for listed in found})
        self.store.save_listing(self.place, listing)
        return listing

    def restock(self, sources: Iterable[Source]) -> dict[str, Shelf]:
        """The versions of these groups and tracks, by the key of the source; those for which there was no time are missing."""
        found: dict[str, Shelf] = {}
        for source in sources:
            try:
                packages = source.packages(self.aws.registry)
            except OutOfTime:
                break
            except GatewayError as exc:
                found[source.key] = Shelf(at=self.clock(), problem=exc.user_message)
            except TransientError as exc:
                log.warning("%s: the versions of %s cannot be told: %s", self.place, source.words, exc)
                if not self.store.shelves([source.key]):
                    found[source.key] = Shelf(at=self.clock(), problem=exc.user_message)
            else:
                found[source.key] = Shelf(at=self.clock(), packages=packages)
        self.store.save_shelves(found)
        return found

    def look(
        self,
        specs: Sequence[EndpointSpec],
        before: Mapping[str, Sighting],
        shelves: Mapping[str, Shelf],
        *,
        in_full: bool = False,
    ) -> dict[str, Sighting]:
        """Close looks at these endpoints, several at once; those for which there was no time are missing."""

        def look(spec: EndpointSpec) -> Sighting | None:
            shelf = shelves.get(Source.of(spec).key)
            known = shelf.packages if shelf is not None else ()
            last = before.get(spec.name)
            try:
                seen = self.looking.look(spec, last, known, in_full=in_full)
            except OutOfTime:
                return None
            if seen.is_known or says_nothing(last, spec):
                self.store.save_sightings([seen])  # at once: whoever is stopped in the middle has not looked in vain
            if seen.outside is not None and (last is None or last.outside != seen.outside):
                soon(self.world, RoundName.TAGS)  # it is to be known also after the store was emptied
            return seen

        self.looking.ask_for_alarms(specs, in_full=in_full)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="census") as pool:
            return {seen.endpoint: seen for seen in pool.map(look, specs) if seen is not None}

    def close(self) -> None:
        """The tour is over."""
        self.pace.keep()
        self.trail_pace.keep()


def untold(spec: EndpointSpec, now: datetime, why: str) -> Sighting:
    """What there is to say of an endpoint of which AWS tells nothing."""
    return Sighting(endpoint=spec.name, basis=basis_of(spec), at=now, is_known=False, problem=why)


def says_nothing(sighting: Sighting | None, spec: EndpointSpec) -> bool:
    """Whether what was seen the last time is no better than that AWS did not tell."""
    return sighting is None or not sighting.is_known or sighting.basis != basis_of(spec)


def _at_pace(aws: Aws, pace: Pace, trail_pace: Pace) -> Aws:
    """The gateways that SageMaker's and CloudTrail's limits are about; the others remember what they were told."""
    return replace(
        aws,
        endpoints=paced(aws.endpoints, pace, REQUESTS),
        registry=paced(aws.registry, pace),
        trail=paced(aws.trail, trail_pace, REQUESTS),
    )


def old_sources(
    specs: Iterable[EndpointSpec],
    shelves: Mapping[str, Shelf],
    now: datetime,
    group_age: timedelta,
    track_age: timedelta,
) -> list[Source]:
    """Groups and tracks whose versions nobody asked for lately, the oldest first."""
    found = {source.key: source for spec in specs if (source := Source.of(spec))}
    ages = {key: now - shelves[key].at if key in shelves else timedelta.max for key in found}
    old = [key for key, age in ages.items() if age >= (group_age if found[key].group is not None else track_age)]
    return [found[key] for key in sorted(old, key=lambda key: ages[key], reverse=True)]
