"""The plan: what an approver reads before pressing Approve, on a phone, in half a minute."""

import re

from bot.domain.errand import ButtonValue
from bot.domain.names import mention
from bot.domain.plan import Difference, Finding, Level, Plan
from bot.domain.rejection import rejection_of
from bot.domain.rollout import Kind, Phase, Reason, Rollout
from bot.messages.blocks import Block, Confirm, Message, actions, button, clip, code, context, escape, listed, section
from bot.messages.ids import ActionId, BlockId
from bot.messages.words import count, moment, on_one_line, people, span

_MARKS = {Level.OK: "✓", Level.WARNING: "⚠", Level.BLOCKER: "✖"}
_MOST_DIFFERENCES = 25
_LONGEST_VALUE = 120
_LONGEST_REASON = 150
_LONG_HASH = re.compile(r"(?<=-)([0-9a-f]{4})[0-9a-f]{28}$")


def render_plan(rollout: Rollout) -> Message:
    """The plan with its decision: buttons while somebody may decide, the outcome afterwards."""
    assert rollout.plan is not None
    blocks = [*plan_blocks(rollout.endpoint, rollout.kind, rollout.plan, rollout.reason), *_decision(rollout)]
    return Message(escape(plan_title(rollout.endpoint, rollout.kind, rollout.plan)), tuple(blocks))


def plan_title(endpoint: str, kind: Kind, plan: Plan) -> str:
    """One line, for notifications: begins with the word Plan. Not escaped yet."""
    way = (
        f"roll back to {plan.target_label}" if kind is Kind.ROLLBACK else f"{plan.current_label} → {plan.target_label}"
    )
    if kind is Kind.UPDATE and plan.current_label == plan.target_label:
        way = f"change the settings of {plan.current_label}"
    blocked = f", {count(len(plan.blockers), 'blocker')}" if plan.is_blocked else ""
    return f"Plan for {endpoint}: {way}{blocked}"


def plan_blocks(endpoint: str, kind: Kind, plan: Plan, reason: str = "") -> list[Block]:
    """The plan without its decision."""
    head = f"*{escape(plan_title(endpoint, kind, plan))}*"
    if reason:
        head += f"\n> {escape(reason)}"
    changes = listed([_difference(d) for d in plan.differences], most=_MOST_DIFFERENCES) or "Nothing changes."
    blocks = [section(head), section(f"*What changes*\n{changes}")]
    if plan.kept:
        blocks.append(section(f"*What stays*\n{listed([escape(k) for k in plan.kept])}"))
    blocks.append(section(f"*How*: {_how(plan)}"))
    checks = "\n".join(_finding(f) for f in plan.findings)
    blocks.append(section(f"*Checks*\n{checks}"))
    return blocks


def _difference(difference: Difference) -> str:
    before, after = _value(difference.before), _value(difference.after)
    return f"{code(difference.path)}: {before} → {after}"


def _value(value: str | None) -> str:
    if value is None:
        return "(not set)"
    if not value:
        return "(empty)"
    # Of an ARN, its end tells one from the other, and of a Marketplace package's hash, its beginning; the whole of them fills a
    # phone's screen twice.
    short = f"…/{value.partition('/')[2]}" if value.startswith("arn:") and "/" in value else value
    short = _LONG_HASH.sub(r"\1…", short)
    return code(clip(short, _LONGEST_VALUE).replace("\n", " "))


def _how(plan: Plan) -> str:
    took = "There is no past update of it to tell how long it takes."
    if plan.expected_duration is not None:
        took = f"Past updates of it took about {span(plan.expected_duration)}."
    return f"{plan.strategy.type}. {escape(plan.strategy.reason)} {took}"


def _finding(finding: Finding) -> str:
    line = f"{_MARKS[finding.level]} {escape(finding.text)}"
    if finding.level is not Level.OK:
        line = f"{_MARKS[finding.level]} *{finding.level}*: {escape(finding.text)}"
    return f"{line} {escape(finding.next_step)}" if finding.next_step else line


def _decision(rollout: Rollout) -> list[Block]:
    plan = rollout.plan
    assert plan is not None
    if rollout.phase is not Phase.AWAITING_APPROVAL:
        return [context(outcome(rollout))]
    value = ButtonValue(rollout_id=rollout.id, endpoint=rollout.endpoint, fingerprint=plan.fingerprint)
    needed = count(rollout.quorum, "approval")
    approved = f"Approved by {people(rollout.approvers())} so far. " if rollout.approvers() else ""
    stop = Confirm(
        "Cancel this change?", f"The plan for {rollout.endpoint} is dropped. Nothing was changed so far.", "Cancel it"
    )
    return [
        actions(
            BlockId.DECISION,
            button("Approve", ActionId.APPROVE, value, style="primary"),
            button("Reject", ActionId.REJECT, value, style="danger"),
            button("Cancel", ActionId.CANCEL, value, confirm=stop),
        ),
        context(f"{approved}Needs {needed} from {rollout.approvers_text}. Lapses {moment(rollout.expires_at)}."),
    ]


def outcome(rollout: Rollout) -> str:
    """What became of the plan, in the place of its buttons."""
    approvers = rollout.approvers()
    if rollout.phase is Phase.REJECTED:
        rejection = rejection_of(rollout)
        assert rejection is not None
        why = f": {escape(on_one_line(rejection.reason, _LONGEST_REASON))}" if rejection.reason else ""
        return f"Rejected by {mention(rejection.actor)}{why}, {moment(rejection.at)}"
    if rollout.phase is Phase.EXPIRED:
        return f"Expired {moment(rollout.expires_at)}: nobody decided in time"
    if rollout.phase is Phase.BLOCKED and rollout.last.reason is Reason.NOTHING_TO_CHANGE:
        return "There is nothing to approve."
    if rollout.phase is Phase.BLOCKED:
        return "Cannot be approved until the blockers above are mended. Then ask again with the same command."
    if rollout.phase is Phase.CANCELLED:
        if rollout.last.reason is Reason.SUPERSEDED:
            return f"Replaced by rollout {code(rollout.superseded_by or '')}"
        return f"Cancelled by {mention(rollout.last.actor)}, {moment(rollout.last.at)}"
    if approvers:
        return f"Approved by {people(approvers)}, {moment(rollout.approvals[-1].at)}"
    if rollout.approval_needed:
        return f"Ended before anybody decided, {moment(rollout.last.at)}"
    return f"Needed no further approval: asked for by {mention(rollout.requester)}"
