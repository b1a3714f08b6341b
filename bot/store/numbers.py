"""CloudWatch's numbers of the endpoints that are being watched: one worker reads them for all, each look takes its own."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from redis import Redis

from bot.domain.model import Value
from bot.store import keys
from bot.store.connection import store_errors

KEPT_FOR = timedelta(hours=26)
"""Longer than a watch can be made; lost numbers are read again."""


class Numbers(Value):
    """What was read of one watch so far."""

    config: str | None
    """The endpoint config whose fleet alone they are about; None for whoever served."""
    start: datetime
    period: timedelta
    read_at: datetime
    values: Mapping[str, tuple[float | None, ...]]
    """By measure: the periods from `start` on; None where CloudWatch had nothing."""


class NumberStore:
    """One record for each rollout in its watch."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def load(self, rollout_ids: Iterable[str]) -> Mapping[str, Numbers]:
        """What is known of these rollouts; those of which nothing is are left out."""
        asked = list(rollout_ids)
        if not asked:
            return {}
        with store_errors():
            found = self._redis.mget([keys.numbers(rollout_id) for rollout_id in asked])
        known = zip(asked, found, strict=True)
        return {rollout_id: Numbers.model_validate_json(raw) for rollout_id, raw in known if raw is not None}

    def save(self, numbers: Mapping[str, Numbers]) -> None:
        """Remember them in place of what was known."""
        with store_errors(), self._redis.pipeline(transaction=False) as pipe:
            for rollout_id, known in numbers.items():
                pipe.set(keys.numbers(rollout_id), known.model_dump_json(), ex=KEPT_FOR)
            pipe.execute()
