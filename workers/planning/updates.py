"""The plan of a change: what would be created, what was found, and how it would be carried out."""

from dataclasses import dataclass, replace
from typing import Any

from bot.domain.approval import policy_for
from bot.domain.basis import basis_of, fingerprint_of
from bot.domain.commands import Change
from bot.domain.content import content_hash_of
from bot.domain.conversion import conversion
from bot.domain.cost import Cost, billed_variants, cost_of, instance_types_of
from bot.domain.endpoint import ConfigRecord, ModelPackage, Snapshot
from bot.domain.fleet import EndpointSpec
from bot.domain.guardrails import fitting
from bot.domain.managing.desired import is_same_package
from bot.domain.managing.ranks import rank_of
from bot.domain.phases import Kind
from bot.domain.plan import Fact, Finding, Plan
from bot.domain.preflight import Facts, irreversible_reasons, readiness_of, run_preflight
from bot.domain.preflight.ab_test import comparison_so_far
from bot.domain.readiness import Readiness
from bot.domain.rollout import Rollout
from bot.domain.scaling import Scaling
from bot.domain.strategy import FleetShape, choose, deployment_config, problems, shape_of, steps_of
from bot.domain.trial import TrialStep
from bot.messages.words import count
from workers.cloning import Draft, LiveEndpoint, models_named_by, running_package
from workers.drafting import Drafting, label_of
from workers.planning.bridges import bridge_to, refuse_on_bridge
from workers.planning.gathering import Gathering, alarms_beside, scaling_mode
from workers.planning.loading import artifacts_of, images_of
from workers.planning.past import failed_before, holds_against, rolled_back_from
from workers.planning.quotas import concurrency_need, quota_needs
from workers.planning.trials import (
    has_model_of_a,
    kept_in_trial,
    package_of_b,
    refuse_during_trial,
    refuse_unfit,
    running_trial_of,
    trial_in,
    trial_strategy,
    way_back_to_a,
    with_shadows,
)
from workers.planning.usual import expected_duration
from workers.world import World


@dataclass(frozen=True)
class UpdatePlans:
    """Plans for promotions."""

    world: World
    drafting: Drafting
    gathering: Gathering

    def make(self, rollout: Rollout, spec: EndpointSpec) -> Plan:
        """What the change would do. Raises UserError or ResourceMissing when there is nothing to plan with."""
        change = rollout.change or Change()
        live = self.drafting.gather(spec)
        refuse_on_bridge(live, spec)
        package = self._package(rollout, live, change, spec)
        made = self.drafting.draft(rollout, live, change, package, spec)
        facts = self._under_its_policy(rollout, spec, self._facts(rollout, spec, live, made, package))
        findings = (*self._of_the_test(rollout, live), *run_preflight(facts))
        basis = basis_of(
            facts,
            content_hash=made.fingerprint,
            model_hashes={name: content_hash_of(model.document) for name, model in live.models.items()},
        )
        bridge = bridge_to(self.drafting, rollout, live, made, facts)
        if bridge is not None:  # its name carries its content
            basis = (*basis, Fact(name="Config in between", value=bridge.config))
        current, trial = label_of(live, spec.variant), trial_in(rollout, live, made, spec.variant)
        assert facts.shape is not None
        returns_to = self._returns_to(rollout, live, spec)
        return Plan(
            fingerprint=fingerprint_of(basis, findings),
            content_hash=made.fingerprint,
            basis=basis,
            made_at=self.world.clock(),
            current_config=live.config.name,
            target_config=made.config.name,
            returns_to=returns_to,
            current_label=current,
            target_label=_target_label(current, change, package),
            left_package=_left_package(rollout, live, package, spec),
            new_models=made.new_models,
            package_arn=package.arn if package is not None else None,
            rank=rank_of(spec, package.arn) if package is not None else None,
            differences=made.differences,
            counts_from_config=made.counts_from_config,
            weights_from_config=trial is not None and not rollout.starts_trial,
            kept=(*_kept(live, made), *(kept_in_trial(rollout, trial, made, returns_to) if trial is not None else ())),
            trial=trial,
            findings=findings,
            is_marketplace=facts.shape.is_marketplace,
            strategy=facts.strategy,
            **_carried_out(facts, facts.shape),
            bridge=bridge,
            alarms=facts.own_alarms,
            **alarms_beside(facts),
            traffic=facts.traffic,
            connections=facts.connections,
            opens_at=facts.opens_at,
            cost=self._cost(spec, live, made, facts),
            readiness=_leading_to(returns_to, readiness_of(facts)),
            irreversible=irreversible_reasons(facts),
            scaling=facts.scaling or Scaling(),
            scaling_mode=facts.scaling_mode,
            merits=self.gathering.merits(spec, live, package),
            expected_duration=expected_duration(facts.past_durations),
        )

    def _package(self, rollout: Rollout, live: LiveEndpoint, change: Change, spec: EndpointSpec) -> ModelPackage | None:
        """What shall run. Raises UserError also where the trial that runs, or is asked for, does not allow it."""
        if _keeps_b(rollout):
            return package_of_b(live, spec)
        refuse_during_trial(live)
        package = self.drafting.resolve_package(change, spec)
        if rollout.trial is not None and rollout.starts_trial:
            refuse_unfit(rollout.trial, live, spec.variant, package)
        return package

    def _returns_to(self, rollout: Rollout, live: LiveEndpoint, spec: EndpointSpec) -> str | None:
        """The config to which keeping B is undone, where that is not the present one: one that is there, or that is made for it."""
        if not _keeps_b(rollout) or not has_model_of_a(live):
            return None
        return way_back_to_a(live, self.world.aws(spec).endpoints) or self.drafting.a_alone(rollout, live).name

    def _of_the_test(self, rollout: Rollout, live: LiveEndpoint) -> tuple[Finding, ...]:
        """What the comparison says, to whoever approves that B serves alone."""
        if not _keeps_b(rollout):
            return ()
        found = comparison_so_far(running_trial_of(self.world.store, live), rollout.endpoint)
        return (found,) if found is not None else ()

    def _under_its_policy(self, rollout: Rollout, spec: EndpointSpec, facts: Facts) -> Facts:
        """With who has to agree: more people where the change cannot be undone."""
        policy = policy_for(spec.approval, irreversible_reasons(facts))
        return replace(facts, approvers=self.gathering.approvers(rollout, policy), quorum=policy.quorum)

    def _cost(self, spec: EndpointSpec, live: LiveEndpoint, made: Draft, facts: Facts) -> Cost:
        now = billed_variants(live.config.document, live_counts(live.snapshot))
        wanted = live_counts(live.snapshot, but=spec.variant if made.counts_from_config else None)
        then = billed_variants(made.config.document, wanted)
        took = expected_duration(facts.past_durations)
        return cost_of(now, then, facts.strategy, took, self.gathering.prices(spec, instance_types_of(now, then)))

    def _facts(
        self, rollout: Rollout, spec: EndpointSpec, live: LiveEndpoint, made: Draft, package: ModelPackage | None
    ) -> Facts:
        gather, now = self.gathering, self.world.clock()
        aws, store = self.world.aws(spec), self.world.store
        counts = live_counts(live.snapshot, but=spec.variant if made.counts_from_config else None)
        target = with_shadows(made.config) if rollout.trial is not None else made.config
        shape = shape_of(spec.kind, target.document, is_marketplace=_is_marketplace(live, package), counts=counts)
        strategy = trial_strategy(rollout) or choose(rollout.asked_strategy, spec.strategy, shape)
        trial = trial_in(rollout, live, made, spec.variant)
        scaling = gather.scaling(rollout, spec, live.snapshot)
        drafts = {model.name: model for model in made.models}
        packages = {**live.packages, **({package.arn: package} if package is not None else {})}
        return Facts(
            spec=spec,
            kind=Kind.UPDATE,
            snapshot=live.snapshot,
            current_config=live.config,
            target_config=made.config,
            target_config_name=made.config.name,
            differences=made.differences,
            package=package,
            running=tuple(live.packages.values()),
            models={name: name in live.models for name in models_named_by(live.config)},
            instance_types=instance_types(made.config),
            is_subscribed=gather.is_subscribed(spec, package),
            scaling=scaling,
            scaling_mode=scaling_mode(live.config, made.config, scaling),
            second_variant=trial.b if trial is not None else None,
            strategy=strategy,
            shape=shape,
            own_alarms=fitting(gather.own_alarms(rollout, spec, made.config, strategy), strategy.alarms),
            standing_alarms=gather.standing_alarms(spec, strategy),
            watch_alarms=gather.watch_alarms(spec),
            alarm_change=gather.alarm_change(spec),
            concurrency=concurrency_need(aws, live.config, made.config),
            conversion=conversion(live.config, made.config, spec.variant),
            quota=quota_needs(
                aws,
                with_shadows(live.config),
                with_shadows(made.config),
                strategy,
                counts,
                live_counts(live.snapshot),
                self.drafting.a_alone(rollout, live) if _keeps_b(rollout) else None,
            ),
            artifacts=artifacts_of(aws, made.config, {**live.models, **drafts}, packages),
            images=images_of(live.snapshot, live.config, made.config, {**live.models, **drafts}),
            traffic=gather.traffic(spec, live.snapshot, now),
            connections=gather.connections(spec, live.snapshot, now),
            opens_at=gather.opens_at(spec, now),
            rolled_back_from=rolled_back_from(store, spec.name, live.config.name, rollout.id),
            holds=holds_against(store, spec.name, made.fingerprint, package),
            failed_before=failed_before(store, spec.name, made.fingerprint, rollout.id),
            past_durations=store.rollouts.past_durations(spec.name),
        )


def _keeps_b(rollout: Rollout) -> bool:
    return rollout.trial is not None and rollout.trial.step is TrialStep.KEEP_B


def _carried_out(facts: Facts, shape: FleetShape) -> dict[str, Any]:
    """What the strategy comes down to; nothing where it cannot be had, which is a blocker of its own."""
    strategy = facts.strategy
    if problems(strategy, shape, facts.spec.watch.metric_period):
        return {}
    names = (*strategy.alarms, *(alarm.name for alarm in facts.own_alarms))
    return {"steps": steps_of(strategy, shape), "deployment": deployment_config(strategy, shape, names)}


def live_counts(snapshot: Snapshot, *, but: str | None = None) -> dict[str, int]:
    """Instances that each variant shall have now, except of the one whose count is being changed."""
    return {v.name: v.desired_count for v in snapshot.variants if v.desired_count is not None and v.name != but}


def instance_types(config: ConfigRecord) -> frozenset[str]:
    """Every type that a config names, pools included."""
    single = {v["InstanceType"] for v in config.variants() if "InstanceType" in v}
    pooled = {pool["InstanceType"] for v in config.variants() for pool in v.get("InstancePools", ())}
    return frozenset(single | pooled)


def _is_marketplace(live: LiveEndpoint, package: ModelPackage | None) -> bool:
    return any(p.is_marketplace for p in (*live.packages.values(), *((package,) if package else ())))


def _target_label(current: str, change: Change, package: ModelPackage | None) -> str:
    if package is not None:
        return package.label
    return change.image.rpartition("/")[2] if change.image is not None else current


def _left_package(rollout: Rollout, live: LiveEndpoint, package: ModelPackage | None, spec: EndpointSpec) -> str | None:
    """What ran until now where another version takes its place; beside B, A stays."""
    running = running_package(live, spec)
    if package is None or running is None or rollout.starts_trial or is_same_package(running.arn, package.arn):
        return None
    return running.arn


def _leading_to(returns_to: str | None, readiness: Readiness | None) -> Readiness | None:
    """The readiness with the config that a rollback goes to, where that is not the present one."""
    if returns_to is None or readiness is None:
        return readiness
    return readiness.model_copy(update={"to_config": returns_to})


def _kept(live: LiveEndpoint, made: Draft) -> tuple[str, ...]:
    """What survives although SageMaker would reset it by default."""
    initial = {v["VariantName"]: v.get("InitialInstanceCount") for v in live.config.variants()}
    kept = []
    staying = {v["VariantName"] for v in made.config.variants()}
    for state in live.snapshot.variants:
        if state.desired_count is None or made.counts_from_config or state.name not in staying:
            continue
        before = initial.get(state.name)
        if before is not None and before != state.desired_count:
            kept.append(
                f"{state.name} keeps its {count(state.desired_count, 'live instance')}; its present config says {before}."
            )
        else:
            kept.append(f"{state.name} keeps its instance count, {state.desired_count}.")
    return tuple(kept)
