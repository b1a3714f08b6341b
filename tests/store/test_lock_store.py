"""Locks in Redis: one transaction per change, each errand has its effect once, what lapses is struck off, and all of it is audited."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.records import ANNA, BEN, CARL, ENDPOINT
from redis import Redis

from bot.domain.approval import Person
from bot.domain.errors import EndpointLocked, RevisionConflict, UserError
from bot.domain.fleet import Approval
from bot.domain.lock import (
    BREAK_EXPIRES_AFTER,
    EVERYTHING,
    BreakRequest,
    Lock,
    LockEvent,
    LockEventKind,
    broken,
    locked,
    unlocked,
)
from bot.store import Store, keys, make_store
from bot.store.locks import REQUESTS_KEPT

HOUR = timedelta(hours=1)
POLICY = Approval(users=(ANNA, BEN, CARL))


def a_lock(id: str = "lock1", **fields: Any) -> Lock:
    known = {"id": id, "subject": ENDPOINT, "holder": ANNA, "reason": "load test", "since": NOW}
    return Lock.model_validate({**known, **fields})


def take(store: Store, lock: Lock, errand: str = "errand1", now: datetime = NOW) -> LockEvent:
    return store.locks.change(lock.subject, errand, now, lambda standing, _: locked(standing, lock, errand, now))


def lift(store: Store, by: str, errand: str, now: datetime = NOW, subject: str = ENDPOINT) -> LockEvent:
    def decide(standing: Lock | None, requests: Sequence[BreakRequest]) -> LockEvent:
        return unlocked(standing, requests, subject=subject, actor=by, caused_by=errand, now=now)

    return store.locks.change(subject, errand, now, decide)


def ask(store: Store, by: str = BEN, errand: str = "ask1", now: datetime = NOW) -> BreakRequest:
    lift(store, by, errand, now)
    store.locks.note(errand, channel_id="C1", message_ts="1.1")
    request = store.locks.request(errand)
    assert request is not None
    return request


def press(store: Store, by: str, request_id: str, errand: str, now: datetime = NOW) -> LockEvent:
    def decide(standing: Lock | None, requests: Sequence[BreakRequest]) -> LockEvent:
        request = next(r for r in requests if r.id == request_id)
        return broken(standing, request, policy=POLICY, person=Person(by), caused_by=errand, now=now)

    return store.locks.change(ENDPOINT, errand, now, decide)


def audited(store: Store) -> list[dict[str, Any]]:
    return [json.loads(fields[b"entry"]) for _, fields in store.connection.xrange(keys.AUDIT)]


def test_a_lock_stands_over_its_endpoint_and_over_no_other(store: Store) -> None:
    take(store, a_lock())
    assert store.locks.over(ENDPOINT, NOW) == a_lock()
    assert store.locks.over("another", NOW) is None
    store.locks.refuse_if_locked("another", NOW)
    with pytest.raises(EndpointLocked):
        store.locks.refuse_if_locked(ENDPOINT, NOW)


def test_a_freeze_stands_over_everything_and_an_endpoints_own_lock_is_named_first(store: Store) -> None:
    freeze = a_lock("freeze1", subject=EVERYTHING)
    take(store, freeze)
    assert store.locks.over("another", NOW) == freeze
    take(store, a_lock(), "errand2")
    assert store.locks.over(ENDPOINT, NOW) == a_lock()
    assert dict(store.locks.standing(NOW)) == {EVERYTHING: freeze, ENDPOINT: a_lock()}


def test_a_refused_change_writes_nothing(store: Store) -> None:
    take(store, a_lock())
    with pytest.raises(EndpointLocked):
        take(store, a_lock("lock2", holder=BEN), "errand2")
    assert store.locks.over(ENDPOINT, NOW) == a_lock()
    assert len(audited(store)) == 1


def test_by_the_clock_a_lock_is_over_before_anybody_strikes_it_off(store: Store) -> None:
    take(store, a_lock(until=NOW + HOUR))
    assert store.locks.over(ENDPOINT, NOW + HOUR) is None
    assert store.locks.standing(NOW + HOUR) == {}
    store.locks.refuse_if_locked(ENDPOINT, NOW + HOUR)


def test_what_lapsed_is_struck_off_once_and_audited_with_its_own_time(store: Store) -> None:
    take(store, a_lock(until=NOW + HOUR))
    for _ in range(2):
        store.locks.sweep(NOW + 3 * HOUR)
    assert [(e["kind"], e["actor"], e["at"]) for e in audited(store)] == [
        ("locked", ANNA, "2026-11-22T08:00:00Z"),
        ("lapsed", "bot", "2026-11-22T09:00:00Z"),
    ]


def test_a_lapsed_lock_gives_way_to_the_next(store: Store) -> None:
    take(store, a_lock(until=NOW + HOUR))
    later = a_lock("lock2", holder=BEN, since=NOW + 2 * HOUR)
    take(store, later, "errand2", NOW + 2 * HOUR)
    assert store.locks.over(ENDPOINT, NOW + 2 * HOUR) == later
    assert [e["kind"] for e in audited(store)] == ["locked", "lapsed", "locked"]


def test_an_errand_that_is_run_again_changes_nothing_and_gets_the_same_answer(store: Store) -> None:
    event = take(store, a_lock())
    lift(store, ANNA, "errand2")
    assert take(store, a_lock()) == event
    assert store.locks.over(ENDPOINT, NOW) is None


def test_every_step_is_in_the_audit_trail_with_who_and_why(store: Store) -> None:
    take(store, a_lock(until=NOW + HOUR))
    ask(store)
    press(store, CARL, "ask1", "press1")
    take(store, a_lock("lock2"), "errand2")
    lift(store, ANNA, "errand3")
    told = audited(store)
    assert [(e["kind"], e["actor"]) for e in told] == [
        ("locked", ANNA),
        ("break_asked", BEN),
        ("broken", CARL),
        ("locked", ANNA),
        ("unlocked", ANNA),
    ]
    assert told[0] == {
        "lock": "lock1",
        "endpoint": ENDPOINT,
        "holder": ANNA,
        "reason": "load test",
        "since": "2026-11-22T08:00:00Z",
        "until": "2026-11-22T09:00:00Z",
        "kind": "locked",
        "at": "2026-11-22T08:00:00Z",
        "actor": ANNA,
        "caused_by": "errand1",
    }


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (lambda s: lift(s, ANNA, "errand2"), LockEventKind.UNLOCKED),
        (lambda s: press(s, CARL, "ask1", "press1"), LockEventKind.BROKEN),
        (lambda s: take(s, a_lock("lock2"), "errand2"), LockEventKind.LOCKED),
        (lambda s: s.locks.sweep(NOW + HOUR / 2), LockEventKind.LAPSED),
    ],
    ids=["lifted", "broken", "renewed", "lapsed"],
)
def test_a_request_learns_how_its_lock_ended_and_wants_settling(store: Store, end: Any, kind: LockEventKind) -> None:
    take(store, a_lock(until=NOW + HOUR / 2))
    ask(store)
    assert store.locks.unsettled(NOW) == ()
    end(store)
    (request,) = store.locks.unsettled(NOW)
    assert request.ended is not None
    assert request.ended.kind is kind
    store.locks.note(request.id, is_settled=True)
    assert store.locks.unsettled(NOW) == ()


def test_a_request_that_nobody_answers_expires_and_is_forgotten_after_a_week(store: Store) -> None:
    take(store, a_lock())
    ask(store)
    assert store.locks.sweep(NOW) is False
    assert store.locks.sweep(NOW + BREAK_EXPIRES_AFTER) is True
    store.locks.note("ask1", is_settled=True)
    assert store.locks.sweep(NOW + BREAK_EXPIRES_AFTER + REQUESTS_KEPT) is False
    assert store.locks.request("ask1") is not None
    store.locks.sweep(NOW + BREAK_EXPIRES_AFTER + REQUESTS_KEPT + HOUR)
    assert store.locks.request("ask1") is None
    store.locks.note("ask1", is_settled=True)
    assert store.locks.request("ask1") is None
    assert store.locks.over(ENDPOINT, NOW) == a_lock()


def test_of_two_who_press_at_the_same_moment_one_breaks_it(store: Store, connection: Redis) -> None:
    """The other one's write meets a changed lock, looks again, and is told who was faster."""
    take(store, a_lock())
    ask(store)
    other = make_store(connection)
    raced: list[LockEvent] = []

    def decide(standing: Lock | None, requests: Sequence[BreakRequest]) -> LockEvent:
        if not raced:
            raced.append(press(other, CARL, "ask1", "press1"))
        request = next(r for r in requests if r.id == "ask1")
        return broken(standing, request, policy=POLICY, person=Person(ANNA), caused_by="press2", now=NOW)

    with pytest.raises(UserError, match="<@U0CARL> broke the lock"):
        store.locks.change(ENDPOINT, "press2", NOW, decide)
    assert [e["kind"] for e in audited(store)] == ["locked", "break_asked", "broken"]


def test_of_two_who_lock_at_the_same_moment_one_holds_it(store: Store, connection: Redis) -> None:
    raced: list[LockEvent] = []

    def decide(standing: Lock | None, _: Sequence[BreakRequest]) -> LockEvent:
        if not raced:
            raced.append(take(make_store(connection), a_lock("lock2", holder=BEN), "errand2"))
        return locked(standing, a_lock(), "errand1", NOW)

    with pytest.raises(EndpointLocked):
        store.locks.change(ENDPOINT, "errand1", NOW, decide)
    held = store.locks.over(ENDPOINT, NOW)
    assert held is not None
    assert held.holder == BEN


def test_a_change_that_is_overtaken_again_and_again_gives_up_and_writes_nothing(
    store: Store, connection: Redis
) -> None:
    others: list[str] = []

    def decide(standing: Lock | None, _: Sequence[BreakRequest]) -> LockEvent:
        others.append(f"e{len(others)}")
        take(make_store(connection), a_lock(others[-1], subject=others[-1]), others[-1])
        return locked(standing, a_lock(), "errand1", NOW)

    with pytest.raises(RevisionConflict):
        store.locks.change(ENDPOINT, "errand1", NOW, decide)
    assert store.locks.over(ENDPOINT, NOW) is None


def test_where_the_message_stands_survives_that_the_lock_ends_meanwhile(store: Store) -> None:
    take(store, a_lock())
    lift(store, BEN, "ask1")
    lift(store, ANNA, "errand2")
    store.locks.note("ask1", channel_id="C1", message_ts="1.1")
    (request,) = store.locks.unsettled(NOW)
    assert (request.message_ts, request.ended is not None) == ("1.1", True)
