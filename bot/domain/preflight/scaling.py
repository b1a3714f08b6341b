"""What the change means for autoscaling: what is taken away and put back, and what does not scale meanwhile."""

from collections.abc import Iterator, Sequence

from bot.domain.endpoint import ConfigRecord
from bot.domain.phases import Kind
from bot.domain.plan import Finding
from bot.domain.preflight.counts import desired_count
from bot.domain.preflight.facts import Facts
from bot.domain.preflight.findings import CheckName, ok, warning
from bot.domain.saga import ScalingMode
from bot.domain.scaling import ScalableTarget

_ALL = "policies and scheduled actions"


def scaling_is_put_back(facts: Facts) -> Finding | None:
    """SageMaker refuses some changes of registered variants, and deregistering deletes what was set up."""
    if facts.scaling is None:
        return warning(
            CheckName.AUTOSCALING,
            "Whether anything scales the endpoint could not be told.",
            "Allow the bot the Describe actions of application-autoscaling. Until then, make sure that no autoscaling is in the way.",
        )
    targets = facts.scaling.targets
    if not targets or facts.kind is Kind.SCALE:
        return None
    named = "; ".join(target.words for target in targets)
    if facts.scaling_mode is ScalingMode.DEREGISTER:
        return warning(
            CheckName.AUTOSCALING,
            f"SageMaker refuses this change while autoscaling is registered. Its limits, {_ALL} are saved, removed for the "
            f"update, and put back afterwards, however it ends ({named}).",
            _afterwards(targets),
        )
    if all(target.is_suspended for target in targets):
        return None
    return ok(CheckName.AUTOSCALING, f"Autoscaling is suspended for the update and resumes afterwards ({named}).")


def scaling_is_at_work(facts: Facts) -> Finding | None:
    """A rollout that was lost with the store leaves autoscaling as it was meanwhile, and nobody notices a fleet that stands still."""
    if facts.scaling is None:
        return None
    still = [target for target in facts.scaling.targets if target.is_suspended]
    if still:
        return warning(
            CheckName.SCALING_OFF,
            f"Autoscaling is suspended already, and stays so: {'; '.join(target.words for target in still)}.",
            "If nobody did that on purpose, resume it in AWS: a rollout that the bot lost sight of leaves it like this.",
        )
    declared, variant = facts.spec.autoscaling, facts.spec.variant
    if declared is None or facts.scaling.of(variant) is not None:
        return None
    return warning(
        CheckName.SCALING_OFF,
        f"The fleet file wants {variant} to scale from {declared.min} to {declared.max} instances, but nothing scales it.",
        f"This change does not set it up; afterwards: sync {facts.spec.name}",
    )


def _afterwards(targets: Sequence[ScalableTarget]) -> str:
    """What is left to do by hand: a step scaling policy that comes back has another ARN than its alarms know."""
    alarms = sorted({name for target in targets for name in target.step_alarms})
    if not alarms:
        return "Nothing to do. If something could not be put back, the thread says what."
    return f"Step scaling comes back under a new ARN. Afterwards, point what triggers it at the new policy: {', '.join(alarms)}."


def scaling_pauses_at_a_quiet_time(facts: Facts) -> Finding | None:
    """While an update runs nothing scales out, which matters only when the endpoint is busy."""
    if facts.kind is Kind.SCALE or facts.scaling is None or facts.traffic is None or not facts.traffic.is_busy:
        return None
    active = [target for target in facts.scaling.targets if not target.is_suspended]
    if not active:
        return None
    names = " and ".join(target.variant for target in active)
    step = "Choose a quieter hour."
    proposals = [p for target in active if (p := _pre_scaling(facts, target))]
    if proposals:
        step += f" Or scale out first: {' and '.join(proposals)}."
    return warning(
        CheckName.SCALING_PAUSE,
        f"The endpoint is busy now, and {names} cannot scale out while the update runs.",
        step,
    )


def _pre_scaling(facts: Facts, target: ScalableTarget) -> str | None:
    """Half as many instances again, which is what a busy hour may still add; None when its limit is reached."""
    now = desired_count(facts, target.variant)
    if not now or now >= target.maximum:
        return None
    wanted = min(target.maximum, -(-now * 3 // 2))
    several = len(facts.current_config.variants()) > 1
    return f"scale {facts.snapshot.name} --count {wanted}{f' --variant {target.variant}' if several else ''}"


def target_values_fit(facts: Facts) -> Finding | None:
    """A target per instance was chosen for one type of instance: on other or mixed types it means something else."""
    if facts.kind is Kind.SCALE or facts.scaling is None or facts.target_config is None:
        return None
    held = list(_held_on_other_types(facts, facts.target_config))
    if not held:
        return None
    return warning(
        CheckName.SCALING_TARGET,
        " ".join(held),
        "Make sure that the value fits the new instances; it is kept as it is.",
    )


def _held_on_other_types(facts: Facts, target_config: ConfigRecord) -> Iterator[str]:
    assert facts.scaling is not None
    for target in facts.scaling.targets:
        before = _types(facts.current_config, target.variant)
        after = _types(target_config, target.variant)
        if not target.tracked or not after or (after == before and len(after) == 1):
            continue
        values = " and ".join(f"{metric} at {value:g}" for metric, value in target.tracked)
        if len(after) > 1:
            yield f"Autoscaling of {target.variant} holds {values}, one value for instances of {' and '.join(after)}."
        else:
            yield f"Autoscaling of {target.variant} holds {values}, chosen for {' and '.join(before)}; it will run on {after[0]}."


def _types(config: ConfigRecord, variant: str) -> tuple[str, ...]:
    for document in config.variants():
        if document["VariantName"] == variant:
            pools = {pool["InstanceType"] for pool in document.get("InstancePools", ())}
            return tuple(sorted(pools or {t for t in (document.get("InstanceType"),) if t}))
    return ()
