"""Errands: stored before Slack is acknowledged, run until they are done, then remembered for an hour."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from redis import Redis

from bot.domain.errand import Errand
from bot.queue import JobName, QueueName, enqueue
from bot.store import keys
from bot.store.connection import store_errors
from bot.store.keys import Due

KEPT = timedelta(days=1)
"""How long an errand waits for a worker; far longer than it may be begun late, so that whoever asked is told of it."""

REMEMBERED = timedelta(hours=1)
"""How long the same delivery is known again after it was done."""

ANSWER_KEPT = timedelta(minutes=10)

_errand: TypeAdapter[Errand] = TypeAdapter(Errand)


@dataclass(frozen=True)
class Answer:
    """What a waiting terminal shall print, and its exit status."""

    text: str
    exit_status: int
    rollout_id: str | None = None
    is_file: bool = False
    """To be printed letter by letter; otherwise mentions in it are shown as names."""


class ErrandStore:
    """Takes errands in, hands them out, and carries answers back to terminals."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def put(self, errand: Errand, queue: QueueName, now: datetime, lease: timedelta) -> bool:
        """Store an errand and queue its job in one transaction; False if it was there already (delivered twice).

        The due entry outlives the job: should the job be lost with its worker, the pump dispatches another.

        Raises:
            StoreUnavailable: nothing was stored.
        """
        key = keys.errand(errand.id)
        with store_errors(), self._redis.pipeline() as pipe:
            # What is sent to a server that hangs waits in its socket and is carried out when it wakes, long after the person read
            # that nothing was started. So it must show that it answers before it is given anything to do.
            self._redis.ping()
            pipe.multi()
            pipe.hsetnx(key, "doc", errand.model_dump_json())
            pipe.hsetnx(key, "queue", str(queue))
            pipe.expire(key, KEPT)
            pipe.zadd(keys.due(Due.ERRANDS), {errand.id: (now + lease).timestamp()}, nx=True)
            enqueue(
                queue,
                JobName.RUN_ERRAND,
                errand.id,
                job_id=f"errand-{errand.id}",
                connection=self._redis,
                pipeline=pipe,
            )
            is_new, *_ = pipe.execute()
        return bool(is_new)

    def finish_at_once(self, errand_id: str) -> bool:
        """Note what was answered without a worker; False if that was done before (delivered twice)."""
        key = keys.errand(errand_id)
        with store_errors(), self._redis.pipeline() as pipe:
            pipe.multi()
            pipe.hsetnx(key, "done", "1")
            pipe.expire(key, REMEMBERED)
            is_new, _ = pipe.execute()
        return bool(is_new)

    def open(self, errand_id: str) -> Errand | None:
        """The errand, or None if it is done or unknown."""
        with store_errors():
            doc, done = self._redis.hmget(keys.errand(errand_id), "doc", "done")
        return None if doc is None or done is not None else _errand.validate_json(doc)

    def finish(self, errand_id: str) -> None:
        """Never run it again."""
        with store_errors(), self._redis.pipeline() as pipe:
            pipe.multi()
            pipe.hset(keys.errand(errand_id), "done", "1")
            pipe.expire(keys.errand(errand_id), REMEMBERED)
            pipe.zrem(keys.due(Due.ERRANDS), errand_id)
            pipe.execute()

    def was_begun(self, errand_id: str) -> bool:
        """Whether a worker has been at it, and may have done some of it."""
        with store_errors():
            return bool(self._redis.hexists(keys.errand(errand_id), "attempts"))

    def count_attempt(self, errand_id: str) -> int:
        """How often it was begun, this time included."""
        with store_errors():
            return int(self._redis.hincrby(keys.errand(errand_id), "attempts", 1))

    def answer(self, key: str, answer: Answer) -> None:
        """Hand the answer to the terminal that waits under `key`."""
        with store_errors(), self._redis.pipeline() as pipe:
            pipe.multi()
            pipe.rpush(keys.answer(key), json.dumps(answer.__dict__))
            pipe.expire(keys.answer(key), ANSWER_KEPT)
            pipe.execute()

    def wait_for_answer(self, key: str, timeout: timedelta) -> Answer | None:
        """Block until the answer is there; None when it takes too long. Needs a connection that may block that long."""
        with store_errors():
            found: Any = self._redis.blpop([keys.answer(key)], timeout=timeout.total_seconds())
        return Answer(**json.loads(found[1])) if found else None
