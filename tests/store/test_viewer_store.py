"""Who looks at the App Home tab, and what they saw."""

from collections.abc import Iterator
from datetime import timedelta

import fakeredis
import pytest
from fakes.clock import NOW
from fakes.records import ANNA, BEN, CARL

from bot.domain.errand import HomeLook
from bot.store import Store, make_store

MINUTE = timedelta(minutes=1)


@pytest.fixture
def store() -> Iterator[Store]:
    client = fakeredis.FakeStrictRedis(server=fakeredis.FakeServer())
    yield make_store(client)
    client.close()


def test_who_looks_is_known_until_they_have_not_looked_for_a_while(store: Store) -> None:
    for minutes, user in ((0, ANNA), (20, BEN), (10, CARL)):
        store.viewers.look(user, HomeLook(page=minutes + 1), NOW + minutes * MINUTE)
    assert list(store.viewers.looking(NOW + 5 * MINUTE)) == [CARL, BEN]
    store.viewers.look(ANNA, HomeLook(), NOW + 30 * MINUTE)
    assert list(store.viewers.looking(NOW + 20 * MINUTE)) == [BEN, ANNA]


def test_what_somebody_looked_at_outlives_the_looking(store: Store) -> None:
    store.viewers.look(ANNA, HomeLook(only="mine", page=2), NOW)
    assert store.viewers.looking(NOW + 60 * MINUTE) == {}
    assert store.viewers.last_look(ANNA) == HomeLook(only="mine", page=2)
    assert store.viewers.last_look(BEN) is None


def test_what_was_drawn_is_known_by_its_fingerprint(store: Store) -> None:
    assert store.viewers.drawn(ANNA) is None
    store.viewers.note_drawn(ANNA, "f1")
    store.viewers.note_drawn(ANNA, "f2")
    assert store.viewers.drawn(ANNA) == "f2"


def test_who_left_is_forgotten(store: Store) -> None:
    store.viewers.look(ANNA, HomeLook(), NOW)
    store.viewers.note_drawn(ANNA, "f1")
    store.viewers.forget(ANNA)
    assert (store.viewers.looking(NOW), store.viewers.last_look(ANNA), store.viewers.drawn(ANNA)) == ({}, None, None)
