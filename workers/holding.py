"""Puts holds on endpoints and lifts them, as somebody typed it."""

from dataclasses import dataclass

from bot.domain import commands
from bot.domain.approval import Person
from bot.domain.errand import CommandErrand
from bot.domain.fleet import EndpointSpec
from bot.domain.hold import Hold, HoldKind
from bot.domain.holding import lifted, put_on
from bot.messages.holding import render_held, render_unheld
from workers.answering import Answering
from workers.people import person_for
from workers.rounds import RoundName, soon
from workers.world import World


@dataclass(frozen=True)
class Holding:
    """Carries out hold and unhold. Raises UserError with what the person shall read when nothing was done."""

    world: World
    answering: Answering

    def carry_out(self, errand: CommandErrand, command: commands.Hold | commands.Unhold) -> None:
        """What was typed, once however often the errand is run."""
        spec = self.world.fleet.endpoint(command.endpoint)
        match command:
            case commands.Hold():
                self._hold(errand, spec, command.reason)
            case commands.Unhold():
                self._unhold(errand, spec)

    def _hold(self, errand: CommandErrand, spec: EndpointSpec, reason: str) -> None:
        """No automation for an endpoint, until it is lifted."""
        now = self.world.clock()
        wanted = Hold(kind=HoldKind.BY_PERSON, endpoint=spec.name, since=now, actor=errand.actor, reason=reason)
        (hold,) = self.world.store.holds.put(spec.name, errand.id, now, lambda standing: (put_on(standing, wanted),))
        soon(self.world, RoundName.TAGS)
        self.answering.answer(errand.reply, render_held(hold), in_channel=True)

    def _unhold(self, errand: CommandErrand, spec: EndpointSpec) -> None:
        """Lift all that stands against an endpoint or a version of it."""
        store, now = self.world.store.holds, self.world.clock()
        is_own = all(hold.actor == errand.actor for hold in store.on(spec.name))
        person = Person(errand.actor) if is_own else person_for(self.world.slack, spec.approval, errand.actor)
        gone = store.lift(
            spec.name,
            errand.id,
            errand.actor,
            now,
            lambda standing: lifted(standing, spec.approval, person, spec.name),
        )
        soon(self.world, RoundName.TAGS)
        self.answering.answer(errand.reply, render_unheld(spec.name, errand.actor, gone), in_channel=True)
