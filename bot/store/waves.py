"""Waves in Redis: compare-and-set on a revision, with the holds that follow and the audit trail in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import WatchError

from bot.domain.errors import RevisionConflict
from bot.domain.hold import Hold
from bot.domain.wave import Wave, holds_after, lifts_holds
from bot.store import keys
from bot.store.audit import audit
from bot.store.connection import store_errors, text
from bot.store.holds import change_holds, holds_within

_FIELDS = ("doc", "revision", "thread_ts", "news")


@dataclass(frozen=True)
class StoredWave:
    """A wave as it was read: only who knows its revision may write the next one."""

    wave: Wave
    revision: int
    news: int = 0
    """Counts what is worth telling."""


class WaveStore:
    """Loads and commits waves."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def load(self, wave_id: str) -> StoredWave | None:
        """The wave and its revision, or None."""
        with store_errors():
            return _stored(self._redis.hmget(keys.wave(wave_id), *_FIELDS))

    def active(self) -> tuple[StoredWave, ...]:
        """Waves that are not over, oldest first."""
        with store_errors():
            ids = sorted(text(i) for i in self._redis.smembers(keys.WAVES_ACTIVE))
        return tuple(sorted(self._load_many(ids), key=lambda s: (s.wave.created_at, s.wave.id)))

    def recent(self, limit: int = 10) -> tuple[Wave, ...]:
        """Past and present waves, newest first."""
        with store_errors():
            ids = self._redis.zrevrange(keys.WAVES, 0, limit - 1)
        return tuple(s.wave for s in self._load_many(text(i) for i in ids))

    def untold(self) -> tuple[str, ...]:
        """Waves whose threads may not say yet what the record says."""
        with store_errors():
            return tuple(sorted(text(i) for i in self._redis.smembers(keys.WAVES_UNTOLD)))

    def told(self, stored: StoredWave) -> None:
        """Their thread says what was known then; unless there is more by now, nothing is left to tell."""
        key = keys.wave(stored.wave.id)
        with store_errors(), self._redis.pipeline() as pipe:
            try:
                pipe.watch(key)
                news = pipe.hget(key, "news")
                pipe.multi()
                if news is None or int(news) == stored.news:
                    pipe.srem(keys.WAVES_UNTOLD, stored.wave.id)
                pipe.execute()
            except WatchError:
                return  # there is more

    def in_thread(self, channel_id: str, thread_ts: str) -> str | None:
        """The id of the wave whose story is told in that thread."""
        with store_errors():
            found = self._redis.get(keys.wave_thread(channel_id, thread_ts))
        return text(found) if found is not None else None

    def set_thread(self, wave: Wave, thread_ts: str) -> None:
        """Remember where the card stands. Outside the revision: only whoever tells the wave writes it, and only once."""
        with store_errors(), self._redis.pipeline() as pipe:
            pipe.hset(keys.wave(wave.id), "thread_ts", thread_ts)
            pipe.set(keys.wave_thread(wave.thread.channel_id, thread_ts), wave.id)
            pipe.execute()

    def commit(self, wave: Wave, revision: int, now: datetime) -> StoredWave:
        """Write it, with the holds that follow from it.

        Args:
            wave: What it shall be.
            revision: The one that it rests on; 0 for a new wave.
            now: When.

        Raises:
            RevisionConflict: somebody wrote it in the meantime, or a new id exists already.
        """
        key = keys.wave(wave.id)
        hold_keys = [keys.holds_on(endpoint) for endpoint in wave.concerned]
        with store_errors(), self._redis.pipeline() as pipe:
            try:
                pipe.watch(key, *hold_keys)
                before = _stored(pipe.hmget(key, *_FIELDS))
                if (before.revision if before is not None else 0) != revision:
                    raise RevisionConflict(f"wave {wave.id} was written meanwhile")
                known = before.wave if before is not None else None
                put = _not_held_yet(pipe, holds_after(known, wave, now))
                lifted = _held_by(pipe, wave) if lifts_holds(known, wave) else ()
                pipe.multi()
                _write(pipe, wave, known, revision)
                change_holds(pipe, put, lifted, wave.last.actor, now)
                pipe.execute()
            except WatchError as exc:
                raise RevisionConflict(f"wave {wave.id} was written meanwhile") from exc
        news = (before.news if before is not None else 0) + (known != wave)
        return StoredWave(wave, revision + 1, news)

    def _load_many(self, wave_ids: Iterable[str]) -> tuple[StoredWave, ...]:
        with store_errors(), self._redis.pipeline(transaction=False) as pipe:
            for wave_id in wave_ids:
                pipe.hmget(keys.wave(wave_id), *_FIELDS)
            rows = pipe.execute()
        return tuple(stored for row in rows if (stored := _stored(row)) is not None)


def refuse_if_written(pipe: Pipeline, stored: StoredWave) -> None:
    """The fence within the transaction of what a wave wants, which watches the wave. Raises RevisionConflict."""
    revision = pipe.hget(keys.wave(stored.wave.id), "revision")
    if revision is None or int(revision) != stored.revision:
        raise RevisionConflict(f"wave {stored.wave.id} was written meanwhile")


def _stored(fields: Sequence[bytes | str | None]) -> StoredWave | None:
    doc, revision, thread_ts, news = fields
    if doc is None or revision is None:
        return None
    wave = Wave.model_validate_json(doc)
    if thread_ts is not None:
        wave = wave.with_(thread=wave.thread.model_copy(update={"thread_ts": text(thread_ts)}))
    return StoredWave(wave, int(revision), int(news or 0))


def _write(pipe: Pipeline, wave: Wave, before: Wave | None, revision: int) -> None:
    pipe.hset(keys.wave(wave.id), mapping={"doc": wave.model_dump_json(), "revision": revision + 1})
    (pipe.sadd if wave.is_active else pipe.srem)(keys.WAVES_ACTIVE, wave.id)
    if before is None:
        pipe.zadd(keys.WAVES, {wave.id: wave.created_at.timestamp()})
    if before != wave:
        pipe.hincrby(keys.wave(wave.id), "news", 1)
        pipe.sadd(keys.WAVES_UNTOLD, wave.id)
    about = {"wave": wave.id, "wave_name": wave.name}
    for step in wave.steps[len(before.steps) if before is not None else 0 :]:
        audit(pipe, {**about, **step.model_dump(mode="json")})
    for approval in wave.approvals[len(before.approvals) if before is not None else 0 :]:
        audit(pipe, {**about, "approval": approval.model_dump(mode="json")})


def _not_held_yet(pipe: Pipeline, holds: Iterable[Hold]) -> tuple[Hold, ...]:
    """A version that is held or quarantined already stays so, for its own reason."""
    return tuple(h for h in holds if h.subject not in {s.subject for s in holds_within(pipe, h.endpoint)})


def _held_by(pipe: Pipeline, wave: Wave) -> tuple[Hold, ...]:
    found = (hold for endpoint in wave.concerned for hold in holds_within(pipe, endpoint))
    return tuple(hold for hold in found if hold.wave_id == wave.id)
