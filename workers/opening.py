"""Opens rollouts: what a typed promote or rollback becomes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.approval import describe_approvers, is_approver, refuse_if_may_not_steer
from bot.domain.commands import AbFinish, AbStart, AbWeight, Change, Deploy, Promote, Rollback, Scale, Teardown
from bot.domain.errand import CommandErrand, rollout_id_for
from bot.domain.errors import EndpointBusy, NotAllowed, ResourceMissing, RevisionConflict, UnknownRollout, UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.names import mention
from bot.domain.phases import BOT_ACTOR, Kind, Phase, Reason
from bot.domain.rollout import Rollout, open_rollout
from bot.domain.rollout_parts import CountChange, Thread
from bot.domain.starting import written
from bot.domain.trial import TrialAsk
from bot.domain.version import Version
from bot.store.rollouts import Stored, Write, holds_endpoint
from bot.store.slots import SlotState
from workers.cloning import models_named_by
from workers.lineage import has_run, rollout_from_tags
from workers.people import asked_time, person_for, steering_person
from workers.rollbacks import asked_for_by_command, child_of, inherited_scaling, pace_of, settled_scaling, watch_of
from workers.world import World

MAY_BE_ROLLED_BACK = frozenset({Phase.SUCCEEDED, Phase.WATCHING, Phase.NEEDS_HUMAN})


@dataclass(frozen=True)
class Opening:
    """Opens rollouts so that running the same errand again opens nothing new."""

    world: World

    def promote(self, errand: CommandErrand, command: Promote) -> Rollout:
        """Open the rollout of a promote command; its plan is made by the next tick, or once its turn has come.

        Raises:
            EndpointLocked: a lock or a freeze stands.
            UserError: there is nowhere to tell the story, or the time that was asked for is none.
        """
        asked = {"change": command.change, "asked_strategy": command.strategy}
        return self._open(errand, command, Kind.UPDATE, asked)

    def scale(self, errand: CommandErrand, command: Scale) -> Rollout:
        """Open the rollout of a scale command. Raises as `promote` does."""
        variant = command.variant or self.world.fleet.endpoint(command.endpoint).variant
        return self._open(
            errand, command, Kind.SCALE, {"count_change": CountChange(variant=variant, count=command.count)}
        )

    def deploy(self, errand: CommandErrand, command: Deploy) -> Rollout:
        """Open the rollout that creates an endpoint. Raises as `promote` does."""
        change = Change(version=command.version) if command.version is not None else None
        return self._open(errand, command, Kind.CREATE, {"change": change})

    def teardown(self, errand: CommandErrand, command: Teardown) -> Rollout:
        """Open the rollout that deletes an endpoint. Raises as `promote` does."""
        return self._open(errand, command, Kind.TEARDOWN, {})

    def ab(
        self,
        errand: CommandErrand,
        command: AbStart | AbWeight | AbFinish,
        kind: Kind,
        trial: TrialAsk,
        **asked: object,
    ) -> Rollout:
        """Open a rollout that starts, moves or ends a trial by keeping B. Raises as `promote` does; no lock stops a way back to A."""
        return self._open(errand, command, kind, {"trial": trial, **asked})

    def ab_back(
        self, errand: CommandErrand, command: AbFinish, trial: TrialAsk, to: str, leaves: Version | None, *, alone: bool
    ) -> Rollout:
        """Open the rollback that ends a trial by keeping A, which undoes no rollout; `alone`: it needs nobody's approval."""
        spec, now = self.world.fleet.endpoint(command.endpoint), self.world.clock()
        rollout_id = rollout_id_for(errand.id)
        if (known := self.world.store.rollouts.load(rollout_id)) is not None:
            return known.rollout
        self._refuse_while_updating(spec, None)
        self._refuse_if_no_way_back(spec, to)
        channel = self._channel(errand, spec)
        rollout = asked_for_by_command(
            id=rollout_id,
            spec=spec,
            actor=errand.actor,
            thread=Thread(channel_id=channel),
            reply=errand.reply,
            now=now,
            to=to,
            parent=None,
            approval_needed=not alone,
            approvers_text=describe_approvers(spec.approval),
            home_channel=spec.channel if spec.channel != channel else None,
            over=self.world.store.locks.over(spec.name, now),
            leaves=leaves,
        ).with_(trial=trial, reason=command.reason or "")
        self._commit_in_place_of_waiting(rollout, (), now)
        return rollout

    def _open(
        self,
        errand: CommandErrand,
        command: Promote | Scale | Deploy | Teardown | AbStart | AbWeight | AbFinish,
        kind: Kind,
        asked: Mapping[str, object],
    ) -> Rollout:
        spec, now = self.world.fleet.endpoint(command.endpoint), self.world.clock()
        rollout_id = rollout_id_for(errand.id)
        if (known := self.world.store.rollouts.load(rollout_id)) is not None:
            return known.rollout
        trial = asked.get("trial")
        if not (isinstance(trial, TrialAsk) and trial.towards_a):
            self.world.store.locks.refuse_if_locked(spec.name, now)
        self._refuse_if_scheduled(spec, errand.actor)
        channel = self._channel(errand, spec)
        rollout = open_rollout(
            id=rollout_id,
            kind=kind,
            endpoint=spec.name,
            region=spec.region,
            requester=errand.actor,
            thread=Thread(channel_id=channel),
            now=now,
            pace=pace_of(spec),
            watch=watch_of(spec),
            expires_after=spec.approval.expires_after,
            not_before=asked_time(self.world.slack, getattr(command, "at", None), errand.actor, now),
            queued_behind=self._ahead(spec.name),
            reason=getattr(command, "reason", None) or "",
            quorum=spec.approval.quorum,
            approvers_text=describe_approvers(spec.approval),
            home_channel=spec.channel if spec.channel != channel else None,
            reply=errand.reply,
            **asked,
        )
        self._commit_in_place_of_waiting(rollout, (), now)
        return rollout

    def open_unasked(
        self,
        spec: EndpointSpec,
        rollout_id: str,
        kind: Kind,
        *,
        channel: str,
        reason: str,
        approval_needed: bool,
        requester: str = BOT_ACTOR,
        replaces: str = "",
        **asked: object,
    ) -> Rollout:
        """Open a rollout that nobody typed: the endpoint manager's, or one of a wave. The same id is opened once.

        Args:
            spec: The endpoint.
            rollout_id: Derived from what it is about, so that two managers open one.
            kind: What it does.
            channel: Where its card is posted.
            reason: Why, for people.
            approval_needed: False where the fleet file's policy is `auto`, or where `vouched_by` names who approved its wave.
            requester: Who asked for what it is part of.
            replaces: A plan of the bot's own that gives way to it.
            **asked: Further fields of the rollout: `change`, `wave_id`, `vouched_by`, `not_before` …

        Raises:
            EndpointLocked: a lock or a freeze stands.
            RevisionConflict: the plan that it replaces has moved on.
        """
        now = self.world.clock()
        if (known := self.world.store.rollouts.load(rollout_id)) is not None:
            return known.rollout
        self.world.store.locks.refuse_if_locked(spec.name, now)
        rollout = open_rollout(
            id=rollout_id,
            kind=kind,
            endpoint=spec.name,
            region=spec.region,
            requester=requester,
            thread=Thread(channel_id=channel),
            now=now,
            pace=pace_of(spec),
            watch=watch_of(spec),
            expires_after=spec.approval.expires_after,
            queued_behind=self._ahead(spec.name),
            reason=reason,
            quorum=spec.approval.quorum,
            approvers_text=describe_approvers(spec.approval),
            home_channel=spec.channel if spec.channel != channel else None,
            approval_needed=approval_needed,
            **asked,
        )
        given_up = (self._given_up(replaces, Reason.SUPERSEDED, rollout),) if replaces else ()
        self.world.store.rollouts.commit([*given_up, Write(rollout, 0, now)], now)
        return rollout

    def take_back(self, rollout_id: str, why: str) -> None:
        """Take back a plan of the bot's own. Raises RevisionConflict if it has moved on."""
        now = self.world.clock()
        self.world.store.rollouts.commit([self._given_up(rollout_id, Reason.NO_LONGER_WANTED, note=why)], now)

    def _given_up(self, rollout_id: str, reason: Reason, by: Rollout | None = None, note: str = "") -> Write:
        """What becomes of a plan that nobody has said anything about."""
        stored, now = self.world.store.rollouts.load(rollout_id), self.world.clock()
        if stored is None or not stored.rollout.is_waiting or stored.rollout.approvals:
            raise RevisionConflict(f"rollout {rollout_id} has moved on")
        actor, newer = (by.requester, by.id) if by is not None else (BOT_ACTOR, None)
        over = stored.rollout.to(Phase.CANCELLED, reason, now, actor, note, superseded_by=newer)
        return Write(over, stored.revision, now)

    def _refuse_if_scheduled(self, spec: EndpointSpec, actor: str) -> None:
        """An approved change that waits for its time gives way only to a change of somebody who could cancel it."""
        for stored in self.world.store.rollouts.active(spec.name):
            rollout = stored.rollout
            if rollout.phase is not Phase.SCHEDULED or rollout.scheduled_for is None:
                continue
            try:
                person = steering_person(self.world.slack, spec.approval, rollout, actor)
                refuse_if_may_not_steer(rollout, spec.approval, person, "replace it")
            except NotAllowed as exc:
                raise NotAllowed(
                    f"Rollout {rollout.id} of {spec.name} is approved and runs {written(rollout.scheduled_for)}. "
                    f"{exc.user_message}",
                    actor=actor,
                ) from exc

    def _ahead(self, endpoint: str) -> str | None:
        """The rollout that a new one has to wait for: who holds the endpoint, or the last of those that wait already."""
        waiting = [s.rollout for s in self.world.store.rollouts.active(endpoint) if s.rollout.queued_behind is not None]
        if waiting:
            return max(waiting, key=lambda r: r.created_at).id
        held = self.world.store.rollouts.lease_of(endpoint)
        return held.rollout_id if held is not None else None

    def rollback(self, errand: CommandErrand, command: Rollback) -> Rollout:
        """Open the rollback of a rollback command, with a card of its own.

        It needs an approval unless the requester of what it undoes or an approver typed it; one that undoes no rollout goes
        by itself only for an approver, and only to a config that the endpoint has run.
        """
        store, now = self.world.store, self.world.clock()
        rollout_id = rollout_id_for(errand.id)
        if (known := store.rollouts.load(rollout_id)) is not None:
            return known.rollout
        spec = self._spec_of(command)
        parent = self.last_on(spec, now)
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
        channel = self._channel(errand, spec)
        rollout = asked_for_by_command(
            id=rollout_id,
            spec=spec,
            actor=errand.actor,
            thread=Thread(channel_id=channel),
            reply=errand.reply,
            now=now,
            to=target,
            parent=undone.rollout if undone else None,
            approval_needed=needs_approval,
            approvers_text=describe_approvers(spec.approval),
            home_channel=spec.channel if spec.channel != channel else None,
            over=store.locks.over(spec.name, now),
            leaves=parent.rollout.plan.version if undone is None and parent and parent.rollout.plan else None,
        )
        writes = (
            begun(undone, rollout, errand.actor, now, errand.id) if undone is not None and not needs_approval else ()
        )
        self._commit_in_place_of_waiting(rollout, writes, now)
        return rollout

    def roll_back_by_button(self, parent: Stored, spec: EndpointSpec, actor: str, errand_id: str) -> Rollout:
        """Open the rollback of a Roll back button; its story goes on in the parent's thread."""
        self._refuse_if_no_way_back(spec, parent.rollout.plan.way_back if parent.rollout.plan else None)
        now = self.world.clock()
        moved = parent.rollout.to(Phase.ROLLING_BACK, Reason.ROLLBACK_REQUESTED, now, actor, caused_by=errand_id)
        child = child_of(moved, spec, actor, now, self.world.store.locks.over(spec.name, now))
        moved = moved.with_(child_id=child.id, scaling=settled_scaling(parent.rollout))
        self._commit_in_place_of_waiting(child, (Write(moved, parent.revision, now + moved.pace.poll),), now)
        return child

    def last_on(self, spec: EndpointSpec, now: datetime) -> Stored | None:
        """The rollout that brought the endpoint to where it is: from the store, or, if that forgot it, from SageMaker's tags."""
        endpoints = self.world.aws(spec).endpoints
        try:
            snapshot = endpoints.describe(spec.name)
            config = endpoints.describe_config(snapshot.config_name)
        except ResourceMissing as exc:
            raise UserError(f"{exc.user_message} Nothing was started.") from exc
        for rollout in self.world.store.rollouts.recent(spec.name, limit=20):
            if _left_it_on(rollout, config.name) and rollout.phase in MAY_BE_ROLLED_BACK:
                return self.world.store.rollouts.load(rollout.id)
        restored = rollout_from_tags(spec, snapshot, config, endpoints, now)
        if restored is None or self.world.store.rollouts.load(restored.id) is not None:
            return None
        return self._remember(restored, now)

    def _remember(self, restored: Rollout, now: datetime) -> Stored:
        store = self.world.store
        (stored,) = store.rollouts.commit([Write(restored, 0)], now)
        if restored.thread.thread_ts is not None:
            card = SlotState(intended_at=now, message_ts=restored.thread.thread_ts)
            store.slots.save(restored.id, "card", card)
        return stored

    def _commit_in_place_of_waiting(self, rollout: Rollout, also: tuple[Write, ...], now: datetime) -> None:
        """Open it; a plan that still waits for the same endpoint gives way, so that nobody approves the older one."""
        active = self.world.store.rollouts.active(rollout.endpoint)
        waiting = [s for s in active if s.rollout.is_waiting and s.rollout.queued_behind is None]
        if rollout.queued_behind is not None:
            waiting = []  # it waits for its turn, and so takes nobody's place
        retired = []
        for stored in waiting:
            given_up = stored.rollout.to(
                Phase.CANCELLED, Reason.SUPERSEDED, now, rollout.requester, superseded_by=rollout.id
            )
            if holds_endpoint(rollout) and rollout.scaling is None:  # it also takes over what was to be put back
                rollout = rollout.with_(scaling=inherited_scaling(given_up))
                given_up = given_up.with_(scaling=None if rollout.scaling is not None else given_up.scaling)
            retired.append(Write(given_up, stored.revision, now))
        self.world.store.rollouts.commit([*retired, *also, Write(rollout, 0, now)], now)

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

    def _channel(self, errand: CommandErrand, spec: EndpointSpec) -> str:
        channel = errand.reply.channel_id or spec.channel
        if channel is None:
            raise UserError(
                f"{spec.name} has no channel in the fleet file, so there is nowhere to tell the story. "
                "Add `channel`, or type the command in Slack. Nothing was started."
            )
        return channel


def _left_it_on(rollout: Rollout, config: str) -> bool:
    """Whether that rollout leads to this config: its target, or its bridge if it never came further."""
    if rollout.kind is not Kind.UPDATE or rollout.plan is None:
        return False
    bridge = rollout.plan.bridge
    return config == rollout.plan.target_config or (bridge is not None and config == bridge.config)


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
