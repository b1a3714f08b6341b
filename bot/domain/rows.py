"""Rows of the fleet board: which of them somebody asked to see, and in which order."""

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase

from bot.domain.board import Standing
from bot.domain.commands import Status
from bot.domain.fleet import EndpointSpec
from bot.domain.groups import is_same_group
from bot.domain.states import BoardState

_ORDER = {state: place for place, state in enumerate(BoardState)}


def in_order(standings: Sequence[Standing]) -> tuple[Standing, ...]:
    """What needs attention first; what stands alike, by name."""
    return tuple(sorted(standings, key=lambda s: (_ORDER[s.state], s.endpoint)))


def chosen(
    standings: Sequence[Standing], specs: Mapping[str, EndpointSpec], asked: Status, actor: str
) -> tuple[Standing, ...]:
    """The rows that were asked for, in order.

    Args:
        standings: All rows.
        specs: What the fleet file declares, by name; a row that it does not declare has no owner, policy or group.
        asked: What was typed.
        actor: Who typed it, for `--owner me`.
    """
    owner = actor if asked.owner == "me" else asked.owner

    def is_meant(standing: Standing) -> bool:
        spec = specs.get(standing.endpoint)
        return (
            (asked.endpoint is None or fnmatchcase(standing.endpoint, asked.endpoint))
            and (not asked.states or standing.state in asked.states)
            and (owner is None or (spec is not None and spec.owner == owner))
            and (asked.policy is None or (spec is not None and spec.policy == asked.policy))
            and (asked.group is None or (spec is not None and _is_of_group(spec, asked.group)))
        )

    return in_order([standing for standing in standings if is_meant(standing)])


def _is_of_group(spec: EndpointSpec, group: str) -> bool:
    return spec.model_package_group is not None and is_same_group(spec.model_package_group, group)


def count_by_state(standings: Sequence[Standing]) -> Mapping[BoardState, int]:
    """How many rows are in each state, in the order of the board; states that none is in are left out."""
    counts = {state: sum(s.state is state for s in standings) for state in BoardState}
    return {state: number for state, number in counts.items() if number}
