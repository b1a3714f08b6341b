"""Locks: while one stands over an endpoint, or a freeze over everything, no new change starts. The way back is never stopped.

Pure: each decision takes the lock that stands, and returns what happens or raises why not. A lock names who set it and why; it ends
when its holder lifts it, when its time is over, or when two other people agree to break it. No process holds one, so none is left
behind by a crash.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.approval import Person, describe_approvers, is_approver
from bot.domain.errors import EndpointLocked, NotAllowed, UserError
from bot.domain.fleet import Approval, EndpointSpec, Fleet
from bot.domain.model import Value
from bot.domain.names import literal, mention
from bot.domain.phases import BOT_ACTOR, Phase
from bot.domain.rollout import Rollout

EVERYTHING = "*"
"""What a freeze locks. No endpoint can have this name."""

UNREAD = "any lock that SageMaker's tags may tell of"
"""What a change that was found again after the store was emptied waits for, until they were read."""

BREAK_EXPIRES_AFTER = timedelta(hours=1)
"""How long a second person may agree to break a lock: longer, and nobody remembers why it was asked."""


class Lock(Value):
    """Somebody's word that an endpoint, or everything, shall stay as it is."""

    id: str
    subject: str
    """An endpoint's name, or EVERYTHING."""
    holder: str
    reason: str
    since: datetime
    until: datetime | None = None
    """When it lapses by itself."""
    restored: bool = False
    """Read back from SageMaker's tags after the store was emptied."""

    @property
    def endpoint(self) -> str | None:
        """The locked endpoint; None for a freeze."""
        return None if self.subject == EVERYTHING else self.subject

    def stands_at(self, now: datetime) -> bool:
        """Whether it still holds, by the clock."""
        return self.until is None or now < self.until


class LockEventKind(StrEnum):
    """What can happen to a lock. The values stand in the audit trail."""

    LOCKED = "locked"
    UNLOCKED = "unlocked"
    BREAK_ASKED = "break_asked"
    BROKEN = "broken"
    LAPSED = "lapsed"
    RESTORED = "restored"


class LockEvent(Value):
    """One thing that happened to one lock: for the audit trail, for the answer, and for an errand that is run twice."""

    kind: LockEventKind
    lock: Lock
    actor: str
    """Slack user id, or `bot` for what lapsed."""
    at: datetime
    caused_by: str = ""
    """The errand that led to it."""


class BreakRequest(Value):
    """Somebody wants to break somebody else's lock. Bound to that very lock: to no later one of the same endpoint."""

    id: str
    lock: Lock
    asked_by: str
    asked_at: datetime
    expires_at: datetime
    channel_id: str = ""
    message_ts: str = ""
    """Where the message with the button stands; empty until it is posted."""
    ended: LockEvent | None = None
    """How the lock ended."""
    is_settled: bool = False
    """The message says how it ended, and has no button any more."""

    def is_over(self, now: datetime) -> bool:
        """Whether nobody can agree to it any more."""
        return self.ended is not None or now >= self.expires_at


def heeds_locks(rollout: Rollout) -> bool:
    """Whether a lock would keep an approved rollout waiting: it has not called its UpdateEndpoint yet, and it is not the way back.

    Over a bridge there are two, and it is the last that counts: until then a lock holds the traffic where it is.
    """
    not_yet_called = rollout.phase in (Phase.SCHEDULED, Phase.PREPARING, Phase.UPDATING) and rollout.update is None
    goes_back = rollout.is_way_back or (rollout.trial is not None and rollout.trial.towards_a)
    return not_yet_called and not goes_back


def in_words(lock: Lock) -> str:
    """The lock as part of a sentence: `the lock of <@U…> (load test)`."""
    what = "lock" if lock.endpoint else "freeze"
    return f"the {what} of {mention(lock.holder)} ({literal(lock.reason)})"


def refusal(lock: Lock, now: datetime) -> EndpointLocked:
    """Why nothing starts under that lock."""
    return EndpointLocked(
        endpoint=lock.endpoint, holder=lock.holder, reason=lock.reason, since=lock.since, until=lock.until, now=now
    )


# Who may


def policy_over(subject: str, fleet: Fleet) -> Approval:
    """Who answers for what a lock covers: the endpoint's approvers, or for a freeze those of any endpoint."""
    if subject != EVERYTHING:
        return fleet.endpoint(subject).approval
    policies = [spec.approval for spec in fleet.endpoints.values()]
    return Approval(
        users=tuple(dict.fromkeys(user for policy in policies for user in policy.users)),
        groups=tuple(dict.fromkeys(group for policy in policies for group in policy.groups)),
    )


def refuse_if_may_not_lock(spec: EndpointSpec | None, policy: Approval, person: Person) -> None:
    """Lock and unlock are for approvers and for the endpoint's owner, freeze and thaw for approvers. Raises NotAllowed.

    A terminal tells no Slack identity, and a lock is somebody's word.
    """
    if is_approver(policy, person) or (spec is not None and person.id == spec.owner):
        return
    owner = f", or {mention(spec.owner)}, who owns it" if spec is not None and spec.owner is not None else ""
    what, verbs = (spec.name, "lock or unlock") if spec is not None else ("everything", "freeze or thaw")
    where = " They type it in Slack: a terminal does not tell who you are." if person.id.startswith("terminal:") else ""
    raise NotAllowed(
        f"You may not {verbs} {what}: ask {describe_approvers(policy)}{owner}.{where} Nothing was changed.",
        actor=person.id,
    )


# What happens


def locked(standing: Lock | None, wanted: Lock, caused_by: str, now: datetime) -> LockEvent:
    """Set a lock, or change the reason or the end of one's own; its age stays.

    Raises:
        EndpointLocked: somebody else's lock stands.
    """
    if standing is not None:
        if standing.holder != wanted.holder:
            raise refusal(standing, now)
        wanted = wanted.model_copy(update={"since": standing.since})
    return LockEvent(kind=LockEventKind.LOCKED, lock=wanted, actor=wanted.holder, at=now, caused_by=caused_by)


def unlocked(
    standing: Lock | None, requests: Sequence[BreakRequest], *, subject: str, actor: str, caused_by: str, now: datetime
) -> LockEvent:
    """Lift one's own lock at once; somebody else's becomes a request to break it, of which there is one at a time.

    Raises:
        UserError: no lock stands, or breaking it has been asked for already.
    """
    if standing is None:
        what = "Nothing is frozen" if subject == EVERYTHING else f"{subject} is not locked"
        raise UserError(f"{what}. Nothing was changed.")
    if standing.holder == actor:
        return LockEvent(kind=LockEventKind.UNLOCKED, lock=standing, actor=actor, at=now, caused_by=caused_by)
    asked = next((r for r in requests if r.lock.id == standing.id and r.message_ts and not r.is_over(now)), None)
    if asked is not None:
        own = "You asked for this already. It ends when somebody else presses Break lock on your message."
        others = f"{mention(asked.asked_by)} asked for this already. It ends when you press Break lock on that message."
        raise UserError(f"{own if asked.asked_by == actor else others} Until then {in_words(standing)} stands.")
    return LockEvent(kind=LockEventKind.BREAK_ASKED, lock=standing, actor=actor, at=now, caused_by=caused_by)


def request_of(asked: LockEvent) -> BreakRequest:
    """The request that begins with that event."""
    return BreakRequest(
        id=asked.caused_by,
        lock=asked.lock,
        asked_by=asked.actor,
        asked_at=asked.at,
        expires_at=asked.at + BREAK_EXPIRES_AFTER,
    )


def broken(
    standing: Lock | None, request: BreakRequest, *, policy: Approval, person: Person, caused_by: str, now: datetime
) -> LockEvent:
    """A second person agrees: the lock ends.

    Raises:
        NotAllowed: the person asked for it themselves, or is neither an approver nor the holder.
        UserError: it is too late: expired, broken already, lifted, lapsed, or set anew.
    """
    if request.ended is not None:
        raise UserError(f"{how_it_ended(request.ended)} Your click changed nothing.{_set_anew(standing)}")
    if request.is_over(now):
        raise UserError(
            f"Nobody agreed to this within an hour, so {in_words(request.lock)} still stands. "
            f"Your click changed nothing. To ask again: {lift_command(request.lock)}"
        )
    if standing is None or standing.id != request.lock.id:
        raise UserError(f"That lock stands no more. Your click changed nothing.{_set_anew(standing)}")
    _refuse_if_may_not_break(request, policy, person)
    return LockEvent(kind=LockEventKind.BROKEN, lock=standing, actor=person.id, at=now, caused_by=caused_by)


def told_by_tags(
    told: Iterable[Lock], standing: Mapping[str, Lock], lifted_at: Mapping[str, datetime], now: datetime
) -> tuple[LockEvent, ...]:
    """What becomes of the locks when it is read what SageMaker's tags tell of them, after the store was emptied.

    Args:
        told: The locks of one endpoint's tags.
        standing: Those that stand by now, by their subject.
        lifted_at: When whatever stood there was last lifted: what was set before is over, wherever tags still tell of it.
        now: The present.
    """
    over = [lock for lock in standing.values() if lock.restored and _was_lifted(lock, lifted_at)]
    ended = [
        LockEvent(kind=LockEventKind.UNLOCKED, lock=lock, actor=BOT_ACTOR, at=lifted_at[lock.subject]) for lock in over
    ]
    left = {subject: lock for subject, lock in standing.items() if lock not in over}
    back = [
        LockEvent(kind=LockEventKind.RESTORED, lock=lock, actor=BOT_ACTOR, at=now)
        for lock in told
        if lock.stands_at(now) and not _was_lifted(lock, lifted_at) and _comes_after(lock, left.get(lock.subject))
    ]
    return (*ended, *back)


def _was_lifted(lock: Lock, lifted_at: Mapping[str, datetime]) -> bool:
    at = lifted_at.get(lock.subject)
    return at is not None and lock.since <= at


def _comes_after(told: Lock, standing: Lock | None) -> bool:
    """What people set since the store was emptied stays; of two that come from tags, the later one counts."""
    return standing is None or (standing.restored and standing.since < told.since)


def lapsed(lock: Lock) -> LockEvent:
    """Its time is over: it ended at the moment that it named, whenever that is noticed."""
    assert lock.until is not None
    return LockEvent(kind=LockEventKind.LAPSED, lock=lock, actor=BOT_ACTOR, at=lock.until)


_ENDED: Mapping[LockEventKind, str] = {
    LockEventKind.UNLOCKED: "{actor} lifted {lock}.",
    LockEventKind.BROKEN: "{actor} broke {lock}.",
    LockEventKind.LAPSED: "{lock} has lapsed.",
    LockEventKind.LOCKED: "{actor} renewed {lock}.",
    LockEventKind.RESTORED: "{lock} was read back from SageMaker's tags, and took the place of that one.",
}


def how_it_ended(ended: LockEvent) -> str:
    """What became of the lock, in a sentence."""
    sentence = _ENDED[ended.kind].format(actor=mention(ended.actor), lock=in_words(ended.lock))
    return sentence[:1].upper() + sentence[1:]


def lift_command(lock: Lock) -> str:
    """What to type in order to end it."""
    return f"unlock {lock.endpoint}" if lock.endpoint else "thaw"


def _set_anew(standing: Lock | None) -> str:
    return f" Now {in_words(standing)} stands; to break that: {lift_command(standing)}" if standing is not None else ""


def _refuse_if_may_not_break(request: BreakRequest, policy: Approval, person: Person) -> None:
    if person.id == request.asked_by:
        raise NotAllowed(
            f"You asked for this, so somebody else has to agree: {_who_may_break(request, policy)}. Nothing was changed.",
            actor=person.id,
        )
    if person.id != request.lock.holder and not is_approver(policy, person):
        raise NotAllowed(
            f"You may not break this lock. Ask {_who_may_break(request, policy)}. Nothing was changed.",
            actor=person.id,
        )


def _who_may_break(request: BreakRequest, policy: Approval) -> str:
    """The approvers, and the holder if that is not one of them by name."""
    who, holder = describe_approvers(policy), request.lock.holder
    return who if holder in policy.users else f"{who}, or {mention(holder)}"
