"""The root card: what, who asked, the state in words, and one line of the latest news."""

from collections.abc import Callable, Mapping, Sequence

from bot.domain.names import mention
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.reconcile import call_of, is_baking
from bot.domain.rejection import rejection_of
from bot.domain.rollout import Rollout
from bot.messages.autoscaling import AT_WORK, scaling_in_short, scaling_state
from bot.messages.blocks import Message, code, context, escape, escape_except_mentions, section
from bot.messages.effects import glance
from bot.messages.going_back import who_went_back
from bot.messages.lifecycle import BEGIN_OR_END, in_short, state_after_failure, under_way, untouched
from bot.messages.progress import fleet_counts, time_so_far
from bot.messages.summary import headline
from bot.messages.trial_words import asked_in_short, trial_in_short
from bot.messages.watching import watch_glance
from bot.messages.words import count, moment, people

_MOST_BEHIND = 5
_MAKE_NOTHING = frozenset({Kind.TEARDOWN, Kind.SCALE, Kind.WEIGHTS, Kind.AUTOSCALE})
"""Kinds that need neither a model nor a config of their own."""


def render_card(rollout: Rollout, behind: Sequence[Rollout] = ()) -> Message:
    """The card. Its state word is the only one on it: readers, searches and scripts rely on that.

    Args:
        rollout: What it is about.
        behind: Rollouts that wait until this one is over.
    """
    state = rollout.phase.words
    lines = f"*{escape(rollout.endpoint)}*: {what(rollout)}\nState: *{state}*"
    small = f"Asked by {mention(rollout.requester)} · rollout {code(rollout.id)} · {moment(rollout.created_at)}"
    waits = rollout.stopped_by is not None and rollout.is_active
    news = "It waits until a lock is lifted; the thread says whose." if waits else _NEWS[rollout.phase](rollout)
    text = f"{rollout.endpoint}: {state}. Asked by {mention(rollout.requester)}, rollout {rollout.id}."
    blocks = [section(f"{lines}\n{news}"), context(small)]
    if behind:
        waiting = ", ".join(f"{code(r.id)} of {mention(r.requester)}" for r in behind[:_MOST_BEHIND])
        more = f" and {len(behind) - _MOST_BEHIND} more" if len(behind) > _MOST_BEHIND else ""
        blocks.append(context(f"Behind it {'waits' if len(behind) == 1 else 'wait'}: {waiting}{more}"))
    if rollout.chore_failures:
        blocks.append(context("⚠ Something has to be put back by hand; the thread says what."))
    return Message(text, tuple(blocks))


def what(rollout: Rollout) -> str:
    """The change in a few words."""
    if rollout.count_change is not None:
        wanted = rollout.count_change
        return f"{escape(wanted.variant)} to {count(wanted.count, 'instance')}"
    if rollout.kind is Kind.AUTOSCALE:
        return escape(scaling_in_short(rollout))
    if rollout.kind in BEGIN_OR_END:
        return escape(in_short(rollout.kind, rollout.plan))
    if rollout.trial is not None:
        shown = rollout.plan is not None and rollout.plan.trial is not None
        return escape(
            trial_in_short(rollout.plan, rollout.kind) if rollout.plan and shown else asked_in_short(rollout.trial)
        )
    if rollout.plan is not None:
        current, target = rollout.plan.current_label, rollout.plan.target_label
        if rollout.kind is Kind.ROLLBACK:
            return f"back to {escape(target)}"
        if current == target:
            return f"change the settings of {escape(current)}"
        return f"{escape(current)} → {escape(target)}"
    if rollout.kind is Kind.ROLLBACK:
        return f"back to {code(rollout.rollback_to)}" if rollout.rollback_to else "back to the config of before"
    change = rollout.change
    if change is None or change.wants_newest:
        return "promote to the newest version"
    if change.version is not None:
        return f"promote to version {change.version}"
    if change.package is not None:
        return f"promote to {code(change.package.rpartition('/')[2])}"
    return f"promote to {code(change.image)}" if change.image else "change its settings"


_NEWS: Mapping[Phase, Callable[[Rollout], str]] = {
    Phase.PLANNING: lambda r: _being_planned(r),
    Phase.AWAITING_APPROVAL: lambda r: (
        f"{_drawn_up_again(r)}The plan is in the thread. It lapses {moment(r.expires_at)}.{_approved_so_far(r)}"
    ),
    Phase.SCHEDULED: lambda r: f"{_approved_by(r)}{_its_time(r)}",
    Phase.PREPARING: lambda r: (
        f"{_approved_by(r)}{under_way(r)}"
        if r.kind in _MAKE_NOTHING
        else f"{_approved_by(r)}The model and the endpoint config are being made ready."
    ),
    Phase.UPDATING: lambda r: _update_so_far(r),
    Phase.WATCHING: lambda r: watch_glance(r),
    Phase.SUCCEEDED: lambda r: headline(r),
    Phase.REJECTED: lambda r: f"{_who_said_no(r)} {untouched(r)}",
    Phase.EXPIRED: lambda r: f"Nobody decided in time. {untouched(r)}",
    Phase.CANCELLED: lambda r: f"{_why_cancelled(r)} {untouched(r)}",
    Phase.BLOCKED: lambda r: f"What must be mended first is in the thread. {untouched(r)}",
    Phase.FAILED: lambda r: f"The thread says why. {_still_on(r)}",
    Phase.ROLLED_BACK_BY_AWS: lambda r: f"SageMaker went back by itself; the thread says why. {_still_on(r)}",
    Phase.ROLLING_BACK: lambda r: f"{_goes_back(r)} {_way_back_so_far(r)}",
    Phase.ROLLED_BACK: lambda r: f"{_went_back(r)} {_back_on(r)}",
    Phase.NEEDS_HUMAN: lambda r: "Look at the endpoint before anything else is changed; the thread says why.",
}
"""One line of news for each phase. Words from outside (SageMaker's reasons, people's own words) stay in the thread: they could
hold another state's word, and a card shows exactly one."""


def _being_planned(rollout: Rollout) -> str:
    if rollout.queued_behind is not None:
        return f"Waits for its turn: rollout {code(rollout.queued_behind)} comes first. Nothing is needed from you."
    if rollout.redraws:
        return "What the plan rested on has moved, so a fresh one is being made. Nothing was run."
    return "Looking at what runs and what would change."


def _drawn_up_again(rollout: Rollout) -> str:
    return "The plan was drawn up again and needs to be approved anew. " if rollout.redraws else ""


def _its_time(rollout: Rollout) -> str:
    if rollout.scheduled_for is None:
        return "It waits for its time."
    why = " when its change window opens" if rollout.last.reason is Reason.OUTSIDE_WINDOW else ""
    return f"It runs {moment(rollout.scheduled_for)}{why}."


def _update_so_far(rollout: Rollout) -> str:
    if rollout.retry is not None and call_of(rollout) is None:
        return f"AWS had no capacity; the old fleet serves on. The next try begins {moment(rollout.retry.due)}."
    if rollout.kind is Kind.AUTOSCALE:
        return f"{AT_WORK} {time_so_far(rollout)}."
    if rollout.kind in BEGIN_OR_END:
        return f"{under_way(rollout)} {time_so_far(rollout)}."
    if is_baking(rollout):
        return f"Both variants serve and are compared. {time_so_far(rollout)}."
    return f"{fleet_counts(rollout)} {time_so_far(rollout)}."


def _approved_by(rollout: Rollout) -> str:
    approvers = rollout.approvers() or rollout.vouched_by
    return f"Approved by {people(approvers)}. " if approvers else ""


def _approved_so_far(rollout: Rollout) -> str:
    approvers = rollout.approvers()
    return f" Approved by {people(approvers)}; {rollout.quorum - len(approvers)} more needed." if approvers else ""


def _who_said_no(rollout: Rollout) -> str:
    rejection = rejection_of(rollout)
    told = "; the thread says why" if rejection is not None and rejection.reason else ""
    return f"{mention(rollout.last.actor)} said no{told}."


def _why_cancelled(rollout: Rollout) -> str:
    if rollout.last.reason is Reason.SUPERSEDED:
        return f"A newer plan took its place: rollout {code(rollout.superseded_by or '')}."
    if rollout.last.reason is Reason.CHANNEL_UNREACHABLE:
        return "The story could not be told in its channel."
    if rollout.last.reason is Reason.WAVE_HALTED:
        return "Its wave came to a halt first."
    if rollout.last.reason is Reason.NO_LONGER_WANTED:
        why = escape_except_mentions(rollout.last.note.rstrip(".")) or "it is not wanted any more"
        return f"The bot took it back: {why}."
    return f"Stopped by {mention(rollout.last.actor)}."


def _goes_back(rollout: Rollout) -> str:
    who = who_went_back(rollout)
    return f"Asked for by {who}." if who is not None else f"The bot takes it back by itself{_what_got_worse(rollout)}."


def _went_back(rollout: Rollout) -> str:
    who = who_went_back(rollout)
    return (
        f"{who} asked for the way back."
        if who is not None
        else f"The bot took it back by itself{_what_got_worse(rollout)}."
    )


def _what_got_worse(rollout: Rollout) -> str:
    """In numbers of our own; evidence may hold words from outside, which stay in the thread."""
    told = glance(rollout.verdict, streaming=rollout.watch.streaming) if rollout.verdict is not None else None
    return f": {told}" if told is not None else "; the thread says why"


def _way_back_so_far(rollout: Rollout) -> str:
    """A rollout that waits for its rollback knows nothing of how far that is."""
    waits = rollout.kind is Kind.UPDATE
    return "The thread tells how far it is." if waits else f"{fleet_counts(rollout)} {time_so_far(rollout)}."


def _still_on(rollout: Rollout) -> str:
    if rollout.kind is Kind.AUTOSCALE:
        return scaling_state(rollout)
    if rollout.kind in BEGIN_OR_END:
        return state_after_failure(rollout)
    if rollout.last.reason in (Reason.ENDPOINT_DRIFTED, Reason.ENDPOINT_GONE, Reason.PLAN_DRIFTED):
        return "This rollout did not touch the endpoint."
    return f"The endpoint is on {code(rollout.plan.current_config)}, as before." if rollout.plan else untouched(rollout)


def _back_on(rollout: Rollout) -> str:
    if rollout.plan is None:
        return ""
    is_way_back = rollout.kind is Kind.ROLLBACK
    return f"The endpoint is on {code(rollout.plan.target_config if is_way_back else rollout.plan.way_back)}."
