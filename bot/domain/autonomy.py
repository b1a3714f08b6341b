"""What the bot may do without a person: whether a confirmed REGRESSED makes it roll back by itself."""

from collections.abc import Iterable, Sequence

from bot.domain.phases import AWS_ACTOR, BOT_ACTOR, Kind, Phase
from bot.domain.rollout import Rollout
from bot.domain.verdict import Verdict
from bot.domain.watchplan import Restraint


def restraint_on(rollout: Rollout, verdict: Verdict, *, may_go_back_alone: bool) -> Restraint | None:
    """Why the bot leaves a regressed fleet where it is; None if it rolls back by itself.

    Args:
        rollout: The one that is being watched.
        verdict: Says REGRESSED, and is confirmed.
        may_go_back_alone: What `may_go_back_alone` says about the rollout.
    """
    if rollout.acceptance is not None:
        return Restraint.ACCEPTED
    if rollout.watch.auto_rollback == "off":
        return Restraint.SWITCHED_OFF
    if not verdict.may_act:
        return Restraint.NOT_GRAVE
    if rollout.watch.auto_rollback == "hard" and not verdict.is_hard:
        return Restraint.NO_LIMIT_CROSSED
    if rollout.plan is not None and rollout.plan.irreversible:
        return Restraint.NO_WAY_BACK
    return None if may_go_back_alone else Restraint.TWICE_IN_A_ROW


def may_go_back_alone(rollout: Rollout, earlier: Sequence[Rollout]) -> bool:
    """Whether the bot may roll this one back: never the same version twice in a row without a person, or it goes round in a loop.

    Another version makes no loop, however many bad ones come one after the other: what was rolled back is held, and automation
    brings it no more.

    Args:
        rollout: The one that may be rolled back.
        earlier: Other rollouts of the endpoint, newest first.
    """
    last = next((r for r in earlier if r.kind is Kind.ROLLBACK and r.phase is Phase.ROLLED_BACK), None)
    if last is None or last.requester != BOT_ACTOR or _has_person(_actors(rollout)):
        return True
    undone = next((r for r in earlier if r.id == last.parent_id), None)
    return undone is not None and _is_another_version(undone, rollout)


def _is_another_version(one: Rollout, other: Rollout) -> bool:
    """Only versions of the registry can be told apart for certain."""
    arns = [r.plan.package_arn if r.plan is not None else None for r in (one, other)]
    return None not in arns and arns[0] != arns[1]


def _actors(rollout: Rollout) -> Iterable[str]:
    yield rollout.requester
    yield from rollout.approvers()
    yield from (step.actor for step in rollout.transitions)
    yield from (extension.actor for extension in rollout.extensions)


def _has_person(actors: Iterable[str]) -> bool:
    """A terminal may be a script, so it counts for nobody."""
    return any(a not in (AWS_ACTOR, BOT_ACTOR) and not a.startswith("terminal:") for a in actors)
