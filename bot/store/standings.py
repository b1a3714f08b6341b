"""What the census saw, kept for everybody: endpoints, listings, versions, traffic. After the store was emptied, it looks anew."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import TypeVar

from pydantic import ValidationError
from redis import Redis

from bot.domain.board import OutsideChange
from bot.domain.model import Value
from bot.domain.sighting import Listing, ReadBack, Shelf, Sighting, Traffic
from bot.store import keys
from bot.store.connection import store_errors, text

KEPT = timedelta(days=7)
"""Long enough to outlive an outage; endpoints that left the fleet file are forgotten with the rest when nobody looks any more."""

V = TypeVar("V", bound=Value)


class StandingStore:
    """One hash for each kind of thing that is seen: a whole fleet is read in one round trip."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def sightings(self, endpoints: Iterable[str]) -> dict[str, Sighting]:
        """What was seen of these endpoints; those that nobody looked at yet are missing."""
        names = list(endpoints)
        read_back = self._read(keys.seen("outside"), names, ReadBack)
        seen = self._read(keys.seen("endpoints"), names, Sighting)
        return {name: s.with_read_back(read_back[name]) if name in read_back else s for name, s in seen.items()}

    def read_back(self, endpoints: Iterable[str]) -> Mapping[str, OutsideChange]:
        """Changes outside the bot that tags told of when the store had been emptied; they count while the config is the same."""
        return {
            name: known.change for name, known in self._read(keys.seen("outside"), list(endpoints), ReadBack).items()
        }

    def put_back(self, endpoint: str, change: OutsideChange, now: datetime) -> None:
        """Keep what an endpoint's tags tell of."""
        self._write(keys.seen("outside"), {endpoint: ReadBack(change=change, at=now)})

    def save_sightings(self, sightings: Iterable[Sighting]) -> None:
        """Keep what was seen."""
        self._write(keys.seen("endpoints"), {sighting.endpoint: sighting for sighting in sightings})

    def listings(self, places: Iterable[str]) -> dict[str, Listing]:
        """The listings of these accounts and regions."""
        return self._read(keys.seen("listings"), list(places), Listing)

    def is_listed(self, endpoint: str) -> bool:
        """Whether an endpoint of that name was seen in any account and region, declared or not."""
        with store_errors():
            rows = self._redis.hvals(keys.seen("listings"))
        listings = (_parsed(Listing, text(row)) for row in rows)
        return any(listing is not None and endpoint in listing.endpoints for listing in listings)

    def save_listing(self, place: str, listing: Listing) -> None:
        """Keep a listing."""
        self._write(keys.seen("listings"), {place: listing})

    def shelves(self, sources: Iterable[str]) -> dict[str, Shelf]:
        """The versions of these groups and tracks."""
        return self._read(keys.seen("versions"), list(sources), Shelf)

    def save_shelves(self, shelves: Mapping[str, Shelf]) -> None:
        """Keep versions by their source."""
        self._write(keys.seen("versions"), shelves)

    def traffic(self, places: Iterable[str]) -> dict[str, Traffic]:
        """Who is without requests, by account and region."""
        return self._read(keys.seen("traffic"), list(places), Traffic)

    def save_traffic(self, place: str, traffic: Traffic) -> None:
        """Keep who is without requests."""
        self._write(keys.seen("traffic"), {place: traffic})

    def _read(self, key: str, fields: list[str], kind: type[V]) -> dict[str, V]:
        with store_errors():
            rows = self._redis.hmget(key, fields or [""])
        found = {}
        for field, row in zip(fields, rows, strict=False):
            if row is not None and (value := _parsed(kind, text(row))) is not None:
                found[field] = value
        return found

    def _write(self, key: str, values: Mapping[str, Value]) -> None:
        if not values:
            return
        with store_errors(), self._redis.pipeline(transaction=False) as pipe:
            pipe.hset(key, mapping={field: value.model_dump_json() for field, value in values.items()})
            pipe.expire(key, KEPT)
            pipe.execute()


def _parsed(kind: type[V], document: str) -> V | None:
    try:
        return kind.model_validate_json(document)
    except ValidationError:
        return None  # written by another release: whoever needs it looks again
