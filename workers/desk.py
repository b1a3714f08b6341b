"""Runs errands: what somebody typed or pressed, until it is done once.

An errand may be run again at any time, by another worker, after a crash anywhere. So each kind finds out from the store whether it has
had its effect, and the errand is struck off only at the end.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from bot.domain.approval import refuse_if_may_not_steer
from bot.domain.belated import is_too_late
from bot.domain.commands import (
    Cancel,
    Freeze,
    History,
    Hold,
    Lock,
    Metrics,
    Plan,
    Promote,
    RejectVersion,
    Rollback,
    Scale,
    Thaw,
    Unhold,
    Unlock,
)
from bot.domain.errand import (
    BreakErrand,
    ClickErrand,
    CommandErrand,
    Errand,
    FormErrand,
    HomeErrand,
    SettleBreaksErrand,
    rollout_id_for,
)
from bot.domain.errors import (
    GatewayError,
    RevisionConflict,
    RolloutBotError,
    SlackRefused,
    TransientError,
    UnknownName,
    UnknownRollout,
    UsageError,
    UserError,
)
from bot.domain.model import Value
from bot.domain.nearest import nearest
from bot.domain.phases import Kind, Phase
from bot.domain.rollout import Rollout, open_rollout
from bot.domain.rollout_parts import Thread
from bot.messages.answers import render_bare_plan, render_history, render_text
from bot.store.keys import Due
from workers.answering import EXIT_FAILED, EXIT_OK, EXIT_USAGE, Answering
from workers.clicks import Clicks
from workers.heartbeat import beating
from workers.holding import Holding
from workers.home import Homes
from workers.locking import Locking
from workers.opening import Opening, WaysBack
from workers.people import steering_person
from workers.planning import Planner
from workers.reasons import keep_reason
from workers.rollbacks import terms_of
from workers.showing import Showing
from workers.undone import LOOK_FIRST, belated_text, gave_up_text, told_where
from workers.versions import completed
from workers.world import World

log = logging.getLogger(__name__)

MOST_ATTEMPTS = 6
"""Tries of an errand that runs into temporary errors, over about a minute: then the person is told."""


BELATED_AGAIN = timedelta(minutes=1)
"""After that it is said again to whom Slack could not tell it."""


class Carrier(Protocol):
    """Carries out commands of some kinds. Raises UserError with what the person shall read when nothing was done."""

    def carry_out(self, errand: CommandErrand, command: Any) -> None:
        """What was typed, once however often the errand is run."""
        ...


@dataclass(frozen=True)
class Desk:
    """Takes errands one at a time."""

    world: World
    opening: Opening
    ways_back: WaysBack
    clicks: Clicks
    planner: Planner
    answering: Answering
    locking: Locking
    holding: Holding
    showing: Showing
    homes: Homes
    carriers: Mapping[type[Value], Carrier]
    """Who carries out the commands that are not carried out here."""

    def run(self, errand_id: str) -> None:
        """Run an errand, unless it is done or somebody is at it."""
        store, lease = self.world.store, self.world.lease
        with store.due.hold("errand", errand_id, lease) as hold:
            errand = store.errands.open(errand_id) if hold is not None else None
            if hold is None or errand is None:
                return

            def beat() -> None:
                hold.prolong()
                store.due.put_off(Due.ERRANDS, errand_id, self.world.clock() + lease)

            with beating(beat, lease):
                self._run(errand)

    def _run(self, errand: Errand) -> None:
        store = self.world.store
        if is_too_late(errand, self.world.clock()) and not store.errands.was_begun(errand.id):
            self._leave(errand)
            return
        attempt = store.errands.count_attempt(errand.id)
        try:
            self._serve(errand)
        except (TransientError, RevisionConflict) as exc:
            if attempt < MOST_ATTEMPTS:
                wait = getattr(exc, "retry_after", None) or timedelta(seconds=min(2**attempt, 20))
                log.info("errand %s again in %s: %s", errand.id, wait, exc)
                store.due.put_off(Due.ERRANDS, errand.id, self.world.clock() + wait)
                return
            self._refuse(errand, gave_up_text(errand, exc), EXIT_FAILED)
        except (UsageError, UnknownName, UnknownRollout) as exc:
            self._refuse(errand, exc.user_message, EXIT_USAGE)
        except (UserError, GatewayError, SlackRefused) as exc:
            log.info("errand %s of %s refused: %s", errand.id, errand.actor, exc)
            state = (
                " Nothing was changed." if isinstance(exc, GatewayError) else ""
            )  # a UserError says it in its own words
            self._refuse(errand, f"{exc.user_message}{state}", EXIT_FAILED)
        store.errands.finish(errand.id)

    def _leave(self, errand: Errand) -> None:
        """Do not begin it any more, and say so until it is heard."""
        now, store = self.world.clock(), self.world.store
        log.warning("errand %s of %s is not begun any more: no worker ran for long", errand.id, errand.actor)
        try:
            self.answering.refuse(told_where(errand), belated_text(errand, now))
        except TransientError as exc:
            store.due.put_off(Due.ERRANDS, errand.id, now + (exc.retry_after or BELATED_AGAIN))
            return
        except SlackRefused as exc:
            log.warning("errand %s: %s could not be told: %s", errand.id, errand.actor, exc)
        store.errands.finish(errand.id)

    def _refuse(self, errand: Errand, text: str, exit_status: int) -> None:
        """Tell why not. If even that fails, the log has it and the errand is over."""
        try:
            self.answering.refuse(errand.reply, text, exit_status=exit_status)
        except RolloutBotError as exc:
            log.warning("errand %s: %s could not be told: %s", errand.id, errand.actor, exc)

    def crashed(self, errand_id: str, error: BaseException) -> None:
        """An errand died of something unforeseen: it is tried again a few times, then the person is told."""
        errand = self.world.store.errands.open(errand_id)
        if errand is None or self.world.store.errands.count_attempt(errand_id) < MOST_ATTEMPTS:
            return
        reference = f"errand {errand_id}, {type(error).__name__}"
        self._refuse(
            errand, f"The bot failed at this; its log has the particulars ({reference}). {LOOK_FIRST}", EXIT_FAILED
        )
        self.world.store.errands.finish(errand_id)

    def _serve(self, errand: Errand) -> None:
        match errand:
            case ClickErrand():
                self.clicks.carry_out(errand)
            case FormErrand(command=RejectVersion() as command):
                self._carry_out(completed(errand, command))
            case FormErrand():
                keep_reason(self.world, errand)
            case HomeErrand():
                self.homes.open(errand)
            case BreakErrand():
                self.locking.break_lock(errand)
            case SettleBreaksErrand():
                self.locking.breaking.settle()
            case CommandErrand():
                self._carry_out(errand)

    def _carry_out(self, errand: CommandErrand) -> None:
        match errand.command:
            case Promote() as command:
                self.answering.opened(errand.reply, self.opening.promote(errand, command))
            case Rollback() as command:
                self.answering.opened(errand.reply, self.ways_back.by_command(errand, command))
            case Scale() as command:
                self.answering.opened(errand.reply, self.opening.scale(errand, command))
            case Cancel() as command:
                self._cancel(errand, command)
            case Plan() as command:
                self._plan(errand, command)
            case History() as command:
                self._history(errand, command)
            case Lock() as command:
                self.locking.lock(errand, command)
            case Unlock() as command:
                self.locking.unlock(errand, command)
            case Freeze() as command:
                self.locking.freeze(errand, command)
            case Thaw():
                self.locking.thaw(errand)
            case Hold() | Unhold() as command:
                self.holding.carry_out(errand, command)
            case Metrics() as command:
                self.showing.show(errand, command)
            case command if type(command) in self.carriers:
                self.carriers[type(command)].carry_out(errand, command)
            case _:
                raise UserError("Help is answered without a worker.")

    def _cancel(self, errand: CommandErrand, command: Cancel) -> None:
        stored = self.world.store.rollouts.load(command.rollout_id)
        if stored is None:
            recent = [r.id for r in self.world.store.rollouts.recent(limit=50)]
            raise UnknownRollout(command.rollout_id, nearest(command.rollout_id, recent))
        spec = self.world.fleet.endpoint(stored.rollout.endpoint)
        person = steering_person(self.world.slack, spec.approval, stored.rollout, errand.actor)
        refuse_if_may_not_steer(stored.rollout, spec.approval, person, "cancel it")
        self.clicks.cancel(stored, errand.actor, errand.id)
        self.answering.answer(errand.reply, render_text(_what_cancel_did(stored.rollout)))

    def _plan(self, errand: CommandErrand, command: Plan) -> None:
        """Plan as promote would, with a rollout that is never stored."""
        spec, now = self.world.fleet.endpoint(command.endpoint), self.world.clock()
        imagined = open_rollout(
            id=rollout_id_for(errand.id),
            kind=Kind.UPDATE,
            terms=terms_of(spec),
            requester=errand.actor,
            thread=Thread(channel_id=errand.reply.channel_id or spec.channel or "none"),
            now=now,
            change=command.change,
            asked_strategy=command.strategy,
        )
        plan = self.planner.make(imagined, spec)
        blocked = any(b.check != "something_changes" for b in plan.blockers)
        message = render_bare_plan(imagined.with_(plan=plan))
        self.answering.answer(errand.reply, message, exit_status=EXIT_FAILED if blocked else EXIT_OK)

    def _history(self, errand: CommandErrand, command: History) -> None:
        if command.endpoint is not None:
            self.world.fleet.endpoint(command.endpoint)
        recent = self.world.store.rollouts.recent(command.endpoint, limit=20)
        self.answering.answer(errand.reply, render_history(command.endpoint, recent))


def _what_cancel_did(before: Rollout) -> str:
    """What somebody who typed cancel reads; `before` is the rollout as it was then."""
    if before.phase is not Phase.UPDATING:
        return f"Rollout {before.id} is cancelled. {before.endpoint} was not touched."
    if before.kind is Kind.CREATE:
        return f"Rollout {before.id} is cancelled: SageMaker is not asked to create {before.endpoint}."
    if before.kind is Kind.TEARDOWN:
        return f"Rollout {before.id} is cancelled: {before.endpoint} stays, and so does its autoscaling."
    if before.called_at is None:
        return (
            f"Rollout {before.id} stops before its update: SageMaker is not asked for anything more. {before.endpoint} stays on "
            "the config of before."
        )
    if before.has_crossed and before.update is None:
        return (
            f"Both variants of {before.endpoint} still run: its traffic goes back to the old one now, and rollout {before.id} is "
            "rolled back."
        )
    return (
        f"SageMaker has no way to stop the update of {before.endpoint}. "
        f"A rollback of {before.id} is queued for the moment it settles."
    )
