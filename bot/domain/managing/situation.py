"""What the manager knows about an endpoint beside its standing."""

from dataclasses import dataclass

from bot.domain.board import Standing
from bot.domain.hold import Hold
from bot.domain.lock import Lock
from bot.domain.managing.proposals import Tried
from bot.domain.phases import BOT_ACTOR, Kind
from bot.domain.rollout import Rollout
from bot.domain.wave import Wave


@dataclass(frozen=True)
class Upstream:
    """The endpoint that another one follows."""

    standing: Standing
    holds: tuple[Hold, ...] = ()
    past: tuple[Rollout, ...] = ()
    """Its rollouts, newest first."""


@dataclass(frozen=True)
class Situation:
    """What stands for and against a change of an endpoint.

    `past` and `proposed` can only speak against a change, or for asking people first: without them `decide` errs on the side of
    acting, so whoever acts looks them up before.
    """

    holds: tuple[Hold, ...] = ()
    lock: Lock | None = None
    """The lock or the freeze over it."""
    active: tuple[Rollout, ...] = ()
    """Rollouts of it that are not over."""
    past: tuple[Rollout, ...] = ()
    """Rollouts of it, newest first."""
    proposed: tuple[Tried, ...] = ()
    """What the manager proposed for it, newest first."""
    wave: str | None = None
    """The wave of the fleet file that it is part of."""
    in_wave: Wave | None = None
    """The wave that is proposed or under way and has it on its list."""
    upstream: Upstream | None = None
    """The endpoint that it follows; None where it follows none."""
    is_led_by_stages: bool = False
    """That endpoint is in an earlier stage of its own wave, so that the stages and their soak decide instead."""
    is_newcomer: bool = False
    """It was declared while the manager was looking, and has never been seen."""
    is_read: bool = True
    """Whether the holds that its tags tell are in the store: not yet, right after that was emptied."""
    is_forgotten: bool = False
    """A rollout made its config that the store does not know, nor any since then that people approved: the store was emptied."""
    asked_by: str | None = None
    """Who asked for it by `sync`; None on the manager's own round."""

    @property
    def own_plan(self) -> Rollout | None:
        """The bot's plan that waits, and that nobody has said anything about."""
        plans = (r for r in self.active if r.requester == BOT_ACTOR and r.is_waiting and not r.approvals)
        return next(
            (r for r in plans if r.wave_id is None and r.kind in (Kind.UPDATE, Kind.CREATE, Kind.AUTOSCALE)), None
        )

    @property
    def others(self) -> tuple[Rollout, ...]:
        """Everything else that is under way on it."""
        own = self.own_plan
        return tuple(r for r in self.active if own is None or r.id != own.id)
