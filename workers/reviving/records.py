"""A rollout that was under way, as a record once more: from the note on its endpoint, its configs and the fleet file.

What the note does not tell stays unknown, and what is unknown never widens what the bot may do by itself: nobody's approval is counted,
and no second call is made for what SageMaker may have taken.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from bot.domain.bridge import Bridge
from bot.domain.calls import UpdateCall
from bot.domain.endpoint import EndpointStatus, Snapshot
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import BOT_ACTOR, Kind, Phase, Reason
from bot.domain.plan import Plan
from bot.domain.reconcile import watch_ends_at
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Abort, CountChange, Thread, Transition
from bot.domain.trial import TrialAsk
from bot.domain.under_way import Note
from bot.domain.watchplan import Acceptance, Extension
from workers.rollbacks import pace_of, watch_of

UNWATCHED_FOR = timedelta(hours=1)
"""A watch that ended longer ago than this is not taken up again: whoever could have been saved from a bad version was not."""

READY_FOR = timedelta(minutes=10)
"""From everything being ready to the call it is seconds, but for a lock, a busy endpoint or a refusal."""

NOT_ASKED = (
    "The bot's store was emptied before SageMaker was asked for anything, and with it the plan that was approved."
)


@dataclass(frozen=True)
class Reviver:
    """Makes the record of one note."""

    spec: EndpointSpec
    note: Note
    snapshot: Snapshot
    plan: Plan
    now: datetime

    def record(self) -> Rollout:
        """The record, in the phase in which the engine finds out the rest by looking."""
        rollout = self._record(Phase.UPDATING)
        if self.note.kind is Kind.ROLLBACK:
            return self._in(rollout, Phase.ROLLING_BACK)
        if self.note.called is None and not self._may_still_ask():
            return self._in(rollout, Phase.CANCELLED, NOT_ASKED)
        landed = self._landed_at()
        if landed is None:
            return self._in(rollout, Phase.UPDATING)
        rollout = self._extended(rollout.with_(cutover_at=landed), landed)
        if self.note.until is not None and self.now - self.note.until > UNWATCHED_FOR:
            return self._in(rollout, Phase.SUCCEEDED)
        return self._in(rollout, Phase.WATCHING)

    def _extended(self, rollout: Rollout, landed: datetime) -> Rollout:
        """With a watch that lasts as long as people wanted it to. Who they were is not known any more, and counts for nothing."""
        until, ends_at = self.note.until, watch_ends_at(rollout)
        if until is None or until <= ends_at:
            return rollout
        return rollout.with_(extensions=(Extension(actor=BOT_ACTOR, at=landed, by=until - ends_at),))

    def _may_still_ask(self) -> bool:
        """Whether all that was left to do is known: the config exists as it was approved, and nobody has touched the endpoint since.

        A moment ago: what has waited for longer may have been called off, and its note only stayed where it was.
        """
        note, snapshot = self.note, self.snapshot
        is_fresh = note.ready is not None and self.now - note.ready < READY_FOR
        return is_fresh and snapshot.is_on(note.current) and note.untouched == snapshot.last_modified

    def _record(self, phase: Phase) -> Rollout:
        note, began = self.note, self._began_at()
        return Rollout(
            id=note.id,
            kind=note.kind,
            endpoint=self.spec.name,
            region=self.spec.region,
            requester=note.by,
            thread=Thread(channel_id=note.channel, thread_ts=note.ts),
            created_at=began,
            phase=phase,
            transitions=(Transition(phase=Phase.PLANNING, reason=Reason.REQUESTED, at=began, actor=note.by),),
            pace=pace_of(self.spec),
            watch=watch_of(self.spec),
            expires_at=self.now,
            approval_needed=False,
            restored=True,
            revived_at=self.now,
            plan=self.plan,
            parent_id=note.parent,
            in_parent_thread=note.inside,
            rollback_to=note.target if note.kind is Kind.ROLLBACK else None,
            leaves_unknown=note.kind is Kind.ROLLBACK,
            models_created=True,
            config_created=True,
            alarms_intended=note.alarms,
            alarms_verified=note.alarms,
            rollback_queued_by=note.queued,
            **self._asked(),
            **self._calls(),
            **self._decided(),
        )

    def _asked(self) -> dict[str, Any]:
        note = self.note
        asked: dict[str, Any] = {}
        if note.variant is not None and note.count is not None:
            asked["count_change"] = CountChange(variant=note.variant, count=note.count)
        if note.step is not None:
            ask = TrialAsk(step=note.step, share=round(note.share or 0), shadow=note.shadow, towards_a=note.towards)
            asked["trial"] = ask
        return asked

    def _calls(self) -> dict[str, Any]:
        """The calls that were made, or were about to be."""
        note = self.note
        if note.called is None:
            return {}
        if note.via is None or note.kind is not Kind.UPDATE:
            return {"update": self._call(note.target or note.current, note.called)}
        is_over = note.last is not None
        crossed = note.crossed or (note.called if is_over else None)
        bridge = Bridge(
            created=True,
            call=self._call(note.via, note.called),
            crossed_at=crossed,
            shifted_at=note.last,
        )
        return {"bridge": bridge, "update": self._call(note.target, note.last) if note.last is not None else None}

    def _call(self, config: str, at: datetime) -> UpdateCall:
        """SageMaker took it where it is at work on it, or says why that ended. LastModifiedTime shows nothing: others move it, too."""
        seen = self.snapshot
        is_at_work = seen.status is EndpointStatus.UPDATING and (seen.pending is None or seen.is_moving_to(config))
        has_ended = seen.failure_reason is not None and seen.last_modified > at
        taken = at if is_at_work or has_ended else None
        return UpdateCall(config=config, intended_at=at, last_modified_before=at, accepted_at=taken)

    def _decided(self) -> dict[str, Any]:
        """What people did about it since. When is not known, and does not matter."""
        note, at = self.note, self.note.called or self.now
        decided: dict[str, Any] = {}
        if note.aborted is not None:
            decided["abort"] = Abort(actor=note.aborted, at=at)
        if note.accepted is not None:
            decided["acceptance"] = Acceptance(actor=note.accepted, at=at)
        return decided

    def _landed_at(self) -> datetime | None:
        """When it landed, for what is watched afterwards; None where that is for the engine to find out."""
        note = self.note
        if note.kind is not Kind.UPDATE or note.landed is not None:
            return note.landed if note.kind is Kind.UPDATE else None
        is_watched = note.queued is None and note.step is None and note.called is not None
        if not is_watched or not self.snapshot.is_on(note.target):
            return None
        assert note.called is not None
        return max(note.called, min(self.snapshot.last_modified, self.now))

    def _in(self, rollout: Rollout, phase: Phase, note: str = "") -> Rollout:
        step = Transition(phase=phase, reason=Reason.RESTORED_FROM_TAGS, at=self.now, actor=BOT_ACTOR, note=note)
        return rollout.with_(phase=phase, transitions=(*rollout.transitions, *self._begun(), step))

    def _begun(self) -> tuple[Transition, ...]:
        """That it had begun, so that its progress is told to the end in the message that shows it."""
        if self.note.kind is Kind.ROLLBACK:
            return ()
        return (Transition(phase=Phase.PREPARING, reason=Reason.APPROVED, at=self._began_at(), actor=BOT_ACTOR),)

    def _began_at(self) -> datetime:
        """When SageMaker was asked. Where it never was, only the moment of finding it is known."""
        return self.note.called or self.now


def waiting_for(parent: Rollout, child: Rollout, now: datetime) -> Rollout:
    """The rollout that a revived rollback undoes, which only waits for it. Only its card is kept up to date."""
    reason = Reason.WATCH_REGRESSED if child.requester == BOT_ACTOR else Reason.ROLLBACK_REQUESTED
    step = Transition(phase=Phase.ROLLING_BACK, reason=reason, at=now, actor=child.requester)
    is_told = child.in_parent_thread
    return parent.with_(
        phase=Phase.ROLLING_BACK,
        transitions=(parent.transitions[0], step),
        child_id=child.id,
        revived_at=now if is_told else None,
    )
