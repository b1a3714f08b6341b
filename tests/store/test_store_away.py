"""Redis away: every method of the store says so, in the same words, instead of leaking an error of redis-py."""

import inspect
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import redis
from fakes.clock import NOW
from fakes.records import ENDPOINT, opened
from fakes.waves import a_wave
from redis.exceptions import ResponseError

from bot.domain.announcing import Announcement, AnnouncementKind, VersionDecision
from bot.domain.board import OutsideChange
from bot.domain.commands import Status
from bot.domain.endpoint import ApprovalStatus
from bot.domain.errand import CommandErrand, HomeLook, ReplyTo
from bot.domain.errors import StoreUnavailable
from bot.domain.hold import Hold, HoldKind
from bot.domain.managing import Proposal
from bot.domain.sighting import Listing, Shelf, Sighting, Traffic
from bot.queue import QueueName
from bot.store import Store, make_store
from bot.store.connection import connect, store_errors
from bot.store.errands import Answer
from bot.store.keys import Due
from bot.store.numbers import Numbers
from bot.store.rollouts import Stored, Write
from bot.store.slots import SlotState
from bot.store.waves import StoredWave

SECOND = timedelta(seconds=1)
ERRAND = CommandErrand(id="e1", command=Status(), actor="U1", reply=ReplyTo(user_id="U1"), at=NOW)
NEW = Write(opened(), 0, NOW)
SEEN = Sighting(endpoint=ENDPOINT, basis="", at=NOW)
HELD = Hold(kind=HoldKind.BY_PERSON, endpoint="e", since=NOW, actor="U1", reason="tests")
PROPOSAL = Proposal(endpoint=ENDPOINT, signature="s", wanted="w", attempt=1, at=NOW)
READ = Numbers(config=None, start=NOW, period=SECOND, read_at=NOW, values={})

ANNOUNCED = Announcement(
    kind=AnnouncementKind.PENDING,
    package_arn="arn:sentiment/4",
    label="sentiment version 4",
    lane="own:own sentiment",
    channel_id="C1",
    message_ts="1.1",
    at=NOW,
)
DECIDED = VersionDecision(
    group="sentiment",
    version=4,
    package_arn="arn:sentiment/4",
    approval=ApprovalStatus.APPROVED,
    before=ApprovalStatus.PENDING,
    actor="U1",
    at=NOW,
)


def held(store: Store) -> None:
    with store.due.hold("tell", "r1", SECOND):
        pass


CALLS: dict[str, Callable[[Store], object]] = {
    "rollouts.load": lambda s: s.rollouts.load("r1"),
    "rollouts.load_many": lambda s: s.rollouts.load_many(["r1"]),
    "rollouts.claim": lambda s: s.rollouts.claim("r1", 1, until=NOW),
    "rollouts.still_holds": lambda s: s.rollouts.still_holds(Stored(opened(), 1)),
    "rollouts.commit": lambda s: s.rollouts.commit([NEW], NOW),
    "rollouts.lease_of": lambda s: s.rollouts.lease_of(ENDPOINT),
    "rollouts.refuse_if_busy": lambda s: s.rollouts.refuse_if_busy(ENDPOINT),
    "rollouts.count_active": lambda s: s.rollouts.count_active(),
    "rollouts.active": lambda s: s.rollouts.active(),
    "rollouts.on_trial": lambda s: s.rollouts.on_trial(),
    "rollouts.recent": lambda s: s.rollouts.recent(),
    "rollouts.in_thread": lambda s: s.rollouts.in_thread("C1", "1.1"),
    "rollouts.set_thread": lambda s: s.rollouts.set_thread(opened(), "1.1"),
    "rollouts.past_durations": lambda s: s.rollouts.past_durations(ENDPOINT),
    "errands.put": lambda s: s.errands.put(ERRAND, QueueName.SLOW, NOW, SECOND),
    "errands.finish_at_once": lambda s: s.errands.finish_at_once("e1"),
    "errands.open": lambda s: s.errands.open("e1"),
    "errands.finish": lambda s: s.errands.finish("e1"),
    "errands.was_begun": lambda s: s.errands.was_begun("e1"),
    "errands.count_attempt": lambda s: s.errands.count_attempt("e1"),
    "errands.answer": lambda s: s.errands.answer("t1", Answer("", 0)),
    "errands.wait_for_answer": lambda s: s.errands.wait_for_answer("t1", SECOND),
    "slots.load": lambda s: s.slots.load("r1"),
    "slots.save": lambda s: s.slots.save("r1", "card", SlotState(intended_at=NOW)),
    "slots.forget": lambda s: s.slots.forget("r1", "card"),
    "slots.pause": lambda s: s.slots.pause("chat.update", SECOND),
    "slots.paused_for": lambda s: s.slots.paused_for("chat.update"),
    "slots.spend": lambda s: s.slots.spend("chat.update", NOW, 1),
    "slots.next_wait": lambda s: s.slots.next_wait("r1", SECOND),
    "slots.reset_wait": lambda s: s.slots.reset_wait("r1"),
    "due.set": lambda s: s.due.set(Due.TICKS, "r1", NOW),
    "due.put_off": lambda s: s.due.put_off(Due.TICKS, "r1", NOW),
    "due.remove": lambda s: s.due.remove(Due.TICKS, "r1"),
    "due.settle_tell": lambda s: s.due.settle_tell("r1", 1, NOW),
    "kept.digests": lambda s: s.kept.digests(["e"]),
    "kept.searched": lambda s: s.kept.searched(["e"]),
    "kept.note_searched": lambda s: s.kept.note_searched("e", "era"),
    "kept.known": lambda s: s.kept.known(["e"]),
    "kept.left": lambda s: s.kept.left(),
    "kept.note_none_left": lambda s: s.kept.note_none_left("e"),
    "kept.era": lambda s: s.kept.era(),
    "kept.forget": lambda s: s.kept.forget("e"),
    "kept.note": lambda s: s.kept.note("e", {}, "era"),
    "holds.put_back": lambda s: s.holds.put_back("e", [HELD]),
    "due.begin": lambda s: s.due.begin(Due.ROUNDS, ["census"], NOW),
    "due.backlog": lambda s: s.due.backlog(Due.TICKS, NOW),
    "due.dispatch": lambda s: s.due.dispatch(Due.TICKS, NOW, SECOND),
    "due.sweep": lambda s: s.due.sweep(NOW),
    "due.hold": held,
    "glances.names": lambda s: s.glances.names("own", NOW, SECOND, frozenset),
    "locks.lifted_at": lambda s: s.locks.lifted_at(ENDPOINT),
    "locks.put_back": lambda s: s.locks.put_back([], None, NOW),
    "locks.standing": lambda s: s.locks.standing(NOW),
    "locks.over": lambda s: s.locks.over(ENDPOINT, NOW),
    "locks.refuse_if_locked": lambda s: s.locks.refuse_if_locked(ENDPOINT, NOW),
    "locks.change": lambda s: s.locks.change(ENDPOINT, "e1", NOW, lambda lock, requests: pytest.fail("decided")),
    "locks.sweep": lambda s: s.locks.sweep(NOW),
    "locks.request": lambda s: s.locks.request("e1"),
    "locks.unsettled": lambda s: s.locks.unsettled(NOW),
    "locks.note": lambda s: s.locks.note("e1", is_settled=True),
    "holds.on": lambda s: s.holds.on(ENDPOINT),
    "holds.on_each": lambda s: s.holds.on_each([ENDPOINT]),
    "holds.put": lambda s: s.holds.put(ENDPOINT, "e1", NOW, lambda standing: pytest.fail("decided")),
    "holds.lift": lambda s: s.holds.lift(ENDPOINT, "e1", "U1", NOW, lambda standing: pytest.fail("decided")),
    "waves.load": lambda s: s.waves.load("w1"),
    "waves.active": lambda s: s.waves.active(),
    "waves.recent": lambda s: s.waves.recent(),
    "waves.untold": lambda s: s.waves.untold(),
    "waves.told": lambda s: s.waves.told(StoredWave(a_wave(), 1)),
    "waves.in_thread": lambda s: s.waves.in_thread("C1", "1.1"),
    "waves.set_thread": lambda s: s.waves.set_thread(a_wave(), "1.1"),
    "waves.commit": lambda s: s.waves.commit(a_wave(), 0, NOW),
    "memory.recall": lambda s: s.memory.recall("group"),
    "notices.first_time": lambda s: s.notices.first_time("version a/3"),
    "notices.remember": lambda s: s.notices.remember("version a/3", "1.1"),
    "notices.recall": lambda s: s.notices.recall("version a/3"),
    "notices.forget": lambda s: s.notices.forget("version a/3"),
    "standings.sightings": lambda s: s.standings.sightings([ENDPOINT]),
    "standings.save_sightings": lambda s: s.standings.save_sightings([SEEN]),
    "standings.read_back": lambda s: s.standings.read_back([ENDPOINT]),
    "standings.put_back": lambda s: s.standings.put_back(ENDPOINT, OutsideChange(config="c", at=NOW), NOW),
    "standings.listings": lambda s: s.standings.listings(["own"]),
    "standings.is_listed": lambda s: s.standings.is_listed("e"),
    "standings.save_listing": lambda s: s.standings.save_listing("own", Listing(at=NOW, endpoints={})),
    "standings.shelves": lambda s: s.standings.shelves(["own sentiment"]),
    "standings.save_shelves": lambda s: s.standings.save_shelves({"own sentiment": Shelf(at=NOW)}),
    "standings.traffic": lambda s: s.standings.traffic(["own"]),
    "standings.save_traffic": lambda s: s.standings.save_traffic("own", Traffic(at=NOW)),
    "proposals.on_each": lambda s: s.proposals.on_each([ENDPOINT]),
    "proposals.save": lambda s: s.proposals.save(PROPOSAL),
    "proposals.newcomers": lambda s: s.proposals.newcomers({ENDPOINT}, set()),
    "numbers.load": lambda s: s.numbers.load(["r1"]),
    "numbers.save": lambda s: s.numbers.save({"r1": READ}),
    "versions.announced": lambda s: s.versions.announced(),
    "versions.put": lambda s: s.versions.put(ANNOUNCED),
    "versions.close": lambda s: s.versions.close(ANNOUNCED),
    "versions.begin": lambda s: s.versions.begin("e1"),
    "versions.decision": lambda s: s.versions.decision("e1"),
    "versions.decide": lambda s: s.versions.decide("e1", DECIDED),
    "viewers.look": lambda s: s.viewers.look("U1", HomeLook(), NOW),
    "viewers.last_look": lambda s: s.viewers.last_look("U1"),
    "viewers.looking": lambda s: s.viewers.looking(NOW),
    "viewers.drawn": lambda s: s.viewers.drawn("U1"),
    "viewers.note_drawn": lambda s: s.viewers.note_drawn("U1", "f"),
    "viewers.forget": lambda s: s.viewers.forget("U1"),
    "audit.since": lambda s: list(s.audit.since(NOW)),
    "audit.note": lambda s: s.audit.note({"deleted": "x"}),
    "memory.remember": lambda s: s.memory.remember("group", "[]", SECOND),
}


@pytest.fixture
def away(tmp_path: Path) -> Iterator[Store]:
    client = connect(f"unix://{tmp_path}/nobody.sock")
    with client:
        yield make_store(client)


@pytest.mark.parametrize("method", CALLS)
def test_a_store_that_is_away_says_that_nothing_was_started(away: Store, method: str) -> None:
    with pytest.raises(StoreUnavailable) as refused:
        CALLS[method](away)
    assert "Redis, where rollouts are kept, cannot be reached. Nothing was started." in refused.value.user_message


def test_every_public_method_is_asked_above(away: Store) -> None:
    parts = {name: part for name, part in vars(away).items() if name != "connection"}
    public = {
        f"{name}.{method}"
        for name, part in parts.items()
        for method, _ in inspect.getmembers(type(part), inspect.isfunction)
        if not method.startswith("_")
    }
    assert public == set(CALLS)


@pytest.mark.parametrize(
    "error",
    [
        redis.exceptions.TimeoutError("Timeout reading from socket"),
        redis.exceptions.BusyLoadingError("Redis is loading the dataset in memory"),
        redis.exceptions.ReadOnlyError("You can't write against a read only replica."),
        ResponseError("MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist"),
        ResponseError("OOM command not allowed when used memory > 'maxmemory'."),
    ],
)
def test_a_redis_that_cannot_write_is_as_good_as_away(error: Exception) -> None:
    with pytest.raises(StoreUnavailable), store_errors():
        raise error


def test_a_mistake_of_ours_is_not_called_an_outage() -> None:
    with pytest.raises(ResponseError), store_errors():
        raise ResponseError("WRONGTYPE Operation against a key holding the wrong kind of value")
