"""The plan of other autoscaling: no new config, no new model, only what moves the count and between which limits."""

from dataclasses import dataclass

from bot.domain.autoscale import intended, scaling_differences
from bot.domain.basis import basis_of, fingerprint_of
from bot.domain.content import content_hash_of
from bot.domain.cost import Cost, billed_variants, cost_of, instance_types_of
from bot.domain.errors import UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import Kind
from bot.domain.plan import AutoscalePlan, Fact, Plan
from bot.domain.preflight import Facts
from bot.domain.preflight.autoscaling import autoscaling_findings, count_within
from bot.domain.rollout import Rollout
from bot.domain.scaling import ScalableTarget
from bot.domain.strategy import Strategy
from workers.cloning import LiveEndpoint
from workers.drafting import Drafting, label_of
from workers.planning.gathering import Gathering
from workers.planning.past import holds_against
from workers.planning.quotas import quota_for_more
from workers.planning.updates import instance_types, live_counts
from workers.world import World

_HOW = "The instances that run stay; Application Auto Scaling is told other limits and what to hold."


@dataclass(frozen=True)
class AutoscalePlans:
    """Plans that bring autoscaling to what the fleet file says, or back to what it was."""

    world: World
    drafting: Drafting
    gathering: Gathering

    def make(self, rollout: Rollout, spec: EndpointSpec) -> Plan:
        """What would scale it. Raises UserError where that cannot be told, ResourceMissing where there is no endpoint."""
        assert rollout.autoscale is not None
        live = self.drafting.gather(spec)
        change = self._change(rollout, spec, live)
        now = live_counts(live.snapshot).get(change.variant, 0)
        facts = self._facts(rollout, spec, live, change, count_within(change.after, now) - now)
        findings = autoscaling_findings(facts, change)
        basis = (
            *basis_of(facts, content_hash="", model_hashes={}),
            Fact(name="New autoscaling", value=_content(change)),
        )
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
            kept=_kept(change.after),
            findings=findings,
            strategy=Strategy(reason=_HOW),
            autoscale=change,
            opens_at=facts.opens_at,
            cost=self._cost(spec, live, change),
        )

    def _change(self, rollout: Rollout, spec: EndpointSpec, live: LiveEndpoint) -> AutoscalePlan:
        assert rollout.autoscale is not None
        scaling = self.gathering.scaling(rollout, spec, live.snapshot)
        if scaling is None:
            raise UserError(
                "What scales the endpoint could not be told, so nothing was changed. Allow the bot the Describe actions of "
                "application-autoscaling, and ask again."
            )
        before = scaling.of(rollout.autoscale.variant)
        return AutoscalePlan(
            variant=rollout.autoscale.variant, before=before, after=intended(rollout.autoscale, before)
        )

    def _facts(
        self, rollout: Rollout, spec: EndpointSpec, live: LiveEndpoint, change: AutoscalePlan, more: int
    ) -> Facts:
        gather = self.gathering
        return Facts(
            spec=spec,
            kind=Kind.AUTOSCALE,
            snapshot=live.snapshot,
            current_config=live.config,
            target_config=live.config,
            target_config_name=live.config.name,
            differences=scaling_differences(change.before, change.after),
            instance_types=instance_types(live.config),
            scaling=gather.scaling(rollout, spec, live.snapshot),
            quota=quota_for_more(self.world.aws(spec), live.config, change.variant, more),
            approvers=gather.approvers(rollout, spec.approval) if rollout.approval_needed else None,
            quorum=spec.approval.quorum,
            holds=holds_against(self.world.store, spec.name, "", None),
            opens_at=gather.opens_at(spec, self.world.clock()) if not rollout.is_way_back else None,
        )

    def _cost(self, spec: EndpointSpec, live: LiveEndpoint, change: AutoscalePlan) -> Cost:
        counts = live_counts(live.snapshot)
        then = {name: count_within(change.after, n) if name == change.variant else n for name, n in counts.items()}
        before, after = billed_variants(live.config.document, counts), billed_variants(live.config.document, then)
        return cost_of(before, after, None, None, self.gathering.prices(spec, instance_types_of(before, after)))


def _content(change: AutoscalePlan) -> str:
    if change.after is None:
        return "none"
    content = content_hash_of(change.after.model_dump(mode="json"))
    return f"{change.after.minimum} to {change.after.maximum} instances, rules {content[:6]}"


def _kept(after: ScalableTarget | None) -> tuple[str, ...]:
    """What is left as it is although the fleet file does not say it."""
    if after is None or not after.scheduled:
        return ()
    names = ", ".join(str(action.get("ScheduledActionName")) for action in after.scheduled)
    return (f"Its scheduled actions: {names}.",)
