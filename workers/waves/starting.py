"""Starts waves: as somebody typed it, or as the endpoint manager proposes it."""

import logging
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from bot.domain.approval import describe_approvers
from bot.domain.commands import WaveStart
from bot.domain.errand import CommandErrand
from bot.domain.errors import RevisionConflict, UnknownName, UserError
from bot.domain.fleet import Approval, WavePlan
from bot.domain.lock import EVERYTHING, refusal
from bot.domain.nearest import nearest
from bot.domain.phases import BOT_ACTOR
from bot.domain.rollout_parts import Thread
from bot.domain.wave import (
    LeftOut,
    Member,
    MemberState,
    Wave,
    WaveReason,
    WaveState,
    Wish,
    lapses_after,
    open_wave,
    quorum_of,
    wave_id_for,
)
from bot.store.waves import StoredWave
from workers.waves.planning import Drawn, WavePlans
from workers.world import World

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class WaveStarting:
    """Opens waves so that running the same errand, or proposing the same thing, again opens nothing new."""

    world: World
    plans: WavePlans

    def start(self, errand: CommandErrand, command: WaveStart) -> Wave:
        """Open the wave that somebody asked for; it waits for approval.

        Raises:
            UserError: there is no such wave, nothing to change, nowhere to tell it, or another wave in the way.
            EndpointLocked: everything is frozen.
        """
        wave_id, now = wave_id_for(errand.id), self.world.clock()
        if (known := self.world.store.waves.load(wave_id)) is not None:
            return known.wave
        plan = self._plan(command.wave)
        if (freeze := self.world.store.locks.standing(now).get(EVERYTHING)) is not None:
            raise refusal(freeze, now)
        channel = errand.reply.channel_id or self._channel(plan.endpoints)
        if channel is None:
            raise UserError(
                f"No endpoint of wave {command.wave} has a channel in the fleet file, so there is nowhere to tell its story. Add "
                "`channel`, or type the command in Slack. Nothing was started."
            )
        self._refuse_if_busy(plan.endpoints)
        wish = Wish(version=command.version)
        drawn = self.plans.draw(plan, wish, channel=channel, by_person=True)
        if not drawn.members:
            raise UserError(_nothing_to_do(command.wave, drawn.left_out))
        wave = self._opened(
            wave_id, command.wave, plan, drawn, wish, channel, requester=errand.actor, reason=command.reason or ""
        )
        return self._commit(wave)

    def propose(
        self,
        name: str,
        wish: Wish,
        endpoints: Collection[str],
        *,
        needs_approval: bool,
        seed: str,
        requester: str = BOT_ACTOR,
        channel: str | None = None,
    ) -> Wave | None:
        """Open a wave that nobody typed, once for each seed.

        Returns:
            The wave that is open for that seed; None where there is nothing to change, another wave is in the way, or there is no
            channel to tell it in.
        """
        wave_id = wave_id_for(seed)
        if (known := self.world.store.waves.load(wave_id)) is not None:
            return known.wave
        plan = self.world.fleet.waves.get(name)
        meant = [e for e in plan.endpoints if e in endpoints] if plan is not None else []
        channel = self._channel(meant) or channel
        if plan is None or channel is None:
            log.warning("wave %s is not proposed: the fleet file has no such wave, or no channel for it", name)
            return None
        if self._in_the_way(meant):
            return None
        drawn = self.plans.draw(plan, wish, channel=channel, only=meant, by_person=False)
        if not drawn.members:
            return None
        wave = self._opened(
            wave_id, name, plan, drawn, wish, channel, requester=requester, approval_needed=needs_approval
        )
        return self._commit(wave)

    def drawn_again(self, wave: Wave) -> Wave:
        """The wave with its plan as things stand now; equal to it where nothing has moved.

        Raises:
            UserError: the fleet file knows it no more, or nothing is left to change.
        """
        plan = self._plan(wave.name)
        by_person = wave.requester != BOT_ACTOR and not wave.wish.only
        only = None if by_person else {m.endpoint for m in wave.members}
        drawn = self.plans.draw(plan, wave.wish, channel=wave.thread.channel_id, only=only, by_person=by_person)
        if not drawn.members:
            raise UserError(_nothing_to_do(wave.name, drawn.left_out))
        policies = self._policies(drawn.members)
        fresh = wave.with_(
            members=drawn.members,
            left_out=drawn.left_out,
            label=drawn.label,
            package_arn=drawn.package_arn,
            soak=plan.soak,
            at_once=plan.at_once,
            quorum=quorum_of(policies),
            approvers_text=_approvers_text(policies),
        )
        return wave if fresh.fingerprint == wave.fingerprint else fresh

    def _opened(
        self,
        wave_id: str,
        name: str,
        plan: WavePlan,
        drawn: Drawn,
        wish: Wish,
        channel: str,
        *,
        requester: str,
        reason: str = "",
        approval_needed: bool = True,
    ) -> Wave:
        policies = self._policies(drawn.members)
        return open_wave(
            id=wave_id,
            name=name,
            requester=requester,
            reason=reason,
            now=self.world.clock(),
            expires_after=lapses_after(policies),
            approval_needed=approval_needed,
            quorum=quorum_of(policies),
            approvers_text=_approvers_text(policies),
            thread=Thread(channel_id=channel),
            label=drawn.label,
            package_arn=drawn.package_arn,
            members=drawn.members,
            left_out=drawn.left_out,
            soak=plan.soak,
            at_once=plan.at_once,
            wish=wish,
        )

    def _commit(self, wave: Wave) -> Wave:
        """Write it. A wave that stopped, and a proposal of the bot's own, give way to a newer one."""
        now = self.world.clock()
        for older in self._over([m.endpoint for m in wave.members]):
            if _gives_way(older.wave):
                over = older.wave.to(
                    WaveState.ABORTED, WaveReason.SUPERSEDED, now, BOT_ACTOR, note=f"wave {wave.id} took its place"
                )
                self.world.store.waves.commit(over, older.revision, now)
        try:
            return self.world.store.waves.commit(wave, 0, now).wave
        except RevisionConflict:
            known = self.world.store.waves.load(wave.id)
            if known is None:
                raise
            return known.wave

    def _plan(self, name: str) -> WavePlan:
        waves = self.world.fleet.waves
        if name not in waves:
            hint = f"The fleet file has {', '.join(waves)}." if waves else "The fleet file has none yet: add `waves`."
            raise UnknownName("wave", name, nearest(name, waves), hint=hint)
        return waves[name]

    def _policies(self, members: Iterable[Member]) -> list[Approval]:
        return [self.world.fleet.endpoint(m.endpoint).approval for m in members]

    def _channel(self, endpoints: Sequence[str]) -> str | None:
        return next((c for name in endpoints if (c := self.world.fleet.endpoint(name).channel) is not None), None)

    def _over(self, endpoints: Collection[str]) -> list[StoredWave]:
        """Waves that are not over and have something left to do on any of these endpoints."""
        wanted = set(endpoints)
        return [
            s for s in self.world.store.waves.active() if wanted & {m.endpoint for m in s.wave.members if _is_left(m)}
        ]

    def _in_the_way(self, endpoints: Collection[str]) -> list[StoredWave]:
        """Waves that people began or decide on. What one that was aborted still has under way only comes first."""
        waiting = (WaveState.PROPOSED, WaveState.RUNNING, WaveState.PAUSED)
        return [s for s in self._over(endpoints) if s.wave.state in waiting and not _gives_way(s.wave)]

    def refuse_if_crossed(self, wave: Wave) -> None:
        """Raises UserError while another wave runs over the same endpoints: both may have been proposed at the same moment."""
        begun = [s for s in self._in_the_way([m.endpoint for m in wave.members]) if s.wave.id != wave.id]
        self._refuse([s for s in begun if s.wave.has_begun])

    def _refuse_if_busy(self, endpoints: Collection[str]) -> None:
        self._refuse(self._in_the_way(endpoints))

    def _refuse(self, others: Sequence[StoredWave]) -> None:
        for stored in others:
            wave = stored.wave
            how = "reject" if wave.state is WaveState.PROPOSED else "abort"
            raise UserError(
                f"Wave {wave.id} ({wave.name}, {wave.label}) is {wave.state.words} over the same endpoints. Nothing was started. Wait "
                f"until it has ended, or end it with: wave {how} {wave.id}"
            )


def _is_left(member: Member) -> bool:
    return member.is_at_work or member.state in (MemberState.WAITING, MemberState.UNDER_WAY)


def _gives_way(wave: Wave) -> bool:
    return wave.is_untouched_proposal or wave.state is WaveState.STOPPED


def _nothing_to_do(name: str, left_out: Sequence[LeftOut]) -> str:
    why = "; ".join(f"{one.endpoint} {one.why}" for one in left_out[:10])
    more = f"; and {len(left_out) - 10} more" if len(left_out) > 10 else ""
    return f"Wave {name} has nothing to change: {why}{more}. Nothing was started."


def _approvers_text(policies: Sequence[Approval]) -> str:
    """Who may, where it is the same people everywhere."""
    texts = {describe_approvers(policy) for policy in policies}
    return texts.pop() if len(texts) == 1 else ""
