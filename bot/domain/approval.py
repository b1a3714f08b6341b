"""Who may decide about a rollout, and what their decision does. Pure: who is in which group is looked up elsewhere."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.errand import ButtonValue
from bot.domain.errors import NotAllowed, StalePlan, UserError
from bot.domain.fleet import Approval
from bot.domain.names import mention
from bot.domain.phases import BOT_ACTOR, Kind, Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import ApprovalChoice, ApprovalDecision
from bot.domain.starting import Start, written


@dataclass(frozen=True)
class Person:
    """Somebody who clicked or typed: the id that Slack verified, their handle, and which of the policy's groups they are in."""

    id: str
    handle: str = ""
    groups: frozenset[str] = frozenset()


def is_approver(policy: Approval, person: Person) -> bool:
    """Whether the policy names the person, by id, by @handle, or through a group."""
    names = {person.id, f"@{person.handle}" if person.handle else person.id}
    return bool(names & set(policy.users)) or bool(person.groups & set(policy.groups))


def policy_for(policy: Approval, irreversible: Sequence[str]) -> Approval:
    """The policy that a plan falls under: what cannot be undone, for these reasons, takes more people, and never the requester."""
    if not irreversible:
        return policy
    stronger = policy.irreversible
    named = bool(stronger.users or stronger.groups)
    return policy.model_copy(
        update={
            "users": stronger.users if named else policy.users,
            "groups": stronger.groups if named else policy.groups,
            "quorum": max(policy.quorum, stronger.quorum),
            "requester_may_approve": False,
        }
    )


def describe_approvers(policy: Approval) -> str:
    """Who may approve, as Slack shows mentions: `<@U…>, <!subteam^S…> or @handle`."""
    words = [mention(u) if not u.startswith("@") else u for u in policy.users]
    words += [f"<!subteam^{g}>" if not g.startswith("@") else g for g in policy.groups]
    if not words:
        return "nobody: the fleet file names no approver"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def approve(
    rollout: Rollout,
    policy: Approval,
    person: Person,
    value: ButtonValue,
    now: datetime,
    caused_by: str = "",
    *,
    start: Start | None = None,
) -> Rollout:
    """The rollout after this approval: still waiting for the quorum, waiting for its time, or on its way.

    Args:
        rollout: What was approved.
        policy: The policy that its plan falls under.
        person: Who pressed.
        value: What the button carried.
        now: When.
        caused_by: The errand.
        start: When it shall run, and why then; None for at once.

    Raises:
        NotAllowed: the person may not approve this rollout.
        StalePlan: the plan that was seen is not the one that stands.
        UserError: it was decided already, or the approval has expired.
    """
    _refuse_if_decided(rollout, value, now)
    _refuse_requester(rollout, policy, person, "approve it")
    _refuse_outsider(policy, person, "approve")
    if person.id in rollout.approvers():
        raise UserError(f"You approved this already; {_missing(rollout, policy)}. This changed nothing.")
    decision = ApprovalDecision(actor=person.id, choice=ApprovalChoice.APPROVE, at=now, caused_by=caused_by)
    decided = rollout.with_(approvals=(*rollout.approvals, decision), scheduled_for=start.at if start else None)
    if len(decided.approvers()) < policy.quorum:
        return decided if start is not None and start.is_chosen else decided.with_(scheduled_for=None)
    if rollout.kind is Kind.ROLLBACK:
        return decided.to(Phase.ROLLING_BACK, Reason.APPROVED, now, person.id)
    if start is not None:
        return decided.to(Phase.SCHEDULED, start.reason, now, person.id)
    return decided.to(Phase.PREPARING, Reason.APPROVED, now, person.id)


def run_now(
    rollout: Rollout, policy: Approval, person: Person, start: Start | None, now: datetime, caused_by: str = ""
) -> Rollout:
    """A scheduled change, begun before its time by an approver. Raises NotAllowed or UserError.

    The time is part of what was approved, so the requester does not change it alone.
    """
    _refuse_outsider(policy, person, "start")
    _refuse_requester(rollout, policy, person, "start it before its time")
    if rollout.phase is not Phase.SCHEDULED:
        raise UserError(f"It waits for nothing: its state is “{rollout.phase.words}”. This changed nothing.")
    if start is not None:
        raise UserError(
            f"Its change window is closed until {written(start.at)}; then it begins by itself. This changed nothing."
        )
    return rollout.to(Phase.PREPARING, Reason.APPROVED, now, person.id, caused_by=caused_by, scheduled_for=None)


def counted(rollout: Rollout, policy: Approval, people: Sequence[Person]) -> Rollout:
    """The rollout without the approvals that the policy, as it is now, does not count any more.

    Args:
        rollout: Waits for its quorum.
        policy: The fleet file may have been changed since the first approval.
        people: Everybody who approved.
    """
    may = {p.id for p in people if is_approver(policy, p)}
    if not policy.requester_may_approve:
        may.discard(rollout.requester)
    return rollout.with_(approvals=tuple(d for d in rollout.approvals if d.actor in may))


def reject(
    rollout: Rollout, policy: Approval, person: Person, value: ButtonValue, now: datetime, caused_by: str = ""
) -> Rollout:
    """The rollout after an approver, or the requester, said no. Raises as `approve` does."""
    _refuse_if_decided(rollout, value, now)
    if person.id != rollout.requester:
        _refuse_outsider(policy, person, "reject")
    decision = ApprovalDecision(actor=person.id, choice=ApprovalChoice.REJECT, at=now, caused_by=caused_by)
    decided = rollout.with_(approvals=(*rollout.approvals, decision))
    return decided.to(Phase.REJECTED, Reason.REJECTED_BY_APPROVER, now, person.id)


def refuse_if_may_not_steer(rollout: Rollout, policy: Approval, person: Person, deed: str) -> None:
    """What steers a rollout (`cancel it`) is for its requester and for every approver. Raises NotAllowed."""
    if person.id == rollout.requester or is_approver(policy, person):
        return
    asker = f"{mention(rollout.requester)}, who asked for this, or " if rollout.requester != BOT_ACTOR else ""
    raise NotAllowed(
        f"Only {asker}an approver may {deed}: {describe_approvers(policy)}. Nothing was changed.",
        actor=person.id,
    )


def _refuse_requester(rollout: Rollout, policy: Approval, person: Person, what: str) -> None:
    if person.id == rollout.requester and not policy.requester_may_approve:
        raise NotAllowed(
            f"You asked for this change, so somebody else has to {what}: {describe_approvers(policy)}. Nothing was changed.",
            actor=person.id,
        )


def _refuse_outsider(policy: Approval, person: Person, verb: str) -> None:
    if not is_approver(policy, person):
        raise NotAllowed(
            f"You may not {verb} changes of this endpoint. Ask {describe_approvers(policy)}. Nothing was changed.",
            actor=person.id,
        )


def _refuse_if_decided(rollout: Rollout, value: ButtonValue, now: datetime) -> None:
    if rollout.phase is Phase.AWAITING_APPROVAL and now < rollout.expires_at:
        if rollout.plan is not None and value.fingerprint != rollout.plan.fingerprint:
            raise StalePlan(rollout.id, "A newer plan took its place.")
        return
    raise UserError(already_decided(rollout))


_ASK_AGAIN = "Ask again with the same command if it is still wanted."

_ALREADY: Mapping[Phase, tuple[str, str]] = {
    Phase.PLANNING: ("the plan is still being made", "Decide on it when it stands in the thread."),
    Phase.AWAITING_APPROVAL: ("the time to approve it is over", _ASK_AGAIN),
    Phase.SCHEDULED: ("it is approved, and waits for its time", "Cancel stands below the plan."),
    Phase.REJECTED: ("it was rejected by {actor}", _ASK_AGAIN),
    Phase.EXPIRED: ("nobody approved it in time, so it expired", _ASK_AGAIN),
    Phase.CANCELLED: ("it was cancelled", _ASK_AGAIN),
    Phase.BLOCKED: ("preflight found something that must be mended first", _ASK_AGAIN),
}
"""What became of a plan, and what to do about it."""


def already_decided(rollout: Rollout) -> str:
    """Why a decision on a plan comes too late: what became of it, and what to do."""
    approvers = rollout.approvers()
    if rollout.phase in _ALREADY or not approvers:
        words, advice = _ALREADY.get(
            rollout.phase, (f"its state is “{rollout.phase.words}”", "The thread tells the rest.")
        )
        return f"This changed nothing: {words.format(actor=mention(rollout.last.actor))}. {advice}"
    names = " and ".join(mention(a) for a in approvers)
    return f"It was approved by {names} already, and its state is “{rollout.phase.words}”. This changed nothing."


def _missing(rollout: Rollout, policy: Approval) -> str:
    missing = policy.quorum - len(rollout.approvers())
    return f"{missing} more {'approval is' if missing == 1 else 'approvals are'} needed, from somebody else"
