"""What the bot has said by itself, so that it is said once: announcements, alerts, reports.

A notice is known by a key that says what it is about. After the store was emptied, it may be said again.
"""

from datetime import timedelta

from redis import Redis

from bot.store import keys
from bot.store.connection import store_errors, text


class NoticeStore:
    """Claims to say something, and where it was said."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def first_time(self, key: str, ttl: timedelta | None = None) -> bool:
        """Claim a notice: True for the one who shall say it, False for everybody after.

        Args:
            key: What it is about.
            ttl: After this long it may be said again; None: never.
        """
        with store_errors():
            return bool(self._redis.set(keys.notice(key), "", nx=True, px=_milliseconds(ttl)))

    def remember(self, key: str, message_ts: str) -> None:
        """Where a claimed notice was said; it lapses when the claim would."""
        with store_errors():
            self._redis.set(keys.notice(key), message_ts, keepttl=True)

    def recall(self, key: str) -> str | None:
        """The message_ts of a notice; None where it was not said, or where the one who claimed it did not come so far."""
        with store_errors():
            found = self._redis.get(keys.notice(key))
        return (text(found) or None) if found is not None else None

    def forget(self, key: str) -> None:
        """Let it be said again: it could not be, or what it was about is over."""
        with store_errors():
            self._redis.delete(keys.notice(key))


def _milliseconds(ttl: timedelta | None) -> int | None:
    return int(ttl.total_seconds() * 1000) if ttl is not None else None
