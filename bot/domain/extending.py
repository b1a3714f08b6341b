"""Watching for longer: during the watch, or again after it ended without an answer."""

from datetime import datetime, timedelta

from bot.domain.durations import say_duration
from bot.domain.errors import UserError
from bot.domain.names import mention
from bot.domain.phases import Kind, Phase
from bot.domain.reconcile import LONGEST_WATCH, extended, judged_from, watch_ends_at
from bot.domain.rollout import Rollout
from bot.domain.watchplan import Extension

A_MOMENT = timedelta(seconds=10)
"""Two presses so close to each other are one person who pressed twice, or two who meant the same."""


def extend(rollout: Rollout, actor: str, now: datetime, caused_by: str = "") -> Rollout:
    """The rollout with a watch that lasts for as long again as the fleet file says.

    Raises:
        UserError: there is no watch to extend, it was extended a moment ago, or it would become too long.
    """
    was_watched = rollout.kind is Kind.UPDATE and rollout.cutover_at is not None and rollout.plan is not None
    if rollout.phase not in (Phase.WATCHING, Phase.SUCCEEDED) or not was_watched:
        raise UserError(
            f"There is no watch to extend: the state of this rollout is “{rollout.phase.words}”. Your click changed nothing."
        )
    last = rollout.extensions[-1] if rollout.extensions else None
    if last is not None and now - last.at < min(A_MOMENT, rollout.watch.duration / 2):
        raise UserError(
            f"{mention(last.actor)} extended the watch a moment ago, by {say_duration(last.by)}. Your click changed nothing; press "
            "again if it shall be longer still."
        )
    longer = extended(rollout, Extension(actor=actor, at=now, by=rollout.watch.duration, caused_by=caused_by))
    if watch_ends_at(longer) - judged_from(longer) > max(LONGEST_WATCH, rollout.watch.duration):
        raise UserError(
            f"A watch lasts {say_duration(LONGEST_WATCH)} at most, and this one would become longer. Your click changed nothing; "
            f"to see its numbers: metrics {rollout.endpoint}"
        )
    return longer
