"""Locks in Redis: every change is a transaction over the locks and the requests to break them, decided by the pure `bot.domain.lock`.

Whether a lock stands is judged by the clock at each look; that a lapsed one is struck off and written into the audit trail happens at
the next change or sweep. An errand that is run again finds what it did before.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from redis import Redis
from redis.client import Pipeline
from redis.exceptions import WatchError

from bot.domain.errors import RevisionConflict
from bot.domain.lock import (
    EVERYTHING,
    BreakRequest,
    Lock,
    LockEvent,
    LockEventKind,
    lapsed,
    refusal,
    request_of,
    told_by_tags,
)
from bot.store import keys
from bot.store.audit import audit
from bot.store.connection import store_errors, text

TRIES = 10
EFFECT_REMEMBERED = timedelta(hours=1)  # as long as the errand that had it

REQUESTS_KEPT = timedelta(days=7)
"""So long a late click on a message of the past is told what became of the lock."""

Decide = Callable[[Lock | None, Sequence[BreakRequest]], LockEvent]
"""What happens to the lock that stands, given all requests; raises UserError for "nothing"."""

_Hash = Mapping[bytes | str, bytes | str]
"""A hash as Redis answers with it."""


@dataclass(frozen=True)
class _Seen:
    """Everything that a change rests on, the lapsed locks apart."""

    locks: Mapping[str, Lock]
    over: tuple[Lock, ...]
    requests: Mapping[str, BreakRequest]


class LockStore:
    """Who locked what, and who wants to break it."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def standing(self, now: datetime) -> Mapping[str, Lock]:
        """Every lock that stands, by its subject."""
        with store_errors():
            return _read(self._redis.hgetall(keys.LOCKS), {}, now).locks

    def over(self, endpoint: str, now: datetime) -> Lock | None:
        """What stands over an endpoint: its own lock, or else a freeze of everything."""
        with store_errors():
            documents = self._redis.hmget(keys.LOCKS, endpoint, EVERYTHING)
        found = (Lock.model_validate_json(document) for document in documents if document is not None)
        return next((lock for lock in found if lock.stands_at(now)), None)

    def refuse_if_locked(self, endpoint: str, now: datetime) -> None:
        """Raises EndpointLocked while a lock or a freeze stands over the endpoint."""
        lock = self.over(endpoint, now)
        if lock is not None:
            raise refusal(lock, now)

    def lifted_at(self, subject: str) -> datetime | None:
        """When what stood over it was last lifted or lapsed; None if the store does not know of it."""
        with store_errors():
            found = self._redis.hget(keys.LIFTED, subject)
        return _instant(found) if found is not None else None

    def put_back(self, told: Iterable[Lock], thawed_at: datetime | None, now: datetime) -> None:
        """What the tags of an endpoint tell, after the store was emptied.

        Args:
            told: Locks and freezes. One that has lapsed, or was lifted since, stays what it is.
            thawed_at: When everything was last thawed, as far as they tell that.
            now: The present.

        Raises:
            RevisionConflict: others were faster, again and again.
        """
        for _ in range(TRIES):
            with store_errors(), self._redis.pipeline() as pipe:
                try:
                    pipe.watch(keys.LOCKS, keys.BREAKS, keys.LIFTED)
                    seen = _read(pipe.hgetall(keys.LOCKS), pipe.hgetall(keys.BREAKS), now)
                    lifted = {text(subject): _instant(at) for subject, at in pipe.hgetall(keys.LIFTED).items()}
                    pipe.multi()
                    if thawed_at is not None:
                        lifted[EVERYTHING] = max(thawed_at, lifted.get(EVERYTHING, thawed_at))
                        pipe.hset(keys.LIFTED, EVERYTHING, lifted[EVERYTHING].isoformat())
                    for event in told_by_tags(told, seen.locks, lifted, now):
                        _write(pipe, event, seen)
                    pipe.execute()
                except WatchError:
                    continue
            return
        raise RevisionConflict(f"locks were changed {TRIES} times while those of the tags were put back")

    def change(self, subject: str, caused_by: str, now: datetime, decide: Decide) -> LockEvent:
        """Decide on what stands, and write it, all or nothing; the same errand has its effect once and gets the same answer.

        Raises:
            UserError: as `decide` does; nothing is written.
            RevisionConflict: others were faster, again and again.
        """
        for _ in range(TRIES):
            with store_errors(), self._redis.pipeline() as pipe:
                try:
                    pipe.watch(keys.LOCKS, keys.BREAKS, keys.lock_effect(caused_by))
                    done = pipe.get(keys.lock_effect(caused_by))
                    if done is not None:
                        return LockEvent.model_validate_json(done)
                    seen = _read(pipe.hgetall(keys.LOCKS), pipe.hgetall(keys.BREAKS), now)
                    event = decide(seen.locks.get(subject), tuple(seen.requests.values()))
                    pipe.multi()
                    ended = [lapsed(lock) for lock in seen.over]
                    for each in (*ended, event):
                        _write(pipe, each, seen)
                    pipe.set(keys.lock_effect(caused_by), event.model_dump_json(), ex=EFFECT_REMEMBERED)
                    pipe.execute()
                except WatchError:
                    continue
            return event
        raise RevisionConflict(f"the lock of {subject} was changed {TRIES} times meanwhile")

    def sweep(self, now: datetime) -> bool:
        """Strike off what has lapsed, and requests that nobody will ask about; whether messages of requests want settling."""
        with store_errors(), self._redis.pipeline() as pipe:
            try:
                pipe.watch(keys.LOCKS, keys.BREAKS)
                seen = _read(pipe.hgetall(keys.LOCKS), pipe.hgetall(keys.BREAKS), now)
                pipe.multi()
                for lock in seen.over:
                    _write(pipe, lapsed(lock), seen)
                for request in seen.requests.values():
                    if now > request.expires_at + REQUESTS_KEPT:
                        pipe.hdel(keys.BREAKS, request.id)
                pipe.execute()
            except WatchError:
                pass  # somebody changes a lock at this moment; the next sweep looks again
        return bool(self.unsettled(now))

    def request(self, request_id: str) -> BreakRequest | None:
        """A request to break a lock, also one that is over."""
        with store_errors():
            document = self._redis.hget(keys.BREAKS, request_id)
        return BreakRequest.model_validate_json(document) if document is not None else None

    def unsettled(self, now: datetime) -> tuple[BreakRequest, ...]:
        """Requests that are over while their message still offers the button."""
        with store_errors():
            documents = self._redis.hvals(keys.BREAKS)
        requests = (BreakRequest.model_validate_json(document) for document in documents)
        return tuple(r for r in requests if r.message_ts and r.is_over(now) and not r.is_settled)

    def note(self, request_id: str, **changes: str | bool) -> None:
        """Remember where a request's message stands, or that it is settled."""
        for _ in range(TRIES):
            with store_errors(), self._redis.pipeline() as pipe:
                try:
                    pipe.watch(keys.BREAKS)
                    document = pipe.hget(keys.BREAKS, request_id)
                    if document is None:
                        return
                    request = BreakRequest.model_validate_json(document).model_copy(update=changes)
                    pipe.multi()
                    pipe.hset(keys.BREAKS, request_id, request.model_dump_json())
                    pipe.execute()
                except WatchError:
                    continue
            return
        raise RevisionConflict(f"request {request_id} was changed {TRIES} times meanwhile")


def _read(locks: _Hash, requests: _Hash, now: datetime) -> _Seen:
    every = {text(subject): Lock.model_validate_json(document) for subject, document in locks.items()}
    return _Seen(
        locks={subject: lock for subject, lock in every.items() if lock.stands_at(now)},
        over=tuple(lock for lock in every.values() if not lock.stands_at(now)),
        requests={text(id): BreakRequest.model_validate_json(document) for id, document in requests.items()},
    )


def _instant(raw: bytes | str) -> datetime:
    return datetime.fromisoformat(text(raw))


def _write(pipe: Pipeline, event: LockEvent, seen: _Seen) -> None:
    lock = event.lock
    match event.kind:
        case LockEventKind.LOCKED | LockEventKind.RESTORED:
            pipe.hset(keys.LOCKS, lock.subject, lock.model_dump_json())
            if lock.subject in seen.locks:
                _end_requests(pipe, seen.locks[lock.subject], event, seen)
        case LockEventKind.BREAK_ASKED:
            request = request_of(event)
            pipe.hset(keys.BREAKS, request.id, request.model_dump_json())
        case LockEventKind.UNLOCKED | LockEventKind.BROKEN | LockEventKind.LAPSED:
            pipe.hdel(keys.LOCKS, lock.subject)
            pipe.hset(keys.LIFTED, lock.subject, event.at.isoformat())
            _end_requests(pipe, lock, event, seen)
    audit(pipe, _audited(event))


def _end_requests(pipe: Pipeline, lock: Lock, event: LockEvent, seen: _Seen) -> None:
    for request in seen.requests.values():
        if request.lock.id == lock.id and request.ended is None:
            ended = request.model_copy(update={"ended": event})
            pipe.hset(keys.BREAKS, request.id, ended.model_dump_json())


def _audited(event: LockEvent) -> Mapping[str, object]:
    lock = event.lock.model_dump(mode="json", exclude={"id", "subject", "restored"})
    about = {"lock": event.lock.id, "endpoint": event.lock.endpoint}
    return {**about, **lock, **event.model_dump(mode="json", include={"kind", "at", "actor", "caused_by"})}
