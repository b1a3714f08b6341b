"""Makes plans, moves a planned rollout to where its plan lets it go, and says later whether the plan still holds."""

from dataclasses import dataclass

from bot.domain.alone import begun_alone, may_begin_alone
from bot.domain.approval import describe_approvers, policy_for
from bot.domain.basis import drift
from bot.domain.errors import PlanDrifted, ResourceMissing, UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import BOT_ACTOR, Kind, Phase, Reason
from bot.domain.plan import Difference, Plan
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import RetryPolicy
from bot.domain.starting import start_of
from workers.cloning import Creation
from workers.drafting import Drafting
from workers.planning.autoscales import AutoscalePlans
from workers.planning.counts import CountPlans
from workers.planning.creating import CreatePlans
from workers.planning.gathering import Gathering
from workers.planning.tearing import TeardownPlans
from workers.planning.updates import UpdatePlans
from workers.planning.ways_back import BackPlans
from workers.planning.weights import WeightPlans
from workers.world import World


@dataclass(frozen=True)
class Planner:
    """Makes plans for every kind of rollout."""

    world: World
    drafting: Drafting

    def plan(self, rollout: Rollout, spec: EndpointSpec) -> Rollout:
        """The rollout with its plan: waiting for approval, blocked, or, for an authorised rollback, on its way."""
        now = self.world.clock()
        rollout = _from_the_start(rollout, spec)
        try:
            made = self.make(rollout, spec)
        except (UserError, ResourceMissing) as exc:
            return rollout.to(Phase.BLOCKED, Reason.PREFLIGHT_BLOCKED, now, BOT_ACTOR, exc.user_message)
        policy = policy_for(spec.approval, made.irreversible)
        planned = rollout.with_(plan=made, quorum=policy.quorum, approvers_text=describe_approvers(policy))
        if made.is_blocked:
            reason = (
                Reason.NOTHING_TO_CHANGE if made.blockers[0].check == "something_changes" else Reason.PREFLIGHT_BLOCKED
            )
            return planned.to(Phase.BLOCKED, reason, now, BOT_ACTOR, made.blockers[0].text)
        if not rollout.approval_needed and rollout.kind is Kind.ROLLBACK:
            return planned.to(Phase.ROLLING_BACK, Reason.NO_APPROVAL_NEEDED, now, rollout.requester)
        # One that waited for its turn, or was drawn up again, is as new to its approvers as any other.
        lapses = now + spec.approval.expires_after
        waiting = planned.to(Phase.AWAITING_APPROVAL, Reason.PLAN_READY, now, BOT_ACTOR, expires_at=lapses)
        if may_begin_alone(waiting, policy):
            is_urgent = rollout.is_way_back or (rollout.trial is not None and rollout.trial.towards_a)
            windows = () if is_urgent else spec.windows
            return begun_alone(waiting, start_of(windows, rollout.not_before, now, by_approver=False), now)
        return waiting

    def make(self, rollout: Rollout, spec: EndpointSpec) -> Plan:
        """The plan alone. Raises UserError or ResourceMissing when there is nothing to plan with."""
        return self._make(rollout, spec, Gathering(self.world))

    def creation(self, rollout: Rollout, spec: EndpointSpec) -> Creation:
        """The documents of the new endpoint that was approved. Raises PlanDrifted if they would be others by now."""
        return CreatePlans(self.world, self.drafting, Gathering(self.world, for_people=False)).drafted(rollout, spec)

    def refuse_if_drifted(self, rollout: Rollout, spec: EndpointSpec) -> None:
        """Make the plan again, and raise PlanDrifted if what it rests on has moved.

        A way back that has begun is not held up: SageMaker refuses one that is closed, and leaves the endpoint as it is.
        """
        assert rollout.plan is not None
        if rollout.restored or rollout.phase is Phase.ROLLING_BACK:
            return
        try:
            fresh = self._make(rollout, spec, Gathering(self.world, for_people=False))
        except (UserError, ResourceMissing) as exc:
            moved: tuple[Difference, ...] = (Difference(path="Plan", before=None, after=exc.user_message),)
        else:
            moved = drift(rollout.plan, fresh)
        if moved:
            raise PlanDrifted(moved)

    def _make(self, rollout: Rollout, spec: EndpointSpec, gathering: Gathering) -> Plan:
        match rollout.kind:
            case Kind.ROLLBACK:
                return BackPlans(self.world, gathering).make(rollout, spec)
            case Kind.SCALE:
                return CountPlans(self.world, self.drafting, gathering).make(rollout, spec)
            case Kind.WEIGHTS:
                return WeightPlans(self.world, self.drafting, gathering).make(rollout, spec)
            case Kind.AUTOSCALE:
                return AutoscalePlans(self.world, self.drafting, gathering).make(rollout, spec)
            case Kind.CREATE:
                return CreatePlans(self.world, self.drafting, gathering).make(rollout, spec)
            case Kind.TEARDOWN:
                return TeardownPlans(self.world, self.drafting, gathering).make(rollout, spec)
            case Kind.UPDATE:
                return UpdatePlans(self.world, self.drafting, gathering).make(rollout, spec)


def _from_the_start(rollout: Rollout, spec: EndpointSpec) -> Rollout:
    """Nothing of an older plan's work counts for the next one: its resources bear other names."""
    retry = spec.retry
    return rollout.with_(
        plan=None,
        models_created=False,
        config_created=False,
        alarms_intended=False,
        alarms_verified=False,
        alarms_deleted=False,
        scaling=rollout.scaling if rollout.scaling is not None and rollout.scaling.is_away else None,
        bridge=None,
        update=None,
        retry=None,
        retry_policy=RetryPolicy(capacity_attempts=retry.capacity_attempts, wait=retry.wait),
    )
