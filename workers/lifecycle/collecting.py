"""Finds configs, models and alarms of our own that nothing needs any more, and deletes them when asked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.domain import commands
from bot.domain.approval import describe_approvers, is_approver
from bot.domain.collecting import Orphan, Orphans, orphaned_alarms, orphans_among
from bot.domain.declared import restore_window
from bot.domain.errand import CommandErrand
from bot.domain.errors import GatewayError, NotAllowed, TransientError, UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.rollout import Rollout
from bot.messages.gc import render_collected, render_orphans
from workers.answering import EXIT_FAILED, EXIT_OK, Answering
from workers.lifecycle.surveying import Surveying
from workers.people import person_for
from workers.world import World, place_of

LONGEST = timedelta(seconds=45)
"""How long one gc goes on deleting: each deletion is preceded by a look at the whole account, and a job has two minutes."""

_RECENT = 500
"""Rollouts that are asked when something was needed last."""


@dataclass(frozen=True)
class Collecting:
    """Carries out gc. Raises UserError with what the person shall read when nothing was done."""

    world: World
    answering: Answering

    def carry_out(self, errand: CommandErrand, command: commands.Gc) -> None:
        """What was typed, once however often the errand is run."""
        if command.delete:
            self._refuse_outsider(errand.actor)
        found = [(spec, self._orphans(spec)) for spec in self._places()]
        if not command.delete:
            window = restore_window(self.world.fleet)
            listed = tuple(orphan for _, orphans in found for orphan in orphans.all)
            self.answering.answer(errand.reply, render_orphans(listed, window))
            return
        self._delete(errand, [(spec, orphan) for spec, orphans in found for orphan in orphans.all])

    def _delete(self, errand: CommandErrand, wanted: Sequence[tuple[EndpointSpec, Orphan]]) -> None:
        """As many as there is time for, up to the first that AWS refuses; what is left waits for the next gc.

        Once something was deleted nobody may read that nothing was, whatever happens then.
        """
        until = self.world.clock() + LONGEST
        deleted: list[Orphan] = []
        tried, problem = 0, ""
        for spec, orphan in wanted:
            if self.world.clock() >= until:
                break
            try:
                is_gone = self._deleted(spec, orphan)
            except (UserError, GatewayError, TransientError) as exc:
                if not deleted:
                    raise
                problem = exc.user_message
                break
            tried += 1
            if is_gone:
                deleted.append(orphan)
                self._note(errand, spec, orphan)
        message = render_collected(
            deleted, errand.actor, skipped=tried - len(deleted), left=len(wanted) - tried, problem=problem
        )
        exit_status = EXIT_FAILED if problem else EXIT_OK
        self.answering.answer(errand.reply, message, exit_status=exit_status, in_channel=bool(deleted))

    def _note(self, errand: CommandErrand, spec: EndpointSpec, orphan: Orphan) -> None:
        entry = {"deleted": orphan.model_dump(mode="json"), "place": place_of(spec), "actor": errand.actor}
        self.world.store.audit.note({**entry, "at": self.world.clock().isoformat(), "caused_by": errand.id})

    def _refuse_outsider(self, actor: str) -> None:
        """What is deleted may be of any endpoint, so it takes somebody whom the fleet file's defaults name."""
        policy = self.world.fleet.defaults.approval
        if is_approver(policy, person_for(self.world.slack, policy, actor)):
            return
        raise NotAllowed(
            f"Only an approver of the fleet file's defaults may delete what is left over: {describe_approvers(policy)}. "
            "Nothing was deleted.",
            actor=actor,
        )

    def _places(self) -> Iterator[EndpointSpec]:
        """One endpoint of each account and region."""
        seen: set[str] = set()
        for spec in self.world.fleet.endpoints.values():
            if (place := place_of(spec)) not in seen:
                seen.add(place)
                yield spec

    def _orphans(self, spec: EndpointSpec, *, but: str | None = None) -> Orphans:
        survey = Surveying(self.world).survey(spec, but=but)
        if survey.unread:
            raise UserError(
                f"There is much to look at, and nothing may be deleted before everything in {place_of(spec)} was read: "
                f"{survey.unread:,} to go. What was read is remembered; ask again, and it goes on from there."
            )
        past, window, now = self._past(), restore_window(self.world.fleet), self.world.clock()
        orphans = orphans_among(
            survey.configs,
            survey.models,
            running=survey.running,
            rollouts=past,
            held=self._held(),
            older_than=window,
            now=now,
        )
        alarms = orphaned_alarms(
            survey.alarms,
            survey.configs.values(),
            endpoints={*survey.endpoints, *self.world.fleet.endpoints},
            rollouts=past,
            older_than=window,
            now=now,
        )
        return orphans.model_copy(update={"alarms": alarms})

    def _past(self) -> tuple[Rollout, ...]:
        """Rollouts that may still need something: those under way, and those that people may go back from."""
        rollouts = self.world.store.rollouts
        return (*(stored.rollout for stored in rollouts.active()), *rollouts.recent(limit=_RECENT))

    def _held(self) -> set[str]:
        """Rollouts of which holds speak."""
        holds = self.world.store.holds.on_each(self.world.fleet.endpoints)
        return {hold.rollout_id for each in holds.values() for hold in each if hold.rollout_id is not None}

    def _deleted(self, spec: EndpointSpec, orphan: Orphan) -> bool:
        """Look at everything once more, then delete it; False if something needs it by now."""
        if orphan.name not in {o.name for o in self._orphans(spec, but=orphan.name).all}:
            return False
        aws = self.world.aws(spec)
        if orphan.kind == "alarm":
            aws.alarms.delete([orphan.name])
        elif orphan.kind == "model":
            aws.leftovers.delete_model(orphan.name)
        else:
            aws.leftovers.delete_config(orphan.name)
        return True
