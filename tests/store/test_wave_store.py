"""Waves in Redis: one writer at a time, holds in the same transaction, and what is still to be told."""

from datetime import timedelta

import pytest
from fakes.clock import NOW
from fakes.records import BEN
from fakes.waves import ARN, a_wave

from bot.domain.errors import RevisionConflict
from bot.domain.hold import Hold, HoldKind
from bot.domain.wave import MemberState, Wave, WaveReason, WaveState
from bot.store import Store


def stopped(wave: Wave) -> Wave:
    first, *rest = wave.members
    members = (first.with_(state=MemberState.BAD, note="p50 +29 %"), *rest)
    return wave.with_(members=members).to(
        WaveState.STOPPED, WaveReason.MEMBER_WENT_BAD, NOW, "bot", note="p50 +29 %", endpoints=["one"]
    )


@pytest.fixture
def running(store: Store) -> Wave:
    wave = a_wave(needs_approval=False)
    store.waves.commit(wave, 0, NOW)
    return wave


def test_a_wave_is_read_back_as_it_was_written(store: Store, running: Wave) -> None:
    stored = store.waves.load(running.id)
    assert stored is not None
    assert (stored.wave, stored.revision) == (running, 1)
    assert store.waves.active() == (stored,)
    assert store.waves.recent() == (running,)


def test_only_one_of_two_writers_gets_through(store: Store, running: Wave) -> None:
    store.waves.commit(running.with_(at_once=2), 1, NOW)
    with pytest.raises(RevisionConflict):
        store.waves.commit(running.with_(at_once=3), 1, NOW)
    with pytest.raises(RevisionConflict):
        store.waves.commit(running, 0, NOW)


def test_a_stop_holds_the_version_wherever_it_was_not_reached(store: Store, running: Wave) -> None:
    store.waves.commit(stopped(running), 1, NOW)
    assert store.holds.on("one") == ()
    (hold,) = store.holds.on("two")
    assert (hold.kind, hold.package_arn, hold.actor, hold.wave_id) == (HoldKind.HELD, ARN, "bot", running.id)
    assert hold.reason == f"Wave {running.id} stopped at one: p50 +29 %"


def test_a_version_that_is_quarantined_already_stays_so(store: Store, running: Wave) -> None:
    worse = Hold(kind=HoldKind.QUARANTINED, endpoint="two", since=NOW, actor="aws", reason="no start", package_arn=ARN)
    store.holds.put("two", "e1", NOW, lambda standing: (worse,))
    store.waves.commit(stopped(running), 1, NOW)
    assert store.holds.on("two") == (worse,)


def test_going_on_lifts_what_the_stop_held_and_nothing_else(store: Store, running: Wave) -> None:
    theirs = Hold(kind=HoldKind.BY_PERSON, endpoint="two", since=NOW, actor=BEN, reason="tests")
    store.holds.put("two", "e1", NOW, lambda standing: (theirs,))
    halted = stopped(running)
    store.waves.commit(halted, 1, NOW)
    assert len(store.holds.on("two")) == 2
    store.waves.commit(halted.to(WaveState.RUNNING, WaveReason.RESUMED, NOW, BEN), 2, NOW)
    assert store.holds.on("two") == (theirs,)
    assert store.holds.on("three") == ()


def test_a_wave_that_is_over_is_active_no_more(store: Store, running: Wave) -> None:
    store.waves.commit(running.to(WaveState.FINISHED, WaveReason.ALL_DONE, NOW, "bot"), 1, NOW)
    assert store.waves.active() == ()
    assert len(store.waves.recent()) == 1


def test_news_are_told_until_nothing_is_new(store: Store, running: Wave) -> None:
    first = store.waves.load(running.id)
    assert first is not None
    second = store.waves.commit(running.with_(at_once=2), 1, NOW)
    store.waves.told(first)
    assert store.waves.untold() == (running.id,)
    store.waves.told(second)
    assert store.waves.untold() == ()
    store.waves.commit(second.wave, 2, NOW + timedelta(minutes=1))
    assert store.waves.untold() == ()


def test_its_thread_leads_to_the_wave(store: Store, running: Wave) -> None:
    store.waves.set_thread(running, "1.1")
    assert store.waves.in_thread(running.thread.channel_id, "1.1") == running.id
    stored = store.waves.load(running.id)
    assert stored is not None
    assert stored.wave.thread.thread_ts == "1.1"


def test_each_step_stands_in_the_audit_trail(store: Store, running: Wave) -> None:
    store.waves.commit(stopped(running), 1, NOW)
    entries = [fields[b"entry"].decode() for _, fields in store.connection.xrange("endpoint-bot:audit")]
    assert [reason for reason in WaveReason if any(f'"{reason}"' in entry for entry in entries)] == [
        WaveReason.REQUESTED,
        WaveReason.NO_APPROVAL_NEEDED,
        WaveReason.MEMBER_WENT_BAD,
    ]
