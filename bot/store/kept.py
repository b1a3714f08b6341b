"""What the endpoints' tags say of holds: by this it is known what is new, and, once the store was emptied, what was not read yet."""

import hashlib
from collections.abc import Iterable, Mapping

from redis import Redis

from bot.store import keys
from bot.store.connection import store_errors, text


class KeptStore:
    """One digest for each endpoint: of the tags that tell its holds."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def digests(self, endpoints: Iterable[str]) -> Mapping[str, str]:
        """The digests of those endpoints whose tags were read or written since the store began; the others are left out."""
        names = list(endpoints)
        if not names:
            return {}
        with store_errors():
            found = self._redis.hmget(keys.KEPT, names)
        return {name: text(digest) for name, digest in zip(names, found, strict=True) if digest is not None}

    def note(self, endpoint: str, tags: Mapping[str, str]) -> None:
        """These are its tags now."""
        with store_errors():
            self._redis.hset(keys.KEPT, endpoint, digest_of(tags))

    def searched(self, endpoints: Iterable[str]) -> frozenset[str]:
        """Those of the endpoints that were searched for what is under way since the store began."""
        names = list(endpoints)
        if not names:
            return frozenset()
        with store_errors():
            found = self._redis.smismember(keys.SEARCHED, names)
        return frozenset(name for name, is_in in zip(names, found, strict=True) if is_in)

    def note_searched(self, endpoint: str) -> None:
        """It was searched, and whatever was found is stored."""
        with store_errors():
            self._redis.sadd(keys.SEARCHED, endpoint)


def digest_of(tags: Mapping[str, str]) -> str:
    """The same for the same tags, in whatever order."""
    return hashlib.sha256(repr(sorted(tags.items())).encode()).hexdigest()[:16]
