"""Sets, lifts and breaks locks, as somebody typed or pressed it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain import commands
from bot.domain.approval import Person
from bot.domain.errand import BreakErrand, CommandErrand, ReplyTo
from bot.domain.errors import UserError
from bot.domain.lock import (
    EVERYTHING,
    BreakRequest,
    Lock,
    LockEvent,
    LockEventKind,
    broken,
    locked,
    policy_over,
    refuse_if_may_not_lock,
    unlocked,
)
from bot.domain.rollout import Rollout
from bot.messages.answers import render_text
from bot.messages.locks import render_lock_event
from workers.answering import Answering
from workers.breaking import Breaking
from workers.people import asked_time, person_for
from workers.rounds import RoundName, soon
from workers.world import World


@dataclass(frozen=True)
class Locking:
    """Carries out what is about locks. Raises UserError with what the person shall read when nothing was done."""

    world: World
    answering: Answering
    breaking: Breaking

    def lock(self, errand: CommandErrand, command: commands.Lock) -> None:
        """No change of an endpoint, until it is lifted or its time is over."""
        self._set(errand, self.world.fleet.endpoint(command.endpoint).name, command.until, command.reason)

    def freeze(self, errand: CommandErrand, command: commands.Freeze) -> None:
        """No change of anything."""
        self._set(errand, EVERYTHING, command.until, command.reason)

    def unlock(self, errand: CommandErrand, command: commands.Unlock) -> None:
        """Lift one's own lock, or ask a second person to break somebody else's."""
        self._lift(errand, self.world.fleet.endpoint(command.endpoint).name)

    def thaw(self, errand: CommandErrand) -> None:
        """The same for a freeze."""
        self._lift(errand, EVERYTHING)

    def break_lock(self, errand: BreakErrand) -> None:
        """A second person pressed Break lock."""
        store, now = self.world.store.locks, self.world.clock()
        request = store.request(errand.value.request_id)
        if request is None:
            raise UserError(
                "This request is not known any more. Your click changed nothing; status shows what is locked."
            )
        policy = policy_over(request.lock.subject, self.world.fleet)
        is_holder = errand.actor == request.lock.holder
        person = Person(errand.actor) if is_holder else person_for(self.world.slack, policy, errand.actor)

        def decide(standing: Lock | None, requests: Sequence[BreakRequest]) -> LockEvent:
            fresh = next((r for r in requests if r.id == request.id), request)
            return broken(standing, fresh, policy=policy, person=person, caused_by=errand.id, now=now)

        store.change(request.lock.subject, errand.id, now, decide)
        soon(self.world, RoundName.TAGS)
        self.breaking.settle_soon()

    def _set(self, errand: CommandErrand, subject: str, until_text: str | None, reason: str) -> None:
        self._refuse_outsider(subject, errand.actor)
        now, until = self.world.clock(), asked_time(self.world.slack, until_text, errand.actor, errand.at)
        wanted = Lock(id=errand.id, subject=subject, holder=errand.actor, reason=reason, since=now, until=until)
        event = self.world.store.locks.change(
            subject, errand.id, now, lambda standing, _: locked(standing, wanted, errand.id, now)
        )
        soon(self.world, RoundName.TAGS)
        self.breaking.settle_soon()
        self.answering.answer(errand.reply, render_lock_event(event, self._under_way(subject)), in_channel=True)

    def _lift(self, errand: CommandErrand, subject: str) -> None:
        self._refuse_outsider(subject, errand.actor)
        now, channel = self.world.clock(), self.breaking.channel_for(errand.reply, subject)

        def decide(standing: Lock | None, requests: Sequence[BreakRequest]) -> LockEvent:
            event = unlocked(standing, requests, subject=subject, actor=errand.actor, caused_by=errand.id, now=now)
            if event.kind is LockEventKind.BREAK_ASKED and channel is None:
                raise UserError(
                    "Somebody else set this, so a second person has to agree. Type it in a channel where they can see it. "
                    "Nothing was unlocked."
                )
            return event

        event = self.world.store.locks.change(subject, errand.id, now, decide)
        if event.kind is LockEventKind.BREAK_ASKED and channel is not None:
            self.breaking.ask(event, channel)
            self.answering.answer(errand.reply, render_text(_asked(event, channel, errand.reply)))
            return
        soon(self.world, RoundName.TAGS)
        self.breaking.settle_soon()
        self.answering.answer(errand.reply, render_lock_event(event), in_channel=True)

    def _refuse_outsider(self, subject: str, actor: str) -> None:
        policy = policy_over(subject, self.world.fleet)
        spec = self.world.fleet.endpoints.get(subject)
        owns_it = spec is not None and actor == spec.owner
        person = Person(actor) if owns_it else person_for(self.world.slack, policy, actor)
        refuse_if_may_not_lock(spec, policy, person)

    def _under_way(self, subject: str) -> list[Rollout]:
        """What a lock comes too late for: SageMaker was asked already, and cannot be stopped."""
        active = self.world.store.rollouts.active(None if subject == EVERYTHING else subject)
        return [s.rollout for s in active if s.rollout.update is not None]


def _asked(event: LockEvent, channel: str, reply: ReplyTo) -> str:
    whose = "lock" if event.lock.endpoint else "freeze"
    where = "in this channel" if channel == reply.channel_id else "in the endpoint's own channel"
    return f"This {whose} is not yours, so it takes a second person to break it. They are asked {where}. Nothing is unlocked yet."
