"""Locks: who may set and lift them, what they stop, and how somebody else's is broken."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.records import ANNA, BEN, CARL, ENDPOINT, a_call, at, rollback_at

from bot.domain.approval import Person
from bot.domain.errors import EndpointLocked, NotAllowed, UserError
from bot.domain.fleet import Approval, parse_fleet
from bot.domain.lock import (
    BREAK_EXPIRES_AFTER,
    EVERYTHING,
    BreakRequest,
    Lock,
    LockEvent,
    LockEventKind,
    broken,
    heeds_locks,
    how_it_ended,
    in_words,
    lapsed,
    lift_command,
    locked,
    policy_over,
    refuse_if_may_not_lock,
    request_of,
    unlocked,
)
from bot.domain.phases import Kind, Phase

HOUR = timedelta(hours=1)
DORA, EVE = "U0DORA", "U0EVE"
POLICY = Approval(users=(ANNA, BEN, CARL))
FLEET = parse_fleet(
    f"""
version: 1
endpoints:
  {ENDPOINT}:
    model_package_group: sentiment
    owner: {DORA}
    approval: {{users: [{ANNA}, {BEN}], groups: [S0MLOPS]}}
  stt-prod:
    model_package_group: stt
    approval: {{users: [{BEN}, {CARL}]}}
""",
    "fleet.yaml",
)


def a_lock(**fields: Any) -> Lock:
    return Lock.model_validate(
        {"id": "lock1", "subject": ENDPOINT, "holder": ANNA, "reason": "load test", "since": NOW, **fields}
    )


def asked(by: str = BEN, lock: Lock | None = None, **fields: Any) -> BreakRequest:
    event = LockEvent(kind=LockEventKind.BREAK_ASKED, lock=lock or a_lock(), actor=by, at=NOW, caused_by="errand1")
    return request_of(event).model_copy(update={"channel_id": "C1", "message_ts": "1.1", **fields})


def test_a_lock_ends_by_itself_at_the_moment_that_it_named():
    lock = a_lock(until=NOW + HOUR)
    assert lock.stands_at(NOW + HOUR - timedelta(seconds=1))
    assert not lock.stands_at(NOW + HOUR)
    assert a_lock().stands_at(NOW + timedelta(days=1000))
    assert lapsed(lock).at == NOW + HOUR


def test_somebody_elses_lock_is_not_taken_over():
    with pytest.raises(EndpointLocked) as refused:
        locked(a_lock(), a_lock(id="lock2", holder=BEN), "errand", NOW + HOUR)
    assert refused.value.holder == ANNA
    assert "1 h ago" in refused.value.user_message


def test_ones_own_lock_is_renewed_under_a_new_id_and_keeps_its_age():
    later = a_lock(id="lock2", reason="longer load test", since=NOW + HOUR)
    renewed = locked(a_lock(), later, "errand", NOW + HOUR).lock
    assert (renewed.id, renewed.reason, renewed.since) == ("lock2", "longer load test", NOW)


def test_the_holder_unlocks_at_once():
    event = unlocked(a_lock(), (), subject=ENDPOINT, actor=ANNA, caused_by="errand", now=NOW)
    assert event.kind is LockEventKind.UNLOCKED


def test_somebody_else_only_asks_for_it():
    event = unlocked(a_lock(), (), subject=ENDPOINT, actor=BEN, caused_by="errand", now=NOW)
    assert event.kind is LockEventKind.BREAK_ASKED
    request = request_of(event)
    assert (request.id, request.asked_by, request.expires_at) == ("errand", BEN, NOW + BREAK_EXPIRES_AFTER)


@pytest.mark.parametrize(
    ("subject", "words"), [(ENDPOINT, f"{ENDPOINT} is not locked."), (EVERYTHING, "Nothing is frozen.")]
)
def test_what_is_not_locked_cannot_be_unlocked(subject: str, words: str):
    with pytest.raises(UserError, match=words):
        unlocked(None, (), subject=subject, actor=ANNA, caused_by="errand", now=NOW)


@pytest.mark.parametrize(
    ("actor", "words"),
    [
        (BEN, "You asked for this already. It ends when somebody else presses"),
        (CARL, "<@U0BEN> asked for this already"),
    ],
)
def test_one_question_at_a_time_is_asked_about_a_lock(actor: str, words: str):
    with pytest.raises(UserError, match=words):
        unlocked(a_lock(), [asked()], subject=ENDPOINT, actor=actor, caused_by="errand", now=NOW)


@pytest.mark.parametrize(
    "stale", [asked(message_ts=""), asked(lock=a_lock(id="another")), asked(expires_at=NOW)], ids=lambda r: r.id
)
def test_a_question_that_nobody_can_answer_does_not_bar_another(stale: BreakRequest):
    event = unlocked(a_lock(), [stale], subject=ENDPOINT, actor=CARL, caused_by="errand", now=NOW)
    assert event.kind is LockEventKind.BREAK_ASKED


def broken_by(person: str, request: BreakRequest | None = None, standing: Lock | None = None, **how: Any) -> LockEvent:
    lock = standing if standing is not None or how.pop("gone", False) else a_lock()
    return broken(
        lock, request or asked(), policy=POLICY, person=Person(person), caused_by="e", now=how.get("now", NOW)
    )


@pytest.mark.parametrize("person", [CARL, ANNA])
def test_a_second_approver_or_the_holder_breaks_it(person: str):
    event = broken_by(person)
    assert (event.kind, event.actor, event.lock) == (LockEventKind.BROKEN, person, a_lock())


def test_the_holder_may_agree_without_being_an_approver():
    lock = a_lock(holder=DORA)
    assert broken_by(DORA, asked(lock=lock), lock).actor == DORA


@pytest.mark.parametrize(
    ("person", "words"),
    [(BEN, "You asked for this, so somebody else has to agree"), (EVE, "You may not break this lock")],
)
def test_who_asked_and_who_is_no_approver_cannot_break_it(person: str, words: str):
    with pytest.raises(NotAllowed, match=words):
        broken_by(person)


def ended(kind: LockEventKind, actor: str = CARL, lock: Lock | None = None) -> LockEvent:
    return LockEvent(kind=kind, lock=lock or a_lock(), actor=actor, at=NOW)


TOO_LATE: dict[str, tuple[Callable[[], LockEvent], str]] = {
    "pressed twice": (
        lambda: broken_by(ANNA, asked(ended=ended(LockEventKind.BROKEN)), gone=True),
        "<@U0CARL> broke the lock of <@U0ANNA> (load test). Your click changed nothing.",
    ),
    "lifted": (
        lambda: broken_by(CARL, asked(ended=ended(LockEventKind.UNLOCKED, ANNA)), gone=True),
        "<@U0ANNA> lifted the lock of <@U0ANNA> (load test). Your click changed nothing.",
    ),
    "lapsed": (
        lambda: broken_by(CARL, asked(ended=ended(LockEventKind.LAPSED, "bot")), gone=True),
        "The lock of <@U0ANNA> (load test) has lapsed. Your click changed nothing.",
    ),
    "lifted and set anew": (
        lambda: broken_by(
            CARL, asked(ended=ended(LockEventKind.UNLOCKED, ANNA)), a_lock(id="l2", holder=DORA, reason="demo")
        ),
        "<@U0ANNA> lifted the lock of <@U0ANNA> (load test). Your click changed nothing. "
        f"Now the lock of <@U0DORA> (demo) stands; to break that: unlock {ENDPOINT}",
    ),
    "renewed": (
        lambda: broken_by(
            CARL, asked(ended=ended(LockEventKind.LOCKED, ANNA, a_lock(reason="more"))), a_lock(id="l2", reason="more")
        ),
        "<@U0ANNA> renewed the lock of <@U0ANNA> (more). Your click changed nothing. "
        f"Now the lock of <@U0ANNA> (more) stands; to break that: unlock {ENDPOINT}",
    ),
    "expired": (
        lambda: broken_by(CARL, now=NOW + BREAK_EXPIRES_AFTER),
        "Nobody agreed to this within an hour, so the lock of <@U0ANNA> (load test) still stands. "
        f"Your click changed nothing. To ask again: unlock {ENDPOINT}",
    ),
    "gone before anybody noted it": (
        lambda: broken_by(CARL, gone=True),
        "That lock stands no more. Your click changed nothing.",
    ),
    "another lock": (
        lambda: broken_by(CARL, standing=a_lock(id="l2")),
        "That lock stands no more. Your click changed nothing. "
        f"Now the lock of <@U0ANNA> (load test) stands; to break that: unlock {ENDPOINT}",
    ),
}


@pytest.mark.parametrize("case", TOO_LATE)
def test_a_click_that_comes_too_late_is_told_what_became_of_the_lock(case: str):
    press, words = TOO_LATE[case]
    with pytest.raises(UserError) as refused:
        press()
    assert refused.value.user_message == words


WAITS = {Phase.SCHEDULED, Phase.PREPARING, Phase.UPDATING}


@pytest.mark.parametrize("phase", list(Phase))
def test_a_lock_stops_what_has_not_called_updateendpoint_yet(phase: Phase):
    rollout = at(Phase.PREPARING).model_copy(update={"phase": phase})
    assert heeds_locks(rollout) is (phase in WAITS)


def test_nothing_is_stopped_once_sagemaker_may_have_been_asked():
    assert not heeds_locks(at(Phase.UPDATING, update=a_call()))


@pytest.mark.parametrize("phase", [Phase.PLANNING, Phase.AWAITING_APPROVAL, Phase.ROLLING_BACK])
def test_the_way_back_is_never_stopped(phase: Phase):
    assert not heeds_locks(rollback_at(phase))
    assert not heeds_locks(at(Phase.PREPARING, kind=Kind.ROLLBACK))


SPEC = FLEET.endpoint(ENDPOINT)


@pytest.mark.parametrize("person", [Person(BEN), Person(DORA), Person("U0MEMBER", groups=frozenset({"S0MLOPS"}))])
def test_approvers_and_the_owner_may_lock(person: Person):
    refuse_if_may_not_lock(SPEC, SPEC.approval, person)


@pytest.mark.parametrize("person", [Person(EVE), Person(CARL), Person("terminal:ops")])
def test_others_may_not_and_read_who_may(person: Person):
    with pytest.raises(NotAllowed, match=f"You may not lock or unlock {ENDPOINT}: ask .*, or <@U0DORA>, who owns it"):
        refuse_if_may_not_lock(SPEC, SPEC.approval, person)


def test_a_terminal_is_told_why_it_may_not():
    with pytest.raises(NotAllowed, match="a terminal does not tell who you are"):
        refuse_if_may_not_lock(None, POLICY, Person("terminal:ops"))


def test_everything_is_frozen_by_an_approver_of_anything_and_by_no_owner():
    policy = policy_over(EVERYTHING, FLEET)
    assert (policy.users, policy.groups) == ((ANNA, BEN, CARL), ("S0MLOPS",))
    refuse_if_may_not_lock(None, policy, Person(CARL))
    with pytest.raises(NotAllowed, match="You may not freeze or thaw everything: ask "):
        refuse_if_may_not_lock(None, policy, Person(DORA))
    assert policy_over(ENDPOINT, FLEET) == SPEC.approval


def test_a_freeze_is_called_a_freeze_and_thawed():
    freeze = a_lock(subject=EVERYTHING)
    assert in_words(freeze) == "the freeze of <@U0ANNA> (load test)"
    assert how_it_ended(ended(LockEventKind.LAPSED, lock=freeze)) == "The freeze of <@U0ANNA> (load test) has lapsed."
    assert lift_command(freeze) == "thaw"


@pytest.mark.parametrize("kind", [kind for kind in LockEventKind if kind is not LockEventKind.BREAK_ASKED])
def test_however_a_lock_ended_there_is_a_sentence_for_it(kind: LockEventKind):
    assert "ock of <@U0ANNA> (load test)" in how_it_ended(ended(kind))


def test_a_lock_that_was_read_back_later_took_the_place_of_the_one_before():
    words = "The lock of <@U0ANNA> (load test) was read back from SageMaker's tags, and took the place of that one."
    assert how_it_ended(ended(LockEventKind.RESTORED, "bot")) == words
