"""Opens rollouts that nobody typed: those of the endpoint manager, and those of a wave."""

from dataclasses import dataclass

from bot.domain.autoscale import AutoscaleAsk
from bot.domain.commands import Change
from bot.domain.errand import ReplyTo
from bot.domain.errors import RevisionConflict
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import BOT_ACTOR, Kind, Phase, Reason
from bot.domain.rollout import Rollout
from bot.store.rollouts import Write
from bot.store.waves import StoredWave
from workers.opening.common import ahead_on, opened_for
from workers.world import World


@dataclass(frozen=True)
class Unprompted:
    """A rollout that shall be opened, though nobody typed a command for it alone."""

    id: str
    """Derived from what it is about, so that two managers open one."""
    kind: Kind
    change: Change | None
    channel: str
    """Where its card is posted."""
    reason: str
    """Why, for people."""
    approval_needed: bool
    """False where the fleet file's policy is `auto`, or where `vouched_by` names who approved its wave."""
    requester: str = BOT_ACTOR
    """Who asked for what it is part of."""
    reply: ReplyTo | None = None
    """How to reach them."""
    autoscale: AutoscaleAsk | None = None
    """For a change of nothing but autoscaling."""
    wave_id: str | None = None
    vouched_by: tuple[str, ...] = ()
    replaces: str = ""
    """A plan of the bot's own that gives way to it."""


@dataclass(frozen=True)
class OpeningUnasked:
    """Opens what the endpoint manager and waves want, and takes it back. The same id is opened once."""

    world: World

    def open(self, spec: EndpointSpec, wanted: Unprompted, *, while_wave: StoredWave | None = None) -> Rollout:
        """Open it, or find it open; for a wave only as long as nobody paused or ended it since it was read.

        Raises:
            EndpointLocked: a lock or a freeze stands.
            RevisionConflict: the plan that it replaces, or the wave, has moved on.
        """
        now = self.world.clock()
        if (known := self.world.store.rollouts.load(wanted.id)) is not None:
            return known.rollout
        self.world.store.locks.refuse_if_locked(spec.name, now)
        rollout = opened_for(
            spec,
            wanted.kind,
            id=wanted.id,
            requester=wanted.requester,
            channel=wanted.channel,
            now=now,
            queued_behind=ahead_on(self.world, spec.name),
            reason=wanted.reason,
            approval_needed=wanted.approval_needed,
            change=wanted.change,
            autoscale=wanted.autoscale,
            reply=wanted.reply,
            wave_id=wanted.wave_id,
            vouched_by=wanted.vouched_by,
        )
        given_up = (self._given_up(wanted.replaces, Reason.SUPERSEDED, rollout),) if wanted.replaces else ()
        self.world.store.rollouts.commit([*given_up, Write(rollout, 0, now)], now, while_wave=while_wave)
        return rollout

    def take_back(self, rollout_id: str, why: str) -> None:
        """Take back a plan of the bot's own. Raises RevisionConflict if it has moved on."""
        now = self.world.clock()
        self.world.store.rollouts.commit([self._given_up(rollout_id, Reason.NO_LONGER_WANTED, note=why)], now)

    def _given_up(self, rollout_id: str, reason: Reason, by: Rollout | None = None, note: str = "") -> Write:
        """What becomes of a plan that nobody has said anything about."""
        stored, now = self.world.store.rollouts.load(rollout_id), self.world.clock()
        if stored is None or not stored.rollout.is_waiting or stored.rollout.approvals:
            raise RevisionConflict(f"rollout {rollout_id} has moved on")
        actor, newer = (by.requester, by.id) if by is not None else (BOT_ACTOR, None)
        over = stored.rollout.to(Phase.CANCELLED, reason, now, actor, note, superseded_by=newer)
        return Write(over, stored.revision, now)
