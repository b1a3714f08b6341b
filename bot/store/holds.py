"""Holds in Redis: one hash for each endpoint. What follows from a rollout is written with it; what people do, in its own transaction.

A hold stands until it is lifted: none lapses by itself.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from pydantic import TypeAdapter
from redis import Redis
from redis.client import Pipeline
from redis.exceptions import WatchError

from bot.domain.errors import RevisionConflict
from bot.domain.hold import Hold, hold_after, lifts, may_lift
from bot.domain.rollout import Rollout
from bot.store import keys
from bot.store.audit import audit
from bot.store.connection import store_errors

EFFECT_REMEMBERED = timedelta(hours=1)  # as long as the errand that had it

Decide = Callable[[Sequence[Hold]], Sequence[Hold]]
"""Which holds are put on or lifted, given those that stand; raises UserError for "none"."""

_HOLDS = TypeAdapter(tuple[Hold, ...])


class HoldStore:
    """What automation must leave alone."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def on(self, endpoint: str) -> tuple[Hold, ...]:
        """What stands against an endpoint or versions of it, newest first."""
        return self.on_each([endpoint])[endpoint]

    def on_each(self, endpoints: Iterable[str]) -> Mapping[str, tuple[Hold, ...]]:
        """The same for many of them, in one round trip."""
        names = list(endpoints)
        with store_errors(), self._redis.pipeline(transaction=False) as pipe:
            for name in names:
                pipe.hvals(keys.holds_on(name))
            rows = pipe.execute()
        return {name: _read(row) for name, row in zip(names, rows, strict=True)}

    def put_back(self, endpoint: str, holds: Iterable[Hold]) -> None:
        """Holds that were read from the endpoint's tags; what stands by now wins."""
        with store_errors(), self._redis.pipeline() as pipe:
            for hold in holds:
                if self._redis.hsetnx(keys.holds_on(endpoint), _field(hold), hold.model_dump_json()):
                    audit(pipe, {"endpoint": hold.endpoint, "held": hold.model_dump(mode="json")})
            pipe.execute()

    def put(self, endpoint: str, errand_id: str, now: datetime, decide: Decide) -> tuple[Hold, ...]:
        """Put on what `decide` says; an errand that is run again gets what it put on then."""
        return self._change(endpoint, errand_id, now, decide, is_lifting=False)

    def lift(self, endpoint: str, errand_id: str, actor: str, now: datetime, decide: Decide) -> tuple[Hold, ...]:
        """Lift what `decide` says; an errand that is run again gets what it lifted then."""
        return self._change(endpoint, errand_id, now, decide, is_lifting=True, actor=actor)

    def _change(
        self, endpoint: str, errand_id: str, now: datetime, decide: Decide, *, is_lifting: bool, actor: str = ""
    ) -> tuple[Hold, ...]:
        key, effect = keys.holds_on(endpoint), keys.hold_effect(errand_id)
        with store_errors(), self._redis.pipeline() as pipe:
            try:
                pipe.watch(key, effect)
                if (done := pipe.get(effect)) is not None:
                    return _HOLDS.validate_json(done)
                changed = tuple(decide(_read(pipe.hvals(key))))
                pipe.multi()
                for hold in changed:
                    if is_lifting:
                        _lift(pipe, hold, actor, now)
                    else:
                        _put(pipe, hold)
                pipe.set(effect, _HOLDS.dump_json(changed), ex=EFFECT_REMEMBERED)
                pipe.execute()
            except WatchError as exc:
                raise RevisionConflict(f"the holds of {endpoint} were changed meanwhile") from exc
        return changed


def lifted_by(pipe: Pipeline, before: Rollout | None, after: Rollout) -> tuple[Hold, ...]:
    """The holds that writing this rollout lifts, read within its transaction; none where it cannot lift any."""
    if not may_lift(before, after):
        return ()
    pipe.watch(keys.holds_on(after.endpoint))
    return tuple(hold for hold in _read(pipe.hvals(keys.holds_on(after.endpoint))) if lifts(hold, after))


def write_holds(pipe: Pipeline, before: Rollout | None, after: Rollout, lifted: Iterable[Hold], now: datetime) -> None:
    """What follows from a rollout that is being written, in the same transaction."""
    for hold in lifted:
        _lift(pipe, hold, after.last.actor, now, rollout_id=after.id)
    if (hold_ := hold_after(before, after)) is not None:
        _put(pipe, hold_)


def holds_within(pipe: Pipeline, endpoint: str) -> tuple[Hold, ...]:
    """What stands against an endpoint, read within a transaction that watches it."""
    return _read(pipe.hvals(keys.holds_on(endpoint)))


def change_holds(pipe: Pipeline, put: Iterable[Hold], lifted: Iterable[Hold], actor: str, now: datetime) -> None:
    """What follows from a wave that is being written, in the same transaction."""
    for hold in put:
        _put(pipe, hold)
    for hold in lifted:
        _lift(pipe, hold, actor, now)


def _put(pipe: Pipeline, hold: Hold) -> None:
    pipe.hset(keys.holds_on(hold.endpoint), _field(hold), hold.model_dump_json())
    audit(pipe, {"endpoint": hold.endpoint, "held": hold.model_dump(mode="json")})


def _lift(pipe: Pipeline, hold: Hold, actor: str, now: datetime, rollout_id: str | None = None) -> None:
    pipe.hdel(keys.holds_on(hold.endpoint), _field(hold))
    how = {"actor": actor, "at": now.isoformat(), **({"rollout": rollout_id} if rollout_id is not None else {})}
    audit(pipe, {"endpoint": hold.endpoint, "lifted": hold.model_dump(mode="json"), **how})


def _field(hold: Hold) -> str:
    return hold.subject or "endpoint"


def _read(documents: Iterable[bytes | str]) -> tuple[Hold, ...]:
    holds = (Hold.model_validate_json(document) for document in documents)
    return tuple(sorted(holds, key=lambda hold: hold.since, reverse=True))
