"""Holds: what automation must leave alone. A person may bring a held version to its endpoint nevertheless; the plan says what is known.

A *held* version was rolled back; a *quarantined* one was refused by SageMaker. Both are about one version of one endpoint, known by its
package or by the hash of what would run. A hold that somebody put on an endpoint is about every version.

Holds follow from what becomes of rollouts: `hold_after` and `lifts` are asked whenever one is written. One that stays too long costs an
`unhold`; one that goes too early has automation redeploy what is known to be bad. So in doubt it stays.
"""

from datetime import datetime
from enum import StrEnum

from bot.domain.failure import FailureKind, classify
from bot.domain.model import Value
from bot.domain.phases import AWS_ACTOR, BOT_ACTOR, Kind, Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.verdict import VerdictKind
from bot.domain.version import Version


class HoldKind(StrEnum):
    """Why automation leaves it alone."""

    HELD = "held"  # the version was rolled back
    QUARANTINED = "quarantined"  # SageMaker refused it, or could not bring it up
    BY_PERSON = "by_person"  # somebody holds the whole endpoint


class Hold(Value):
    """What stands against a version of an endpoint, or against all of them."""

    kind: HoldKind
    endpoint: str
    since: datetime
    actor: str
    """Who rolled back or put the hold on it; `bot` or `aws`."""
    reason: str
    """In words: somebody's own, the verdict's evidence, or what SageMaker said."""
    content_hash: str = ""
    """Of what would run; empty for an endpoint as a whole."""
    package_arn: str | None = None
    rank: int | None = None
    """As `Version.rank`."""
    label: str = ""
    """The version as people call it."""
    rollout_id: str | None = None
    wave_id: str | None = None
    """The wave that stopped before it reached this endpoint."""
    restored: bool = False
    """Read back from SageMaker's tags after the store was emptied."""

    @property
    def subject(self) -> str:
        """What it is about: of two holds of an endpoint about the same, the later counts. Empty for the endpoint as a whole."""
        return self.package_arn or self.content_hash

    @property
    def is_of_teardown(self) -> bool:
        """Whether people had the endpoint deleted; what they type, `hold`, comes from no rollout."""
        return self.kind is HoldKind.BY_PERSON and self.rollout_id is not None

    def is_about(self, version: Version) -> bool:
        """Whether it stands against that version, be it as one of all."""
        if not self.subject:
            return True
        if self.package_arn is not None and version.package_arn is not None:
            return self.package_arn == version.package_arn
        return bool(self.content_hash) and self.content_hash == version.content_hash


_GONE_BACK_ON_PURPOSE = frozenset(
    {Reason.ROLLBACK_REQUESTED, Reason.ROLLBACK_QUEUED, Reason.WATCH_REGRESSED, Reason.BAKE_REGRESSED}
)
_ENDS_OF_A_BAD_UPDATE = frozenset(
    {Reason.AWS_ROLLED_BACK, Reason.UPDATE_FAILED, Reason.UPDATE_ROLLBACK_FAILED, Reason.CREATION_FAILED}
)
_ABOUT_THE_VERSION = frozenset({"create_models", "create_config", "create_bridge", "call_bridge", "call_update"})
"""Actions whose refusal says something about what was to run; autoscaling and alarms do not."""

_BRINGS_A_VERSION = frozenset({Kind.UPDATE, Kind.CREATE})

_NOT_ITS_FAULT = frozenset({FailureKind.CAPACITY, FailureKind.QUOTA})
"""What would keep any version from its instances."""


def hold_after(before: Rollout | None, after: Rollout) -> Hold | None:
    """The hold that follows from what became of a rollout; None if nothing does, or if it stood already."""
    return None if before is None or before.phase is after.phase else hold_left_by(after)


def hold_left_by(after: Rollout) -> Hold | None:
    """The hold that a rollout leaves by being in its present phase; None if it leaves none."""
    if after.kind is Kind.ROLLBACK:
        return _held_by_rollback(after)
    if after.kind is Kind.TEARDOWN:
        return _held_by_teardown(after)
    if after.kind not in _BRINGS_A_VERSION or after.plan is None:
        return None
    if after.phase is Phase.ROLLED_BACK:
        back = next(t for t in reversed(after.transitions) if t.phase is Phase.ROLLING_BACK)
        if back.reason in _GONE_BACK_ON_PURPOSE:
            return _hold(HoldKind.HELD, after, after.plan.version, back.actor, back.note or _evidence(after))
        return _quarantined(after, back.reason, back.note)
    if after.phase in (Phase.ROLLED_BACK_BY_AWS, Phase.FAILED, Phase.NEEDS_HUMAN):
        return _quarantined(after, after.last.reason, after.last.note)
    return None


def may_lift(before: Rollout | None, after: Rollout) -> bool:
    """Whether this write may lift holds: it makes a success of the rollout, or accepts how it ended."""
    return before is not None and _is_good(after) and not _is_good(before)


def lifts(hold: Hold, good: Rollout) -> bool:
    """Whether a rollout that ended well lifts the hold: the same version proved itself, or one that comes after it is there."""
    if hold.kind is HoldKind.BY_PERSON:
        return good.kind is Kind.CREATE and hold.is_of_teardown
    if good.plan is None:
        return False
    version = good.plan.version
    if hold.is_about(version) or hold.rank is None:
        return True
    return version.rank is not None and version.rank > hold.rank


def _is_good(rollout: Rollout) -> bool:
    if rollout.kind not in _BRINGS_A_VERSION or rollout.phase is not Phase.SUCCEEDED or rollout.starts_trial:
        return False
    is_worse = rollout.verdict is not None and rollout.verdict.kind is VerdictKind.REGRESSED
    return not is_worse or rollout.acceptance is not None


def _held_by_teardown(teardown: Rollout) -> Hold | None:
    """What people deleted stays deleted until a person creates it again, whatever the fleet file still declares."""
    if teardown.phase is not Phase.SUCCEEDED or teardown.requester == BOT_ACTOR:
        return None
    return Hold(
        kind=HoldKind.BY_PERSON,
        endpoint=teardown.endpoint,
        since=teardown.last.at,
        actor=teardown.requester,
        reason=f"torn down in rollout {teardown.id}: {teardown.reason}".removesuffix(": "),
        rollout_id=teardown.id,
    )


def _held_by_rollback(rollback: Rollout) -> Hold | None:
    """A way back that undoes no rollout holds what it left; otherwise the rollout that it undoes does."""
    if rollback.phase is not Phase.ROLLED_BACK or rollback.leaves is None:
        return None
    return _hold(HoldKind.HELD, rollback, rollback.leaves, rollback.requester, rollback.reason)


def _quarantined(rollout: Rollout, reason: Reason, note: str) -> Hold | None:
    was_refused = reason is Reason.AWS_REFUSED and rollout.refused in _ABOUT_THE_VERSION
    if reason not in _ENDS_OF_A_BAD_UPDATE and not was_refused:
        return None
    if classify(note).kind in _NOT_ITS_FAULT:
        return None
    assert rollout.plan is not None
    return _hold(HoldKind.QUARANTINED, rollout, rollout.plan.version, AWS_ACTOR, note)


def _hold(kind: HoldKind, rollout: Rollout, version: Version, actor: str, reason: str) -> Hold | None:
    """Without a package and a hash there is nothing by which the version could be known again."""
    if version.package_arn is None and not version.content_hash:
        return None
    return Hold(
        kind=kind,
        endpoint=rollout.endpoint,
        since=rollout.last.at,
        actor=actor,
        reason=reason,
        content_hash=version.content_hash,
        package_arn=version.package_arn,
        rank=version.rank,
        label=version.label,
        rollout_id=rollout.id,
    )


def _evidence(rollout: Rollout) -> str:
    """What the watch had found when somebody rolled back."""
    found = rollout.verdict or rollout.last_look
    return found.evidence if found is not None and found.kind is VerdictKind.REGRESSED else ""
