"""What was posted for each slot of a rollout's thread, and how much Slack lets us do.

An intent is written down before each post, so that a lost answer is noticed: the notifier then looks for its own message before
it posts again.
"""

from datetime import datetime, timedelta

from redis import Redis

from bot.domain.model import Value
from bot.store import keys
from bot.store.connection import store_errors, text


class SlotState(Value):
    """One slot: intended, or posted as `message_ts` with the content that `digest` stands for."""

    intended_at: datetime
    message_ts: str | None = None
    digest: str = ""

    @property
    def is_uncertain(self) -> bool:
        """A post was begun and nobody wrote down how it ended."""
        return self.message_ts is None


class SlotStore:
    """Reads and writes slots, and the workspace-wide pauses and budgets."""

    def __init__(self, connection: Redis) -> None:
        self._redis = connection

    def load(self, rollout_id: str) -> dict[str, SlotState]:
        """All slots of the rollout by name."""
        with store_errors():
            raw = self._redis.hgetall(keys.slots(rollout_id))
        return {text(name): SlotState.model_validate_json(doc) for name, doc in raw.items()}

    def save(self, rollout_id: str, slot: str, state: SlotState) -> None:
        """Remember one slot."""
        with store_errors():
            self._redis.hset(keys.slots(rollout_id), slot, state.model_dump_json())

    def forget(self, rollout_id: str, slot: str) -> None:
        """It was not posted after all, or somebody deleted it."""
        with store_errors():
            self._redis.hdel(keys.slots(rollout_id), slot)

    def pause(self, method: str, wait: timedelta) -> None:
        """Slack answered 429: nobody calls the method until then."""
        with store_errors():
            self._redis.set(keys.slack_pause(method), "1", px=max(1, int(wait.total_seconds() * 1000)))

    def paused_for(self, method: str) -> timedelta | None:
        """How long the method is still paused; None if it is not."""
        with store_errors():
            left = int(self._redis.pttl(keys.slack_pause(method)))
        return timedelta(milliseconds=left) if left > 0 else None

    def spend(self, method: str, now: datetime, budget: int) -> bool:
        """Take one call out of this minute's budget for the whole workspace; False when it is used up."""
        key = keys.slack_budget(method, int(now.timestamp() // 60))
        with store_errors(), self._redis.pipeline() as pipe:
            pipe.multi()
            pipe.incr(key)
            pipe.expire(key, 120)
            used, _ = pipe.execute()
        return int(used) <= budget

    def next_wait(self, rollout_id: str, longest: timedelta) -> timedelta:
        """How long to wait before Slack is tried again for this rollout: 1 s, then twice as long each time."""
        with store_errors(), self._redis.pipeline() as pipe:
            pipe.multi()
            pipe.incr(keys.slack_trouble(rollout_id))
            pipe.expire(keys.slack_trouble(rollout_id), 3600)
            failures, _ = pipe.execute()
        return min(timedelta(seconds=2 ** min(int(failures) - 1, 10)), longest)

    def reset_wait(self, rollout_id: str) -> None:
        """Slack works again."""
        with store_errors():
            self._redis.delete(keys.slack_trouble(rollout_id))
