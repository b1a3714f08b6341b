"""The plan of another instance count: no new config, no new model."""

from dataclasses import dataclass

from bot.domain.basis import basis_of, fingerprint_of
from bot.domain.cost import Cost, billed_variants, cost_of, instance_types_of
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import Kind
from bot.domain.plan import Difference, Plan
from bot.domain.preflight import Facts, run_preflight
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import CountChange
from bot.domain.strategy import Strategy
from workers.cloning import LiveEndpoint
from workers.drafting import Drafting, label_of
from workers.planning.gathering import Gathering
from workers.planning.quotas import quota_for_more
from workers.planning.updates import instance_types, live_counts
from workers.planning.usual import expected_duration
from workers.world import World


@dataclass(frozen=True)
class CountPlans:
    """Plans for `scale`."""

    world: World
    drafting: Drafting
    gathering: Gathering

    def make(self, rollout: Rollout, spec: EndpointSpec) -> Plan:
        """What another count would do. Raises ResourceMissing when there is no endpoint."""
        assert rollout.count_change is not None
        wanted = rollout.count_change
        live = self.drafting.gather(spec)
        before = next((v.desired_count for v in live.snapshot.variants if v.name == wanted.variant), None)
        scaling = self.gathering.scaling(rollout, spec, live.snapshot)
        changes = before != wanted.count
        path = f"{wanted.variant}.DesiredInstanceCount"
        difference = Difference(path=path, before=None if before is None else str(before), after=str(wanted.count))
        facts = Facts(
            spec=spec,
            kind=Kind.SCALE,
            snapshot=live.snapshot,
            current_config=live.config,
            target_config=live.config,
            target_config_name=live.config.name,
            differences=(difference,) if changes else (),
            instance_types=instance_types(live.config),
            count_change=wanted,
            scaling=scaling,
            quota=quota_for_more(self.world.aws(spec), live.config, wanted.variant, wanted.count - (before or 0)),
            approvers=self.gathering.approvers(rollout, spec.approval),
            quorum=spec.approval.quorum,
            opens_at=self.gathering.opens_at(spec, self.world.clock()),
            past_durations=self.world.store.rollouts.past_durations(spec.name),
        )
        findings = run_preflight(facts)
        basis = basis_of(facts, content_hash="", model_hashes={})
        label = label_of(live, spec.variant)
        return Plan(
            fingerprint=fingerprint_of(basis, findings),
            basis=basis,
            made_at=self.world.clock(),
            current_config=live.config.name,
            target_config=live.config.name,
            current_label=label,
            target_label=label,
            differences=facts.differences,
            findings=findings,
            strategy=Strategy(reason="The instances that run stay; only their number changes."),
            expected_duration=expected_duration(facts.past_durations),
            opens_at=facts.opens_at,
            cost=self._cost(spec, live, wanted),
        )

    def _cost(self, spec: EndpointSpec, live: LiveEndpoint, wanted: CountChange) -> Cost:
        counts = live_counts(live.snapshot)
        now = billed_variants(live.config.document, counts)
        then = billed_variants(live.config.document, {**counts, wanted.variant: wanted.count})
        return cost_of(now, then, None, None, self.gathering.prices(spec, instance_types_of(now, then)))
