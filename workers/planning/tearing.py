"""The plan of a teardown: what would be gone, who still calls it, and what stays for how long."""

from dataclasses import dataclass, replace

from bot.domain.approval import policy_for
from bot.domain.basis import basis_of, fingerprint_of
from bot.domain.cost import Cost, billed_variants, cost_of, instance_types_of
from bot.domain.declared import restore_window
from bot.domain.endpoint import ConfigRecord, Snapshot
from bot.domain.errors import ResourceMissing
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import Kind
from bot.domain.plan import Difference, Plan
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.teardown import irreversible_teardown, teardown_findings, what_stays
from bot.domain.rollout import Rollout
from bot.domain.saga import ScalingMode
from bot.domain.scaling import Scaling
from bot.domain.strategy import Strategy
from workers.cloning import LiveEndpoint
from workers.drafting import Drafting, label_of
from workers.planning.gathering import Gathering, alarms_beside
from workers.planning.trials import running_trial_of
from workers.planning.updates import live_counts
from workers.world import World


@dataclass(frozen=True)
class TeardownPlans:
    """Plans for `teardown`."""

    world: World
    drafting: Drafting
    gathering: Gathering

    def make(self, rollout: Rollout, spec: EndpointSpec) -> Plan:
        """What would be gone. Raises ResourceMissing when there is no endpoint."""
        snapshot = self.world.aws(spec).endpoints.describe(spec.name)
        live = self._live(spec)
        config = live.config if live is not None else None
        gather, now = self.gathering, self.world.clock()
        irreversible, window = irreversible_teardown(spec), restore_window(self.world.fleet)
        policy = policy_for(spec.approval, irreversible)
        facts = Facts(
            spec=spec,
            kind=Kind.TEARDOWN,
            snapshot=snapshot,
            current_config=config or ConfigRecord(name=snapshot.config_name, arn="", document={}),
            target_config=None,
            target_config_name="",
            scaling=gather.scaling(rollout, spec, snapshot),
            scaling_mode=ScalingMode.DEREGISTER,
            alarm_change=gather.alarms_left(spec),
            traffic=gather.traffic(spec, snapshot, now),
            connections=gather.connections(spec, snapshot, now),
            opens_at=gather.opens_at(spec, now),
            approvers=gather.approvers(rollout, policy),
            quorum=policy.quorum,
        )
        findings = teardown_findings(
            facts,
            requests=gather.requests_of_a_week(spec, snapshot, now),
            is_restorable=config is not None,
            running=running_trial_of(self.world.store, live) if live is not None else None,
        )
        basis = basis_of(replace(facts, snapshot=_lasting(snapshot)), content_hash="", model_hashes={})
        return Plan(
            fingerprint=fingerprint_of(basis, findings),
            basis=basis,
            made_at=now,
            current_config=snapshot.config_name,
            target_config="",
            restore_window=window if config is not None else None,
            current_label=label_of(live, spec.variant) if live is not None else snapshot.config_name,
            target_label="nothing",
            differences=(Difference(path="Endpoint", before=f"{spec.name} on {snapshot.config_name}", after=None),),
            kept=(what_stays(spec, snapshot.config_name, window),) if config is not None else (),
            findings=findings,
            strategy=Strategy(reason=f"{_what_ends(config)} Requests fail from that moment on."),
            scaling=facts.scaling or Scaling(),
            **alarms_beside(facts),
            scaling_mode=ScalingMode.DEREGISTER,
            traffic=facts.traffic,
            connections=facts.connections,
            opens_at=facts.opens_at,
            cost=self._cost(spec, snapshot, config),
            irreversible=irreversible,
        )

    def _live(self, spec: EndpointSpec) -> LiveEndpoint | None:
        """What runs, unless its config was deleted."""
        try:
            return self.drafting.gather(spec)
        except ResourceMissing:
            return None

    def _cost(self, spec: EndpointSpec, snapshot: Snapshot, config: ConfigRecord | None) -> Cost | None:
        if config is None:
            return None
        now = billed_variants(config.document, live_counts(snapshot))
        return cost_of(now, (), None, None, self.gathering.prices(spec, instance_types_of(now)))


def _what_ends(config: ConfigRecord | None) -> str:
    is_serverless = config is not None and not instance_types_of(billed_variants(config.document))
    return "SageMaker takes its serverless capacity away." if is_serverless else "SageMaker ends all instances."


def _lasting(snapshot: Snapshot) -> Snapshot:
    """Without its live counts and weights: whoever agrees that it goes does not care how many instances it has."""
    return snapshot.model_copy(update={"variants": ()})
