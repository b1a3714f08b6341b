"""Who may decide about a wave, and what their decision does. Pure: who is in which group is looked up elsewhere.

A wave is approved by people who may approve every one of its endpoints: half a wave that was approved would be another wave.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.approval import Person, describe_approvers, is_approver
from bot.domain.errors import NotAllowed, UserError
from bot.domain.fleet import Approval
from bot.domain.names import mention
from bot.domain.phases import BOT_ACTOR
from bot.domain.wave.states import MemberState, WaveReason, WaveState
from bot.domain.wave.values import Member, Wave, WaveApproval


@dataclass(frozen=True)
class Say:
    """What somebody may say about single endpoints: their policies, and the person as each policy knows them."""

    actor: str
    policies: Mapping[str, Approval]
    people: Mapping[str, Person]

    def is_approver_of(self, endpoint: str) -> bool:
        """Whether they may approve changes of that endpoint. One that left the fleet file is nobody's."""
        return endpoint in self.policies and is_approver(self.policies[endpoint], self.people[endpoint])

    def lacks(self, members: Sequence[Member]) -> tuple[str, ...]:
        """Endpoints among these that they may not approve changes of."""
        return tuple(m.endpoint for m in members if not self.is_approver_of(m.endpoint))

    def approvers_of(self, endpoint: str) -> str:
        """Who may, as people read it."""
        return describe_approvers(self.policies[endpoint]) if endpoint in self.policies else "whoever edits the file"


def quorum_of(policies: Sequence[Approval]) -> int:
    """How many people have to agree to a wave over endpoints with these policies: as many as the strictest of them asks for."""
    return max((policy.quorum for policy in policies), default=1)


def lapses_after(policies: Sequence[Approval]) -> timedelta:
    """How long its plan waits for a decision: as long as that of the endpoint that waits least."""
    return min((policy.expires_after for policy in policies), default=Approval().expires_after)


def approve_wave(wave: Wave, say: Say, seen_plan: str | None, now: datetime, caused_by: str) -> Wave:
    """The wave after this approval: still waiting for its quorum, or running.

    Args:
        wave: What was approved.
        say: Who approved, and what their word counts for.
        seen_plan: Fingerprint of the plan that they saw; None for somebody who typed the command.
        now: When.
        caused_by: The errand.

    Raises:
        NotAllowed: they may not approve every endpoint of it.
        UserError: it was decided already, or the plan that was seen is not the one that stands.
    """
    _refuse_if_decided(wave, now)
    if seen_plan is not None and seen_plan != wave.fingerprint:
        raise UserError(
            "This plan has moved on: a newer one took its place. Your click changed nothing. Decide on the newest plan of "
            f"wave {wave.id} instead."
        )
    _refuse_requester(wave, say)
    _refuse_outsider(wave.members, say, "approve")
    if say.actor in wave.approvers():
        raise UserError(f"You approved this already; {_missing(wave)}. This changed nothing.")
    wave = wave.with_(approvals=(*wave.approvals, WaveApproval(actor=say.actor, at=now, caused_by=caused_by)))
    if len(wave.approvers()) < wave.quorum:
        return wave
    return wave.to(WaveState.RUNNING, WaveReason.APPROVED, now, say.actor, caused_by=caused_by)


def reject_wave(wave: Wave, say: Say, now: datetime, caused_by: str) -> Wave:
    """The wave after an approver of any of its endpoints, or its requester, said no. Raises as `approve_wave` does."""
    _refuse_if_decided(wave, now)
    refuse_if_may_not_halt(wave, say, "reject it")
    return wave.to(WaveState.REJECTED, WaveReason.REJECTED_BY_APPROVER, now, say.actor, caused_by=caused_by)


def pause_wave(wave: Wave, say: Say, now: datetime, caused_by: str) -> Wave:
    """Nothing further begins. Raises NotAllowed or UserError."""
    refuse_if_may_not_halt(wave, say, "pause it")
    if wave.state is not WaveState.RUNNING:
        raise UserError(f"{_stands(wave)} There is nothing to pause, so nothing was changed.")
    return wave.to(WaveState.PAUSED, WaveReason.PAUSED_BY_PERSON, now, say.actor, caused_by=caused_by)


def resume_wave(wave: Wave, say: Say, now: datetime, caused_by: str) -> Wave:
    """It goes on without what went bad or was called off.

    After a stop this takes somebody who may approve all that is left: it lifts what the stop held.

    Raises:
        NotAllowed: they may not.
        UserError: there is nothing to resume.
    """
    left = wave.of(MemberState.WAITING, MemberState.UNDER_WAY)
    if wave.state not in (WaveState.PAUSED, WaveState.STOPPED):
        raise UserError(f"{_stands(wave)} There is nothing to resume, so nothing was changed.")
    if not left and wave.state is WaveState.STOPPED:
        raise UserError(f"{_stands(wave)} No endpoint is left to begin, so nothing was changed.")
    if wave.state is WaveState.STOPPED or say.actor != wave.requester:
        _refuse_outsider(left, say, "resume")
    members = tuple(_without_trouble(m) for m in wave.members)
    return wave.to(WaveState.RUNNING, WaveReason.RESUMED, now, say.actor, caused_by=caused_by, members=members)


def abort_wave(wave: Wave, say: Say, now: datetime, caused_by: str) -> Wave:
    """What is done stays done, what has not begun never does. Raises NotAllowed or UserError."""
    refuse_if_may_not_halt(wave, say, "abort it")
    if wave.state not in (WaveState.PROPOSED, WaveState.RUNNING, WaveState.PAUSED, WaveState.STOPPED):
        raise UserError(f"{_stands(wave)} There is nothing to abort, so nothing was changed.")
    return wave.to(WaveState.ABORTED, WaveReason.ABORTED_BY_PERSON, now, say.actor, caused_by=caused_by)


def refuse_if_may_not_halt(wave: Wave, say: Say, deed: str) -> None:
    """To keep a wave from going on is for its requester, and for whoever may approve any endpoint of it. Raises NotAllowed."""
    if say.actor == wave.requester or any(say.is_approver_of(m.endpoint) for m in wave.members):
        return
    first = wave.members[0].endpoint
    asker = f"{mention(wave.requester)}, who asked for wave {wave.id}, or " if wave.requester != BOT_ACTOR else ""
    raise NotAllowed(
        f"Only {asker}an approver of one of its endpoints may {deed}; of {first}, for example: {say.approvers_of(first)}. "
        "Nothing was changed.",
        actor=say.actor,
    )


def _without_trouble(member: Member) -> Member:
    if member.state is MemberState.BAD:
        return member.with_(state=MemberState.LEFT_OUT)
    if member.state is MemberState.CALLED_OFF:
        return member.with_(
            state=MemberState.LEFT_OUT, note=f"its rollout was {member.phase.words}" if member.phase else ""
        )
    return member


def _refuse_requester(wave: Wave, say: Say) -> None:
    strict = [m.endpoint for m in wave.members if m.endpoint in say.policies]
    strict = [name for name in strict if not say.policies[name].requester_may_approve]
    if say.actor == wave.requester and strict:
        raise NotAllowed(
            f"You asked for this wave, so somebody else has to approve it: {say.approvers_of(strict[0])}. Nothing was changed.",
            actor=say.actor,
        )


def _refuse_outsider(members: Sequence[Member], say: Say, verb: str) -> None:
    lacking = say.lacks(members)
    if not lacking:
        return
    names = ", ".join(lacking[:3]) + (f" and {len(lacking) - 3} more" if len(lacking) > 3 else "")
    raise NotAllowed(
        f"A wave is for people who may {verb} every endpoint of it, and you may not for {names}. For {lacking[0]} ask "
        f"{say.approvers_of(lacking[0])}. Nothing was changed.",
        actor=say.actor,
    )


def _refuse_if_decided(wave: Wave, now: datetime) -> None:
    if wave.state is not WaveState.PROPOSED:
        raise UserError(f"This changed nothing: {_stands(wave)}")
    if now >= wave.expires_at:
        raise UserError(
            f"This changed nothing: the time to approve wave {wave.id} is over. Start it again if it is still wanted."
        )


def _stands(wave: Wave) -> str:
    by = f", by {mention(wave.last.actor)}" if wave.last.actor != BOT_ACTOR else ""
    return f"Wave {wave.id} is {wave.state.words}{by}."


def _missing(wave: Wave) -> str:
    missing = wave.quorum - len(wave.approvers())
    return f"{missing} more {'approval is' if missing == 1 else 'approvals are'} needed, from somebody else"
