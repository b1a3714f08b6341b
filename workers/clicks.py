"""What a pressed button does. Every click gets an answer: the thread changes, or the person is told why it does not."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.acceptance import accept
from bot.domain.approval import (
    Person,
    already_decided,
    approve,
    counted,
    policy_for,
    refuse_if_may_not_steer,
    reject,
    run_now,
)
from bot.domain.errand import Click, ClickErrand, Form
from bot.domain.errors import PlanDrifted, ResourceMissing, RevisionConflict, StalePlan, UnknownRollout, UserError
from bot.domain.extending import extend
from bot.domain.fleet import Approval, EndpointSpec
from bot.domain.names import mention
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.reconcile import SOON, redraw
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Abort
from bot.domain.starting import Start, start_of
from bot.store.rollouts import Stored, Write
from workers.forgotten import ForgottenPlans
from workers.noting import Noting
from workers.opening import MAY_BE_ROLLED_BACK, WaysBack, begun, last_on, superseded_text
from workers.people import person_for, steering_person
from workers.planning import Planner
from workers.reasons import ask_why, open_reason_form
from workers.rollbacks import inherited_scaling
from workers.world import World

_CANNOT_STOP = {
    Kind.CREATE: (
        "SageMaker creates {endpoint} already, and has no way to stop that. Nothing was changed. When it is there, this takes it "
        "away again: teardown {endpoint} --reason TEXT"
    ),
    Kind.TEARDOWN: (
        "SageMaker deletes {endpoint} already, and has no way to stop that. Nothing was changed. When it is gone, this restores "
        "it: deploy {endpoint}"
    ),
}

TRIES = 5
"""A click and a tick may write at the same moment; the click looks again and decides anew."""


@dataclass(frozen=True)
class Clicks:
    """Carries out clicks. Raises UserError with what the clicker shall read when nothing was done."""

    world: World
    ways_back: WaysBack
    planner: Planner

    def carry_out(self, errand: ClickErrand) -> None:
        """Do what the button says, if this person may and if it still makes sense."""
        for attempt in range(TRIES):
            try:
                self._carry_out(errand)
                return
            except RevisionConflict:
                if attempt == TRIES - 1:
                    raise

    def _carry_out(self, errand: ClickErrand) -> None:
        if errand.click is Click.ADD_REASON:
            open_reason_form(self.world, errand)
            return
        stored = self.world.store.rollouts.load(errand.value.rollout_id)
        if stored is not None and stored.rollout.was_moved_by(errand.id):
            return
        spec = self.world.fleet.endpoint(stored.rollout.endpoint if stored is not None else errand.value.endpoint)
        if stored is None:
            stored = self._restored(errand, spec)
        person = self._person(errand, stored.rollout, spec)
        match errand.click:
            case Click.APPROVE | Click.SCHEDULE:
                self._approve(stored, spec, person, errand)
            case Click.RUN_NOW:
                self._run_now(stored, spec, person, errand)
            case Click.ABORT:
                refuse_if_may_not_steer(stored.rollout, spec.approval, person, "abort it")
                self._abort(stored, errand)
            case Click.REJECT:
                now = self.world.clock()
                rejected = reject(
                    stored.rollout, self._policy(stored.rollout, spec), person, errand.value, now, errand.id
                )
                self.world.store.rollouts.commit([Write(rejected, stored.revision)], now)
                ask_why(self.world, rejected, errand, Form.REJECT_REASON)
            case Click.CANCEL:
                refuse_if_may_not_steer(stored.rollout, spec.approval, person, "cancel it")
                self.cancel(stored, errand.actor, errand.id)
            case Click.EXTEND_WATCH:
                refuse_if_may_not_steer(stored.rollout, spec.approval, person, "extend its watch")
                self._extend_watch(stored, spec, errand)
            case Click.ACCEPT:
                refuse_if_may_not_steer(stored.rollout, spec.approval, person, "accept it")
                self._accept(stored, errand)
            case Click.ROLL_BACK:
                self._roll_back(stored, spec, person, errand)

    def _person(self, errand: ClickErrand, rollout: Rollout, spec: EndpointSpec) -> Person:
        if errand.click in (Click.APPROVE, Click.SCHEDULE, Click.RUN_NOW):
            return person_for(self.world.slack, self._policy(rollout, spec), errand.actor)
        decides = errand.click is Click.REJECT  # on the plan, where the others steer what was decided
        policy = self._policy(rollout, spec) if decides else spec.approval
        return steering_person(self.world.slack, policy, rollout, errand.actor)

    def _restored(self, errand: ClickErrand, spec: EndpointSpec) -> Stored:
        """The store does not know the rollout: for the way back, SageMaker's tags may."""
        if errand.click is not Click.ROLL_BACK:
            raise ForgottenPlans(self.world).refusal(errand, spec)
        found = last_on(self.world, spec, self.world.clock())
        if found is None or found.rollout.id != errand.value.rollout_id:
            raise UserError(superseded_text(errand.value.rollout_id, spec.name, found.rollout if found else None))
        return found

    def _approve(self, stored: Stored, spec: EndpointSpec, person: Person, errand: ClickErrand) -> None:
        rollout, now = stored.rollout, self.world.clock()
        policy = self._policy(rollout, spec)
        start = self._start(rollout, spec, errand.click, now)
        standing = self._counted(rollout, policy)
        approved = approve(standing, policy, person, errand.value, now, errand.id, start=start)
        if rollout.kind is not Kind.ROLLBACK:
            self.world.store.locks.refuse_if_locked(spec.name, now)
        self._refuse_if_drifted(stored, spec)
        due = now + SOON if approved.phase is not rollout.phase else approved.expires_at
        writes = [Write(approved, stored.revision, due)]
        if approved.phase is Phase.ROLLING_BACK and approved.parent_id is not None:
            parent = self.world.store.rollouts.load(approved.parent_id)
            if parent is not None and parent.rollout.phase in MAY_BE_ROLLED_BACK:
                approved = approved.with_(scaling=inherited_scaling(parent.rollout))
                writes = [
                    *begun(parent, approved, person.id, now, errand.id),
                    Write(approved, stored.revision, due),
                ]
        self.world.store.rollouts.commit(writes, now)

    def _counted(self, rollout: Rollout, policy: Approval) -> Rollout:
        """With the approvals that still count: between two of them the fleet file or a group may have changed."""
        if rollout.phase is not Phase.AWAITING_APPROVAL:
            return rollout
        people = [person_for(self.world.slack, policy, who) for who in rollout.approvers()]
        return counted(rollout, policy, people)

    def _policy(self, rollout: Rollout, spec: EndpointSpec) -> Approval:
        return policy_for(spec.approval, rollout.plan.irreversible if rollout.plan is not None else ())

    def _start(self, rollout: Rollout, spec: EndpointSpec, click: Click, now: datetime) -> Start | None:
        """When an approved change shall run: what was chosen last, the requester's time otherwise; never outside a window."""
        if rollout.kind is Kind.ROLLBACK:
            return None
        quiet = rollout.plan.quiet_at if rollout.plan is not None else None
        if click is Click.SCHEDULE:
            if quiet is None or quiet <= now:
                raise UserError(
                    "The quiet hour of this plan has begun already. Your click changed nothing: press Approve to run it now, or "
                    "ask again with the same command for the next quiet hour."
                )
            return start_of(spec.windows, max(quiet, rollout.not_before or quiet), now, by_approver=True)
        chosen = rollout.scheduled_for or rollout.not_before
        return start_of(spec.windows, chosen, now, by_approver=rollout.scheduled_for is not None)

    def _refuse_if_drifted(self, stored: Stored, spec: EndpointSpec) -> None:
        """What was approved must be what runs. If it is not, a fresh plan takes the place of the one that was seen."""
        try:
            self.planner.refuse_if_drifted(stored.rollout, spec)
        except PlanDrifted as exc:
            now = self.world.clock()
            drawn_up_anew = redraw(stored.rollout, Reason.PLAN_DRIFTED, now, exc.differences).rollout
            self.world.store.rollouts.commit([Write(drawn_up_anew, stored.revision, now + SOON)], now)
            what = ", ".join(d.path for d in exc.differences)
            raise StalePlan(
                stored.rollout.id, f"{what} changed since it was made; a fresh plan takes its place in a moment."
            ) from exc

    def _run_now(self, stored: Stored, spec: EndpointSpec, person: Person, errand: ClickErrand) -> None:
        now, policy = self.world.clock(), self._policy(stored.rollout, spec)
        begun_early = run_now(
            stored.rollout, policy, person, start_of(spec.windows, None, now, by_approver=True), now, errand.id
        )
        self.world.store.locks.refuse_if_locked(spec.name, now)
        self.world.store.rollouts.commit([Write(begun_early, stored.revision, now + SOON)], now)

    def _abort(self, stored: Stored, errand: ClickErrand) -> None:
        """Trip our alarm, so that SageMaker itself goes back: the nearest thing to stopping an update that there is."""
        rollout, now = stored.rollout, self.world.clock()
        if rollout.abort is not None:
            raise UserError(f"{mention(rollout.abort.actor)} aborted it already. Your click changed nothing.")
        if rollout.phase is not Phase.UPDATING or rollout.plan is None or not rollout.plan.alarms:
            raise UserError(
                f"There is nothing to abort: its state is “{rollout.phase.words}”. Your click changed nothing."
            )
        aborted = rollout.with_(abort=Abort(actor=errand.actor, at=now, caused_by=errand.id))
        self.world.store.rollouts.commit([Write(aborted, stored.revision, self._next_look(rollout, now))], now)

    def _extend_watch(self, stored: Stored, spec: EndpointSpec, errand: ClickErrand) -> None:
        """Watch for longer. What was over already is watched on only if the endpoint still is where the rollout left it."""
        now = self.world.clock()
        longer = extend(stored.rollout, errand.actor, now, errand.id)
        if stored.rollout.phase is not Phase.WATCHING:
            self._refuse_if_superseded(stored.rollout, spec, to="watch")
        self.world.store.rollouts.commit([Write(longer, stored.revision, now + SOON)], now)

    def _accept(self, stored: Stored, errand: ClickErrand) -> None:
        """It takes effect now, so that the next look does not roll back while somebody types why."""
        now = self.world.clock()
        accepted = accept(stored.rollout, errand.actor, now, errand.id)
        due = now + SOON if accepted.is_active else None
        self.world.store.rollouts.commit([Write(accepted, stored.revision, due)], now)
        ask_why(self.world, accepted, errand, Form.ACCEPT_REASON)

    def _next_look(self, rollout: Rollout, now: datetime) -> datetime:
        """At once; but what a tick may be taking away at this moment is not put back under its hands."""
        is_being_taken = rollout.scaling is not None and rollout.scaling.taken_at is None
        return now + (self.world.lease if is_being_taken else SOON)

    def cancel(self, stored: Stored, actor: str, errand_id: str) -> None:
        """Stop it before the update starts; later, queue a rollback for the moment SageMaker settles, for it has no cancel."""
        rollout, now = stored.rollout, self.world.clock()
        if rollout.was_moved_by(errand_id):
            return
        if rollout.is_waiting or rollout.phase is Phase.PREPARING:
            over = rollout.to(Phase.CANCELLED, Reason.CANCELLED_BY_PERSON, now, actor, caused_by=errand_id)
            self.world.store.rollouts.commit([Write(over, stored.revision, now if over.is_active else None)], now)
            Noting(self.world).clear(rollout, over)
        elif rollout.kind in (Kind.CREATE, Kind.TEARDOWN) and rollout.update is not None:
            raise UserError(_CANNOT_STOP[rollout.kind].format(endpoint=rollout.endpoint))
        elif rollout.kind is Kind.SCALE and rollout.update is not None:
            raise UserError(
                f"SageMaker was asked for the new count already, and has no way to stop that. Nothing was changed. To go "
                f"back when it is done: scale {rollout.endpoint} --count N"
            )
        elif rollout.kind is Kind.WEIGHTS and rollout.update is not None:
            raise UserError(
                f"SageMaker was asked for the new weights already, and moves them within seconds. Nothing was changed. To move "
                f"them back: ab weight {rollout.endpoint} --weight N"
            )
        elif rollout.kind is Kind.AUTOSCALE and rollout.update is not None:
            raise UserError(
                "Application Auto Scaling was asked for it already, and takes it within seconds. Nothing was changed. To undo it "
                "when it is done: press Roll back."
            )
        elif rollout.phase is Phase.UPDATING:
            queued = rollout.with_(rollback_queued_by=rollout.rollback_queued_by or actor)
            self.world.store.rollouts.commit([Write(queued, stored.revision, self._next_look(rollout, now))], now)
        elif rollout.phase is Phase.WATCHING:
            raise UserError(
                "The update is done already, so there is nothing to cancel. Nothing was changed. Press Roll back to undo it."
            )
        elif rollout.phase is Phase.ROLLING_BACK:
            raise UserError("It is being rolled back already. SageMaker has no way to stop that. Nothing was changed.")
        else:
            raise UserError(already_decided(rollout))

    def _roll_back(self, stored: Stored, spec: EndpointSpec, person: Person, errand: ClickErrand) -> None:
        rollout = stored.rollout
        refuse_if_may_not_steer(rollout, spec.approval, person, "roll it back")
        if rollout.kind is Kind.AUTOSCALE:
            self.ways_back.autoscaling(stored, spec, person.id, errand.id)
            return
        if rollout.phase not in MAY_BE_ROLLED_BACK or rollout.kind is not Kind.UPDATE:
            raise UserError(self._why_not(rollout))
        self._refuse_if_superseded(rollout, spec)
        self.ways_back.by_button(stored, spec, person.id, errand.id)

    def _why_not(self, rollout: Rollout) -> str:
        if rollout.phase in (Phase.ROLLING_BACK, Phase.ROLLED_BACK):
            asked = next(t for t in reversed(rollout.transitions) if t.phase is Phase.ROLLING_BACK)
            done = "was rolled back" if rollout.phase is Phase.ROLLED_BACK else "is being rolled back"
            return f"It {done} already; {mention(asked.actor)} asked for it. Your click changed nothing."
        return f"Rollout {rollout.id} is {rollout.phase.words}, so there is nothing to roll back. Your click changed nothing."

    def _refuse_if_superseded(self, rollout: Rollout, spec: EndpointSpec, *, to: str = "roll back") -> None:
        """The endpoint must still be where this rollout left it: SageMaker knows, whatever the store says."""
        try:
            snapshot = self.world.aws(spec).endpoints.describe(spec.name)
        except ResourceMissing as exc:
            raise UserError(f"{exc.user_message} Your click changed nothing.") from exc
        if rollout.plan is None:
            raise UnknownRollout(rollout.id)
        if rollout.phase is Phase.NEEDS_HUMAN or snapshot.config_name == rollout.target_config:
            return
        newer = next(
            (
                r
                for r in self.world.store.rollouts.recent(spec.name)
                if r.plan is not None and r.plan.target_config == snapshot.config_name and r.id != rollout.id
            ),
            None,
        )
        raise UserError(superseded_text(rollout.id, spec.name, newer, to=to))
