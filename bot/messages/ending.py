"""Every end but a good one, as a reply of its own: what happened, what state the endpoint is in now, what to do next."""

from bot.domain.endpoint import EndpointStatus
from bot.domain.failure import Failure, FailureKind, classify, log_url
from bot.domain.hold import hold_left_by
from bot.domain.names import mention
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.rejection import rejection_of
from bot.domain.rollout import Rollout
from bot.messages.autoscaling import may_be_put_back, put_back_button, scaling_next_step, scaling_state
from bot.messages.blocks import Block, Message, actions, code, context, escape, escape_except_mentions, quote, section
from bot.messages.going_back import who_went_back
from bot.messages.holding import left_behind
from bot.messages.ids import BlockId
from bot.messages.lifecycle import (
    BEGIN_OR_END,
    closing_buttons,
    next_step_after_failure,
    state_after_failure,
    state_after_success,
    untouched,
)
from bot.messages.proposed import what_the_manager_does
from bot.messages.steering import add_reason_button, roll_back_button
from bot.messages.summary import headline
from bot.messages.words import span

ENDINGS = frozenset(
    {
        Phase.REJECTED,
        Phase.EXPIRED,
        Phase.CANCELLED,
        Phase.BLOCKED,
        Phase.FAILED,
        Phase.ROLLED_BACK_BY_AWS,
        Phase.ROLLED_BACK,
        Phase.NEEDS_HUMAN,
    }
)


def render_ending(rollout: Rollout) -> Message:
    """The last message of the story."""
    text = "\n".join(part for part in (_happened(rollout), _state(rollout), _next_step(rollout)) if part)
    blocks: list[Block] = [section(text)]
    blocks += [section(f"⚠ {escape_except_mentions(failure)}") for failure in rollout.chore_failures]
    blocks += [context(told) for told in _what_is_held(rollout)]
    if may_roll_back_from(rollout):
        blocks.append(actions(BlockId.STEERING, roll_back_button(rollout)))
    if rollout.kind is Kind.AUTOSCALE and may_be_put_back(rollout):
        blocks.append(actions(BlockId.STEERING, put_back_button(rollout)))
    blocks += closing_buttons(rollout)
    if lacks_reason(rollout):
        blocks.append(actions(BlockId.STEERING, add_reason_button(rollout)))
    return Message(f"{rollout.endpoint}: {rollout.phase.words}. {escape(rollout.last.note)}".strip(), tuple(blocks))


def _what_is_held(rollout: Rollout) -> list[str]:
    """What automation leaves alone from now on. A way back in its parent's thread leaves that to the parent's record."""
    if rollout.kind is Kind.TEARDOWN:  # what it holds is said with what it leaves
        return []
    if hold := hold_left_by(rollout):
        return [left_behind(rollout.endpoint, hold)]
    is_undoing = rollout.kind is Kind.ROLLBACK and rollout.phase is Phase.ROLLED_BACK and rollout.parent_id is not None
    return [left_behind(rollout.endpoint)] if is_undoing and not rollout.leaves_unknown else []


def may_roll_back_from(rollout: Rollout) -> bool:
    """Whether the way back is worth offering at this end: the update was begun and nobody knows better."""
    return (
        rollout.phase is Phase.NEEDS_HUMAN
        and rollout.kind is Kind.UPDATE
        and rollout.called_at is not None
        and rollout.last.reason is not Reason.ENDPOINT_GONE
        and not _is_lost(rollout)
    )


def lacks_reason(rollout: Rollout) -> bool:
    """Whether somebody rejected it without a word so far."""
    rejection = rejection_of(rollout)
    return rejection is not None and not rejection.reason


def _is_lost(rollout: Rollout) -> bool:
    """SageMaker takes nothing but DeleteEndpoint for an endpoint that is Failed."""
    return rollout.snapshot is not None and rollout.snapshot.status is EndpointStatus.FAILED


def _happened(rollout: Rollout) -> str:
    actor, note = mention(rollout.last.actor), escape(rollout.last.note)
    match rollout.phase:
        case Phase.REJECTED:
            rejection = rejection_of(rollout)
            if rejection is None or not rejection.reason:
                return f"*Rejected* by {actor}."
            return f"*Rejected* by {actor}:\n{quote(rejection.reason)}"
        case Phase.EXPIRED:
            return "*Expired*: nobody approved or rejected the plan in time."
        case Phase.CANCELLED if rollout.last.reason is Reason.SUPERSEDED:
            return f"*Cancelled*: a newer plan took its place, rollout {code(rollout.superseded_by or '')}."
        case Phase.CANCELLED if rollout.last.reason is Reason.NO_LONGER_WANTED:
            why = escape_except_mentions(rollout.last.note.rstrip(".")) or "it is not wanted any more"
            return f"*Cancelled*: the bot took it back, because {why}."
        case Phase.CANCELLED:
            return f"*Cancelled* by {actor}. {note}".strip()
        case Phase.BLOCKED:
            return f"*Blocked*: {note}"
        case Phase.FAILED:
            return f"*Failed*: {note}"
        case Phase.ROLLED_BACK_BY_AWS if rollout.abort is not None:
            return f"*Rolled back by AWS*, after it was aborted by {mention(rollout.abort.actor)}: {note}"
        case Phase.ROLLED_BACK_BY_AWS:
            return f"*Rolled back by AWS*, not by us: {note}"
        case Phase.ROLLED_BACK:
            return _went_back(rollout)
        case Phase.SUCCEEDED:
            return f"*Done*: {headline(rollout)}"
        case _:
            return f"*Needs human*: {note}"


def _went_back(rollout: Rollout) -> str:
    who = who_went_back(rollout)
    if who is not None:
        return f"*Rolled back*{_how_long(rollout)}. Asked for by {who}."
    why = escape(rollout.reason) if rollout.reason else "the progress above says why."
    return f"*Rolled back by the bot*{_how_long(rollout)}: {why}"


def _how_long(rollout: Rollout) -> str:
    began = rollout.entered(Phase.ROLLING_BACK)
    return f" in {span(rollout.last.at - began)}" if began else ""


def _state(rollout: Rollout) -> str:
    plan = rollout.plan
    if rollout.kind in BEGIN_OR_END and rollout.phase is not Phase.NEEDS_HUMAN:
        return _state_of_lifecycle(rollout)
    if rollout.kind is Kind.AUTOSCALE and rollout.phase in (Phase.SUCCEEDED, Phase.FAILED):
        return scaling_state(rollout)
    if rollout.phase is Phase.NEEDS_HUMAN:
        seen = rollout.snapshot
        return f"SageMaker says: {seen.status}, on {code(seen.config_name)}." if seen else ""
    if rollout.phase is Phase.ROLLED_BACK and plan is not None:
        config = plan.target_config if rollout.kind is Kind.ROLLBACK else plan.way_back
        return f"{escape(rollout.endpoint)} is InService on {code(config)}."
    if rollout.phase is Phase.ROLLED_BACK_BY_AWS and plan is not None:
        before = "with the counts that SageMaker settled on" if rollout.kind is Kind.SCALE else "as before the update"
        return f"{escape(rollout.endpoint)} is InService on {code(plan.current_config)}, {before}."
    if rollout.phase is Phase.SUCCEEDED:
        return f"{escape(rollout.endpoint)} is InService."
    if rollout.phase is Phase.FAILED and rollout.last.reason in (Reason.ENDPOINT_DRIFTED, Reason.ENDPOINT_GONE):
        return "This rollout did not touch the endpoint."
    was_called = rollout.called_at is not None and rollout.last.reason is not Reason.AWS_REFUSED
    if rollout.phase is Phase.FAILED and (rollout.kind is Kind.ROLLBACK or was_called):
        return f"{escape(rollout.endpoint)} is still on {code(plan.current_config)}." if plan else ""
    return "The endpoint was not touched."


def _state_of_lifecycle(rollout: Rollout) -> str:
    match rollout.phase:
        case Phase.SUCCEEDED:
            return state_after_success(rollout)
        case Phase.FAILED:
            return state_after_failure(rollout)
        case _:
            return untouched(rollout)


def plan_is_shown(rollout: Rollout) -> bool:
    """Whether the thread holds the plan with its blockers."""
    return rollout.plan is not None and not rollout.in_parent_thread


_MAY_BE_CLASSIFIED = frozenset({Phase.FAILED, Phase.ROLLED_BACK_BY_AWS, Phase.NEEDS_HUMAN})


def _failure(rollout: Rollout) -> Failure | None:
    """What SageMaker's own words come down to; None where they say nothing, or nothing failed."""
    is_lost = _is_lost(rollout) and rollout.kind is not Kind.CREATE
    if rollout.phase not in _MAY_BE_CLASSIFIED or is_lost or rollout.last.reason is Reason.ABORTED:
        return None
    said = rollout.snapshot.failure_reason if rollout.snapshot is not None and rollout.called_at is not None else None
    failure = classify(said or rollout.last.note)
    return failure if failure.kind is not FailureKind.UNKNOWN else None


def _logs(rollout: Rollout) -> str:
    group = f"/aws/sagemaker/Endpoints/{escape(rollout.endpoint)}"
    if rollout.region is None:
        return f"the log group `{group}`"
    return f"<{log_url(rollout.region, rollout.endpoint)}|the log group {group}>"


def _next_step(rollout: Rollout) -> str:
    logs, told = _logs(rollout), what_the_manager_does(rollout)
    if (failure := _failure(rollout)) is not None:
        again = told or (next_step_after_failure(rollout) if rollout.kind is Kind.CREATE else "")
        return f"*{escape(failure.what)}* {escape(failure.next_step)} Logs: {logs}. {again}".rstrip()
    if told:
        return told
    if rollout.kind in BEGIN_OR_END and rollout.phase is Phase.FAILED:
        return next_step_after_failure(rollout)
    if rollout.kind is Kind.AUTOSCALE and rollout.phase in (Phase.SUCCEEDED, Phase.FAILED):
        return scaling_next_step(rollout)
    match rollout.phase:
        case Phase.CANCELLED if rollout.last.reason is Reason.WAVE_HALTED:
            return "If the wave goes on, this endpoint gets a fresh plan."
        case Phase.EXPIRED | Phase.CANCELLED if rollout.last.reason is not Reason.SUPERSEDED:
            return "If it is still wanted, ask again with the same command."
        case Phase.BLOCKED if rollout.last.reason is Reason.NOTHING_TO_CHANGE:
            return ""
        case Phase.BLOCKED if plan_is_shown(rollout):
            return "Mend what is marked as blocker, then ask again with the same command."
        case Phase.FAILED if rollout.last.reason in (Reason.ENDPOINT_DRIFTED, Reason.PLAN_DRIFTED):
            return "Ask again with the same command: the new plan starts from what runs now."
        case Phase.FAILED | Phase.BLOCKED:
            return "When the cause is mended, ask again with the same command."
        case Phase.ROLLED_BACK_BY_AWS if rollout.abort is not None:
            return "If it is still wanted, ask again with the same command."
        case Phase.ROLLED_BACK_BY_AWS:
            return f"Look for the cause in {logs} before you try this version again."
        case Phase.NEEDS_HUMAN if _is_lost(rollout):
            anew = code(f"deploy {rollout.endpoint}")
            return f"SageMaker lets a Failed endpoint only be deleted and created anew: {anew}. The cause stands in {logs}."
        case Phase.NEEDS_HUMAN:
            return f"Look at the endpoint in the AWS console and at {logs}. The bot changes nothing by itself now."
        case _:
            return ""
