"""The steps of an update, each done, at work, still to come, or where it stopped."""

from bot.domain.endpoint import EndpointStatus, Snapshot, VariantState
from bot.domain.phases import Kind, Phase
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Chore
from bot.domain.saga import ScalingMode
from bot.messages.autoscaling import scaling_steps
from bot.messages.blocks import code, escape, said
from bot.messages.checking import check_step
from bot.messages.crossing import config_steps, crossing_steps
from bot.messages.kept_alarms import alarms_step
from bot.messages.lifecycle import steps_of_it
from bot.messages.words import count

DONE, NOW, NEXT, STOPPED = "✓", "▸", "·", "✖"


def step_lines(rollout: Rollout) -> list[str]:
    """One line for each step, in the order in which they are taken."""
    steps = _STEPS.get(rollout.kind, _replacing)(rollout)
    first_open = next((i for i, (done, _) in enumerate(steps) if not done), len(steps))
    is_given_up = rollout.phase is Phase.ROLLING_BACK and rollout.kind is Kind.UPDATE
    pending = NOW if rollout.is_under_way and not is_given_up else STOPPED
    lines = [f"{DONE if done else pending if i == first_open else NEXT} {text}" for i, (done, text) in enumerate(steps)]
    return lines + _restoring(rollout) + _setting_alarms(rollout)


def _replacing(rollout: Rollout) -> list[tuple[bool, str]]:
    assert rollout.plan is not None
    plan, steps = rollout.plan, []
    if plan.new_models:
        names = ", ".join(code(n) for n in plan.new_models.values())
        steps.append((rollout.models_created, f"Model {names}"))
    if rollout.kind is Kind.UPDATE:
        steps.append((rollout.config_created, f"Endpoint config {code(plan.target_config)}"))
    else:
        steps.append((True, f"Endpoint config {code(plan.target_config)} is still there"))
    steps += config_steps(rollout)
    if plan.alarms:
        steps.append((rollout.alarms_verified, f"{count(len(plan.alarms), 'alarm')} on the new fleet"))
    if rollout.watch.check is not None and rollout.kind is Kind.UPDATE and not rollout.starts_trial:
        steps.append(check_step(rollout))
    if plan.scaling.targets:
        # A rollback takes the snapshot over, so the call that came after it tells as well.
        taken = rollout.called_at is not None or (rollout.scaling is not None and rollout.scaling.taken_at is not None)
        steps.append((taken, _taking(plan.scaling_mode)))
    steps += crossing_steps(rollout)
    landed = rollout.cutover_at is not None
    steps.append((_is_taken(rollout) or landed, "SageMaker took the update"))
    steps.append((landed, _fleet_step(rollout)))
    steps.append((landed, f"InService on {code(plan.target_config)}"))
    return steps


def _counting(rollout: Rollout) -> list[tuple[bool, str]]:
    assert rollout.count_change is not None
    wanted = rollout.count_change
    landed = rollout.cutover_at is not None
    return [
        (_is_taken(rollout) or landed, "SageMaker took the new count"),
        (landed, f"{escape(wanted.variant)} runs {count(wanted.count, 'instance')}"),
    ]


def _weighing(rollout: Rollout) -> list[tuple[bool, str]]:
    assert rollout.plan is not None
    assert rollout.plan.trial is not None
    trial, landed = rollout.plan.trial, rollout.cutover_at is not None
    return [
        (_is_taken(rollout) or landed, "SageMaker took the new weights"),
        (landed, f"{escape(trial.b)} serves {trial.share:.0f} % of the traffic"),
    ]


def _is_taken(rollout: Rollout) -> bool:
    call = rollout.update
    return call is not None and (call.accepted_at is not None or call.seen_at_work)


def _taking(mode: ScalingMode) -> str:
    if mode is ScalingMode.DEREGISTER:
        return "Autoscaling saved and taken off, because SageMaker refuses this change of a variant that scales"
    return "Autoscaling saved and suspended, so that no scaling gets in the way"


def _restoring(rollout: Rollout) -> list[str]:
    """The last step, which is taken whatever became of the others."""
    saga = rollout.scaling
    if saga is None or (rollout.kind is Kind.TEARDOWN and rollout.is_at_work):  # then it is not to come back
        return []
    is_new = rollout.kind is Kind.CREATE
    if saga.gave_up:
        return [f"{STOPPED} Autoscaling could not be {'set up' if is_new else 'put back'}"]
    if saga.restored_at is not None:
        return [f"{DONE} Autoscaling is {'set up' if is_new else 'as it was before'}"]
    return [
        f"{NOW if rollout.chore is Chore.RESTORE_SCALING else NEXT} Autoscaling {'set up' if is_new else 'put back as it was'}"
    ]


def _setting_alarms(rollout: Rollout) -> list[str]:
    """What comes last: nothing waits for the alarms beside the endpoint."""
    step = alarms_step(rollout.plan) if rollout.plan is not None else ""
    if not step:
        return []
    if rollout.kept_alarms_set:
        return [f"{STOPPED} {step}: refused, see below" if rollout.kept_alarms_refused else f"{DONE} {step}"]
    if rollout.cutover_at is None and not rollout.is_under_way:
        return []  # it came to nothing
    return [f"{NOW if rollout.chore is Chore.SET_ALARMS else NEXT} {step}"]


def _fleet_step(rollout: Rollout) -> str:
    if rollout.cutover_at is not None:
        return "New fleet takes all traffic; the old one is drained"
    if rollout.snapshot is None or rollout.update is None or not rollout.is_active:
        return "New fleet"
    return fleet(rollout.snapshot)


def fleet(snapshot: Snapshot) -> str:
    """SageMaker's own words about the green fleet; endpoints without guardrails may show nothing but their status."""
    pending = snapshot.pending
    variants = pending.variants if pending is not None else ()
    told = "; ".join(part for v in variants if (part := _variant(v, several=len(variants) > 1)))
    if not told and snapshot.status is EndpointStatus.IN_SERVICE:
        return "SageMaker was asked for the new fleet"
    return f"New fleet: {told}" if told else f"SageMaker says {snapshot.status}"


def _variant(variant: VariantState, *, several: bool) -> str:
    parts = []
    if variant.desired_count is not None and variant.current_count is not None:
        parts.append(f"{variant.current_count} of {count(variant.desired_count, 'instance')}")
    stage = said(variant.message or variant.stage or "")
    if stage:
        parts.append(f"SageMaker says “{stage.rstrip('.')}”")
    text = ", ".join(parts)
    return f"{escape(variant.name)}: {text}" if several and text else text


_STEPS = {
    Kind.SCALE: _counting,
    Kind.WEIGHTS: _weighing,
    Kind.AUTOSCALE: scaling_steps,
    Kind.CREATE: steps_of_it,
    Kind.TEARDOWN: steps_of_it,
}
"""Kinds that replace no fleet."""
