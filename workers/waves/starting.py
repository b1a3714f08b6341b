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
from bot.domain.managing import Nothing, Why
from bot.domain.nearest import nearest
from bot.domain.phases import BOT_ACTOR
from bot.domain.rollout_parts import Thread
from bot.domain.wave import (
    LeftOut,
    Member,
    MemberState,
    Proposing,
    Wave,
    WaveReason,
    WaveState,
    Wish,
    lapses_after,
    open_wave,
    quorum_of,
)
from bot.store.waves import StoredWave
from workers.waves.planning import Drawn, WavePlans
from workers.world import World

log = logging.getLogger(__name__)


_WAITING = frozenset({WaveState.PROPOSED, WaveState.RUNNING, WaveState.PAUSED})
"""Something further of it may begin."""


_NOES = frozenset({WaveReason.REJECTED_BY_APPROVER, WaveReason.ABORTED_BY_PERSON})


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
        now = self.world.clock()
        proposing = Proposing(
            name=command.wave,
            wish=Wish(version=command.version),
            seed=errand.id,
            requester=errand.actor,
            reason=command.reason or "",
        )
        if (known := self.world.store.waves.load(proposing.wave_id)) is not None:
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
        self._refuse(self._in_the_way(command.wave, plan.endpoints))
        drawn = self.plans.draw(plan, proposing.wish, channel=channel, by_person=True)
        if not drawn.members:
            raise UserError(f"{_nothing_to_do(command.wave, drawn.left_out)}. Nothing was started.")
        return self._commit(self._opened(proposing, plan, drawn, channel))

    def propose(self, proposing: Proposing) -> Wave | Nothing:
        """Open a wave that nobody typed, once for each seed. Otherwise, why it is not the time for it."""
        if (known := self.world.store.waves.load(proposing.wave_id)) is not None:
            return known.wave
        name, plan = proposing.name, self.world.fleet.waves.get(proposing.name)
        if plan is None:
            return Nothing(Why.LATER, f"the fleet file has no wave {name} any more")
        no = self._no_to(proposing)
        refused = [left.endpoint for left in no.left_out if not left.is_current] if no is not None else []
        meant = [e for e in plan.endpoints if e in proposing.wish.only and e not in refused]
        if no is not None and not meant:
            return Nothing(Why.REFUSED, f"wave {no.id} for the same was {no.state.words}")
        channel = self._channel(meant) or proposing.channel
        if channel is None:
            nowhere = f"no endpoint of the wave {name} has a channel in the fleet file to be told in"
            return Nothing(Why.NO_CHANNEL, nowhere)
        if others := self._before_the_bots(name, meant):
            other = others[0].wave
            how = f"wave {other.id} ({other.name}, {other.label}) is {other.state.words}"
            return Nothing(Why.IN_WAVE, f"{how}, and no two waves of one name go on at a time")
        drawn = self.plans.draw(plan, proposing.wish, channel=channel, only=meant, by_person=False)
        if not drawn.members:
            return Nothing(Why.LATER, _nothing_to_do(name, drawn.left_out))
        return self._commit(self._opened(proposing, plan, drawn.beside(proposing.left_out, plan), channel))

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
            raise UserError(f"{_nothing_to_do(wave.name, drawn.left_out)}. Nothing was started.")
        drawn = drawn.beside(() if by_person else wave.left_out, plan)
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

    def _opened(self, proposing: Proposing, plan: WavePlan, drawn: Drawn, channel: str) -> Wave:
        policies = self._policies(drawn.members)
        return open_wave(
            id=proposing.wave_id,
            name=proposing.name,
            requester=proposing.requester,
            reason=proposing.reason,
            now=self.world.clock(),
            expires_after=lapses_after(policies),
            approval_needed=proposing.needs_approval,
            quorum=quorum_of(policies),
            approvers_text=_approvers_text(policies),
            thread=Thread(channel_id=channel),
            label=drawn.label,
            package_arn=drawn.package_arn,
            members=drawn.members,
            left_out=drawn.left_out,
            soak=plan.soak,
            at_once=plan.at_once,
            wish=proposing.wish,
        )

    def _commit(self, wave: Wave) -> Wave:
        """Write it. A wave that stopped, and a proposal of the bot's own, give way to a newer one."""
        now = self.world.clock()
        for older in self._over(wave.name, [m.endpoint for m in wave.members]):
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

    def _over(self, name: str, endpoints: Collection[str]) -> list[StoredWave]:
        """Waves that are not over and have that name, or something left to do on any of these endpoints."""
        return [s for s in self.world.store.waves.active() if s.wave.name == name or _meets(s.wave, endpoints)]

    def _in_the_way(self, name: str, endpoints: Collection[str]) -> list[StoredWave]:
        """Waves that people began or decide on. What one that was aborted still has under way only comes first."""
        return [s for s in self._over(name, endpoints) if s.wave.state in _WAITING and not _gives_way(s.wave)]

    def _before_the_bots(self, name: str, endpoints: Collection[str]) -> list[StoredWave]:
        """As `_in_the_way`, and what gives way to people only: its own plan for other endpoints, a stop that no hold keeps up."""
        kept = [
            s
            for s in self._over(name, endpoints)
            if not _meets(s.wave, endpoints) and (s.wave.is_untouched_proposal or _stands_in_person(s.wave))
        ]
        return [*self._in_the_way(name, endpoints), *kept]

    def _no_to(self, proposing: Proposing) -> Wave | None:
        """The last wave of that name with that version, if people refused it as a whole: a no to those it left out as well.

        Its members remember it themselves. Whoever asks by `sync` is not kept from anything by an earlier no.
        """
        name, version = proposing.name, proposing.wish.package_arn
        if version is None or proposing.requester != BOT_ACTOR:
            return None
        last = next((w for w in self.world.store.waves.recent(20) if (w.name, w.package_arn) == (name, version)), None)
        return last if last is not None and not last.has_begun and last.last.reason in _NOES else None

    def refuse_if_crossed(self, wave: Wave) -> None:
        """Raises UserError while another wave of that name, or over the same endpoints, has begun."""
        begun = [s for s in self._in_the_way(wave.name, [m.endpoint for m in wave.members]) if s.wave.id != wave.id]
        self._refuse([s for s in begun if s.wave.has_begun])

    def _refuse(self, others: Sequence[StoredWave]) -> None:
        for stored in others:
            wave = stored.wave
            how = "reject" if wave.state is WaveState.PROPOSED else "abort"
            raise UserError(
                f"Wave {wave.id} ({wave.name}, {wave.label}) is {wave.state.words}, and comes first. Nothing was started. Wait "
                f"until it has ended, or end it with: wave {how} {wave.id}"
            )


def _is_left(member: Member) -> bool:
    return member.is_at_work or member.state in (MemberState.WAITING, MemberState.UNDER_WAY)


def _meets(wave: Wave, endpoints: Collection[str]) -> bool:
    """Whether it has something left to do on any of these."""
    return any(_is_left(m) and m.endpoint in endpoints for m in wave.members)


def _stands_in_person(wave: Wave) -> bool:
    """Whether it stopped with settings, which are held by no version: the wave itself keeps them from who was not reached."""
    return wave.state is WaveState.STOPPED and wave.package_arn is None


def _gives_way(wave: Wave) -> bool:
    return wave.is_untouched_proposal or wave.state is WaveState.STOPPED


def _nothing_to_do(name: str, left_out: Sequence[LeftOut]) -> str:
    why = "; ".join(f"{one.endpoint} {one.why}" for one in left_out[:10])
    more = f"; and {len(left_out) - 10} more" if len(left_out) > 10 else ""
    return f"Wave {name} has nothing to change: {why}{more}"


def _approvers_text(policies: Sequence[Approval]) -> str:
    """Who may, where it is the same people everywhere."""
    texts = {describe_approvers(policy) for policy in policies}
    return texts.pop() if len(texts) == 1 else ""
