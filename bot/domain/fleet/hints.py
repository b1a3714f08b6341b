"""What a fleet file without mistakes may still have people wonder about: keys without effect. Pure."""

from collections.abc import Iterable, Iterator

from bot.domain.fleet.relations import led_by_stages
from bot.domain.fleet.spec import EndpointSpec, Fleet

_MOST_NAMES = 3


def hints(fleet: Fleet) -> Iterator[str]:
    """One sentence each."""
    specs = tuple(fleet.endpoints.values())
    if fleet.manager is None:
        if automatic := [spec.name for spec in specs if spec.policy == "auto"]:
            yield f"policy: auto has no effect without a manager block: {_names(automatic)}"
        if following := [spec.name for spec in specs if spec.follows is not None]:
            yield f"follows has no effect without a manager block: {_names(following)}"
    if led := led_by_stages(fleet.endpoints, fleet.waves):
        in_order = [spec.name for spec in specs if spec.name in led]
        yield f"follows has no effect between the stages of one wave, whose order and soak decide: {_names(in_order)}"
    if streams := [spec.name for spec in specs if spec.kind != "streaming" and _limits_streams(spec)]:
        yield f"watch.thresholds.mid_stream_error_rate has an effect on kind: streaming only: {_names(streams)}"
    if bare := [spec.name for spec in specs if not _can_be_created(spec)]:
        yield f"deploy could not create these, for want of execution_role, instance_type or both: {_names(bare)}"


def _limits_streams(spec: EndpointSpec) -> bool:
    return spec.watch.thresholds.mid_stream_error_rate is not None


def _can_be_created(spec: EndpointSpec) -> bool:
    return spec.execution_role is not None and (spec.instance_type is not None or spec.serverless is not None)


def _names(names: Iterable[str]) -> str:
    known = list(names)
    rest = len(known) - _MOST_NAMES
    if rest <= 1:  # one name more takes no more room than counting it
        return ", ".join(known)
    return f"{', '.join(known[:_MOST_NAMES])} and {rest} others"
