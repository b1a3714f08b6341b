"""The update as it happens: steps, SageMaker's own words, and how long it takes."""

from bot.domain.endpoint import EndpointStatus, Snapshot, VariantState
from bot.domain.errand import ButtonValue
from bot.domain.names import mention
from bot.domain.rollout import Kind, Phase, Rollout
from bot.messages.blocks import (
    Block,
    Confirm,
    Message,
    actions,
    button,
    code,
    context,
    escape,
    escape_except_mentions,
    section,
)
from bot.messages.ids import ActionId, BlockId
from bot.messages.words import count, span

DONE, NOW, NEXT, STOPPED = "✓", "▸", "·", "✖"
_GONE_WELL = frozenset({Phase.WATCHING, Phase.SUCCEEDED, Phase.ROLLED_BACK})


def render_progress(rollout: Rollout) -> Message:
    """One message, edited in place from the first created resource to InService."""
    title = f"*Rolling back* {escape(rollout.endpoint)}" if rollout.kind is Kind.ROLLBACK else "*Progress*"
    asked = f", asked for by {mention(rollout.requester)}" if rollout.in_parent_thread else ""
    head = f"{title}{asked} · {time_so_far(rollout)}"
    blocks: list[Block] = [section(f"{head}\n" + "\n".join(_steps(rollout)))]
    if rollout.passed_locks:
        blocks.append(context(f"Went past {escape_except_mentions(' and '.join(rollout.passed_locks))}."))
    if rollout.stopped_by is not None and rollout.is_active:
        blocks.append(
            context(f"Waits for {escape_except_mentions(rollout.stopped_by)} to end; nothing is touched until then.")
        )
    if rollout.trouble is not None and rollout.trouble.count > 1:
        blocks.append(
            context(f"AWS does not answer well ({escape(rollout.trouble.last)}); it is asked again and again.")
        )
    if rollout.rollback_queued_by is not None and rollout.phase is Phase.UPDATING:
        blocks.append(
            context(f"A rollback is queued by {mention(rollout.rollback_queued_by)} for the moment SageMaker settles.")
        )
    elif rollout.phase in (Phase.PREPARING, Phase.UPDATING) and rollout.kind is Kind.UPDATE:
        blocks.append(actions(BlockId.STEERING, _stop_button(rollout)))
    return Message(f"{rollout.endpoint}: {progress_line(rollout)}", tuple(blocks))


def progress_line(rollout: Rollout) -> str:
    """The present step in one line."""
    if rollout.stopped_by is not None:
        return f"Waits for {escape_except_mentions(rollout.stopped_by)} to end."
    if rollout.update is None:
        return "Waiting for SageMaker to be ready for the change."
    if rollout.snapshot is None or rollout.update.accepted_at is None:
        return "SageMaker was asked to replace the fleet."
    return f"{_fleet(rollout.snapshot, rollout)}. {time_so_far(rollout)}."


def _stop_button(rollout: Rollout) -> Block:
    value = ButtonValue(rollout_id=rollout.id, endpoint=rollout.endpoint)
    if rollout.phase is Phase.PREPARING:
        confirm = Confirm(
            "Cancel this change?", f"{rollout.endpoint} has not been touched yet and stays as it is.", "Cancel it"
        )
    else:
        confirm = Confirm(
            "Go back when it settles?",
            f"SageMaker cannot stop an update of {rollout.endpoint}. A rollback is queued for the moment the update is done.",
            "Queue a rollback",
            "Let it go on",
        )
    return button("Cancel", ActionId.CANCEL, value, style="danger", confirm=confirm)


def _steps(rollout: Rollout) -> list[str]:
    assert rollout.plan is not None
    steps = []
    if rollout.plan.new_models:
        names = ", ".join(code(n) for n in rollout.plan.new_models.values())
        steps.append((rollout.models_created, f"Model {names}"))
    if rollout.kind is Kind.UPDATE:
        steps.append((rollout.config_created, f"Endpoint config {code(rollout.plan.target_config)}"))
    else:
        steps.append((True, f"Endpoint config {code(rollout.plan.target_config)} is still there"))
    call = rollout.update
    is_taken = call is not None and (call.accepted_at is not None or call.seen_at_work)
    steps.append((is_taken or rollout.cutover_at is not None, "SageMaker took the update"))
    steps.append((rollout.cutover_at is not None, _fleet_step(rollout)))
    steps.append((rollout.cutover_at is not None, f"InService on {code(rollout.plan.target_config)}"))
    first_open = next((i for i, (done, _) in enumerate(steps) if not done), len(steps))
    pending = NOW if rollout.is_active else STOPPED
    return [f"{DONE if done else pending if i == first_open else NEXT} {text}" for i, (done, text) in enumerate(steps)]


def _fleet_step(rollout: Rollout) -> str:
    if rollout.cutover_at is not None:
        return "New fleet takes all traffic; the old one is drained"
    if rollout.snapshot is None or rollout.update is None or not rollout.is_active:
        return "New fleet"
    return _fleet(rollout.snapshot, rollout)


def _fleet(snapshot: Snapshot, rollout: Rollout) -> str:
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
    stage = escape(variant.message or variant.stage or "")
    if stage:
        parts.append(f"SageMaker says “{stage.rstrip('.')}”")
    text = ", ".join(parts)
    return f"{escape(variant.name)}: {text}" if several and text else text


def fleet_counts(rollout: Rollout) -> str:
    """How far the new fleet is, in numbers only; empty while SageMaker does not tell."""
    pending = rollout.snapshot.pending if rollout.snapshot is not None else None
    counted = [v for v in (pending.variants if pending else ()) if v.desired_count is not None]
    if not counted:
        return ""
    have = sum(v.current_count or 0 for v in counted)
    return f"New fleet: {have} of {count(sum(v.desired_count or 0 for v in counted), 'instance')}."


def time_so_far(rollout: Rollout) -> str:
    """How long it has taken, and how long it usually takes."""
    began = rollout.entered(Phase.PREPARING) or rollout.entered(Phase.ROLLING_BACK) or rollout.created_at
    until = rollout.cutover_at or (
        rollout.snapshot.observed_at if rollout.snapshot and rollout.is_active else rollout.last.at
    )
    so_far = span(until - began)
    if rollout.phase in _GONE_WELL:
        return f"took {so_far}"
    if not rollout.is_active:
        return f"ended after {so_far}"
    expected = rollout.plan.expected_duration if rollout.plan else None
    return f"{so_far} so far; past updates took about {span(expected)}" if expected else f"{so_far} so far"
