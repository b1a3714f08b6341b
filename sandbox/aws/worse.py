"""How scenarios make versions worse, or the days on which they serve."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from .metrics import MetricSource
from .traffic import Spell, Traits

if TYPE_CHECKING:
    from .sagemaker.endpoint import Endpoint
    from .world import Region

VERSIONS: Mapping[str, Callable[[dict[str, Any]], Traits]] = {
    "slower-version": lambda given: Traits(latency_factor=given["factor"]),
    "slower-tail": lambda given: Traits(tail_factor=given["factor"], tail_share=given["share"]),
    "unsteady-version": lambda given: Traits(swing=given["swing"], swing_seconds=max(1, given["seconds"])),
    "slowing-version": lambda given: Traits(latency_factor=given["factor"], ramp_seconds=given["seconds"]),
    "slower-cold-starts": lambda given: Traits(set_up_factor=given["factor"]),
    "erroring-version": lambda given: Traits(error_ratio=given["ratio"]),
}
"""Scenarios about a version: in the next update, or wherever the endpoint is served from now on."""

_DAYS: Mapping[str, Callable[[datetime, dict[str, Any]], Spell]] = {
    "no-traffic": lambda since, given: Spell(since, demand=0.0),
    "load-shift": lambda since, given: Spell(since, demand=given["factor"]),
    "client-errors": lambda since, given: Spell(since, traits=Traits(client_error_ratio=given["ratio"])),
}


def spell_of(name: str, since: datetime, params: dict[str, Any]) -> Spell | None:
    """What lies over an endpoint's traffic from now on; None for scenarios that leave traffic alone."""
    if name in VERSIONS:
        return Spell(since, traits=VERSIONS[name](params))
    return _DAYS[name](since, params) if name in _DAYS else None


def burst(region: Region, endpoint: Endpoint, params: dict[str, Any]) -> None:
    """Let exactly so many of the coming seconds' requests fail; all of them, if there are no more."""
    start, end = region.now, region.now + timedelta(seconds=params["seconds"])
    source = MetricSource(endpoint.name, endpoint.traffic, region.world.settings, region.world.demand)
    luck = np.sort(source.luck(start, end))
    ratio = 1.0 if luck.size <= params["errors"] else float(luck[params["errors"]]) - _usual_errors(endpoint)
    endpoint.traffic.spells.append(Spell(start, end, Traits(error_ratio=max(0.0, ratio))))


def _usual_errors(endpoint: Endpoint) -> float:
    """The share of requests that fail in any case: those are among the burst's."""
    profile = endpoint.traffic.profile
    return 0.0 if profile.kind == "streaming" else profile.error_ratio
