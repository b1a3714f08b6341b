"""Short-lived answers of others, remembered for every process: a forked job would forget its own in a moment."""

from datetime import timedelta

from redis import Redis

from bot.store import keys
from bot.store.connection import store_errors, text


class MemoryStore:
    """Texts that lapse by themselves."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def recall(self, key: str) -> str | None:
        """What was remembered under that key, unless it has lapsed."""
        with store_errors():
            found = self._redis.get(keys.memory(key))
        return text(found) if found is not None else None

    def remember(self, key: str, value: str, ttl: timedelta) -> None:
        """Remember it for that long."""
        with store_errors():
            self._redis.set(keys.memory(key), value, px=int(ttl.total_seconds() * 1000))
