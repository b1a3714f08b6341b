"""The update as it happens: steps, SageMaker's own words, and how long it takes."""

from bot.domain.checks import CheckTime
from bot.domain.errand import ButtonValue
from bot.domain.names import mention
from bot.domain.phases import Kind, Phase
from bot.domain.reconcile import call_of
from bot.domain.reconcile.checking import is_running
from bot.domain.rollout import Rollout
from bot.messages.autoscaling import AT_WORK
from bot.messages.blocks import (
    Block,
    Confirm,
    Message,
    actions,
    button,
    context,
    escape,
    escape_except_mentions,
    section,
)
from bot.messages.crossing import crossing_line, turned_back
from bot.messages.going_back import who_went_back
from bot.messages.ids import ActionId, BlockId
from bot.messages.lifecycle import BEGIN_OR_END, asked_words
from bot.messages.steps import fleet, step_lines
from bot.messages.words import count, moment, span

_CANNOT_GO_BACK = BEGIN_OR_END | {Kind.AUTOSCALE}
"""Kinds in which nothing can be stopped or queued once AWS was asked."""

_GONE_WELL = frozenset({Phase.WATCHING, Phase.SUCCEEDED, Phase.ROLLED_BACK})


def render_progress(rollout: Rollout) -> Message:
    """One message, edited in place from the first created resource to InService."""
    title = f"*Rolling back* {escape(rollout.endpoint)}" if rollout.kind is Kind.ROLLBACK else "*Progress*"
    who = who_went_back(rollout)
    told = f", asked for by {who}" if who is not None else ", by itself"
    asked = told if rollout.in_parent_thread else ""
    head = f"{title}{asked} · {time_so_far(rollout)}"
    blocks: list[Block] = [section(f"{head}\n" + "\n".join(step_lines(rollout)))]
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
    blocks += [context(text) for text in _asides(rollout)]
    if rollout.phase in (Phase.PREPARING, Phase.UPDATING) and rollout.kind is not Kind.ROLLBACK:
        buttons = _buttons(rollout)
        if buttons:
            blocks.append(actions(BlockId.STEERING, *buttons))
    return Message(f"{rollout.endpoint}: {progress_line(rollout)}", tuple(blocks))


def _asides(rollout: Rollout) -> list[str]:
    """What happens beside the steps, each in a sentence."""
    told = []
    if rollout.phase is Phase.UPDATING and rollout.retry is not None and call_of(rollout) is None:
        policy = rollout.retry_policy
        told.append(
            f"AWS had no capacity for the new fleet; the old one serves on. Try {rollout.retry.count} of "
            f"{policy.capacity_attempts} begins {moment(rollout.retry.due)}."
        )
    if rollout.phase is Phase.UPDATING and rollout.rollback_queued_by is not None:
        told.append(f"A rollback is queued by {mention(rollout.rollback_queued_by)} for the moment SageMaker settles.")
    if rollout.phase is Phase.UPDATING and rollout.abort is not None:
        told.append(
            f"Aborted by {mention(rollout.abort.actor)}: our alarm is tripped, and SageMaker goes back by itself if it "
            "watches alarms at this moment."
        )
    if why := turned_back(rollout):
        told.append(why)
    return told + [f"⚠ {escape_except_mentions(text)}" for text in rollout.chore_failures]


def progress_line(rollout: Rollout) -> str:
    """The present step in one line."""
    if rollout.stopped_by is not None:
        return f"Waits for {escape_except_mentions(rollout.stopped_by)} to end."
    if told := crossing_line(rollout) or turned_back(rollout):
        return told
    call = call_of(rollout)
    if call is None and is_running(rollout, CheckTime.BEFORE):
        return "The old fleet is checked before anything is touched."
    if call is None:
        return "Waiting for SageMaker to be ready for the change."
    if rollout.kind is Kind.AUTOSCALE:
        return AT_WORK
    if rollout.kind in BEGIN_OR_END:
        return asked_words(rollout)
    if rollout.snapshot is None or call.accepted_at is None:
        return "SageMaker was asked to replace the fleet."
    return f"{fleet(rollout.snapshot)}. {time_so_far(rollout)}."


def _buttons(rollout: Rollout) -> list[Block]:
    """What can still be done about it. SageMaker has no cancel; an alarm of ours is the nearest thing to one."""
    value = ButtonValue(rollout_id=rollout.id, endpoint=rollout.endpoint)
    is_called = rollout.phase is Phase.UPDATING and rollout.update is not None
    found = []
    if is_called and rollout.plan is not None and rollout.plan.alarms and rollout.abort is None:
        question = Confirm(
            f"Abort the update of {rollout.endpoint}?",
            "Our alarm on the new fleet is tripped. SageMaker goes back to the old fleet by itself, if it watches alarms then.",
            "Abort",
            "Let it go on",
        )
        found.append(button("Abort", ActionId.ABORT, value, style="danger", confirm=question))
    if rollout.rollback_queued_by is None and not (is_called and rollout.kind in _CANNOT_GO_BACK):
        found.append(button("Cancel", ActionId.CANCEL, value, style="danger", confirm=_cancel_question(rollout)))
    return found


def _cancel_question(rollout: Rollout) -> Confirm:
    if rollout.phase is Phase.PREPARING or rollout.kind in _CANNOT_GO_BACK:
        return Confirm(
            "Cancel this change?", f"{rollout.endpoint} has not been touched yet and stays as it is.", "Cancel it"
        )
    if rollout.has_crossed and rollout.update is None:
        return Confirm(
            "Go back now?",
            f"Both variants of {rollout.endpoint} still run: the traffic moves back within seconds, then the new one goes away.",
            "Go back",
            "Let it go on",
        )
    return Confirm(
        "Go back when it settles?",
        f"SageMaker cannot stop an update of {rollout.endpoint}. A rollback is queued for the moment the update is done.",
        "Queue a rollback",
        "Let it go on",
    )


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
        rollout.snapshot.observed_at if rollout.snapshot and rollout.is_under_way else rollout.last.at
    )
    so_far = span(until - began)
    if rollout.phase in _GONE_WELL:
        return f"took {so_far}"
    if not rollout.is_under_way:
        return f"ended after {so_far}"
    expected = rollout.plan.expected_duration if rollout.plan else None
    return f"{so_far} so far; past updates took about {span(expected)}" if expected else f"{so_far} so far"
