"""Rollouts in Redis: compare-and-set on a revision, the endpoint lease, due times, holds and the audit trail in one transaction.

A commit writes everything that follows from a rollout's new state at once: the record, whether it is active, when it is due
again, who has the endpoint, what automation must leave alone now, the audit trail. So nothing can be half true after a crash, and
nothing stays locked.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import WatchError

from bot.domain.errors import EndpointBusy, RevisionConflict
from bot.domain.phases import Phase
from bot.domain.rollout import Rollout
from bot.domain.under_way import leaves_note
from bot.store import keys
from bot.store.audit import audit, audit_decisions
from bot.store.connection import store_errors, text
from bot.store.holds import lifted_by, write_holds
from bot.store.keys import Due
from bot.store.leases import Lease, next_lease, read_lease, rival_of, write_lease
from bot.store.waves import StoredWave, refuse_if_written

PROGRESS_DELAY = timedelta(seconds=2)
"""News that changes no phase is told this late, so that several pieces make one edit: Slack allows 50 a minute."""

_FIELDS = ("doc", "revision", "thread_ts", "news")

DURATIONS_KEPT = 20


@dataclass(frozen=True)
class Stored:
    """A rollout as it was read: only who knows its revision may write the next one."""

    rollout: Rollout
    revision: int
    news: int = 0
    """Counts changes that are worth telling; claiming a tick is none."""


@dataclass(frozen=True)
class Write:
    """One rollout to commit. `revision` is the one it rests on, 0 for a new rollout; `due` None means no further tick."""

    rollout: Rollout
    revision: int
    due: datetime | None = None


class RolloutStore:
    """Loads and commits rollouts."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def load(self, rollout_id: str) -> Stored | None:
        """The rollout and its revision, or None."""
        with store_errors():
            fields = self._redis.hmget(keys.rollout(rollout_id), *_FIELDS)
        return _stored(fields)

    def load_many(self, rollout_ids: Iterable[str]) -> tuple[Stored, ...]:
        """Several in one round trip, without the unknown ones."""
        with store_errors(), self._redis.pipeline(transaction=False) as pipe:
            for rollout_id in rollout_ids:
                pipe.hmget(keys.rollout(rollout_id), *_FIELDS)
            rows = pipe.execute()
        return tuple(stored for row in rows if (stored := _stored(row)) is not None)

    def claim(self, rollout_id: str, revision: int, *, until: datetime) -> Stored | None:
        """Take the tick of that revision: bump the revision and put the due time off to `until`.

        Returns None when the revision has moved on or the rollout is gone or at its end: then somebody else did, or does,
        this tick. If the claimer dies, the pump finds the rollout due again at `until`.
        """
        key = keys.rollout(rollout_id)
        with store_errors(), self._redis.pipeline() as pipe:
            try:
                pipe.watch(key)
                stored = _stored(pipe.hmget(key, *_FIELDS))
                if stored is None or stored.revision != revision or not stored.rollout.is_active:
                    return None
                pipe.multi()
                pipe.hset(key, "revision", revision + 1)
                pipe.zadd(keys.due(Due.TICKS), {rollout_id: until.timestamp()})
                pipe.execute()
            except WatchError:
                return None
        return Stored(stored.rollout, revision + 1, stored.news)

    def still_holds(self, stored: Stored) -> bool:
        """Whether nobody wrote since: the fence before a side effect."""
        with store_errors():
            revision = self._redis.hget(keys.rollout(stored.rollout.id), "revision")
        return revision is not None and int(revision) == stored.revision

    def commit(
        self, writes: Sequence[Write], now: datetime, *, while_wave: StoredWave | None = None
    ) -> tuple[Stored, ...]:
        """Write all of them or none.

        Args:
            writes: What the rollouts shall be.
            now: When.
            while_wave: The wave that wants them; they are written only as long as nobody wrote it since.

        Raises:
            RevisionConflict: somebody wrote one of them, or the wave, in the meantime, or a new id exists already.
            EndpointBusy: another rollout holds an endpoint that one of these must hold; carries the holder.
        """
        endpoints = sorted({w.rollout.endpoint for w in writes})
        watched = [keys.rollout(w.rollout.id) for w in writes] + [keys.lease(e) for e in endpoints]
        watched += [keys.wave(while_wave.wave.id)] if while_wave is not None else []
        with store_errors(), self._redis.pipeline() as pipe:
            try:
                pipe.watch(*watched)
                if while_wave is not None:
                    refuse_if_written(pipe, while_wave)
                previous = [self._check_revision(pipe, w) for w in writes]
                leases = {e: self._next_lease(pipe, e, writes, now) for e in endpoints}
                lifted = [lifted_by(pipe, b, w.rollout) for w, b in zip(writes, previous, strict=True)]
                pipe.multi()
                for write, before, holds in zip(writes, previous, lifted, strict=True):
                    _write(pipe, write, before, now)
                    write_holds(pipe, before, write.rollout, holds, now)
                for endpoint, lease in leases.items():
                    write_lease(pipe, endpoint, lease)
                pipe.execute()
            except WatchError as exc:
                raise RevisionConflict(f"rollouts {[w.rollout.id for w in writes]} were written meanwhile") from exc
        return tuple(Stored(w.rollout, w.revision + 1) for w in writes)

    def _check_revision(self, pipe: Pipeline, write: Write) -> Rollout | None:
        stored = _stored(pipe.hmget(keys.rollout(write.rollout.id), *_FIELDS))
        found = stored.revision if stored else 0
        if found != write.revision:
            raise RevisionConflict(f"rollout {write.rollout.id} is at revision {found}, not {write.revision}")
        return stored.rollout if stored else None

    def _next_lease(self, pipe: Pipeline, endpoint: str, writes: Sequence[Write], now: datetime) -> Lease | None:
        held = read_lease(pipe.get(keys.lease(endpoint)))
        after = [w.rollout for w in writes if w.rollout.endpoint == endpoint]
        if (rival := rival_of(held, after)) is not None:
            raise self._busy(endpoint, rival)
        return next_lease(held, after, now, lambda: int(self._redis.incr(keys.FENCE)))

    def _busy(self, endpoint: str, held: Lease) -> EndpointBusy:
        holder = self.load(held.rollout_id)
        return EndpointBusy(
            endpoint=endpoint,
            rollout_id=held.rollout_id,
            requester=held.owner,
            since=datetime.fromtimestamp(held.since).astimezone(),
            state=holder.rollout.phase.words if holder else "unknown",
        )

    def lease_of(self, endpoint: str) -> Lease | None:
        """Who holds the endpoint now."""
        with store_errors():
            return read_lease(self._redis.get(keys.lease(endpoint)))

    def refuse_if_busy(self, endpoint: str) -> None:
        """Raises EndpointBusy while a rollout holds the endpoint."""
        held = self.lease_of(endpoint)
        if held is not None:
            raise self._busy(endpoint, held)

    def count_active(self) -> int:
        """How many rollouts are active."""
        with store_errors():
            return int(self._redis.scard(keys.ACTIVE))

    def active(self, endpoint: str | None = None) -> tuple[Stored, ...]:
        """Active rollouts, of one endpoint or of all."""
        with store_errors():
            ids = self._redis.smembers(keys.active_on(endpoint) if endpoint else keys.ACTIVE)
        return self.load_many(sorted(text(i) for i in ids))

    def on_trial(self) -> tuple[Stored, ...]:
        """The rollouts that started trials which still run."""
        with store_errors():
            ids = self._redis.smembers(keys.TRIALS)
        return self.load_many(sorted(text(i) for i in ids))

    def recent(self, endpoint: str | None = None, limit: int = 10) -> tuple[Rollout, ...]:
        """Past and present rollouts, newest first."""
        with store_errors():
            ids = self._redis.zrevrange(keys.history(endpoint) if endpoint else keys.HISTORY, 0, limit - 1)
        return tuple(s.rollout for s in self.load_many(text(i) for i in ids))

    def in_thread(self, channel_id: str, thread_ts: str) -> Rollout | None:
        """The rollout whose story is told in that thread."""
        with store_errors():
            rollout_id = self._redis.get(keys.thread(channel_id, thread_ts))
        stored = self.load(text(rollout_id)) if rollout_id else None
        return stored.rollout if stored else None

    def set_thread(self, rollout: Rollout, thread_ts: str) -> None:
        """Remember where the root card stands. Outside the revision: only the notifier writes it, and only once."""
        with store_errors(), self._redis.pipeline() as pipe:
            pipe.hset(keys.rollout(rollout.id), "thread_ts", thread_ts)
            pipe.set(keys.thread(rollout.thread.channel_id, thread_ts), rollout.id)
            pipe.execute()

    def past_durations(self, endpoint: str) -> tuple[timedelta, ...]:
        """How long past updates of the endpoint took, newest first."""
        with store_errors():
            values = self._redis.lrange(keys.durations(endpoint), 0, -1)
        return tuple(timedelta(seconds=float(v)) for v in values)


def _stored(fields: Sequence[bytes | str | None]) -> Stored | None:
    doc, revision, thread_ts, news = fields
    if doc is None or revision is None:
        return None
    rollout = Rollout.model_validate_json(doc)
    if thread_ts is not None and rollout.thread.thread_ts is None:
        rollout = rollout.with_(thread=rollout.thread.model_copy(update={"thread_ts": text(thread_ts)}))
    return Stored(rollout, int(revision), int(news or 0))


def _write(pipe: Pipeline, write: Write, before: Rollout | None, now: datetime) -> None:
    rollout = write.rollout
    pipe.hset(
        keys.rollout(rollout.id),
        mapping={
            "doc": rollout.model_dump_json(),
            "revision": write.revision + 1,
            "phase": rollout.phase.value,
            "endpoint": rollout.endpoint,
        },
    )
    active = pipe.sadd if rollout.is_active else pipe.srem
    active(keys.ACTIVE, rollout.id)
    active(keys.active_on(rollout.endpoint), rollout.id)
    on_trial = pipe.sadd if rollout.has_running_trial else pipe.srem
    on_trial(keys.TRIALS, rollout.id)
    if leaves_note(before, rollout):
        pipe.sadd(keys.NOTES_LEFT, rollout.endpoint)
    if rollout.is_active and write.due is not None:
        pipe.zadd(keys.due(Due.TICKS), {rollout.id: write.due.timestamp()})
    else:
        pipe.zrem(keys.due(Due.TICKS), rollout.id)
    if before is None:
        born = {rollout.id: rollout.created_at.timestamp()}
        pipe.zadd(keys.HISTORY, born)
        pipe.zadd(keys.history(rollout.endpoint), born)
        if rollout.thread.thread_ts is not None and not rollout.in_parent_thread:
            pipe.set(keys.thread(rollout.thread.channel_id, rollout.thread.thread_ts), rollout.id)
    told = len(before.transitions) if before else 0
    for step in rollout.transitions[told:]:
        entry = {"rollout": rollout.id, "endpoint": rollout.endpoint, **step.model_dump(mode="json")}
        audit(pipe, entry)
    audit_decisions(pipe, before, rollout, now)
    if rollout.phase is Phase.WATCHING and (before is None or before.phase is Phase.UPDATING):
        _remember_duration(pipe, rollout)
    if before is None or before != rollout:
        pipe.hincrby(keys.rollout(rollout.id), "news", 1)
        delay = PROGRESS_DELAY if before is not None and before.phase is rollout.phase else timedelta(0)
        pipe.zadd(keys.due(Due.TELLS), {rollout.id: (now + delay).timestamp()}, lt=True)


def _remember_duration(pipe: Pipeline, rollout: Rollout) -> None:
    called_at = rollout.called_at
    if called_at is not None and rollout.cutover_at is not None and rollout.cutover_at > called_at:
        took = rollout.cutover_at - called_at
        pipe.lpush(keys.durations(rollout.endpoint), took.total_seconds())
        pipe.ltrim(keys.durations(rollout.endpoint), 0, DURATIONS_KEPT - 1)
