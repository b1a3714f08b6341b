"""What the bot says by itself is said once."""

import time
from datetime import timedelta

from bot.store import Store


def test_a_notice_is_claimed_once(store: Store) -> None:
    assert store.notices.first_time("sentiment/4 waits")
    assert not store.notices.first_time("sentiment/4 waits")
    assert store.notices.first_time("sentiment/5 waits")


def test_where_it_was_said_is_known_once_it_was(store: Store) -> None:
    assert store.notices.recall("sentiment/4 waits") is None
    store.notices.first_time("sentiment/4 waits")
    assert store.notices.recall("sentiment/4 waits") is None
    store.notices.remember("sentiment/4 waits", "1700000000.000100")
    assert store.notices.recall("sentiment/4 waits") == "1700000000.000100"
    assert not store.notices.first_time("sentiment/4 waits")


def test_what_was_forgotten_is_said_again(store: Store) -> None:
    store.notices.first_time("sentiment/4 waits")
    store.notices.remember("sentiment/4 waits", "1.1")
    store.notices.forget("sentiment/4 waits")
    assert store.notices.first_time("sentiment/4 waits")


def test_a_claim_lapses_and_saying_it_does_not_prolong_it(store: Store) -> None:
    store.notices.first_time("the daily report", timedelta(milliseconds=200))
    store.notices.remember("the daily report", "1.1")
    deadline = time.monotonic() + 5
    while not store.notices.first_time("the daily report"):
        assert time.monotonic() < deadline, "the claim never lapsed"
