"""What past rollouts of an endpoint say about the one that is planned."""

from bot.domain.endpoint import ModelPackage
from bot.domain.hold import Hold
from bot.domain.managing.proposals import is_tried_again
from bot.domain.phases import Kind, Phase
from bot.domain.preflight.facts import Attempt
from bot.domain.rollout import Rollout
from bot.domain.version import Version
from bot.store import Store

BAD_ENDS = frozenset({Phase.FAILED, Phase.ROLLED_BACK_BY_AWS, Phase.ROLLED_BACK, Phase.NEEDS_HUMAN})
"""Ends after which the same content is worth a warning when it is asked for again."""


def failed_before(store: Store, endpoint: str, content_hash: str, but: str) -> Attempt | None:
    """The last rollout to the same content, if it ended badly and none has succeeded since."""
    for past in store.rollouts.recent(endpoint, limit=50):
        if past.id == but or past.plan is None or past.plan.content_hash != content_hash:
            continue
        if past.phase is Phase.SUCCEEDED:
            return None
        if past.phase in BAD_ENDS:
            return _attempt(past)
    return None


def holds_against(store: Store, endpoint: str, content_hash: str, package: ModelPackage | None) -> tuple[Hold, ...]:
    """What stands against the version that shall run."""
    version = Version(content_hash=content_hash, package_arn=package.arn if package is not None else None)
    return tuple(hold for hold in store.holds.on(endpoint) if hold.is_about(version))


def rolled_back_from(store: Store, endpoint: str, target: str, but: str | None) -> Attempt | None:
    """The rollout that brought the endpoint to this config and was rolled back."""
    for past in store.rollouts.recent(endpoint, limit=50):
        went_there = past.kind is Kind.UPDATE and past.plan is not None and past.plan.target_config == target
        if went_there and past.id != but and past.phase in (Phase.ROLLED_BACK, Phase.ROLLED_BACK_BY_AWS):
            return _attempt(past)
    return None


def _attempt(past: Rollout) -> Attempt:
    return Attempt(
        rollout_id=past.id,
        at=past.last.at,
        ended=past.phase.words,
        why=past.last.note,
        comes_again=is_tried_again(past),
    )
