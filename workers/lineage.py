"""The way back when the store has forgotten: a rollout read from the tags that it left on its config.

SageMaker is the truth before Redis: `rollout:id`, `rollout:previous-config`, `rollout:requested-by` and `rollout:thread` stand on the
config and the models that a rollout made.
"""

from datetime import datetime

from bot.domain.endpoint import ConfigRecord, Snapshot
from bot.domain.fleet import EndpointSpec
from bot.domain.plan import Plan
from bot.domain.rollout import Kind, Phase, Reason, Rollout, Thread, Transition
from workers.rollbacks import pace_of, watch_of


def rollout_from_tags(spec: EndpointSpec, snapshot: Snapshot, config: ConfigRecord, now: datetime) -> Rollout | None:
    """The rollout that brought the endpoint to its present config, as far as its tags tell; None if they do not.

    It counts as succeeded, because the endpoint is where it led. Its story is not told anew: only its card is kept up to date.
    """
    tags = config.tags
    rollout_id, previous = tags.get("rollout:id"), tags.get("rollout:previous-config")
    channel, _, thread_ts = tags.get("rollout:thread", "").partition(":")
    if not rollout_id or not previous or not channel:
        return None
    requester = tags.get("rollout:requested-by", "unknown")
    return Rollout(
        id=rollout_id,
        kind=Kind.UPDATE,
        endpoint=spec.name,
        region=spec.region,
        requester=requester,
        thread=Thread(channel_id=channel, thread_ts=thread_ts or None),
        created_at=snapshot.last_modified,
        phase=Phase.SUCCEEDED,
        transitions=(
            Transition(phase=Phase.PLANNING, reason=Reason.REQUESTED, at=snapshot.last_modified, actor=requester),
            Transition(phase=Phase.SUCCEEDED, reason=Reason.RESTORED_FROM_TAGS, at=now, actor="bot"),
        ),
        pace=pace_of(spec),
        watch=watch_of(spec),
        expires_at=now,
        restored=True,
        plan=Plan(
            fingerprint="",
            made_at=now,
            current_config=previous,
            target_config=config.name,
            current_label=previous,
            target_label=config.name,
        ),
    )
