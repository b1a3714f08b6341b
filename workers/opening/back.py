"""Opens ways back: a typed rollback, a Roll back button, the end of a test that keeps A."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.approval import is_approver, refuse_if_may_not_steer
from bot.domain.autoscale import AutoscaleAsk, scaling_differences
from bot.domain.commands import AbFinish, Rollback
from bot.domain.errand import CommandErrand, rollout_id_for
from bot.domain.errors import EndpointBusy, NotAllowed, ResourceMissing, UnknownRollout, UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.names import mention
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.trial import TrialAsk
from bot.domain.version import Version
from bot.store.rollouts import Stored, Write
from workers.cloning import models_named_by
from workers.lineage import has_run, left_by
from workers.opening.common import ahead_on, channel_of, commit_in_place_of_waiting, opened_for, refuse_if_scheduled
from workers.opening.finding import last_on
from workers.people import person_for, steering_person
from workers.rollbacks import child_of, holds_something, inherited_scaling, passed, settled_scaling
from workers.world import World


@dataclass(frozen=True)
class WaysBack:
    """Opens rollbacks so that running the same errand again opens nothing new. No lock stops one."""

    world: World

    def by_command(self, errand: CommandErrand, command: Rollback) -> Rollout:
        """Open the rollback of a rollback command, with a card of its own.

        It needs an approval unless the requester of what it undoes or an approver typed it; one that undoes no rollout goes
        by itself only for an approver, and only to a config that the endpoint has run. One that needs an approval is refused where
        it would take the place of an approved change that its requester could not cancel.
        """
        store, now = self.world.store, self.world.clock()
        rollout_id = rollout_id_for(errand.id)
        if (known := store.rollouts.load(rollout_id)) is not None:
            return known.rollout
        spec = self._spec_of(command)
        named = store.rollouts.load(command.rollout_id) if command.rollout_id is not None else None
        if named is not None and named.rollout.kind is Kind.AUTOSCALE:
            person = steering_person(self.world.slack, spec.approval, named.rollout, errand.actor)
            refuse_if_may_not_steer(named.rollout, spec.approval, person, "roll it back")
            return self.autoscaling(named, spec, errand.actor, errand.id)
        parent = last_on(self.world, spec, now)
        self._refuse_while_updating(spec, parent)
        undone = parent
        if (
            parent is not None
            and parent.rollout.plan is not None
            and command.to not in (None, parent.rollout.plan.way_back)
        ):
            undone = None
        if command.rollout_id is not None and (parent is None or parent.rollout.id != command.rollout_id):
            raise UserError(superseded_text(command.rollout_id, spec.name, parent.rollout if parent else None))
        target = command.to or (undone.rollout.plan.way_back if undone and undone.rollout.plan else None)
        self._refuse_if_no_way_back(spec, target)
        needs_approval = not self._may_go_back(spec, parent, undone, target, errand.actor)
        if needs_approval:
            refuse_if_scheduled(self.world, spec, errand.actor)
        rollout = self._back(
            errand,
            spec,
            target,
            undoes=undone.rollout if undone else None,
            approval_needed=needs_approval,
            leaves=self._left(spec, parent, target) if undone is None else None,
        )
        writes = (
            begun(undone, rollout, errand.actor, now, errand.id) if undone is not None and not needs_approval else ()
        )
        commit_in_place_of_waiting(self.world, rollout, writes, now)
        return rollout

    def by_button(self, parent: Stored, spec: EndpointSpec, actor: str, errand_id: str) -> Rollout:
        """Open the rollback of a Roll back button; its story goes on in the parent's thread."""
        self._refuse_if_no_way_back(spec, parent.rollout.plan.way_back if parent.rollout.plan else None)
        now = self.world.clock()
        moved = parent.rollout.to(Phase.ROLLING_BACK, Reason.ROLLBACK_REQUESTED, now, actor, caused_by=errand_id)
        child = child_of(moved, spec, actor, now, self.world.store.locks.over(spec.name, now))
        moved = moved.with_(child_id=child.id, scaling=settled_scaling(parent.rollout))
        commit_in_place_of_waiting(self.world, child, (Write(moved, parent.revision, now + moved.pace.poll),), now)
        return child

    def autoscaling(self, undone: Stored, spec: EndpointSpec, actor: str, errand_id: str) -> Rollout:
        """Open the rollout that puts autoscaling back to what it was before another one set it; it needs nobody's approval.

        Raises UserError where that was done already, and where somebody set it otherwise since.
        """
        rollout, now, rollout_id = undone.rollout, self.world.clock(), rollout_id_for(errand_id)
        if (known := self.world.store.rollouts.load(rollout_id)) is not None:
            return known.rollout
        before = self._before(rollout, spec)
        back = opened_for(
            spec,
            Kind.AUTOSCALE,
            id=rollout_id,
            requester=actor,
            channel=rollout.thread.channel_id,
            now=now,
            approval_needed=False,
            parent_id=rollout.id,
            queued_behind=ahead_on(self.world, spec.name),
            autoscale=before,
            passed_locks=passed(self.world.store.locks.over(spec.name, now)),
        )
        replaced = rollout.with_(superseded_by=back.id)
        self.world.store.rollouts.commit([Write(replaced, undone.revision), Write(back, 0, now)], now)
        return back

    def _before(self, rollout: Rollout, spec: EndpointSpec) -> AutoscaleAsk:
        """What to put back. Raises UserError where that would undo what is no longer there."""
        change = rollout.plan.autoscale if rollout.plan is not None else None
        if change is None or rollout.phase is not Phase.SUCCEEDED:
            raise UserError(
                f"Rollout {rollout.id} is {rollout.phase.words}, so there is nothing to put back. Nothing was changed."
            )
        if rollout.superseded_by is not None:
            raise UserError(f"Rollout {rollout.superseded_by} puts it back already. Nothing more was changed.")
        there = self.world.aws(spec).autoscaling.read(spec.name, [change.variant]).of(change.variant)
        if moved := scaling_differences(change.after, there):
            fields = ", ".join(d.path for d in moved)
            raise UserError(
                f"The autoscaling of {spec.name} was changed since ({fields}), so there is nothing of rollout {rollout.id} to put "
                f"back. Nothing was changed. How it stands: status {spec.name}"
            )
        return AutoscaleAsk(variant=change.variant, wanted=change.before, is_exact=True)

    def keep_a(
        self, errand: CommandErrand, command: AbFinish, trial: TrialAsk, to: str, leaves: Version | None, *, alone: bool
    ) -> Rollout:
        """Open the rollback that ends a trial by keeping A, which undoes no rollout; `alone`: it needs nobody's approval."""
        spec, now = self.world.fleet.endpoint(command.endpoint), self.world.clock()
        rollout_id = rollout_id_for(errand.id)
        if (known := self.world.store.rollouts.load(rollout_id)) is not None:
            return known.rollout
        self._refuse_while_updating(spec, None)
        self._refuse_if_no_way_back(spec, to)
        if not alone:
            refuse_if_scheduled(self.world, spec, errand.actor)
        rollout = self._back(errand, spec, to, undoes=None, approval_needed=not alone, leaves=leaves)
        rollout = rollout.with_(trial=trial, reason=command.reason or "")
        commit_in_place_of_waiting(self.world, rollout, (), now)
        return rollout

    def _back(
        self,
        errand: CommandErrand,
        spec: EndpointSpec,
        to: str | None,
        *,
        undoes: Rollout | None,
        approval_needed: bool,
        leaves: Version | None,
    ) -> Rollout:
        """A rollback with a card of its own; `leaves` is the version that it leaves if it undoes no rollout."""
        now = self.world.clock()
        return opened_for(
            spec,
            Kind.ROLLBACK,
            id=rollout_id_for(errand.id),
            requester=errand.actor,
            channel=channel_of(errand, spec),
            now=now,
            reply=errand.reply,
            approval_needed=approval_needed,
            rollback_to=to,
            parent_id=undoes.id if undoes is not None else None,
            leaves=leaves,
            leaves_unknown=undoes is not None and not holds_something(undoes),
            passed_locks=passed(self.world.store.locks.over(spec.name, now)),
            scaling=inherited_scaling(undoes) if undoes is not None and not approval_needed else None,
        )

    def _refuse_if_no_way_back(self, spec: EndpointSpec, target: str | None) -> None:
        """What was deleted cannot be gone back to: said before anything moves, so that no rollout ends in trouble over it."""
        if target is None:
            return
        endpoints = self.world.aws(spec).endpoints
        try:
            for model in models_named_by(endpoints.describe_config(target)):
                endpoints.describe_model(model)
        except ResourceMissing as exc:
            raise UserError(
                f"There is no way back to {target}: {exc.user_message} Nothing was changed; {spec.name} runs on. "
                "Promote the version that it ran instead."
            ) from exc

    def _left(self, spec: EndpointSpec, parent: Stored | None, target: str | None) -> Version | None:
        """What a rollback leaves that undoes no rollout: the version that one brought, else the one that runs, else the settings."""
        plan = parent.rollout.plan if parent is not None else None
        if plan is not None and plan.package_arn is not None:
            return plan.version
        endpoints = self.world.aws(spec).endpoints
        config = endpoints.describe_config(endpoints.describe(spec.name).config_name)
        target = target or config.tags.get("rollout:previous-config")
        left = left_by(spec, config, target, endpoints) if target is not None else None
        return left or (plan.version if plan is not None else None)

    def _refuse_while_updating(self, spec: EndpointSpec, parent: Stored | None) -> None:
        held = self.world.store.rollouts.lease_of(spec.name)
        if held is None or (parent is not None and parent.rollout.id == held.rollout_id):
            return
        try:
            self.world.store.rollouts.refuse_if_busy(spec.name)
        except EndpointBusy as exc:
            raise UserError(
                f"{exc.user_message} SageMaker has no way to stop an update; cancel queues a rollback for the moment it settles."
            ) from exc

    def _may_go_back(
        self, spec: EndpointSpec, parent: Stored | None, undone: Stored | None, target: str | None, actor: str
    ) -> bool:
        """Whether it may go without anybody's leave.

        Undoing a rollout is for its requester too. Any other config is not: nobody may bring one to an endpoint alone that was
        never approved for it.
        """
        if parent is None:
            return False
        if undone is None:
            person = person_for(self.world.slack, spec.approval, actor)
            return is_approver(spec.approval, person) and target is not None and self._has_run(spec, parent, target)
        try:
            person = steering_person(self.world.slack, spec.approval, undone.rollout, actor)
            refuse_if_may_not_steer(undone.rollout, spec.approval, person, "roll it back")
        except NotAllowed:
            return False
        return True

    def _has_run(self, spec: EndpointSpec, parent: Stored, config: str) -> bool:
        past = self.world.store.rollouts.recent(spec.name, limit=50)
        return has_run(config, past, self.world.aws(spec).endpoints, parent.rollout.target_config)

    def _spec_of(self, command: Rollback) -> EndpointSpec:
        if command.endpoint is not None:
            return self.world.fleet.endpoint(command.endpoint)
        assert command.rollout_id is not None
        stored = self.world.store.rollouts.load(command.rollout_id)
        if stored is None:
            raise UnknownRollout(command.rollout_id)
        return self.world.fleet.endpoint(stored.rollout.endpoint)


def begun(parent: Stored, child: Rollout, actor: str, now: datetime, errand_id: str) -> tuple[Write, ...]:
    """What becomes of a rollout whose rollback begins."""
    moved = parent.rollout.to(
        Phase.ROLLING_BACK, Reason.ROLLBACK_REQUESTED, now, actor, caused_by=errand_id, child_id=child.id
    )
    return (Write(moved.with_(scaling=settled_scaling(parent.rollout)), parent.revision, now + moved.pace.poll),)


def superseded_text(rollout_id: str, endpoint: str, newer: Rollout | None, *, to: str = "roll back") -> str:
    """Why a rollout can no longer be rolled back, or what else was asked `to` be done with it."""
    by = f" by rollout {newer.id} of {mention(newer.requester)}" if newer is not None else ""
    return (
        f"Rollout {rollout_id} is superseded{by}: {endpoint} has moved on since, so there is nothing of it to {to}. "
        f"Nothing was changed. To go back from where it is now: rollback {endpoint}"
    )
