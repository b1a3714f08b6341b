"""Where autoscaling differs from what the fleet file says of it, and whether somebody changed it behind the bot's back."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from bot.domain.autoscale import suspended_words
from bot.domain.fleet import Autoscaling
from bot.domain.phases import Kind
from bot.domain.plan import Difference
from bot.domain.rollout import Rollout
from bot.domain.scaling import ScalableTarget, Scaling
from bot.domain.sighting import Sighting
from bot.domain.starting import written

_NOT_KNOWN = "since when its autoscaling differs, and who changed it, is not known"


def is_about_autoscaling(difference: Difference) -> bool:
    """Whether a field of the fleet file's `autoscaling` differs."""
    return difference.path.partition(".")[0] == "autoscaling"


def autoscaling_drift(declared: Autoscaling | None, scaling: Scaling | None, variant: str) -> Iterator[Difference]:
    """Field by field; nothing where the file says nothing, or where nobody knows what there is.

    A limit that a scheduled action sets is none: the schedule is the owner's.
    """
    if declared is None or scaling is None:
        return
    target = scaling.of(variant)
    if target is None:
        yield Difference(path="autoscaling", before=None, after=f"{declared.min} to {declared.max}")
        return
    if target.minimum != declared.min and not target.is_scheduled("MinCapacity", target.minimum):
        yield Difference(path="autoscaling.min", before=str(target.minimum), after=str(declared.min))
    if target.maximum != declared.max and not target.is_scheduled("MaxCapacity", target.maximum):
        yield Difference(path="autoscaling.max", before=str(target.maximum), after=str(declared.max))
    if still := suspended_words(target):
        yield Difference(path="autoscaling.suspended", before=still, after="nothing")
    yield from _tracked(declared, target)


def limits_in_force(declared: Autoscaling, scaling: Scaling, variant: str) -> tuple[int, int]:
    """Between which counts it is as declared: the file's limits, or those that a scheduled action set."""
    target = scaling.of(variant)
    if target is None:
        return declared.min, declared.max
    low = target.minimum if target.is_scheduled("MinCapacity", target.minimum) else declared.min
    high = target.maximum if target.is_scheduled("MaxCapacity", target.maximum) else declared.max
    return min(low, declared.min), max(high, declared.max)


def autoscaling_doubt(
    drift: Iterable[Difference],
    scaling: Scaling | None,
    past: Sequence[Rollout],
    before: Sighting | None,
    now: datetime,
) -> str:
    """Why a person is asked before it is brought back; empty where nothing differs, and where it is the file that changed.

    Args:
        drift: Where the endpoint differs from the fleet file.
        scaling: What scales it now.
        past: Its rollouts, newest first.
        before: What was seen at the last look.
        now: The time.
    """
    if not any(is_about_autoscaling(difference) for difference in drift):
        return ""
    if before is None or before.scaling is None:
        return _NOT_KNOWN
    if any(rollout.kind is Kind.AUTOSCALE and _set_since(rollout, before.at) for rollout in past):
        return ""  # what it made of it, people decided
    if before.autoscaling_doubt or before.scaling == scaling:
        return before.autoscaling_doubt
    if any(_set_since(rollout, before.at) for rollout in past):  # taken away for an update, and put back
        return ""
    return f"its autoscaling was changed outside the bot, noticed {written(now)}"


def _set_since(rollout: Rollout, moment: datetime) -> bool:
    """Whether a rollout set autoscaling, or took it away or put it back, after the last look."""
    saga = rollout.scaling
    moments = [saga.taken_at, saga.restored_at] if saga is not None else []
    if rollout.kind is Kind.AUTOSCALE:
        moments.append(rollout.called_at)
        moments.append(rollout.cutover_at)
    return any(at is not None and at >= moment for at in moments)


def _tracked(declared: Autoscaling, target: ScalableTarget) -> Iterator[Difference]:
    held = dict(target.tracked)
    if declared.metric not in held:
        yield Difference(path="autoscaling.metric", before=", ".join(held) or None, after=declared.metric)
    elif held[declared.metric] != declared.target:
        yield Difference(path="autoscaling.target", before=f"{held[declared.metric]:g}", after=f"{declared.target:g}")
