"""A wave that is about to be opened: as somebody typed it, or as the endpoint manager or a sync proposes it."""

from dataclasses import dataclass

from bot.domain.phases import BOT_ACTOR
from bot.domain.wave.values import LeftOut, Wish, wave_id_for


@dataclass(frozen=True)
class Proposing:
    """What it shall bring, and by whose leave."""

    name: str
    """As the fleet file calls it."""
    wish: Wish
    seed: str
    """What it rests on, such as the errand: the same is opened once."""
    needs_approval: bool = True
    """False where the policy of all of its endpoints is `auto`, and nobody asked."""
    requester: str = BOT_ACTOR
    """Who asked for it; it is theirs then, so that they do not approve it themselves."""
    reason: str = ""
    """The requester's own words."""
    channel: str | None = None
    """Where it was typed."""
    left_out: tuple[LeftOut, ...] = ()
    """Endpoints of the wave that the wish does not mean, and why."""

    @property
    def wave_id(self) -> str:
        """The id of the wave that comes of it."""
        return wave_id_for(self.seed)
