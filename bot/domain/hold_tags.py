"""Holds as tags of the endpoint that they are about, so that they outlive the store.

A tag's value has 256 characters of a small alphabet, so a hold takes up to four of them: what it is, the package, the hash of the
content, and why. What does not fit in is cut; what cannot be read is no hold. Only the newest holds are kept: an endpoint has 50 tags,
and they are its owners' first of all.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from pydantic import ValidationError

from bot.domain.hold import Hold, HoldKind
from bot.domain.tags import NOTHING, escaped, one_word, tag_value, unescaped

HOLD_PREFIX = "rollout:hold:"
MOST_HOLDS = 4
"""Sixteen tags at most. Versions that were held before these are older than what may follow by now."""

_WAVE = "wave:"
"""Before the id of a wave, where otherwise the id of a rollout stands."""
_WHAT, _PACKAGE, _CONTENT, _WHY = "what", "package", "content", "why"


def tags_of(holds: Sequence[Hold]) -> Mapping[str, str]:
    """The tags that tell these holds; a hold on the whole endpoint comes first, then the newest."""
    first = sorted(holds, key=lambda hold: (bool(hold.subject), -hold.since.timestamp()))
    return {key: value for hold in first[:MOST_HOLDS] for key, value in _tags_of_one(hold).items()}


def holds_in(endpoint: str, tags: Mapping[str, str]) -> tuple[Hold, ...]:
    """The holds that an endpoint's tags tell."""
    keys = (key.removeprefix(HOLD_PREFIX).partition(":")[0] for key in tags if key.startswith(HOLD_PREFIX))
    found = (_hold_in(endpoint, key, tags) for key in dict.fromkeys(keys))
    return tuple(hold for hold in found if hold is not None)


def _tags_of_one(hold: Hold) -> dict[str, str]:
    key = f"{HOLD_PREFIX}{hashlib.sha256(hold.subject.encode()).hexdigest()[:8]}"
    rank = NOTHING if hold.rank is None else str(hold.rank)
    what = [hold.kind.value, f"{hold.since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}", hold.actor, rank, _cause(hold)]
    tags = {
        f"{key}:{_WHAT}": " ".join([*map(one_word, what), escaped(hold.label)]),
        f"{key}:{_PACKAGE}": hold.package_arn or "",
        f"{key}:{_CONTENT}": hold.content_hash,
        f"{key}:{_WHY}": escaped(hold.reason),
    }
    return {name: tag_value(value) for name, value in tags.items() if value}


def _hold_in(endpoint: str, key: str, tags: Mapping[str, str]) -> Hold | None:
    def tag(name: str) -> str:
        return tags.get(f"{HOLD_PREFIX}{key}:{name}", "")

    words = tag(_WHAT).split(" ", 5)
    if len(words) < 5:
        return None
    kind, since, actor, rank, cause, *label = words
    is_of_wave = cause.startswith(_WAVE)
    try:
        hold = Hold(
            kind=HoldKind(kind),
            endpoint=endpoint,
            since=datetime.fromisoformat(since),
            actor=actor,
            reason=unescaped(tag(_WHY)),
            content_hash=tag(_CONTENT),
            package_arn=tag(_PACKAGE) or None,
            rank=None if rank == NOTHING else int(rank),
            label=unescaped(" ".join(label)),
            rollout_id=None if is_of_wave or cause == NOTHING else cause,
            wave_id=cause.removeprefix(_WAVE) if is_of_wave else None,
            restored=True,
        )
    except (ValueError, ValidationError):
        return None
    return hold if bool(hold.subject) != (hold.kind is HoldKind.BY_PERSON) else None


def _cause(hold: Hold) -> str:
    """The wave or the rollout that the hold comes from; a wave's holds come from no rollout."""
    return f"{_WAVE}{hold.wave_id}" if hold.wave_id is not None else hold.rollout_id or NOTHING
