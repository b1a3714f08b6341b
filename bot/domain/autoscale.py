"""Other autoscaling than what is there: what is asked for, what it comes to beside what it leaves alone, and where the two differ."""

from collections.abc import Iterator, Mapping

from bot.domain.endpoint import Document
from bot.domain.model import Value
from bot.domain.plan import Difference
from bot.domain.scaling import SUSPENDED_SWITCHES, ScalableTarget, metric_of

_SWITCHED_OFF = dict(zip(SUSPENDED_SWITCHES, ("scaling in", "scaling out", "scheduled actions"), strict=True))


class AutoscaleAsk(Value):
    """What a rollout of kind `autoscale` is asked to set for one variant."""

    variant: str
    wanted: ScalableTarget | None
    """None: nothing shall scale it."""
    is_exact: bool = False
    """As it was before a rollout changed it, to the letter; otherwise what the fleet file says, and the rest stays as it is."""


def intended(ask: AutoscaleAsk, there: ScalableTarget | None) -> ScalableTarget | None:
    """What shall scale the variant: what was asked for, put into what is there.

    Policies that hold the declared metric keep their names and cooldowns, and step policies and scheduled actions stay. Where nothing
    holds the declared metric, target tracking of other metrics gives way to it, because the highest of all would count.

    Args:
        ask: What was asked for.
        there: What scales it now; None if nothing does.
    """
    wanted = ask.wanted
    if wanted is None or ask.is_exact or there is None:
        return wanted
    minimum, maximum = (_limit(member, wanted, there) for member in ("MinCapacity", "MaxCapacity"))
    document = {
        **there.document,
        "MinCapacity": minimum,
        "MaxCapacity": max(minimum, maximum),
        "SuspendedState": dict.fromkeys(SUSPENDED_SWITCHES, False),
    }
    return there.model_copy(update={"document": document, "policies": tuple(_policies(wanted, there))})


def scaling_differences(before: ScalableTarget | None, after: ScalableTarget | None) -> tuple[Difference, ...]:
    """Field by field what differs, as far as a rollout sets it; empty where it is as it shall be."""
    if before is not None and after is not None:
        return tuple(_field_by_field(before, after))
    if before is after:
        return ()
    was, is_to_be = (in_short(target) if target is not None else None for target in (before, after))
    return (Difference(path="autoscaling", before=was, after=is_to_be),)


def suspended_words(target: ScalableTarget) -> str:
    """What stands still of it: `scaling in and scheduled actions`; empty while everything is at work."""
    state = target.document.get("SuspendedState", {})
    return " and ".join(words for switch, words in _SWITCHED_OFF.items() if state.get(switch, False))


def _field_by_field(before: ScalableTarget, after: ScalableTarget) -> Iterator[Difference]:
    if before.minimum != after.minimum:
        yield Difference(path="autoscaling.min", before=str(before.minimum), after=str(after.minimum))
    if before.maximum != after.maximum:
        yield Difference(path="autoscaling.max", before=str(before.maximum), after=str(after.maximum))
    still, then = suspended_words(before), suspended_words(after)
    if still != then:
        yield Difference(path="autoscaling.suspended", before=still or "nothing", after=then or "nothing")
    held, holds = _tracking(before), _tracking(after)
    for name in sorted({*held, *holds}):
        if held.get(name) != holds.get(name):
            yield Difference(path=f"autoscaling.policy {name}", before=held.get(name), after=holds.get(name))


def _limit(member: str, wanted: ScalableTarget, there: ScalableTarget) -> int:
    """A limit that a scheduled action set stays until the next one: the schedule is the owner's, and no drift."""
    now = int(there.document[member])
    return now if there.is_scheduled(member, now) else int(wanted.document[member])


def _policies(wanted: ScalableTarget, there: ScalableTarget) -> Iterator[Document]:
    declared = {metric_of(policy): policy for policy in wanted.policies}
    is_held = any(metric_of(policy) in declared for policy in there.policies)
    for policy in there.policies:
        metric = metric_of(policy)
        if metric in declared:
            yield _held_at(policy, declared[metric])
        elif metric is None or is_held:
            yield policy
    if not is_held:
        yield from wanted.policies


def _held_at(policy: Document, declared: Document) -> Document:
    key = "TargetTrackingScalingPolicyConfiguration"
    return {**policy, key: {**policy[key], "TargetValue": declared[key]["TargetValue"]}}


def _tracking(target: ScalableTarget) -> Mapping[str, str]:
    """The policies that hold a metric, by name, in words."""
    key = "TargetTrackingScalingPolicyConfiguration"
    return {
        policy["PolicyName"]: f"{metric} held at {float(policy[key]['TargetValue']):g}"
        for policy in target.policies
        if (metric := metric_of(policy)) is not None
    }


def in_short(target: ScalableTarget) -> str:
    """`2 to 8 instances, … held at 200`."""
    return ", ".join((f"{target.minimum} to {target.maximum} instances", *_tracking(target).values()))
