"""What was announced about versions of the registry, while it may still change, and what was decided on them from here."""

from datetime import timedelta

from redis import Redis

from bot.domain.announcing import Announcement, VersionDecision
from bot.store import keys
from bot.store.audit import audit
from bot.store.connection import store_errors

EFFECT_REMEMBERED = timedelta(hours=1)  # as long as the errand that had it


class VersionStore:
    """Announcements by their keys, and decisions by the errand that brought them."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def announced(self) -> tuple[Announcement, ...]:
        """Every announcement that is not over, oldest first."""
        with store_errors():
            documents = self._redis.hvals(keys.ANNOUNCEMENTS)
        found = (Announcement.model_validate_json(document) for document in documents)
        return tuple(sorted(found, key=lambda announcement: announcement.at))

    def put(self, announcement: Announcement) -> None:
        """Remember where it stands."""
        with store_errors():
            self._redis.hset(keys.ANNOUNCEMENTS, announcement.key, announcement.model_dump_json())

    def close(self, announcement: Announcement) -> None:
        """It says how it ended, and is left alone from now on."""
        with store_errors():
            self._redis.hdel(keys.ANNOUNCEMENTS, announcement.key)

    def begin(self, errand_id: str) -> bool:
        """Note that an errand sets out to decide; False when it has done so before, and may have come further than it knows."""
        with store_errors():
            return bool(self._redis.set(keys.version_effect(errand_id), "", nx=True, ex=EFFECT_REMEMBERED))

    def decision(self, errand_id: str) -> VersionDecision | None:
        """What an errand has decided."""
        with store_errors():
            document = self._redis.get(keys.version_effect(errand_id))
        return VersionDecision.model_validate_json(document) if document else None

    def decide(self, errand_id: str, decision: VersionDecision) -> None:
        """Write it into the audit trail; an errand that is run again finds it, and does not write it twice."""
        with store_errors(), self._redis.pipeline() as pipe:
            pipe.multi()
            pipe.set(keys.version_effect(errand_id), decision.model_dump_json(), ex=EFFECT_REMEMBERED)
            audit(pipe, {"version": decision.model_dump(mode="json"), "caused_by": errand_id})
            pipe.execute()
