"""Carries moves out: opens rollouts, proposes waves, takes back plans, and remembers what was proposed."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.commands import Change
from bot.domain.content import content_hash_of
from bot.domain.errand import ReplyTo, rollout_id_for
from bot.domain.errors import RevisionConflict, UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.managing import ByWave, Move, Nothing, Open, Outcome, Proposal, Why, Withdraw
from bot.domain.phases import BOT_ACTOR
from workers.opening import OpeningUnasked, Unprompted
from workers.waves import Waves
from workers.world import World

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Asked:
    """The sync that it is for."""

    errand_id: str
    by: str
    reply: ReplyTo
    in_place: bool
    """Whether the stories are told where it was typed: so it is for one endpoint, but not for a whole fleet."""

    def rollout_id(self, endpoint: str) -> str:
        """Of what it opens for an endpoint: always the same, however often the errand is run."""
        return rollout_id_for(f"{self.errand_id} {endpoint}")


@dataclass(frozen=True)
class Carrying:
    """One move at a time. What somebody else was faster at is left to them."""

    world: World
    opening: OpeningUnasked
    waves: Waves

    def carry_out(self, spec: EndpointSpec, move: Move, asked: Asked | None) -> Outcome:
        """What came of a move. A wave's are carried out together, by `propose`."""
        try:
            match move:
                case Open():
                    return self._open(spec, move, asked)
                case Withdraw():
                    self.opening.take_back(move.rollout_id, move.nothing.text)
                    log.info("manager: %s: took back rollout %s: %s", spec.name, move.rollout_id, move.nothing.text)
        except (UserError, RevisionConflict) as exc:
            log.info("manager: %s: left as it is: %s", spec.name, exc)
            text = exc.user_message if isinstance(exc, UserError) else "somebody else changed it just now"
            return Outcome(spec.name, Nothing(Why.BUSY, text))
        return Outcome(spec.name, move)

    def opened_before(self, spec: EndpointSpec, asked: Asked) -> Outcome | None:
        """What the same errand opened before it was run again."""
        stored = self.world.store.rollouts.load(asked.rollout_id(spec.name))
        if stored is None:
            return None
        rollout = stored.rollout
        opened = Open(
            rollout.kind, rollout.change or Change(), not rollout.approval_needed, rollout.reason, "", "", attempt=1
        )
        return Outcome(spec.name, opened, rollout.id)

    def _open(self, spec: EndpointSpec, move: Open, asked: Asked | None) -> Outcome:
        channel = spec.channel
        if asked is not None:
            typed_in = asked.reply.channel_id
            channel = (typed_in or channel) if asked.in_place else (channel or typed_in)
        if channel is None:
            log.warning("manager: %s: %s, but it has no channel in the fleet file", spec.name, move.reason)
            return Outcome(spec.name, Nothing(Why.NO_CHANNEL, "it has no channel in the fleet file to be told in"))
        seed = f"manager {spec.name} {move.signature} {move.attempt}"
        rollout = self.opening.open(
            spec,
            Unprompted(
                id=asked.rollout_id(spec.name) if asked is not None else rollout_id_for(seed),
                kind=move.kind,
                change=move.change if move.autoscale is None else None,
                autoscale=move.autoscale,
                channel=channel,
                reason=move.reason,
                approval_needed=not move.without_click,
                requester=asked.by if asked is not None else BOT_ACTOR,
                reply=asked.reply if asked is not None else None,
                replaces=move.replaces,
            ),
        )
        self._remember(spec.name, move, rollout_id=rollout.id)
        how = "without a click" if move.without_click else "for approval"
        log.info(
            "manager: %s: opened rollout %s %s, attempt %d: %s", spec.name, rollout.id, how, move.attempt, move.reason
        )
        return Outcome(spec.name, move, rollout.id)

    def propose(self, moves: Sequence[tuple[EndpointSpec, ByWave]], asked: Asked | None) -> list[Outcome]:
        """One wave for each of the fleet file's and each version, or for settings alone."""
        together = defaultdict(list)
        for spec, move in moves:
            together[move.wave, move.package_arn].append((spec, move))
        return [outcome for group in together.values() for outcome in self._propose(group, asked)]

    def _propose(self, group: Sequence[tuple[EndpointSpec, ByWave]], asked: Asked | None) -> list[Outcome]:
        first = group[0][1]
        content = [[spec.name, move.signature, move.attempt] for spec, move in group]
        seed = f"{asked.errand_id if asked is not None else 'manager'} {first.wave} {content_hash_of(content)}"
        wave = self.waves.propose(
            first.wave,
            first.package_arn,
            first.label,
            [spec.name for spec, _ in group],
            needs_approval=not all(move.without_click for _, move in group),
            seed=seed,
            requester=asked.by if asked is not None else BOT_ACTOR,
            channel=asked.reply.channel_id if asked is not None else None,
        )
        if wave is None:
            log.info("manager: wave %s over %d endpoints is not proposed", first.wave, len(group))
            return [Outcome(spec.name, _not_proposed(first.wave, self._has_channel(group, asked))) for spec, _ in group]
        members, left_out = {m.endpoint for m in wave.members}, {left.endpoint: left.why for left in wave.left_out}
        for spec, move in group:
            if spec.name in members:
                self._remember(spec.name, move, wave_id=wave.id)
        log.info("manager: proposed wave %s of %s over %d endpoints", wave.id, first.wave, len(members))
        return [
            Outcome(spec.name, move, wave.id)
            if spec.name in members
            else Outcome(spec.name, _left_out(first.wave, left_out.get(spec.name, "nothing differs")))
            for spec, move in group
        ]

    def _has_channel(self, group: Sequence[tuple[EndpointSpec, ByWave]], asked: Asked | None) -> bool:
        typed_in = asked.reply.channel_id if asked is not None else None
        return typed_in is not None or any(spec.channel is not None for spec, _ in group)

    def _remember(self, endpoint: str, move: Open | ByWave, *, rollout_id: str = "", wave_id: str = "") -> None:
        proposal = Proposal(
            endpoint=endpoint,
            signature=move.signature,
            wanted=move.wanted,
            rollout_id=rollout_id,
            wave_id=wave_id,
            attempt=move.attempt,
            at=self.world.clock(),
        )
        self.world.store.proposals.save(proposal)


def _left_out(wave: str, why: str) -> Nothing:
    """Why a wave that was opened does not bring it to this endpoint."""
    return Nothing(Why.BUSY, f"the wave {wave} leaves it out: {why}")


def _not_proposed(wave: str, has_channel: bool) -> Nothing:
    """Why no wave was opened although something differs."""
    if not has_channel:
        return Nothing(Why.NO_CHANNEL, f"no endpoint of the wave {wave} has a channel in the fleet file to be told in")
    return Nothing(
        Why.IN_WAVE, f"the wave {wave} has nothing to change now, or another wave is in the way; sync again later"
    )
