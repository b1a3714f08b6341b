"""Conducts waves: what people and the endpoint manager say about them, and the round that moves them on."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain import commands
from bot.domain.approval import Person
from bot.domain.errand import CommandErrand
from bot.domain.errors import GatewayError, TransientError, UserError
from bot.domain.fleet import Approval
from bot.domain.lock import EVERYTHING, refusal
from bot.domain.managing import Nothing
from bot.domain.wave import (
    MemberState,
    Proposing,
    Say,
    Wave,
    WaveReason,
    WaveState,
    abort_wave,
    approve_wave,
    pause_wave,
    reject_wave,
    resume_wave,
)
from bot.messages.answers import render_text
from bot.store.waves import StoredWave
from workers.answering import Answering
from workers.drafting import Drafting
from workers.opening import OpeningUnasked
from workers.people import person_for
from workers.posting import Posting
from workers.waves.forgotten import ForgottenWaves
from workers.waves.moving import WaveMoving
from workers.waves.planning import Standings, WavePlans
from workers.waves.starting import WaveStarting
from workers.waves.telling import WaveTelling
from workers.world import World

log = logging.getLogger(__name__)

Steering = commands.WaveApprove | commands.WaveReject | commands.WavePause | commands.WaveResume | commands.WaveAbort
WaveCommand = commands.WaveStart | Steering
WAVE_COMMANDS = (
    commands.WaveStart,
    commands.WaveApprove,
    commands.WaveReject,
    commands.WavePause,
    commands.WaveResume,
    commands.WaveAbort,
)
"""The kinds of command that are carried out here."""


@dataclass(frozen=True)
class Waves:
    """Opens, steers and moves on waves. Raises UserError with what the person shall read when nothing was done."""

    world: World
    answering: Answering
    starting: WaveStarting
    moving: WaveMoving
    telling: WaveTelling
    forgotten: ForgottenWaves

    def carry_out(self, errand: CommandErrand, command: WaveCommand) -> None:
        """What was typed or pressed, once however often the errand is run."""
        if isinstance(command, commands.WaveStart):
            wave = self.starting.start(errand, command)
            self.telling.tell(wave.id)
            self._answer(errand, self._visible(wave.id))
            return
        stored = self.world.store.waves.load(command.wave_id)
        if stored is None:
            raise self.forgotten.refusal(command.wave_id, errand.reply)
        if not stored.wave.was_moved_by(errand.id):
            stored = self._steered(stored, errand, command)
            self.moving.move(stored.wave.id)
            self.telling.tell(stored.wave.id)
        self._answer(errand, stored.wave)

    def propose(self, proposing: Proposing) -> Wave | Nothing:
        """Open a wave that nobody typed, once for each seed, and tell it in its thread. Otherwise, why it is not opened."""
        wave = self.starting.propose(proposing)
        if isinstance(wave, Wave):
            self.telling.tell(wave.id)
        return wave

    def claims(self) -> Mapping[str, Wave]:
        """By endpoint, the wave that has plans for it or that stopped before it: the manager leaves it to that wave."""
        waves = [s.wave for s in self.world.store.waves.active()]
        return {m.endpoint: wave for wave in waves for m in wave.members if _claims(wave, m.state)}

    def round(self) -> None:
        """Move every wave on that is not over, and tell what is not told yet. One that cannot be moved on keeps no other waiting."""
        for stored in self.world.store.waves.active():
            try:
                self.moving.move(stored.wave.id)
            except (TransientError, GatewayError) as exc:
                log.warning("wave %s could not be moved on: %s", stored.wave.id, exc)
        for wave_id in self.world.store.waves.untold():
            self.telling.tell(wave_id)
        self.forgotten.round()

    def _steered(self, stored: StoredWave, errand: CommandErrand, command: Steering) -> StoredWave:
        wave, now = stored.wave, self.world.clock()
        say = self._say(wave, errand.actor)
        match command:
            case commands.WaveApprove():
                approved = approve_wave(wave, say, command.plan, now, errand.id)
                self._refuse_under_freeze(now)
                self.starting.refuse_if_crossed(wave)
                self._refuse_if_moved(stored, now)
                return self.world.store.waves.commit(approved, stored.revision, now)
            case commands.WaveReject():
                decided = reject_wave(wave, say, now, errand.id)
            case commands.WavePause():
                decided = pause_wave(wave, say, now, errand.id)
            case commands.WaveResume():
                self._refuse_under_freeze(now)
                self.starting.refuse_if_crossed(wave)
                decided = resume_wave(wave, say, now, errand.id)
            case commands.WaveAbort():
                decided = abort_wave(wave, say, now, errand.id)
        return self.world.store.waves.commit(decided, stored.revision, now)

    def _refuse_under_freeze(self, now: datetime) -> None:
        if (freeze := self.world.store.locks.standing(now).get(EVERYTHING)) is not None:
            raise refusal(freeze, now)

    def _refuse_if_moved(self, stored: StoredWave, now: datetime) -> None:
        """What was approved must be what comes. If it is not, a fresh plan takes the place of the one that was seen."""
        wave = stored.wave
        try:
            fresh = self.starting.drawn_again(wave)
        except UserError as exc:
            raise UserError(f"{exc.user_message} Your click changed nothing; press Not now to close the plan.") from exc
        if fresh == wave:
            return
        self.world.store.waves.commit(fresh.with_(approvals=(), redrawn_at=now), stored.revision, now)
        self.telling.tell(wave.id)
        raise UserError(
            f"What the plan of wave {wave.id} rested on has moved, so a fresh plan took its place. Your click changed nothing; "
            "decide on the new plan."
        )

    def _say(self, wave: Wave, actor: str) -> Say:
        """What somebody may say about its endpoints; equal policies are looked up once."""
        specs = self.world.fleet.endpoints
        policies = {m.endpoint: specs[m.endpoint].approval for m in wave.members if m.endpoint in specs}
        known: dict[str, Person] = {}
        people = {name: self._person(policy, actor, known) for name, policy in policies.items()}
        return Say(actor=actor, policies=policies, people=people)

    def _person(self, policy: Approval, actor: str, known: dict[str, Person]) -> Person:
        key = policy.model_dump_json()
        if key not in known:
            known[key] = person_for(self.world.slack, policy, actor)
        return known[key]

    def _visible(self, wave_id: str) -> Wave:
        """The wave, if its card could be posted.

        Raises:
            UserError: nobody could follow it, so it is over.
        """
        stored = self.world.store.waves.load(wave_id)
        assert stored is not None
        wave = stored.wave
        if wave.last.reason is WaveReason.CHANNEL_UNREACHABLE:
            raise UserError(
                "I am not in this channel, so I cannot tell the story of a wave here. Nothing was started. Type "
                f"`/invite @{self.world.slack.own_name()}`, then ask again."
            )
        return wave

    def _answer(self, errand: CommandErrand, wave: Wave) -> None:
        self.answering.answer(errand.reply, render_text(_answered(wave, errand.command.name)))


def _claims(wave: Wave, state: MemberState) -> bool:
    """A stop holds its version where it was not reached; where there is none to hold, the wave itself stands in the way."""
    if wave.state is WaveState.STOPPED and wave.package_arn is not None:
        return state is MemberState.UNDER_WAY
    return state in (MemberState.WAITING, MemberState.UNDER_WAY)


def _answered(wave: Wave, name: str) -> str:
    if name == commands.WaveApprove.model_fields["name"].default and wave.state is WaveState.PROPOSED:
        missing = wave.quorum - len(wave.approvers())
        return f"Your approval of wave {wave.id} counts; {missing} more needed, from somebody else."
    where = "its plan stands in a thread" if wave.state is WaveState.PROPOSED else "its thread tells the rest"
    return f"Wave {wave.id} ({wave.name}) is {wave.state.words}; {where}."


def waves_of(world: World, answering: Answering, drafting: Drafting, standings: Standings) -> Waves:
    """Everything about waves, put together.

    Args:
        world: The world.
        answering: Answers whoever typed.
        drafting: Reads what runs.
        standings: Tells where endpoints differ from the fleet file.
    """
    return Waves(
        world=world,
        answering=answering,
        starting=WaveStarting(world, WavePlans(world, drafting, standings)),
        moving=WaveMoving(world, OpeningUnasked(world)),
        telling=WaveTelling(world, Posting(world)),
        forgotten=ForgottenWaves(world, standings),
    )
