"""What one listing of SageMaker told, shared by all ticks for as long as one poll: many rollouts then cost few calls."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta

from redis import Redis

from bot.store import keys
from bot.store.connection import store_errors
from bot.store.due import Hold


class GlanceStore:
    """One list of endpoint names per account and region, with its age."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def names(
        self, place: str, now: datetime, fresh_for: timedelta, fetch: Callable[[], frozenset[str]]
    ) -> frozenset[str] | None:
        """The names as they were at most `fresh_for` ago; whoever finds them older fetches them for everybody.

        Returns None when there is no list yet and somebody else is fetching it at this moment.
        """
        key = keys.glance(place)
        with store_errors():
            raw = self._redis.get(key)
        known = json.loads(raw) if raw is not None else None
        if known is not None and now.timestamp() - known["at"] < fresh_for.total_seconds():
            return frozenset(known["names"])
        hold = Hold(self._redis, f"{key}:fetching", timedelta(seconds=30))
        if not hold.take():
            return frozenset(known["names"]) if known is not None else None
        try:
            names = fetch()
            with store_errors():
                self._redis.set(key, json.dumps({"at": now.timestamp(), "names": sorted(names)}), ex=600)
        finally:
            hold.release()
        return names
