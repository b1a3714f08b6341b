"""The whole thread of a rollout: which messages shall be there, and what each shall say. A pure projection of the record."""

from collections.abc import Sequence

from bot.domain.names import mention
from bot.domain.phases import Kind, Phase
from bot.domain.rollout import Rollout
from bot.messages.blocks import Message, context, escape, section
from bot.messages.card import render_card, what
from bot.messages.ending import ENDINGS, plan_is_shown, render_ending
from bot.messages.plan import render_plan
from bot.messages.progress import render_progress
from bot.messages.reviving import render_revived
from bot.messages.slots import Slot, SlotName
from bot.messages.summary import headline, render_summary
from bot.messages.trial import render_trial, render_trial_alert, render_trial_relapse
from bot.messages.watching import render_alert, render_watch


def wanted_slots(rollout: Rollout, behind: Sequence[Rollout] = ()) -> tuple[Slot, ...]:
    """The slots that shall exist now, in the order in which they are posted; `behind` are the rollouts that wait for this one."""
    slots: list[Slot] = []
    if rollout.restored and (rollout.revived_at is None or _only_waits_for_its_rollback(rollout)):
        told = (Slot(SlotName.REVIVED, render_revived(rollout)),) if rollout.revived_at is not None else ()
        return (Slot(SlotName.CARD, render_card(rollout), in_thread=False), *told, *_trial_slots(rollout))
    if not rollout.in_parent_thread:
        slots.append(Slot(SlotName.CARD, render_card(rollout, behind), in_thread=False))
        if rollout.revived_at is not None:
            slots.append(Slot(SlotName.REVIVED, render_revived(rollout)))
    if plan_is_shown(rollout) and not rollout.restored:
        slots.append(Slot(SlotName.PLAN, render_plan(rollout)))
    if rollout.plan is not None and _has_begun(rollout):
        slots.append(Slot(SlotName.PROGRESS, render_progress(rollout)))
    if rollout.entered(Phase.WATCHING):
        slots.append(Slot(SlotName.WATCH, render_watch(rollout)))
    if rollout.worse_since is not None:
        slots.append(Slot(SlotName.ALERT, render_alert(rollout)))
    if rollout.comparison is not None and (rollout.verdict is not None or rollout.entered(Phase.SUCCEEDED)):
        slots.append(Slot(SlotName.SUMMARY, render_summary(rollout)))
    if rollout.comparison is not None and rollout.verdict is not None:
        slots.append(Slot(SlotName.CHART, chart_caption(rollout)))
    slots += _trial_slots(rollout)
    is_done = rollout.kind in _UNWATCHED and rollout.phase is Phase.SUCCEEDED
    if is_done or (rollout.phase in ENDINGS and not _child_tells_the_end(rollout)):
        slots.append(Slot(SlotName.ENDING, render_ending(rollout)))
    return tuple(slots)


_UNWATCHED = frozenset({Kind.SCALE, Kind.WEIGHTS, Kind.AUTOSCALE, Kind.CREATE, Kind.TEARDOWN})
"""Kinds that end without a summary, and so say themselves that they are done."""


def _only_waits_for_its_rollback(rollout: Rollout) -> bool:
    """A rollout that was found again on its way back: what the thread says of its update is more than is known by now."""
    began = rollout.entered(Phase.ROLLING_BACK)
    return rollout.kind is not Kind.ROLLBACK and began is not None and began == rollout.revived_at


def _trial_slots(rollout: Rollout) -> tuple[Slot, ...]:
    """The comparison of a trial, and the word about a B that is worse."""
    watch = rollout.trial_watch
    if watch is None or rollout.plan is None or rollout.plan.trial is None:
        return ()
    alert = (Slot(SlotName.ALERT, render_trial_alert(rollout)),) if watch.worse_since is not None else ()
    again = (
        Slot(f"{SlotName.ALERT} {n}", render_trial_relapse(rollout, relapse))
        for n, relapse in enumerate(watch.relapses, start=2)
    )
    return (Slot(SlotName.TRIAL, render_trial(rollout)), *alert, *again)


def _has_begun(rollout: Rollout) -> bool:
    """From then on its progress is told, also after an early end: what was posted once must not be left half said."""
    return any(rollout.entered(p) for p in (Phase.PREPARING, Phase.UPDATING, Phase.ROLLING_BACK))


def _child_tells_the_end(rollout: Rollout) -> bool:
    """A rollback in the same thread says itself that it is done; its parent's card follows silently."""
    return rollout.phase is Phase.ROLLED_BACK and rollout.child_id is not None


def chart_caption(rollout: Rollout) -> Message:
    """The chart's title and, for whoever cannot see it, its content in a sentence."""
    return Message(f"{rollout.endpoint}: latency, traffic and errors before and after the cutover. {headline(rollout)}")


def render_pointer(rollout: Rollout, link: str) -> Message:
    """The line in the endpoint's own channel."""
    change = f"*{escape(rollout.endpoint)}* ({what(rollout)})"
    text = f"{mention(rollout.requester)} asked for a change of {change}: <{link}|follow it there>"
    return Message(
        f"A change of {rollout.endpoint} was asked for: {link}", (section(text), context(f"Rollout {rollout.id}"))
    )
