"""The plan of a rollback: where it goes, and whether it can get there."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from bot.domain.approval import policy_for
from bot.domain.basis import basis_of, fingerprint_of
from bot.domain.conversion import conversion
from bot.domain.endpoint import ConfigRecord, Snapshot
from bot.domain.errors import ResourceMissing, UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import Kind
from bot.domain.plan import Difference, Plan
from bot.domain.preflight import Facts, irreversible_reasons, run_preflight
from bot.domain.preflight.facts import QuotaNeed
from bot.domain.rollout import Rollout
from bot.domain.scaling import Scaling
from bot.domain.strategy import way_back
from bot.domain.trial import TRIAL_TAG
from bot.store.rollouts import Stored
from workers.cloning import models_named_by
from workers.lineage import has_run, left_by
from workers.planning.bridges import bridge_from
from workers.planning.gathering import Gathering, scaling_mode
from workers.planning.past import rolled_back_from
from workers.planning.quotas import quota_needs
from workers.planning.updates import instance_types, live_counts
from workers.planning.usual import expected_duration
from workers.world import Aws, World


@dataclass(frozen=True)
class BackPlans:
    """Plans for rollbacks. They skip what only slows them down: traffic, cost, windows."""

    world: World
    gathering: Gathering

    def make(self, rollout: Rollout, spec: EndpointSpec) -> Plan:
        """The way back. Raises UserError or ResourceMissing when there is none."""
        aws = self.world.aws(spec)
        snapshot = aws.endpoints.describe(spec.name)
        parent = self.world.store.rollouts.load(rollout.parent_id) if rollout.parent_id else None
        _refuse_if_superseded(parent, snapshot)
        current = aws.endpoints.describe_config(snapshot.config_name)
        target_name = rollout.rollback_to or _previous_config(spec, current)
        if snapshot.is_on(target_name):
            raise UserError(f"{spec.name} is on {target_name} already, so there is nothing to roll back.")
        facts = self._facts(rollout, spec, snapshot, current, target_name)
        facts = replace(facts, quorum=policy_for(spec.approval, irreversible_reasons(facts)).quorum)
        findings = run_preflight(facts)
        basis = basis_of(facts, content_hash="", model_hashes={})
        left = left_by(spec, current, target_name, aws.endpoints)
        undone = parent.rollout.change if parent is not None else None
        undoes_count = undone is not None and undone.count is not None
        return Plan(
            fingerprint=fingerprint_of(basis, findings),
            basis=basis,
            made_at=self.world.clock(),
            current_config=current.name,
            target_config=target_name,
            current_label=current.name,
            target_label=target_name,
            left_package=left.package_arn if left is not None else None,
            differences=(Difference(path="EndpointConfigName", before=current.name, after=target_name),),
            counts_from_config=undoes_count,
            kept=_kept_on_the_way_back(facts.target_config, undoes_count),
            findings=findings,
            strategy=facts.strategy,
            bridge=bridge_from(current, facts.target_config, spec.variant),
            scaling=facts.scaling or Scaling(),
            scaling_mode=facts.scaling_mode,
            expected_duration=expected_duration(facts.past_durations),
            irreversible=irreversible_reasons(facts),
        )

    def _facts(
        self, rollout: Rollout, spec: EndpointSpec, snapshot: Snapshot, current: ConfigRecord, target_name: str
    ) -> Facts:
        aws, gather = self.world.aws(spec), self.gathering
        target = _config(aws, target_name)
        bridge = bridge_from(current, target, spec.variant)
        scaling = gather.scaling(rollout, spec, snapshot)
        strategy = way_back()
        past = [r for r in self.world.store.rollouts.recent(spec.name, limit=50) if r.id != rollout.id]
        quota: tuple[QuotaNeed, ...] = ()
        if target is not None:
            quota = quota_needs(aws, current, target, strategy, live_counts(snapshot), live_counts(snapshot))
        return Facts(
            spec=spec,
            kind=Kind.ROLLBACK,
            snapshot=snapshot,
            current_config=current,
            target_config=target,
            target_config_name=target_name,
            models=_which_exist(aws, models_named_by(target) if target is not None else ()),
            instance_types=instance_types(target) if target is not None else frozenset(),
            scaling=scaling,
            scaling_mode=scaling_mode(current, target or current, scaling),
            strategy=strategy,
            second_variant=bridge.next_variant if bridge is not None else _coming_back(target),
            conversion=conversion(current, target, spec.variant) if target is not None else None,
            quota=quota,
            rolled_back_from=rolled_back_from(self.world.store, spec.name, target_name, rollout.parent_id),
            has_run_here=has_run(target_name, past, aws.endpoints, current.name),
            past_durations=self.world.store.rollouts.past_durations(spec.name),
        )


def _refuse_if_superseded(parent: Stored | None, snapshot: Snapshot) -> None:
    """A rollback undoes its rollout only while the endpoint is still where that rollout left it."""
    if parent is None or parent.rollout.plan is None:
        return
    plan = parent.rollout.plan
    expected = {plan.target_config, plan.current_config, *({plan.bridge.config} if plan.bridge is not None else ())}
    if snapshot.config_name not in expected:
        raise UserError(
            f"The endpoint is on {snapshot.config_name} now, so rollout {parent.rollout.id} is superseded and there is "
            "nothing of it to roll back. The rollback command goes back from where the endpoint is now."
        )


def _coming_back(target: ConfigRecord | None) -> str | None:
    """B of a trial that was ended by keeping it: going back from there leads to both once more."""
    return target.tags.get(TRIAL_TAG) if target is not None else None


def _which_exist(aws: Aws, models: Iterable[str]) -> Mapping[str, bool]:
    def exists(name: str) -> bool:
        try:
            aws.endpoints.describe_model(name)
        except ResourceMissing:
            return False
        return True

    return {name: exists(name) for name in models}


def _config(aws: Aws, name: str) -> ConfigRecord | None:
    try:
        return aws.endpoints.describe_config(name)
    except ResourceMissing:
        return None


def _previous_config(spec: EndpointSpec, current: ConfigRecord) -> str:
    """Where the present config came from, by the tag that the rollout which made it left there."""
    previous = current.tags.get("rollout:previous-config")
    if previous is None:
        raise UserError(
            f"The config {current.name} carries no tag that says what {spec.name} ran before, so the bot cannot tell where to go "
            f"back to. Name the config: rollback {spec.name} --to CONFIG"
        )
    return previous


def _kept_on_the_way_back(target: ConfigRecord | None, undoes_count: bool) -> tuple[str, ...]:
    if not undoes_count or target is None:
        return ("The live instance counts stay (RetainAllVariantProperties).",)
    return tuple(
        f"{v['VariantName']} goes back to {v['InitialInstanceCount']} as its instance count, as that config says."
        for v in target.variants()
        if "InitialInstanceCount" in v
    )
