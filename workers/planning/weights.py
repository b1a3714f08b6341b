"""The plan of other traffic weights in an A/B test: no new config, no new model."""

import math
from dataclasses import dataclass

from bot.domain.approval import policy_for
from bot.domain.basis import basis_of, fingerprint_of
from bot.domain.errors import UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import Kind
from bot.domain.plan import Difference, Finding, Plan
from bot.domain.preflight import CheckName, Facts
from bot.domain.preflight.ab_test import comparison_so_far
from bot.domain.preflight.endpoint import endpoint_is_in_service
from bot.domain.preflight.findings import ok, warning
from bot.domain.preflight.policy import change_window_is_open, quorum_is_reachable
from bot.domain.rollout import Rollout
from bot.domain.scaling import Scaling
from bot.domain.strategy import Strategy
from bot.domain.trial import TrialAsk, TrialPlan
from workers.cloning import LiveEndpoint
from workers.drafting import Drafting, label_of, running_trial
from workers.planning.gathering import Gathering
from workers.planning.trials import running_trial_of
from workers.planning.updates import live_counts
from workers.world import World


@dataclass(frozen=True)
class WeightPlans:
    """Plans for `ab weight`."""

    world: World
    drafting: Drafting
    gathering: Gathering

    def make(self, rollout: Rollout, spec: EndpointSpec) -> Plan:
        """What another share of the traffic would do. Raises UserError where no A/B test runs, or it cannot be moved."""
        assert rollout.trial is not None
        live = self.drafting.gather(spec)
        before = movable_trial(live)
        _refuse_if_it_would_be_more(rollout.trial, before, spec.name)
        trial = before.model_copy(update={"share": float(rollout.trial.share)})
        facts = self._facts(rollout, spec, live, before, trial)
        so_far = None if rollout.trial.towards_a else running_trial_of(self.world.store, live)
        found = (
            endpoint_is_in_service(facts),
            comparison_so_far(so_far, spec.name),
            quorum_is_reachable(facts) if rollout.approval_needed else None,
            _capacity(live, trial),
            None if rollout.trial.towards_a else change_window_is_open(facts),
        )
        findings = tuple(finding for finding in found if finding is not None)
        basis = basis_of(facts, content_hash="", model_hashes={})
        return Plan(
            fingerprint=fingerprint_of(basis, findings),
            basis=basis,
            made_at=self.world.clock(),
            current_config=live.config.name,
            target_config=live.config.name,
            current_label=label_of(live, trial.a),
            target_label=label_of(live, trial.b),
            differences=facts.differences,
            trial=trial,
            findings=findings,
            strategy=Strategy(
                reason="The instances that run stay; only the traffic between them moves, within seconds."
            ),
            opens_at=facts.opens_at,
        )

    def _facts(
        self, rollout: Rollout, spec: EndpointSpec, live: LiveEndpoint, before: TrialPlan, after: TrialPlan
    ) -> Facts:
        policy = policy_for(spec.approval, ())
        shares = ((before.a, 100 - before.share, 100 - after.share), (before.b, before.share, after.share))
        return Facts(
            spec=spec,
            kind=Kind.WEIGHTS,
            snapshot=live.snapshot,
            current_config=live.config,
            target_config=live.config,
            target_config_name=live.config.name,
            differences=tuple(
                Difference(path=f"{name}.Share", before=f"{old:.0f} % of the traffic", after=f"{new:.0f} %")
                for name, old, new in shares
                if round(old) != round(new)
            ),
            scaling=Scaling(),
            approvers=self.gathering.approvers(rollout, policy),
            quorum=policy.quorum,
            opens_at=self.gathering.opens_at(spec, self.world.clock()),
        )


def movable_trial(live: LiveEndpoint) -> TrialPlan:
    """The A/B test whose weights can be moved.

    Raises:
        UserError: none runs, or it is a shadow, whose share stands in its config.
    """
    trial = running_trial(live)
    if trial.shadow:
        name = live.snapshot.name
        raise UserError(
            f"{trial.b} is a shadow: how many requests it gets copies of stands in the endpoint config, and cannot be moved live. "
            f"Nothing was changed. Finish the test (ab finish {name} --keep A) and start it again with another --weight."
        )
    return trial


def _refuse_if_it_would_be_more(ask: TrialAsk, now: TrialPlan, endpoint: str) -> None:
    """What goes without an approval because it takes traffic away from B must still do so: others move the weights meanwhile.

    Raises:
        UserError: B has as little by now, or less.
    """
    if ask.towards_a and ask.share >= round(now.share):
        raise UserError(
            f"{now.b} of {endpoint} has {now.share:.0f} % of the traffic by now, so {ask.share} % would take nothing away from it. "
            f"Nothing was changed. For more traffic, which takes an approval: ab weight {endpoint} --weight {ask.share}"
        )


def _capacity(live: LiveEndpoint, trial: TrialPlan) -> Finding:
    """B is not autoscaled, and A may have grown since the test began."""
    counts = live_counts(live.snapshot)
    a, b = counts.get(trial.a) or 0, counts.get(trial.b) or 0
    needed = max(1, math.ceil(a * trial.share / 100))
    if b >= needed:
        return ok(
            CheckName.LIVE_COUNT, f"{trial.b} has {b} of the {a} instances that {trial.a} has: enough for its share."
        )
    return warning(
        CheckName.LIVE_COUNT,
        f"{trial.b} has {b} instances where {trial.a} has {a}, and shall take {trial.share:.0f} % of the traffic.",
        f"Give it more first: scale {live.snapshot.name} --count {needed} --variant {trial.b}",
    )
