"""The one side effect of a tick, carried out on AWS. Each may be tried again after a crash: it finds its own work and leaves it be."""

from dataclasses import dataclass

from bot.domain.endpoint import ConfigRecord, ModelRecord
from bot.domain.errors import ResourceExists, ResourceMissing, RevisionConflict
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import Kind
from bot.domain.reconcile import Action, call_of, wanted_weights
from bot.domain.rollout import Rollout
from bot.domain.saga import ScalingMode
from bot.domain.trial import TrialStep
from bot.store.rollouts import Stored
from workers.alarming import ALARM_ACTIONS
from workers.checking import start_check
from workers.drafting import Drafting
from workers.existing import clear_failed, create_endpoint, delete_endpoint
from workers.planning import Planner
from workers.planning.restoring import take_note_off
from workers.world import Aws, World


@dataclass(frozen=True)
class Acting:
    """Carries out actions. Raises what the gateways raise; the reconciler decides what follows from it."""

    world: World
    planner: Planner
    drafting: Drafting

    def act(self, stored: Stored, action: Action, spec: EndpointSpec) -> Rollout:
        """Try the one side effect; returns the rollout with what it learned."""
        rollout, aws = stored.rollout, self.world.aws(spec)
        match action:
            case Action.MAKE_PLAN:
                return self.planner.plan(rollout, spec)
            case Action.CREATE_MODELS:
                self._create_models(aws, rollout, spec)
            case Action.CREATE_CONFIG:
                if not rollout.models_created:  # otherwise it was looked at before those were
                    self.planner.refuse_if_drifted(rollout, spec)
                self._create_way_back(aws, rollout, spec)
                _create_config(aws, rollout, self._documents(rollout, spec)[1])
            case Action.CREATE_BRIDGE:
                _create_config(aws, rollout, self.drafting.drafted_bridge(rollout, spec))
            case Action.CREATE_ALARMS | Action.TRIP_ALARM | Action.DELETE_ALARMS | Action.SET_ALARMS:
                ALARM_ACTIONS[action](aws, rollout)
            case Action.TAKE_SCALING:
                self._take_scaling(aws, stored, spec)
            case (
                Action.CALL_BRIDGE
                | Action.CALL_UPDATE
                | Action.SET_COUNTS
                | Action.SET_WEIGHTS
                | Action.SET_AUTOSCALING
            ):
                self._call(aws, stored, spec, action)
            case Action.SHIFT_WEIGHTS:
                self._refuse_if_overtaken(stored)
                aws.endpoints.set_weights_and_capacities(rollout.endpoint, weights=wanted_weights(rollout))
            case Action.CLEAR_FAILED | Action.CREATE_ENDPOINT | Action.DELETE_ENDPOINT:
                self._begin_or_end(aws, stored, spec, action)
            case Action.RESTORE_SCALING:
                _restore_scaling(aws, rollout)
            case Action.START_CHECK:
                self._refuse_if_overtaken(stored)
                start_check(self.world, rollout)
        return rollout

    def _create_models(self, aws: Aws, rollout: Rollout, spec: EndpointSpec) -> None:
        self.planner.refuse_if_drifted(rollout, spec)
        for model in self._documents(rollout, spec)[0]:
            aws.endpoints.create_model(model)

    def _create_way_back(self, aws: Aws, rollout: Rollout, spec: EndpointSpec) -> None:
        """The config that keeping B is undone to, where there is none left. Its name bears its content: one that is there is ours."""
        if rollout.trial is None or rollout.trial.step is not TrialStep.KEEP_B:
            return
        assert rollout.plan is not None
        alone = self.drafting.a_alone(rollout, self.drafting.gather(spec))
        if alone.name != rollout.plan.returns_to:
            return
        try:
            aws.endpoints.create_config(alone)
        except ResourceExists:
            return

    def _documents(self, rollout: Rollout, spec: EndpointSpec) -> tuple[tuple[ModelRecord, ...], ConfigRecord]:
        """The models and the config that were approved, made again."""
        if rollout.kind is Kind.CREATE:
            made = self.planner.creation(rollout, spec)
            return (made.model,), made.config
        draft = self.drafting.drafted(rollout, spec)
        return draft.models, draft.config

    def _take_scaling(self, aws: Aws, stored: Stored, spec: EndpointSpec) -> None:
        """Take it away, if what was approved still holds, which the first time includes what scales the endpoint now."""
        rollout = stored.rollout
        assert rollout.scaling is not None
        self.planner.refuse_if_drifted(rollout.with_(scaling=None) if rollout.scaling.attempts == 1 else rollout, spec)
        take = aws.autoscaling.deregister if rollout.scaling.mode is ScalingMode.DEREGISTER else aws.autoscaling.suspend
        for target in rollout.scaling.targets:
            self._refuse_if_overtaken(stored)  # whoever cancelled meanwhile has it put back
            take(target)

    def _begin_or_end(self, aws: Aws, stored: Stored, spec: EndpointSpec, action: Action) -> None:
        """The call by which the endpoint begins or ceases to exist, after a last look at what was approved."""
        rollout, call = stored.rollout, call_of(stored.rollout)
        if call is None or call.attempts == 1:  # after a lost answer, what there is may be our own work
            self.planner.refuse_if_drifted(rollout, spec)
        self._refuse_if_overtaken(stored)
        if action is Action.CLEAR_FAILED:
            clear_failed(aws, rollout)
        elif action is Action.CREATE_ENDPOINT:
            create_endpoint(aws, rollout)
            take_note_off(aws, spec)
            self.world.store.kept.forget(rollout.endpoint)
        else:
            delete_endpoint(aws, rollout, self.world.clock())

    def _refuse_if_overtaken(self, stored: Stored) -> None:
        if not self.world.store.rollouts.still_holds(stored):
            raise RevisionConflict(f"rollout {stored.rollout.id} moved on just before its call")

    def _call(self, aws: Aws, stored: Stored, spec: EndpointSpec, action: Action) -> None:
        """The call that changes the endpoint, after a last look at what was approved, and only while nobody overtook this tick."""
        rollout, call = stored.rollout, call_of(stored.rollout)
        assert rollout.plan is not None
        assert call is not None
        moved_by_us = call.attempts > 1 or rollout.has_crossed  # after a lost answer it may be
        if not moved_by_us:
            self.planner.refuse_if_drifted(rollout, spec)
        self._refuse_if_overtaken(stored)
        if action is Action.SET_COUNTS:
            assert rollout.count_change is not None
            wanted = {rollout.count_change.variant: rollout.count_change.count}
            aws.endpoints.set_weights_and_capacities(rollout.endpoint, counts=wanted)
            return
        if action is Action.SET_WEIGHTS:
            assert rollout.plan.trial is not None
            aws.endpoints.set_weights_and_capacities(rollout.endpoint, weights=rollout.plan.trial.weights)
            return
        if action is Action.SET_AUTOSCALING:
            _set_autoscaling(aws, rollout)
            return
        if action is Action.CALL_BRIDGE:
            aws.endpoints.update(rollout.endpoint, call.config)
            return
        # On a bridge the old variant's live weight is, or may be, 0: that must not be what its successor keeps.
        is_shifted = rollout.bridge is not None and (rollout.has_crossed or bool(rollout.bridge.shift_refused))
        aws.endpoints.update(
            rollout.endpoint,
            rollout.target_config,
            counts_from_config=rollout.plan.counts_from_config,
            weights_from_config=is_shifted or rollout.plan.weights_from_config,
            deployment=rollout.plan.deployment,
        )


def _create_config(aws: Aws, rollout: Rollout, config: ConfigRecord) -> None:
    """Create it. A config of that name with our own tag is ours, from a tick that died: autoscaling may have moved the counts."""
    try:
        aws.endpoints.create_config(config)
    except ResourceExists:
        if aws.endpoints.describe_config(config.name).tags.get("rollout:id") != rollout.id:
            raise


def _restore_scaling(aws: Aws, rollout: Rollout) -> None:
    """Put back what was taken. A variant or an endpoint that is gone needs no scaling; the others still do."""
    assert rollout.scaling is not None
    try:
        variants = {v.name for v in aws.endpoints.describe(rollout.endpoint).variants}
    except ResourceMissing:
        return
    for target in rollout.scaling.targets:
        if target.variant in variants:
            aws.autoscaling.restore(target)


def _set_autoscaling(aws: Aws, rollout: Rollout) -> None:
    """Put in place what shall scale it, or take away what does. The same again does no harm."""
    assert rollout.plan is not None
    assert rollout.plan.autoscale is not None
    change = rollout.plan.autoscale
    if change.after is not None:
        aws.autoscaling.put(change.after)
    elif change.before is not None:
        aws.autoscaling.deregister(change.before)
