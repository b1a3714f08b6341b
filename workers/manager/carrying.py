"""Carries moves out: opens rollouts, takes back plans, and remembers what was proposed."""

import logging
from dataclasses import dataclass

from bot.domain.commands import Change
from bot.domain.errand import ReplyTo, rollout_id_for
from bot.domain.errors import RevisionConflict, UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.managing import ByWave, Move, Nothing, Open, Outcome, Proposal, Why, Withdraw
from bot.domain.phases import BOT_ACTOR
from workers.opening import OpeningUnasked, Unprompted
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

    def carry_out(self, spec: EndpointSpec, move: Move, asked: Asked | None) -> Outcome:
        """What came of a move. A wave's are carried out together, by `Waving`."""
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

    def seed(self, *what: object) -> str:
        """What an id rests on that two managers give to the same question.

        After the store was emptied the question is another one: what was asked before may still stand in Slack, under its own id.
        """
        return " ".join(map(str, ("manager", self.world.store.kept.era(), *what)))

    def _open(self, spec: EndpointSpec, move: Open, asked: Asked | None) -> Outcome:
        channel = spec.channel
        if asked is not None:
            typed_in = asked.reply.channel_id
            channel = (typed_in or channel) if asked.in_place else (channel or typed_in)
        if channel is None:
            log.warning("manager: %s: %s, but it has no channel in the fleet file", spec.name, move.reason)
            return Outcome(spec.name, Nothing(Why.NO_CHANNEL, "it has no channel in the fleet file to be told in"))
        seed = self.seed(spec.name, move.signature, move.attempt)
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
        self.remember(spec.name, move, rollout_id=rollout.id)
        how = "without a click" if move.without_click else "for approval"
        log.info(
            "manager: %s: opened rollout %s %s, attempt %d: %s", spec.name, rollout.id, how, move.attempt, move.reason
        )
        return Outcome(spec.name, move, rollout.id)

    def remember(self, endpoint: str, move: Open | ByWave, *, rollout_id: str = "", wave_id: str = "") -> None:
        """What was proposed, so that it is not proposed twice."""
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
