"""Timers, exclusive rights, errands, answers and slots."""

import threading
from datetime import timedelta

import pytest
from fakes.clock import NOW
from fakes.records import ANNA, BEN, at, opened, rollback_at
from redis import Redis

from bot.domain.commands import Status
from bot.domain.errand import CommandErrand, ReplyTo
from bot.domain.phases import Phase
from bot.domain.rollout import Rollout
from bot.queue import QueueName, queue
from bot.store import Store, keys
from bot.store.due import CROWD, TICKS_PER_JOB
from bot.store.errands import Answer
from bot.store.keys import Due
from bot.store.rollouts import Write
from bot.store.slots import SlotState

LEASE = timedelta(seconds=10)


def put(store: Store, *rollouts: Rollout) -> None:
    for rollout in rollouts:
        store.rollouts.commit([Write(rollout, 0, NOW)], NOW)


def queued(store: Store, name: QueueName) -> list[tuple[str, list[object]]]:
    """Function and arguments of every job in a queue."""
    return [(job.func_name, list(job.args)) for job in queue(name, store.connection).jobs]


def due_at(store: Store, kind: Due, id: str) -> float | None:
    return store.connection.zscore(keys.due(kind), id)


def an_errand(id: str = "e1") -> CommandErrand:
    return CommandErrand(id=id, command=Status(), actor=ANNA, reply=ReplyTo(user_id=ANNA), at=NOW)


def test_what_is_due_goes_into_its_queue_and_is_put_off_by_the_lease(store: Store) -> None:
    put(store, opened(), at(Phase.UPDATING, id="rupdate2"), rollback_at(Phase.ROLLING_BACK, endpoint="stt-prod"))
    assert store.due.backlog(Due.TICKS, NOW) == 3
    assert store.due.dispatch(Due.TICKS, NOW, LEASE) == 3
    advance = "workers.jobs.advance"
    assert queued(store, QueueName.SLOW) == [(advance, ["rabc2345", 1])]
    assert queued(store, QueueName.TICKS) == [(advance, ["rupdate2", 1])]
    assert queued(store, QueueName.URGENT) == [(advance, ["rchild22", 1])]
    assert due_at(store, Due.TICKS, "rabc2345") == (NOW + LEASE).timestamp()
    assert store.due.dispatch(Due.TICKS, NOW, LEASE) == 0


def test_what_begins_together_is_dispatched_in_the_order_that_was_named(store: Store) -> None:
    names = ["tags", "revive", "census"]
    store.due.begin(Due.ROUNDS, names, NOW)
    store.due.dispatch(Due.ROUNDS, NOW, LEASE)
    assert [args for _, args in queued(store, QueueName.ROUNDS)] == [[name] for name in names]


def test_a_job_that_was_lost_is_dispatched_again_after_the_lease(store: Store) -> None:
    put(store, opened())
    store.due.dispatch(Due.TICKS, NOW, LEASE)
    store.connection.delete(queue(QueueName.SLOW, store.connection).key)
    store.due.dispatch(Due.TICKS, NOW + LEASE, LEASE)
    assert len(queued(store, QueueName.SLOW)) == 1


def test_what_is_not_due_yet_stays(store: Store) -> None:
    put(store, opened())
    assert store.due.dispatch(Due.TICKS, NOW - timedelta(seconds=1), LEASE) == 0


def test_due_times_of_what_is_gone_or_ended_are_dropped(store: Store) -> None:
    put(store, at(Phase.REJECTED))
    for id in ("rabc2345", "rgone222"):
        store.due.set(Due.TICKS, id, NOW)
    store.due.set(Due.ERRANDS, "egone", NOW)
    assert store.due.dispatch(Due.TICKS, NOW, LEASE) == 2
    assert store.due.dispatch(Due.ERRANDS, NOW, LEASE) == 1
    assert store.connection.exists(keys.due(Due.TICKS), keys.due(Due.ERRANDS)) == 0
    assert queued(store, QueueName.TICKS) == []


def test_a_crowd_of_ticks_shares_jobs_and_the_way_back_keeps_its_own(store: Store) -> None:
    crowd = [at(Phase.UPDATING, id=f"r{i}", endpoint=f"e{i}") for i in range(TICKS_PER_JOB + 1)]
    put(store, *crowd, rollback_at(Phase.ROLLING_BACK))
    store.due.dispatch(Due.TICKS, NOW, LEASE)
    jobs = queued(store, QueueName.TICKS)
    assert [len(args) for _, args in jobs] == [TICKS_PER_JOB, 1]
    assert {name for name, _ in jobs} == {"workers.jobs.advance_many"}
    assert sorted(str(a) for _, args in jobs for a in args) == sorted(f"r{i}:1" for i in range(TICKS_PER_JOB + 1))
    assert len(queued(store, QueueName.URGENT)) == 1
    assert CROWD < TICKS_PER_JOB


def test_news_have_a_queue_of_their_own(store: Store) -> None:
    put(store, opened())
    store.due.dispatch(Due.TELLS, NOW, LEASE)
    assert queued(store, QueueName.TELLS) == [("workers.jobs.tell", ["rabc2345"])]


def test_an_entry_is_put_off_only_while_it_exists(store: Store) -> None:
    store.due.put_off(Due.TICKS, "rabc2345", NOW)
    assert due_at(store, Due.TICKS, "rabc2345") is None
    store.due.set(Due.TICKS, "rabc2345", NOW)
    store.due.put_off(Due.TICKS, "rabc2345", NOW + LEASE)
    assert due_at(store, Due.TICKS, "rabc2345") == (NOW + LEASE).timestamp()
    store.due.remove(Due.TICKS, "rabc2345")
    assert due_at(store, Due.TICKS, "rabc2345") is None


def test_the_sweep_finds_active_rollouts_that_nobody_would_look_at(store: Store) -> None:
    assert store.due.sweep(NOW) == 0
    put(store, opened(), at(Phase.REJECTED, id="rended22"))
    assert store.due.sweep(NOW) == 0
    store.due.remove(Due.TICKS, "rabc2345")
    assert store.due.sweep(NOW) == 1
    assert due_at(store, Due.TICKS, "rabc2345") == NOW.timestamp()
    assert due_at(store, Due.TICKS, "rended22") is None


def test_told_news_are_settled_unless_there_is_more(store: Store) -> None:
    put(store, opened())
    store.due.settle_tell("rabc2345", 1, NOW)
    assert due_at(store, Due.TELLS, "rabc2345") is None
    later = NOW + LEASE
    store.due.settle_tell("rabc2345", 0, later)
    assert due_at(store, Due.TELLS, "rabc2345") == later.timestamp()


def test_an_exclusive_right_has_one_owner_and_ends_with_the_block(store: Store) -> None:
    with store.due.hold("tell", "rabc2345", LEASE) as ours:
        assert ours is not None
        assert ours.prolong()
        with store.due.hold("tell", "rabc2345", LEASE) as theirs:
            assert theirs is None
        with store.due.hold("tell", "rother22", LEASE) as another:
            assert another is not None
    with store.due.hold("tell", "rabc2345", LEASE) as again:
        assert again is not None


def test_a_right_that_lapsed_is_not_taken_from_its_next_owner(store: Store) -> None:
    with store.due.hold("tell", "rabc2345", LEASE) as ours:
        assert ours is not None
        store.connection.set(keys.hold("tell", "rabc2345"), b"theirs")
        assert not ours.prolong()
    assert store.connection.get(keys.hold("tell", "rabc2345")) == b"theirs"


def test_a_right_lapses_by_itself_when_its_owner_died(store: Store) -> None:
    with store.due.hold("tell", "rabc2345", LEASE):
        assert 0 < store.connection.pttl(keys.hold("tell", "rabc2345")) <= 10_000


def test_the_same_delivery_twice_is_one_errand(store: Store) -> None:
    assert store.errands.put(an_errand(), QueueName.SLOW, NOW, LEASE)
    assert not store.errands.put(an_errand(), QueueName.SLOW, NOW, LEASE)
    assert store.errands.open("e1") == an_errand()
    assert store.errands.open("eunknown") is None


def test_an_errand_is_queued_at_once_and_again_if_its_job_is_lost(store: Store) -> None:
    store.errands.put(an_errand(), QueueName.SLOW, NOW, LEASE)
    assert queued(store, QueueName.SLOW) == [("workers.jobs.run_errand", ["e1"])]
    store.connection.delete(queue(QueueName.SLOW, store.connection).key)
    store.due.dispatch(Due.ERRANDS, NOW + LEASE, LEASE)
    assert queued(store, QueueName.SLOW) == [("workers.jobs.run_errand", ["e1"])]


def test_a_finished_errand_is_never_run_again_even_if_delivered_again(store: Store) -> None:
    store.errands.put(an_errand(), QueueName.SLOW, NOW, LEASE)
    store.errands.finish("e1")
    assert store.errands.open("e1") is None
    store.errands.put(an_errand(), QueueName.SLOW, NOW, LEASE)
    assert store.errands.open("e1") is None
    store.connection.delete(queue(QueueName.SLOW, store.connection).key)
    store.due.dispatch(Due.ERRANDS, NOW + LEASE, LEASE)
    assert queued(store, QueueName.SLOW) == []
    assert due_at(store, Due.ERRANDS, "e1") is None


def test_an_errand_waits_a_day_for_a_worker_and_is_remembered_for_an_hour_once_it_is_done(store: Store) -> None:
    store.errands.put(an_errand(), QueueName.SLOW, NOW, LEASE)
    assert 86390 <= store.connection.ttl(keys.errand("e1")) <= 86400
    store.errands.finish("e1")
    assert 3590 <= store.connection.ttl(keys.errand("e1")) <= 3600


def test_attempts_are_counted(store: Store) -> None:
    store.errands.put(an_errand(), QueueName.SLOW, NOW, LEASE)
    assert not store.errands.was_begun("e1")
    assert [store.errands.count_attempt("e1") for _ in range(3)] == [1, 2, 3]
    assert store.errands.was_begun("e1")


def test_an_answer_reaches_the_terminal_that_waits_and_no_other(store: Store) -> None:
    store.errands.answer("t1", Answer("Done.", 0, "rabc2345"))
    assert store.errands.wait_for_answer("t1", timedelta(seconds=5)) == Answer("Done.", 0, "rabc2345")
    assert store.errands.wait_for_answer("t2", timedelta(seconds=0.1)) is None


def test_slots_are_remembered_and_forgotten(store: Store) -> None:
    intended = SlotState(intended_at=NOW)
    assert intended.is_uncertain
    store.slots.save("rabc2345", "card", intended)
    posted = intended.model_copy(update={"message_ts": "1.1", "digest": "d"})
    store.slots.save("rabc2345", "plan", posted)
    assert store.slots.load("rabc2345") == {"card": intended, "plan": posted}
    store.slots.forget("rabc2345", "card")
    assert store.slots.load("rabc2345") == {"plan": posted}
    assert store.slots.load("rother22") == {}


def test_a_pause_that_slack_asked_for_ends_by_itself(store: Store) -> None:
    assert store.slots.paused_for("chat.update") is None
    store.slots.pause("chat.update", timedelta(seconds=30))
    left = store.slots.paused_for("chat.update")
    assert left is not None
    assert timedelta(seconds=29) < left <= timedelta(seconds=30)
    assert store.slots.paused_for("chat.postMessage") is None


def test_the_budget_is_for_the_whole_workspace_and_a_minute(store: Store) -> None:
    assert [store.slots.spend("chat.update", NOW, budget=2) for _ in range(3)] == [True, True, False]
    assert store.slots.spend("chat.update", NOW + timedelta(minutes=1), budget=2)


def test_slack_is_tried_again_later_and_later_until_it_works(store: Store) -> None:
    longest = timedelta(seconds=5)
    waits = [store.slots.next_wait("rabc2345", longest).total_seconds() for _ in range(5)]
    assert waits == [1, 2, 4, 5, 5]
    store.slots.reset_wait("rabc2345")
    assert store.slots.next_wait("rabc2345", longest) == timedelta(seconds=1)


def test_one_listing_serves_all_until_it_is_old(store: Store) -> None:
    asked: list[int] = []

    def fetch() -> frozenset[str]:
        asked.append(1)
        return frozenset({f"seen-{len(asked)}"})

    fresh = timedelta(seconds=15)
    assert store.glances.names("own", NOW, fresh, fetch) == {"seen-1"}
    assert store.glances.names("own", NOW + fresh / 2, fresh, fetch) == {"seen-1"}
    assert store.glances.names("own", NOW + fresh, fresh, fetch) == {"seen-2"}
    assert store.glances.names("other", NOW, fresh, fetch) == {"seen-3"}


def test_while_somebody_fetches_a_listing_the_others_do_without(store: Store) -> None:
    def nested() -> frozenset[str]:
        assert store.glances.names("own", NOW, timedelta(seconds=15), nested) is None
        return frozenset({BEN})

    assert store.glances.names("own", NOW, timedelta(seconds=15), nested) == {BEN}


def test_the_same_clicks_delivered_at_once_are_one_errand_each(store: Store, connection: Redis) -> None:
    threads = [
        threading.Thread(target=store.errands.put, args=(an_errand(f"e{i % 2}"), QueueName.URGENT, NOW, LEASE))
        for i in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert connection.zcard(keys.due(Due.ERRANDS)) == 2


@pytest.mark.parametrize("kind", list(Due))
def test_an_empty_set_dispatches_nothing(store: Store, kind: Due) -> None:
    assert store.due.dispatch(kind, NOW, LEASE) == 0
