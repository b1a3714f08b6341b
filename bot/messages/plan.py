"""The plan: what an approver reads before pressing Approve, on a phone, in half a minute."""

from bot.domain.phases import BOT_ACTOR, Kind
from bot.domain.plan import Finding, Level, Plan
from bot.domain.preflight import CheckName
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Redraw
from bot.messages.autoscaling import plan_in_short
from bot.messages.blocks import Block, Message, context, escape, escape_except_mentions, said, section
from bot.messages.changes import change_blocks, change_lines
from bot.messages.checks import finding_lines
from bot.messages.decision import decision_blocks
from bot.messages.lifecycle import BEGIN_OR_END, in_short
from bot.messages.merits import merit_section
from bot.messages.prospects import how, outlook, way_back
from bot.messages.trial_words import trial_in_short
from bot.messages.words import count, moment, people

_COUNT = ".DesiredInstanceCount"


def render_plan(rollout: Rollout) -> Message:
    """The plan with its decision: buttons while somebody may decide, the outcome afterwards."""
    assert rollout.plan is not None
    redrawn = [_redrawn(rollout.redraws[-1])] if rollout.redraws else []
    blocks = plan_blocks(rollout.endpoint, rollout.kind, rollout.plan, _why(rollout))
    title = plan_title(rollout.endpoint, rollout.kind, rollout.plan)
    return Message(escape(title), (*redrawn, *blocks, *decision_blocks(rollout)))


def _why(rollout: Rollout) -> str:
    """In a sentence of the manager's own, those whom it names are called by their names; in somebody's words, nobody is called."""
    is_the_managers = rollout.requester == BOT_ACTOR and rollout.kind is not Kind.ROLLBACK
    return escape_except_mentions(rollout.reason) if is_the_managers else said(rollout.reason)


def plan_title(endpoint: str, kind: Kind, plan: Plan) -> str:
    """One line, for notifications: begins with the word Plan. Not escaped yet."""
    blocked = f", {count(len(plan.blockers), 'blocker')}" if plan.is_blocked else ""
    return f"Plan for {endpoint}: {_in_short(kind, plan)}{blocked}"


def _in_short(kind: Kind, plan: Plan) -> str:
    if kind is Kind.ROLLBACK:
        return f"roll back to {plan.target_label}"
    if kind in BEGIN_OR_END:
        return in_short(kind, plan)
    if plan.trial is not None:
        return trial_in_short(plan, kind)
    if plan.autoscale is not None:
        return plan_in_short(plan)
    if kind is Kind.SCALE:
        counts = [f"{d.path.removesuffix(_COUNT)} {d.before or '?'} → {d.after}" for d in plan.differences]
        return f"instances of {', '.join(counts)}" if counts else "change the instance count"
    if plan.current_label == plan.target_label:
        return f"change the settings of {plan.current_label}"
    return f"{plan.current_label} → {plan.target_label}"


def plan_blocks(endpoint: str, kind: Kind, plan: Plan, why: str = "") -> list[Block]:
    """The plan without its decision: why it was asked for, what changes, what was found, how it goes; last, the way back.

    Args:
        endpoint: The endpoint.
        kind: What kind of rollout it is of.
        plan: The plan.
        why: As mrkdwn; empty where nobody said.
    """
    head = f"*{escape(plan_title(endpoint, kind, plan))}*"
    if why:
        head += f"\n> {why}"
    blocks = [section(head)]
    if plan.differences:
        blocks += change_blocks("*What changes*", plan.differences)
    else:
        blocks.append(section("*What changes*\nNothing changes."))
    if plan.kept:
        blocks.append(context(f"*What stays*: {' '.join(escape(kept) for kept in plan.kept)}"))
    blocks.append(section(f"*Checks*\n{finding_lines(_findings_to_show(plan))}"))
    if plan.merits is not None and (told := merit_section(plan.merits)) is not None:
        blocks.append(told)
    blocks.append(section(how(kind, plan)))
    if expected := outlook(kind, plan):
        blocks.append(section(expected))
    if plan.readiness is not None:
        blocks.append(way_back(plan.readiness))
    return blocks


def _findings_to_show(plan: Plan) -> list[Finding]:
    """The way back has a block of its own, right above the buttons."""
    if plan.readiness is None:
        return list(plan.findings)
    return [f for f in plan.findings if f.check != CheckName.WAY_BACK or f.level is Level.BLOCKER]


def _redrawn(redraw: Redraw) -> Block:
    """Whoever saw the plan before has to see what is different, and whoever approved it, that this is gone."""
    lines = [
        f"*This plan was drawn up again*, {moment(redraw.at)}: what it rested on had moved. Nothing was run.",
        change_lines(redraw.differences),
    ]
    if redraw.approvals_lost:
        lines.append(f"{people(redraw.approvals_lost)} had approved the older plan; that does not count for this one.")
    return section("\n".join(line for line in lines if line))
