"""What an endpoint ran before, from the store and, when that has forgotten, from the tags that rollouts left on their configs.

SageMaker is the truth before Redis: `rollout:id`, `rollout:previous-config`, `rollout:requested-by` and `rollout:thread` stand on the
config and the models that a rollout made.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from bot.domain.endpoint import ConfigRecord, Snapshot
from bot.domain.errors import ResourceMissing
from bot.domain.fleet import EndpointSpec
from bot.domain.managing.desired import is_same_package
from bot.domain.managing.ranks import rank_of
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.plan import Plan
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Thread, Transition
from bot.domain.trial import TRIAL_TAG, TrialAsk, TrialPlan, TrialStep, TrialWatch, trial_on
from bot.domain.version import Version
from workers.cloning import bridge_variant, model_of, package_behind
from workers.ports import Endpoints
from workers.rollbacks import pace_of, watch_of

MOST_GENERATIONS = 20
"""How many configs back the tags are followed."""


def has_run(name: str, past: Iterable[Rollout], endpoints: Endpoints, running: str) -> bool:
    """Whether an endpoint, which is on `running` now, is known to have run the config `name` before.

    Args:
        name: The config in question.
        past: The endpoint's rollouts that the store knows.
        endpoints: Where the tags are read when the store does not know.
        running: The config that the endpoint is on.
    """
    for rollout in past:
        if rollout.plan is not None and name in (
            rollout.plan.current_config,
            rollout.plan.target_config if rollout.cutover_at is not None else None,
        ):
            return True
    config = running
    for _ in range(MOST_GENERATIONS):
        previous = _previous(endpoints, config)
        if previous is None or previous == name:
            return previous is not None
        config = previous
    return False


def _previous(endpoints: Endpoints, config: str) -> str | None:
    try:
        return endpoints.describe_config(config).tags.get("rollout:previous-config")
    except ResourceMissing:
        return None


def rollout_from_tags(
    spec: EndpointSpec, snapshot: Snapshot, config: ConfigRecord, endpoints: Endpoints, now: datetime
) -> Rollout | None:
    """The rollout that brought the endpoint to its present config, as far as its tags tell; None if they do not.

    It counts as succeeded, because the endpoint is where it led. Its story is not told anew: only its card is kept up to date.
    The version that it brought is read from the models, so that going back holds it as ever.
    """
    tags = config.tags
    rollout_id, previous = tags.get("rollout:id"), tags.get("rollout:previous-config")
    channel, _, thread_ts = tags.get("rollout:thread", "").partition(":")
    if not rollout_id or not previous or not channel:
        return None
    requester = tags.get("rollout:requested-by", "unknown")
    trial = trial_on(config, snapshot)
    return Rollout(
        id=rollout_id,
        kind=Kind.UPDATE,
        endpoint=spec.name,
        region=spec.region,
        requester=requester,
        thread=Thread(channel_id=channel, thread_ts=thread_ts or None),
        created_at=snapshot.last_modified,
        phase=Phase.SUCCEEDED,
        transitions=(
            Transition(phase=Phase.PLANNING, reason=Reason.REQUESTED, at=snapshot.last_modified, actor=requester),
            Transition(phase=Phase.SUCCEEDED, reason=Reason.RESTORED_FROM_TAGS, at=now, actor="bot"),
        ),
        pace=pace_of(spec),
        watch=watch_of(spec),
        expires_at=now,
        restored=True,
        **_trial_fields(trial, snapshot, now),
        plan=Plan(
            fingerprint="",
            made_at=now,
            current_config=previous,
            target_config=config.name,
            current_label=previous,
            trial=trial,
            **brought(spec, config, trial.b if trial is not None else spec.variant, previous, endpoints),
        ),
    )


def brought(
    spec: EndpointSpec, config: ConfigRecord, variant: str, previous: str, endpoints: Endpoints
) -> dict[str, Any]:
    """The version that came with the config, as the members of a plan; where the config from before ran it too, none did.

    `previous` is empty where there was no endpoint before.
    """
    package = _package_behind(spec, config, variant, endpoints)
    try:
        earlier = endpoints.describe_config(previous) if previous else None
    except ResourceMissing:
        earlier = None
    before = _package_behind(spec, earlier, spec.variant, endpoints) if earlier is not None else None
    if package is None or is_same_package(package, before):
        return {"target_label": config.name}
    version = {"package_arn": package, "rank": rank_of(spec, package), "target_label": _label(package)}
    return {**version, "left_package": before}


def left_by(spec: EndpointSpec, config: ConfigRecord, target: str, endpoints: Endpoints) -> Version | None:
    """The version that an endpoint on `config` leaves by going to the config `target`; None where it runs the same one there.

    Of two versions side by side it is the one that came last: A of a test, and what ran before a bridge, stay. None also where what
    runs is made of no package.
    """
    seconds = (config.tags.get(TRIAL_TAG, ""), bridge_variant(spec.variant))
    variant = next((name for name in seconds if model_of(config, name) is not None), spec.variant)
    found = brought(spec, config, variant, target, endpoints)
    if "package_arn" not in found:
        return None
    return Version(package_arn=found["package_arn"], rank=found["rank"], label=found["target_label"])


def _package_behind(spec: EndpointSpec, config: ConfigRecord, variant: str, endpoints: Endpoints) -> str | None:
    """The package that a variant's model is made of; None where it is made of none, or is gone."""
    name = model_of(config, variant)
    if name is None:
        return None
    try:
        found = package_behind(spec, endpoints.describe_model(name), {})
    except ResourceMissing:
        return None
    return found.arn if found is not None else None


def label_of_config(spec: EndpointSpec, config: ConfigRecord, endpoints: Endpoints) -> str:
    """The version that the declared variant runs, as people call it; where it runs none of a package, the config's name."""
    package = _package_behind(spec, config, spec.variant, endpoints)
    return _label(package) if package is not None else config.name


def _label(package: str) -> str:
    """As `ModelPackage.label`, from the ARN alone."""
    group, _, version = package.rpartition(":model-package/")[2].partition("/")
    if version:
        return f"{group} version {version}"
    head, _, tail = group.rpartition("-")
    return head if head and len(tail) == 32 else group


def _trial_fields(trial: TrialPlan | None, snapshot: Snapshot, now: datetime) -> dict[str, Any]:
    """That it started a trial which still runs, where the config's tags say so. When it began to serve, no tag tells."""
    if trial is None:
        return {}
    return {
        "trial": TrialAsk(step=TrialStep.START, share=round(trial.share), shadow=trial.shadow),
        "trial_watch": TrialWatch(since=min(snapshot.last_modified, now), share=trial.share),
    }
