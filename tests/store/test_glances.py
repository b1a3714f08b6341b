"""One listing serves every tick for as long as it is fresh."""

from datetime import timedelta

import pytest
from fakes.clock import NOW

from bot.domain.errors import TransientError
from bot.store import Store

FRESH = timedelta(seconds=15)


def test_a_fresh_listing_is_fetched_once(store: Store) -> None:
    fetched = []

    def fetch() -> frozenset[str]:
        fetched.append(1)
        return frozenset({"a", "b"})

    assert store.glances.names("own", NOW, FRESH, fetch) == {"a", "b"}
    assert store.glances.names("own", NOW + timedelta(seconds=14), FRESH, fetch) == {"a", "b"}
    assert len(fetched) == 1


def test_an_old_listing_is_fetched_anew(store: Store) -> None:
    store.glances.names("own", NOW, FRESH, lambda: frozenset({"a"}))
    assert store.glances.names("own", NOW + FRESH, FRESH, lambda: frozenset({"b"})) == {"b"}


def test_places_do_not_share_a_listing(store: Store) -> None:
    store.glances.names("own:us-east-1", NOW, FRESH, lambda: frozenset({"a"}))
    assert store.glances.names("own:eu-west-1", NOW, FRESH, lambda: frozenset({"b"})) == {"b"}


def test_while_somebody_fetches_the_others_take_the_old_listing_or_none(store: Store) -> None:
    seen: list[frozenset[str] | None] = []

    def fetch_while_another_asks() -> frozenset[str]:
        seen.append(store.glances.names("own", NOW + FRESH, FRESH, lambda: frozenset({"never asked"})))
        return frozenset({"a"})

    store.glances.names("own", NOW, FRESH, fetch_while_another_asks)
    store.glances.names("own", NOW + FRESH, FRESH, fetch_while_another_asks)
    assert seen == [None, {"a"}]


def test_a_fetch_that_fails_is_tried_by_the_next(store: Store) -> None:
    def fail() -> frozenset[str]:
        raise TransientError("ListEndpoints", "throttled")

    with pytest.raises(TransientError):
        store.glances.names("own", NOW, FRESH, fail)
    assert store.glances.names("own", NOW, FRESH, lambda: frozenset({"a"})) == {"a"}
