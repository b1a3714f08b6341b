"""Tags that tell a resource's lineage, so that the way back is known even when the store was lost."""

from collections.abc import Mapping
from datetime import datetime

from bot.domain.plan import Difference
from bot.domain.rollout import Rollout
from bot.domain.tags import tag_value

PREFIX = "rollout:"
TORN_DOWN_TAG = f"{PREFIX}torn-down"
"""On the config of an endpoint that was deleted: when, so that it stays for long enough."""
TORN_DOWN_BY_TAG = f"{PREFIX}torn-down-by"
"""Beside it: who asked for that, and the id of the rollout."""

WAVE_TAG = f"{PREFIX}wave"
"""On what a rollout of a wave made: the wave's id, so that people can be told of a wave that the store forgot while it ran."""

TAG_LIMIT = 50
"""SageMaker's limit of tags on one resource."""


def lineage_tags(rollout: Rollout, *, previous_config: str) -> Mapping[str, str]:
    """The tags that a rollout puts on the models and the config that it creates.

    Args:
        rollout: The rollout that creates them.
        previous_config: The config that the endpoint is on before, which a rollback goes back to.
    """
    thread = rollout.thread
    wave = {WAVE_TAG: tag_value(rollout.wave_id)} if rollout.wave_id is not None else {}
    return {
        **wave,
        f"{PREFIX}id": tag_value(rollout.id),
        f"{PREFIX}previous-config": tag_value(previous_config),
        f"{PREFIX}requested-by": tag_value(rollout.requester),
        f"{PREFIX}thread": tag_value(
            f"{thread.channel_id}:{thread.thread_ts}" if thread.thread_ts else thread.channel_id
        ),
    }


def creation_tags(rollout: Rollout) -> Mapping[str, str]:
    """The tags of what a rollout creates where there was nothing before, and so nothing to go back to."""
    tags = lineage_tags(rollout, previous_config="")
    return {key: value for key, value in tags.items() if key != f"{PREFIX}previous-config"}


def torn_down_tags(teardown: Rollout, now: datetime) -> Mapping[str, str]:
    """The note on the config that a teardown leaves behind."""
    return {
        TORN_DOWN_TAG: now.isoformat(timespec="seconds"),
        TORN_DOWN_BY_TAG: tag_value(f"{teardown.requester} {teardown.id}"),
    }


def inherited(cloned: Mapping[str, str], lineage: Mapping[str, str]) -> dict[str, str]:
    """The cloned tags with the new lineage in place of the old one, 50 at most; the lineage comes first."""
    kept = {key: value for key, value in cloned.items() if not key.startswith(PREFIX)}
    return dict([*lineage.items(), *kept.items()][:TAG_LIMIT])


def lost_tags(cloned: Mapping[str, str], lineage: Mapping[str, str], owner: str) -> tuple[Difference, ...]:
    """The tags for which there is no room beside the lineage: said, not dropped in silence."""
    staying = inherited(cloned, lineage)
    return tuple(
        Difference(path=f"{owner}.Tags.{key}", before=value, after=None)
        for key, value in cloned.items()
        if key not in staying and not key.startswith(PREFIX)
    )
