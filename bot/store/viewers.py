"""Who looks at the App Home tab: since when, at which rows, and what was drawn for them last."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from redis import Redis

from bot.domain.errand import HomeLook
from bot.store import keys
from bot.store.connection import store_errors, text

REMEMBERED = timedelta(days=30)
"""So long somebody finds the Home tab as they left it."""


class ViewerStore:
    """People and what they see there."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def look(self, user_id: str, look: HomeLook, now: datetime) -> None:
        """Note that this person looks at these rows from now on."""
        key = keys.viewer(user_id)
        with store_errors(), self._redis.pipeline() as pipe:
            pipe.multi()
            pipe.hset(key, "look", look.model_dump_json())
            pipe.expire(key, REMEMBERED)
            pipe.zadd(keys.VIEWERS, {user_id: now.timestamp()})
            pipe.execute()

    def last_look(self, user_id: str) -> HomeLook | None:
        """What this person looked at the last time; None for whoever comes anew."""
        with store_errors():
            found = self._redis.hget(keys.viewer(user_id), "look")
        return HomeLook.model_validate_json(found) if found is not None else None

    def looking(self, since: datetime) -> Mapping[str, HomeLook]:
        """Who opened it, or asked for other rows, since then; whoever did so the longest ago comes first."""
        with store_errors():
            people = [text(user) for user in self._redis.zrangebyscore(keys.VIEWERS, since.timestamp(), "+inf")]
            self._redis.zremrangebyscore(keys.VIEWERS, "-inf", f"({since.timestamp()}")
        looks = {user_id: self.last_look(user_id) for user_id in people}
        return {user_id: look for user_id, look in looks.items() if look is not None}

    def drawn(self, user_id: str) -> str | None:
        """The fingerprint of what was drawn for this person last."""
        with store_errors():
            found = self._redis.hget(keys.viewer(user_id), "drawn")
        return text(found) if found is not None else None

    def note_drawn(self, user_id: str, fingerprint: str) -> None:
        """What is drawn for this person now."""
        with store_errors():
            self._redis.hset(keys.viewer(user_id), "drawn", fingerprint)

    def forget(self, user_id: str) -> None:
        """This person left the workspace, or has no Home tab."""
        with store_errors(), self._redis.pipeline() as pipe:
            pipe.multi()
            pipe.delete(keys.viewer(user_id))
            pipe.zrem(keys.VIEWERS, user_id)
            pipe.execute()
