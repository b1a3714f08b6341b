"""The end of a plan's message: the buttons while somebody may decide, and what was decided afterwards."""

from bot.domain.errand import ButtonValue
from bot.domain.names import mention
from bot.domain.phases import BOT_ACTOR, Kind, Phase, Reason
from bot.domain.plan import Plan
from bot.domain.readiness import ReadinessLevel
from bot.domain.rejection import rejection_of
from bot.domain.rollout import Rollout
from bot.domain.starting import written
from bot.messages.blocks import Block, Confirm, actions, button, code, context, escape_except_mentions, said
from bot.messages.ids import ActionId, BlockId
from bot.messages.lifecycle import deletion_question
from bot.messages.proposed import what_the_manager_does
from bot.messages.words import count, moment, on_one_line, people

_LONGEST_REASON = 150


def decision_blocks(rollout: Rollout) -> list[Block]:
    """Buttons as long as they do something, and a line about who, what and when."""
    plan = rollout.plan
    assert plan is not None
    value = ButtonValue(rollout_id=rollout.id, endpoint=rollout.endpoint, fingerprint=plan.fingerprint)
    if rollout.phase is Phase.AWAITING_APPROVAL:
        return [actions(BlockId.DECISION, *_buttons(rollout, plan, value)), context(_waits_for(rollout, plan))]
    if rollout.phase is Phase.SCHEDULED:
        return [actions(BlockId.DECISION, *_buttons_of_scheduled(rollout, value)), context(outcome(rollout))]
    return [context(outcome(rollout))]


def _buttons(rollout: Rollout, plan: Plan, value: ButtonValue) -> list[Block]:
    made = [button("Approve", ActionId.APPROVE, value, style="primary", confirm=_last_question(rollout, plan))]
    if plan.quiet_at is not None and rollout.kind is not Kind.ROLLBACK:
        ask = Confirm(
            "Approve it for the quiet hour?",
            f"It runs {written(plan.quiet_at)}, the hour with the least traffic, and never outside its change windows. What it "
            "rests on is checked again then.",
            "Approve and schedule",
            "Not yet",
        )
        made.append(button("Schedule", ActionId.SCHEDULE, value, confirm=ask))
    made.append(button("Reject", ActionId.REJECT, value, style="danger"))
    return [*made, _cancel(rollout, value)]


def _buttons_of_scheduled(rollout: Rollout, value: ButtonValue) -> list[Block]:
    """Before a window opens nothing can be run, so there is no button for it."""
    now = Confirm(
        "Run it now?",
        f"{rollout.endpoint} is changed at once, if what the plan rests on has not moved.",
        "Run it now",
        "Wait",
    )
    run = [button("Run now", ActionId.RUN_NOW, value, style="primary", confirm=now)]
    return [*(run if rollout.last.reason is not Reason.OUTSIDE_WINDOW else []), _cancel(rollout, value)]


def _cancel(rollout: Rollout, value: ButtonValue) -> Block:
    stop = Confirm(
        "Cancel this change?", f"The plan for {rollout.endpoint} is dropped. Nothing was changed so far.", "Cancel it"
    )
    return button("Cancel", ActionId.CANCEL, value, confirm=stop)


def _last_question(rollout: Rollout, plan: Plan) -> Confirm | None:
    """Asked only where no rollback could undo it: a question that comes every time is answered without being read."""
    if rollout.kind is Kind.TEARDOWN:
        return deletion_question(rollout.endpoint)
    no_return = plan.readiness is not None and plan.readiness.level is ReadinessLevel.RED
    if not plan.irreversible and not no_return:
        return None
    return Confirm(
        "Approve without a way back?", "No rollback can undo this change. The plan says why.", "Approve it", "Not yet"
    )


def _waits_for(rollout: Rollout, plan: Plan) -> str:
    had = rollout.approvers()
    approved = f"Approved by {people(had)} so far. " if had else ""
    missing = count(rollout.quorum - len(had), "more approval" if had else "approval")
    needed = f"Needs {missing} from {rollout.approvers_text}."
    return f"{approved}{needed} Lapses {moment(rollout.expires_at)}.{_start_after_approval(rollout, plan)}"


def _start_after_approval(rollout: Rollout, plan: Plan) -> str:
    if rollout.kind is Kind.ROLLBACK:
        return ""
    if rollout.not_before is not None:
        return f" Approved, it runs {moment(rollout.not_before)}, as was asked for."
    return f" Approved, it waits until its change window opens, {moment(plan.opens_at)}." if plan.opens_at else ""


def outcome(rollout: Rollout) -> str:
    """What became of the plan, in the place of its buttons."""
    approvers = rollout.approvers()
    match rollout.phase:
        case Phase.PLANNING:
            return "It is being drawn up again. Nothing was run."
        case Phase.SCHEDULED:
            return f"{_approved(rollout)}. {_runs(rollout)}"
        case Phase.REJECTED:
            return _rejected(rollout)
        case Phase.EXPIRED:
            return f"Expired {moment(rollout.expires_at)}: nobody decided in time"
        case Phase.BLOCKED if rollout.last.reason is Reason.NOTHING_TO_CHANGE:
            return "There is nothing to approve."
        case Phase.BLOCKED:
            told_at_the_end = what_the_manager_does(rollout) != ""
            then = "" if told_at_the_end else " Then ask again with the same command."
            return f"Cannot be approved until the blockers above are mended.{then}"
        case Phase.CANCELLED if rollout.last.reason is Reason.SUPERSEDED:
            return f"Replaced by rollout {code(rollout.superseded_by or '')}"
        case Phase.CANCELLED if rollout.last.reason is Reason.WAVE_HALTED:
            return "Taken back when its wave came to a halt"
        case Phase.CANCELLED if rollout.last.reason is Reason.NO_LONGER_WANTED:
            return "Taken back by the bot, before anything was begun"
        case Phase.CANCELLED:
            return f"Cancelled by {mention(rollout.last.actor)}, {moment(rollout.last.at)}"
        case _ if rollout.approval_needed and not approvers:
            return f"Ended before anybody decided, {moment(rollout.last.at)}"
        case _:
            return _approved(rollout)


def _approved(rollout: Rollout) -> str:
    if approvers := rollout.approvers():
        return f"Approved by {people(approvers)}, {moment(rollout.approvals[-1].at)}"
    if rollout.vouched_by:
        return f"Approved by {people(rollout.vouched_by)} with wave {code(rollout.wave_id or '')}"
    if rollout.requester == BOT_ACTOR:
        return "Needed no further approval: here the bot may do this by itself"
    return f"Needed no further approval: asked for by {mention(rollout.requester)}"


def _runs(rollout: Rollout) -> str:
    if rollout.stopped_by is not None:
        return f"It waits for {escape_except_mentions(rollout.stopped_by)} to be lifted."
    assert rollout.scheduled_for is not None
    why = {
        Reason.OUTSIDE_WINDOW: "when its change window opens",
        Reason.SCHEDULED_BY_APPROVER: "as the approver chose",
    }.get(rollout.last.reason, "as was asked for")
    return f"Runs {moment(rollout.scheduled_for)}, {why}. What it rests on is checked again then."


def _rejected(rollout: Rollout) -> str:
    rejection = rejection_of(rollout)
    assert rejection is not None
    why = f": {said(on_one_line(rejection.reason, _LONGEST_REASON).rstrip('.'))}" if rejection.reason else ""
    return f"Rejected by {mention(rejection.actor)}{why}, {moment(rejection.at)}"
