"""Whose numbers a watch is about."""

from bot.domain.endpoint import Snapshot
from bot.domain.rollout import Rollout
from bot.domain.trial import TrialStep
from workers.ports import Metrics, Subject


def whole_endpoint(rollout: Rollout, snapshot: Snapshot) -> Subject:
    """Everything that the endpoint's variants serve, by whichever fleet. Before the update that is the old one alone."""
    variants = tuple(dict.fromkeys((*(v.name for v in snapshot.variants), *_gone(rollout))))
    components = rollout.watch.inference_components
    return Subject(endpoint=rollout.endpoint, variants=variants, kind=rollout.watch.kind, components=components)


def _gone(rollout: Rollout) -> tuple[str, ...]:
    """The variant of a trial that ended by keeping it under the other one's name: before, it served a share of the traffic."""
    ends_trial = rollout.trial is not None and rollout.trial.step is TrialStep.KEEP_B
    trial = rollout.plan.trial if rollout.plan is not None and ends_trial else None
    return (trial.b,) if trial is not None and not trial.shadow else ()


def new_fleet(rollout: Rollout, snapshot: Snapshot, metrics: Metrics) -> Subject:
    """Only what the new fleet serves, where CloudWatch tells fleets apart: streams live on in the old one for half an hour."""
    whole = whole_endpoint(rollout, snapshot)
    if whole.components or not metrics.knows_config(rollout.endpoint, rollout.target_config):
        return whole
    return Subject(whole.endpoint, whole.variants, whole.kind, config=rollout.target_config)
