"""A change that somebody made outside the bot, as a tag of the endpoint: so it is not undone once the store was emptied."""

from collections.abc import Mapping
from datetime import UTC, datetime

from pydantic import ValidationError

from bot.domain.board import OutsideChange
from bot.domain.tags import NOTHING, escaped, tag_value, unescaped

OUTSIDE_TAG = "rollout:changed-outside"

_CONFIG, _COUNTS = "config", "counts"


def tags_of_outside(change: OutsideChange) -> Mapping[str, str]:
    """The tag that tells of it: when, what was changed, the config since then, and by whom."""
    at = f"{change.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    words = [at, _COUNTS if change.of_counts else _CONFIG, change.config, escaped(change.actor) or NOTHING]
    return {OUTSIDE_TAG: tag_value(" ".join(words))}


def outside_in(tags: Mapping[str, str]) -> OutsideChange | None:
    """The change that an endpoint's tags tell of; None where they tell of none, or nobody can read it."""
    words = tags.get(OUTSIDE_TAG, "").split(" ", 3)
    if len(words) < 4 or words[1] not in (_CONFIG, _COUNTS):
        return None
    at, what, config, actor = words
    try:
        return OutsideChange(
            config=config,
            at=datetime.fromisoformat(at),
            actor="" if actor == NOTHING else unescaped(actor),
            of_counts=what == _COUNTS,
        )
    except (ValueError, ValidationError):
        return None
