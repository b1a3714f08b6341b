"""Who wanted the way back: a person, or the bot by itself, because the new variant was worse or could not be reached."""

from bot.domain.names import mention
from bot.domain.phases import BOT_ACTOR, Kind, Phase
from bot.domain.rollout import Rollout


def who_went_back(rollout: Rollout) -> str | None:
    """Who asked for the way back, told of the rollout that is undone or of the rollback itself; None if nobody had to ask."""
    actor = rollout.requester
    if rollout.kind is not Kind.ROLLBACK:
        actor = next((t for t in reversed(rollout.transitions) if t.phase is Phase.ROLLING_BACK), rollout.last).actor
    return None if actor == BOT_ACTOR else mention(actor)
