"""Takes over a thread that was written before the store was emptied: what stands there is found and edited, never posted again."""

from datetime import UTC, datetime

from bot.domain.rollout import Rollout
from bot.messages.slots import SlotName
from bot.store.slots import SlotState
from workers.world import World

_NEVER_TOUCHED = (SlotName.PLAN, SlotName.POINTER)
"""What the record does not know any more, and what nobody edits."""


def adopt_thread(world: World, rollout: Rollout) -> None:
    """Have the notifier look for each message of a rollout before it posts one. Called before the rollout is stored.

    That is what it does after a lost answer anyway: a post that was begun, and of which nobody knows how it ended.
    """
    slots, thread_ts = world.store.slots, rollout.thread.thread_ts
    if slots.load(rollout.id):
        return
    since = _time_of(thread_ts) or rollout.created_at
    for name in SlotName:
        if name in _NEVER_TOUCHED:
            continue
        is_card = name is SlotName.CARD
        slots.save(rollout.id, name, SlotState(intended_at=since, message_ts=thread_ts if is_card else None))


def _time_of(message_ts: str | None) -> datetime | None:
    """Slack names messages by when they were posted."""
    try:
        return datetime.fromtimestamp(float(message_ts), UTC) if message_ts is not None else None
    except ValueError:
        return None
