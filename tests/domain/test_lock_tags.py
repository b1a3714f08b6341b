"""Locks and freezes written as tags and read back; and which of them stand again once the store was emptied."""

import re
from datetime import datetime, timedelta

import pytest
from fakes.clock import NOW
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.lock import EVERYTHING, Lock, LockEventKind, told_by_tags
from bot.domain.lock_tags import locks_in, tags_of_lock, tags_of_thaw, thawed_at

LEGAL = re.compile(r"[\w\s.:/=+\-@]*")
HOUR = timedelta(hours=1)


def lock(**fields: object) -> Lock:
    made = {"id": "abc123", "subject": "e", "holder": "U0BEN", "reason": "load test (50 %), *all* day", "since": NOW}
    return Lock.model_validate({**made, **fields})


LOCK = lock(since=NOW + timedelta(microseconds=1234), until=NOW + HOUR)
FREEZE = lock(subject=EVERYTHING, id="def456", reason="holidays – until the 2nd")


def told(*locks: Lock) -> tuple[Lock, ...]:
    return tuple(each.model_copy(update={"restored": True}) for each in locks)


def test_a_lock_and_a_freeze_are_read_back_letter_by_letter():
    assert locks_in("e", {**tags_of_lock(LOCK), **tags_of_lock(FREEZE)}) == told(LOCK, FREEZE)


@given(st.text(), st.text(max_size=30))
def test_whatever_people_write_makes_legal_tags_that_tell_the_same_lock(reason: str, holder: str):
    tags = tags_of_lock(lock(reason=reason, holder=holder))
    assert all(LEGAL.fullmatch(value) and len(value) <= 256 for value in tags.values())
    (found,) = locks_in("e", tags)
    assert (found.id, found.since, found.until) == ("abc123", NOW, None)


@given(st.dictionaries(st.sampled_from([*tags_of_lock(LOCK), *tags_of_lock(FREEZE), "team"]), st.text(max_size=80)))
def test_tags_that_somebody_else_wrote_are_no_locks_and_no_errors(tags: dict[str, str]):
    assert all(found.since.tzinfo is not None for found in locks_in("e", tags))
    assert thawed_at(tags) is None or isinstance(thawed_at(tags), datetime)


@pytest.mark.parametrize("since", ["yesterday", "2026-11-22T08:00:00"])
def test_a_time_that_cannot_be_placed_is_none(since: str):
    assert locks_in("e", {"rollout:lock:what": f"{since} - U0BEN abc123"}) == ()
    assert thawed_at({"rollout:freeze:what": f"lifted {since}"}) is None


def test_a_thaw_takes_the_place_of_the_freeze():
    assert {*tags_of_thaw(NOW)} < {*tags_of_lock(FREEZE)}
    assert thawed_at(tags_of_thaw(NOW)) == NOW
    assert locks_in("e", tags_of_thaw(NOW)) == ()
    assert thawed_at(tags_of_lock(FREEZE)) is None


# What stands again


def test_what_the_tags_tell_stands_again():
    (event,) = told_by_tags(told(LOCK), {}, {}, NOW + timedelta(minutes=5))
    assert (event.kind, event.lock.holder, event.actor) == (LockEventKind.RESTORED, "U0BEN", "bot")


@pytest.mark.parametrize("lifted_at", [FREEZE.since, FREEZE.since + HOUR])
def test_what_was_lifted_since_is_over_wherever_it_is_still_told(lifted_at: datetime):
    assert told_by_tags(told(FREEZE), {}, {EVERYTHING: lifted_at}, NOW + 2 * HOUR) == ()


def test_what_was_set_after_the_last_time_that_one_was_lifted_stands():
    assert told_by_tags(told(FREEZE), {}, {EVERYTHING: FREEZE.since - HOUR}, NOW + HOUR)


def test_what_has_lapsed_meanwhile_is_over():
    assert told_by_tags(told(LOCK), {}, {}, NOW + HOUR) == ()


def test_what_people_set_since_the_store_was_emptied_stays():
    assert told_by_tags(told(LOCK), {"e": lock(id="new", since=NOW - HOUR)}, {}, NOW) == ()


def test_of_two_freezes_that_tags_tell_the_later_counts():
    older = lock(subject=EVERYTHING, id="old", since=NOW - HOUR)
    (event,) = told_by_tags(told(FREEZE), {EVERYTHING: told(older)[0]}, {}, NOW)
    assert event.lock.id == FREEZE.id
    assert told_by_tags(told(older), {EVERYTHING: told(FREEZE)[0]}, {}, NOW) == ()


def test_a_freeze_that_came_back_goes_as_soon_as_another_endpoint_tells_that_it_was_lifted():
    (event,) = told_by_tags((), {EVERYTHING: told(FREEZE)[0]}, {EVERYTHING: NOW + HOUR}, NOW + 2 * HOUR)
    assert (event.kind, event.at) == (LockEventKind.UNLOCKED, NOW + HOUR)
    assert told_by_tags((), {EVERYTHING: FREEZE}, {EVERYTHING: NOW + HOUR}, NOW + 2 * HOUR) == ()
