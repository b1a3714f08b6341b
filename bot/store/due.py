"""Timers: what is due when, in sorted sets that the pump moves into queues.

An entry stays in its set until its work is done; dispatching only puts it off by a lease. So a job that is lost, wherever it was
lost, is dispatched again, and nothing but Redis has to remember it. RQ's own scheduler can be absent for minutes after a crash.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import WatchError

from bot.domain.phases import Phase
from bot.queue import JobName, QueueName, enqueue
from bot.store import keys
from bot.store.connection import store_errors, text
from bot.store.keys import Due

log = logging.getLogger(__name__)

BATCH = 200

CROWD = 8
"""More ticks than this that are due at once share jobs: a forked job of its own for each would cost more than the ticks do."""

TICKS_PER_JOB = 20


@dataclass(frozen=True)
class Dispatch:
    """One job to put into a queue for one due entry."""

    queue: QueueName
    job: JobName
    args: tuple[str | int, ...]
    job_id: str


class DueStore:
    """Due times, and short exclusive rights for whoever works on an entry."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def set(self, kind: Due, id: str, at: datetime) -> None:
        """Make it due at that time, later or earlier than it was."""
        with store_errors():
            self._redis.zadd(keys.due(kind), {id: at.timestamp()})

    def begin(self, kind: Due, ids: Iterable[str], at: datetime) -> None:
        """Make those due that are not yet, a millisecond after one another: they are dispatched in this order."""
        in_order = tuple(ids)
        wanted = {id: at.timestamp() - 0.001 * (len(in_order) - place) for place, id in enumerate(in_order, start=1)}
        with store_errors():
            self._redis.zadd(keys.due(kind), wanted, nx=True)

    def put_off(self, kind: Due, id: str, at: datetime) -> None:
        """Move an entry that still exists; what is done stays done."""
        with store_errors():
            self._redis.zadd(keys.due(kind), {id: at.timestamp()}, xx=True)

    def remove(self, kind: Due, id: str) -> None:
        """Nothing is left to do for it."""
        with store_errors():
            self._redis.zrem(keys.due(kind), id)

    def settle_tell(self, rollout_id: str, news: int, now: datetime) -> None:
        """The thread says what was known at that count of news: nothing is due, unless there is more by now."""
        key = keys.rollout(rollout_id)
        with store_errors(), self._redis.pipeline() as pipe:
            try:
                pipe.watch(key)
                current = pipe.hget(key, "news")
                pipe.multi()
                if current is not None and int(current) == news:
                    pipe.zrem(keys.due(Due.TELLS), rollout_id)
                else:
                    pipe.zadd(keys.due(Due.TELLS), {rollout_id: now.timestamp()})
                pipe.execute()
            except WatchError:
                self.set(Due.TELLS, rollout_id, now)

    def backlog(self, kind: Due, now: datetime) -> int:
        """How many entries are due by now."""
        with store_errors():
            return int(self._redis.zcount(keys.due(kind), "-inf", now.timestamp()))

    def dispatch(self, kind: Due, now: datetime, lease: timedelta) -> int:
        """Put a job into its queue for everything that is due, and put each entry off by the lease; returns how many."""
        with store_errors():
            ids = [text(i) for i in self._redis.zrangebyscore(keys.due(kind), "-inf", now.timestamp(), 0, BATCH)]
            if not ids:
                return 0
            dispatches = self._plan(kind, ids)
            with self._redis.pipeline() as pipe:
                pipe.multi()
                for id, dispatch in zip(ids, dispatches, strict=True):
                    if dispatch is None:
                        pipe.zrem(keys.due(kind), id)
                    else:
                        pipe.zadd(keys.due(kind), {id: (now + lease).timestamp()}, xx=True)
                for dispatch in share_jobs([d for d in dispatches if d is not None]):
                    _enqueue(dispatch, self._redis, pipe)
                pipe.execute()
        return len(ids)

    def _plan(self, kind: Due, ids: list[str]) -> list[Dispatch | None]:
        """The job for each id, or None for one that no longer exists or is done."""
        if kind is Due.TELLS:
            return [Dispatch(QueueName.TELLS, JobName.TELL, (id,), f"tell-{id}") for id in ids]
        if kind is Due.ROUNDS:
            return [Dispatch(QueueName.ROUNDS, JobName.RUN_ROUND, (id,), f"round-{id}") for id in ids]
        with self._redis.pipeline(transaction=False) as pipe:
            for id in ids:
                if kind is Due.TICKS:
                    pipe.hmget(keys.rollout(id), "revision", "phase")
                else:
                    pipe.hmget(keys.errand(id), "queue", "done")
            if kind is Due.TICKS:
                pipe.smismember(keys.ACTIVE, ids)
            rows = pipe.execute()
        if kind is not Due.TICKS:
            return [_errand(id, row) for id, row in zip(ids, rows, strict=True)]
        *records, active = rows
        return [_tick(*entry) for entry in zip(ids, records, active, strict=True)]

    def sweep(self, now: datetime) -> int:
        """Make every active rollout due that has no due time; returns how many had none.

        A commit always writes both, so this finds something only after a restore or a hand in the database.
        """
        with store_errors():
            active = self._redis.smembers(keys.ACTIVE)
            if not active:
                return 0
            return int(self._redis.zadd(keys.due(Due.TICKS), {text(i): now.timestamp() for i in active}, nx=True) or 0)

    @contextmanager
    def hold(self, kind: str, id: str, lease: timedelta) -> Iterator["Hold | None"]:
        """An exclusive right for as long as the block runs, or None if somebody else has it."""
        hold = Hold(self._redis, keys.hold(kind, id), lease)
        if not hold.take():
            yield None
            return
        try:
            yield hold
        finally:
            hold.release()


class Hold:
    """One exclusive right, kept by a token so that only its owner prolongs or ends it."""

    def __init__(self, connection: Redis, key: str, lease: timedelta) -> None:
        self._redis = connection
        self._key = key
        self._lease_ms = int(lease.total_seconds() * 1000)
        self._token = token_hex(8).encode()

    def take(self) -> bool:
        """Try to take it."""
        with store_errors():
            return bool(self._redis.set(self._key, self._token, nx=True, px=self._lease_ms))

    def prolong(self) -> bool:
        """Keep it for another lease; False when it is not ours any more."""
        return self._while_ours(lambda pipe: pipe.pexpire(self._key, self._lease_ms))

    def release(self) -> None:
        """Give it back, if it is still ours."""
        self._while_ours(lambda pipe: pipe.delete(self._key))

    def _while_ours(self, change: Callable[[Pipeline], object]) -> bool:
        with store_errors(), self._redis.pipeline() as pipe:
            try:
                pipe.watch(self._key)
                if pipe.get(self._key) != self._token:
                    return False
                pipe.multi()
                change(pipe)
                pipe.execute()
            except WatchError:
                return False
        return True


def _tick(rollout_id: str, fields: list[bytes | str | None], is_active: int) -> Dispatch | None:
    """Of a rollout that is active: its phase alone does not tell, because chores outlive the end."""
    revision, phase = fields
    if revision is None or phase is None or not is_active:
        return None
    return tick(rollout_id, int(revision), Phase(text(phase)))


def tick(rollout_id: str, revision: int, phase: Phase) -> Dispatch:
    """The job that moves a rollout on: plans are slow, the way back is urgent."""
    queue = {Phase.PLANNING: QueueName.SLOW, Phase.ROLLING_BACK: QueueName.URGENT}.get(phase, QueueName.TICKS)
    return Dispatch(queue, JobName.ADVANCE, (rollout_id, revision), f"advance-{rollout_id}-{revision}")


def share_jobs(dispatches: list[Dispatch]) -> list[Dispatch]:
    """The same work in fewer jobs, when many ticks are due at once; the way back keeps jobs of its own."""
    ticks = [d for d in dispatches if d.job is JobName.ADVANCE and d.queue is QueueName.TICKS]
    if len(ticks) <= CROWD:
        return dispatches
    shared = []
    for chunk in (ticks[i : i + TICKS_PER_JOB] for i in range(0, len(ticks), TICKS_PER_JOB)):
        pairs = tuple(f"{d.args[0]}:{d.args[1]}" for d in chunk)
        shared.append(Dispatch(QueueName.TICKS, JobName.ADVANCE_MANY, pairs, f"{chunk[0].job_id}-and-others"))
    return [*(d for d in dispatches if d not in ticks), *shared]


def _errand(errand_id: str, fields: list[bytes | str | None]) -> Dispatch | None:
    queue, done = fields
    if queue is None:
        log.warning("errand %s lapsed: no worker ran for too long", errand_id)
    if queue is None or done is not None:
        return None
    return Dispatch(QueueName(text(queue)), JobName.RUN_ERRAND, (errand_id,), f"errand-{errand_id}")


def _enqueue(dispatch: Dispatch, connection: Redis, pipe: Pipeline) -> None:
    enqueue(dispatch.queue, dispatch.job, *dispatch.args, job_id=dispatch.job_id, connection=connection, pipeline=pipe)
