"""Locks and freezes as tags, so that they outlive the store: who, since when, until when and why.

A lock stands on its own endpoint. A freeze is about everything and has no resource of its own, so a few endpoints tell it. When it is
lifted, the time of that takes its place there: an endpoint that could not be reached at that moment goes on telling of a freeze that
is over, and whoever reads both has to know.
"""

from collections.abc import Mapping
from datetime import datetime

from pydantic import ValidationError

from bot.domain.lock import EVERYTHING, Lock
from bot.domain.tags import NOTHING, escaped, one_word, tag_value, unescaped

LOCK_PREFIX, FREEZE_PREFIX = "rollout:lock:", "rollout:freeze:"

_WHAT, _WHY = "what", "why"
_LIFTED = "lifted"


def tags_of_lock(lock: Lock) -> Mapping[str, str]:
    """The two tags that tell a lock or a freeze."""
    prefix = LOCK_PREFIX if lock.endpoint else FREEZE_PREFIX
    until = lock.until.isoformat() if lock.until is not None else NOTHING
    words = (lock.since.isoformat(), until, lock.holder, lock.id)
    tags = {f"{prefix}{_WHAT}": " ".join(map(one_word, words)), f"{prefix}{_WHY}": escaped(lock.reason)}
    return {name: tag_value(value) for name, value in tags.items()}


def tags_of_thaw(at: datetime) -> Mapping[str, str]:
    """What stands in place of a freeze once it is lifted."""
    return {f"{FREEZE_PREFIX}{_WHAT}": f"{_LIFTED} {at.isoformat()}"}


def locks_in(endpoint: str, tags: Mapping[str, str]) -> tuple[Lock, ...]:
    """The lock and the freeze that an endpoint's tags tell; what cannot be read is none."""
    found = (_lock_in(endpoint, LOCK_PREFIX, tags), _lock_in(EVERYTHING, FREEZE_PREFIX, tags))
    return tuple(lock for lock in found if lock is not None)


def thawed_at(tags: Mapping[str, str]) -> datetime | None:
    """When everything was last thawed, if an endpoint's tags tell that."""
    word, _, at = tags.get(f"{FREEZE_PREFIX}{_WHAT}", "").partition(" ")
    try:
        return _aware(at) if word == _LIFTED else None
    except ValueError:
        return None


def _lock_in(subject: str, prefix: str, tags: Mapping[str, str]) -> Lock | None:
    words = tags.get(f"{prefix}{_WHAT}", "").split(" ")
    if len(words) != 4:
        return None
    since, until, holder, lock_id = words
    try:
        return Lock(
            id=lock_id,
            subject=subject,
            holder=holder,
            reason=unescaped(tags.get(f"{prefix}{_WHY}", "")),
            since=_aware(since),
            until=None if until == NOTHING else _aware(until),
            restored=True,
        )
    except (ValueError, ValidationError):
        return None


def _aware(text: str) -> datetime:
    """Raises ValueError for what is no time, or none with its zone."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return at
