"""What the census saw, in the store."""

from datetime import timedelta

from fakes.clock import NOW
from fakes.facts import a_package
from fakes.records import ENDPOINT, a_snapshot

from bot.domain.board import OutsideChange
from bot.domain.endpoint import EndpointStatus, Listed
from bot.domain.sighting import Listing, Shelf, Sighting, Traffic
from bot.store import Store, keys

SEEN = Sighting(endpoint=ENDPOINT, basis="b", at=NOW, snapshot=a_snapshot(), running="sentiment version 4")


def test_what_was_seen_is_read_for_many_at_once(store: Store) -> None:
    other = SEEN.model_copy(update={"endpoint": "other", "snapshot": None})
    store.standings.save_sightings([SEEN, other])
    assert store.standings.sightings([ENDPOINT, "other", "nobody"]) == {ENDPOINT: SEEN, "other": other}
    assert store.standings.sightings([]) == {}


def test_a_change_outside_that_tags_told_of_is_part_of_what_was_seen_before(store: Store) -> None:
    config = a_snapshot().config_name
    change = OutsideChange(config=config, at=NOW - timedelta(hours=1), actor="carl")
    store.standings.put_back(ENDPOINT, change, NOW)
    assert store.standings.read_back([ENDPOINT, "other"]) == {ENDPOINT: change}
    for seen_at, expected in ((NOW, change), (NOW + timedelta(seconds=1), None)):
        store.standings.save_sightings([SEEN.model_copy(update={"at": seen_at})])
        assert store.standings.sightings([ENDPOINT])[ENDPOINT].outside == expected


def test_it_says_nothing_of_another_config(store: Store) -> None:
    store.standings.put_back(ENDPOINT, OutsideChange(config="another", at=NOW), NOW)
    store.standings.save_sightings([SEEN])
    assert store.standings.sightings([ENDPOINT])[ENDPOINT].outside is None


def test_versions_listings_and_traffic_are_kept_by_what_they_are_about(store: Store) -> None:
    shelf, listing = Shelf(at=NOW, packages=(a_package(),)), Listing(at=NOW, endpoints={})
    traffic = Traffic(at=NOW, idle_since={ENDPOINT: NOW - timedelta(days=8)})
    store.standings.save_shelves({"own sentiment": shelf})
    store.standings.save_listing("own", listing)
    store.standings.save_traffic("own", traffic)
    assert store.standings.shelves(["own sentiment", "own other"]) == {"own sentiment": shelf}
    assert store.standings.listings({"own"}) == {"own": listing}
    assert store.standings.traffic({"own"}) == {"own": traffic}


def test_an_endpoint_is_known_to_exist_wherever_it_was_listed(store: Store) -> None:
    listed = Listed(
        name="notebook", arn="arn:notebook", status=EndpointStatus.IN_SERVICE, created=NOW, last_modified=NOW
    )
    store.standings.save_listing("own", Listing(at=NOW, endpoints={}))
    store.standings.save_listing("other account", Listing(at=NOW, endpoints={"notebook": listed}))
    assert store.standings.is_listed("notebook")
    assert not store.standings.is_listed("note")


def test_what_another_release_wrote_counts_as_not_seen(store: Store) -> None:
    store.connection.hset(keys.seen("endpoints"), ENDPOINT, '{"schema": "of tomorrow"}')
    assert store.standings.sightings([ENDPOINT]) == {}


def test_what_nobody_looks_at_any_more_lapses(store: Store) -> None:
    store.standings.save_sightings([SEEN])
    assert 0 < store.connection.ttl(keys.seen("endpoints")) <= timedelta(days=7).total_seconds()


def test_nothing_seen_is_nothing_written(store: Store) -> None:
    store.standings.save_sightings([])
    assert not store.connection.exists(keys.seen("endpoints"))
