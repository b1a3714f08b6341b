"""What the endpoints' tags say: by this it is known what is new, and, once the store was emptied, what was not read yet.

What is noted counts for one era of the store, which begins with its first use and ends when it is emptied: whoever began to read or to
write in the era before, and is done only now, must not pass for somebody who has read it in this one.
"""

import hashlib
import secrets
from collections.abc import Iterable, Mapping

from redis import Redis

from bot.store import keys
from bot.store.connection import store_errors, text


class KeptStore:
    """One digest for each endpoint: of those of its tags that outlive the store."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def era(self) -> str:
        """The present era; it begins if there is none."""
        with store_errors(), self._redis.pipeline() as pipe:
            pipe.set(keys.KEPT_ERA, secrets.token_hex(8), nx=True)
            pipe.get(keys.KEPT_ERA)
            return text(pipe.execute()[1])

    def digests(self, endpoints: Iterable[str]) -> Mapping[str, str]:
        """The digests of those endpoints whose tags were read or written in this era; the others are left out."""
        names = list(endpoints)
        if not names:
            return {}
        with store_errors(), self._redis.pipeline() as pipe:
            pipe.get(keys.KEPT_ERA)
            pipe.hmget(keys.KEPT, names)
            era, found = pipe.execute()
        noted = {
            name: text(value).partition(":") for name, value in zip(names, found, strict=True) if value is not None
        }
        return {name: digest for name, (noted_in, _, digest) in noted.items() if era and noted_in == text(era)}

    def note(self, endpoint: str, tags: Mapping[str, str], era: str) -> str:
        """These are its tags now; returns their digest.

        Args:
            endpoint: Whose tags they are.
            tags: Those that outlive the store.
            era: The one in which it was looked into the store or the tags for this.
        """
        digest = digest_of(tags)
        with store_errors():
            self._redis.hset(keys.KEPT, endpoint, f"{era}:{digest}")
        return digest

    def forget(self, endpoint: str) -> None:
        """Its tags are those of another resource by now: they are read, and written, anew."""
        with store_errors():
            self._redis.hdel(keys.KEPT, endpoint)

    def searched(self, endpoints: Iterable[str]) -> frozenset[str]:
        """Those of the endpoints that were searched for what is under way in this era."""
        names = list(endpoints)
        if not names:
            return frozenset()
        with store_errors(), self._redis.pipeline() as pipe:
            pipe.get(keys.KEPT_ERA)
            pipe.hmget(keys.SEARCHED, names)
            era, found = pipe.execute()
        return frozenset(name for name, searched_in in zip(names, found, strict=True) if era and searched_in == era)

    def note_searched(self, endpoint: str, era: str) -> None:
        """It was searched, in that era, and whatever was found is stored."""
        with store_errors():
            self._redis.hset(keys.SEARCHED, endpoint, era)

    def known(self, endpoints: Iterable[str]) -> frozenset[str]:
        """Those of the endpoints of which everything that their tags tell is in the store: holds, locks, what is under way."""
        names = list(endpoints)
        return self.searched(names) & self.digests(names).keys()

    def left(self) -> frozenset[str]:
        """Endpoints on which a note of what was under way may be left; the write of a rollout's end adds its endpoint."""
        with store_errors():
            return frozenset(text(name) for name in self._redis.smembers(keys.NOTES_LEFT))

    def note_none_left(self, endpoint: str) -> None:
        """Whatever note stands there is right."""
        with store_errors():
            self._redis.srem(keys.NOTES_LEFT, endpoint)


def digest_of(tags: Mapping[str, str]) -> str:
    """The same for the same tags, in whatever order."""
    return hashlib.sha256(repr(sorted(tags.items())).encode()).hexdigest()[:16]
