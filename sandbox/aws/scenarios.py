"""Switches for what may go wrong: a list with descriptions, and the book of those that are on."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import events
from .lifecycle import Ending, Stage
from .switches import SWITCHES
from .traffic import Spell, Traits

if TYPE_CHECKING:
    from .sagemaker.endpoint import Endpoint, Variant
    from .world import World

NEXT_UPDATE = "next-update"
ALWAYS = "always"


_BY_NAME = {switch.name: switch for switch in SWITCHES}


class UnknownScenario(Exception):
    """Nothing is switched on; the text says what would be accepted."""


@dataclass
class Active:
    """A scenario that is on."""

    id: int
    name: str
    endpoint: str | None  # None: every endpoint
    when: str
    params: dict[str, Any]
    since: datetime
    debt: float = 0.0  # of throttling: calls owed a refusal
    spells: list[Spell] = field(default_factory=list)

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "name": self.name,
            "title": _BY_NAME[self.name].title,
            "endpoint": self.endpoint,
            "when": self.when,
            "params": self.params,
            "since": self.since.isoformat(),
        }


class ScenarioBook:
    """Which scenarios are on, and what they do to updates, calls and traffic."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._ids = itertools.count(1)
        self.active: list[Active] = []

    def switch_on(self, name: str, endpoint: str | None, when: str | None, params: dict[str, Any]) -> dict[str, Any]:
        """Switch a scenario on and say what is on now.

        Raises:
            UnknownScenario: For an unknown name, parameter, endpoint or time.
        """
        switch = _BY_NAME.get(name)
        if switch is None:
            raise UnknownScenario(f"No scenario {name!r}. There are: {', '.join(sorted(_BY_NAME))}.")
        unknown = sorted(set(params) - set(switch.params))
        if unknown:
            raise UnknownScenario(f"{name} has no parameter {unknown[0]!r}. It has: {sorted(switch.params) or 'none'}.")
        endpoints = self._world.home().endpoints
        if endpoint not in endpoints and (endpoint is not None or switch.needs_endpoint):
            raise UnknownScenario(f"{name} needs an endpoint out of: {', '.join(sorted(endpoints))}.")
        when = when or (NEXT_UPDATE if switch.kind == "update" else ALWAYS)
        if when not in {NEXT_UPDATE, ALWAYS} or (when == NEXT_UPDATE and switch.kind != "update"):
            raise UnknownScenario(f"{name} cannot be switched on for {when!r}.")
        active = Active(next(self._ids), name, endpoint, when, switch.params | params, self._world.clock.now())
        if switch.kind == "event":
            events.happen(self._world.home(), endpoints[str(endpoint)], active.name, active.params)
        else:
            self.active.append(active)
            self._begin(active)
        return active.shown()

    def clear(self, scenario_id: int | None = None) -> None:
        """Switch off one scenario or all; what already happened stays."""
        now = self._world.clock.now()
        for active in [a for a in self.active if scenario_id in (None, a.id)]:
            self.active.remove(active)
            for spell in active.spells:
                spell.until = now
            if active.name == "low-quota":
                events.restore_quotas(self._world.home())
            if active.name == "not-subscribed":
                events.set_subscription(self._world, active.params["package"], subscribed=True)

    def is_on(self, name: str, endpoint: str | None = None) -> bool:
        return self._find(name, endpoint) is not None

    def seconds(self, name: str, otherwise: float) -> float:
        """The `seconds` of a scenario that is on, or the setting that holds otherwise."""
        found = self._find(name, None)
        return float(found.params["seconds"]) if found else otherwise

    def throttles(self, operation: str) -> bool:
        """Whether this call is one of those to be refused; their share is exact, not random."""
        for active in self.active:
            if active.name == "throttling" and active.params["operation"] in {"*", operation}:
                active.debt += float(active.params["share"])
                if active.debt >= 1.0:
                    active.debt -= 1.0
                    return True
        return False

    def ending_of_creation(self, endpoint: Endpoint) -> Ending:
        """How a creation that starts now will end."""
        for name in ("insufficient-capacity", "health-check-failure"):
            if self._take(name, endpoint.name):
                return events.failed_creation(name, endpoint)
        return Ending()

    def course_of_update(
        self, endpoint: Endpoint, variants: list[Variant], stages: list[Stage]
    ) -> tuple[list[Stage], Ending]:
        """The stages and the end of an update that starts now; scenarios for the next update are used up by this."""
        for name in ("slower-version", "erroring-version"):
            taken = self._take(name, endpoint.name, only=NEXT_UPDATE)
            for variant in variants if taken else []:
                variant.traits = variant.traits.combined(_traits(taken.params))
        slow = self._take("slow-update", endpoint.name)
        factor = float(slow.params["factor"]) if slow else 1.0
        if self._take("stuck-update", endpoint.name):
            return events.stuck(stages), Ending()
        for name in events.UNHAPPY_ENDINGS:
            if self._take(name, endpoint.name):
                stages, ending = events.unhappy(name, endpoint, stages)
                return events.stretched(stages, factor), ending
        return events.stretched(stages, factor), Ending()

    def _find(self, name: str, endpoint: str | None) -> Active | None:
        return next((a for a in self.active if a.name == name and a.endpoint in {None, endpoint}), None)

    def _take(self, name: str, endpoint: str, only: str | None = None) -> Any:
        for active in self.active:
            if active.name == name and active.endpoint in {None, endpoint} and only in {None, active.when}:
                if active.when == NEXT_UPDATE:
                    self.active.remove(active)
                return active
        return None

    def _begin(self, active: Active) -> None:
        region = self._world.home()
        touched = [e for e in region.endpoints.values() if active.endpoint in {None, e.name}]
        if active.name == "low-quota":
            kinds = {v.instance_type for e in touched for v in e.variants if v.instance_type}
            chosen = {active.params["instance_type"]} if active.params["instance_type"] else kinds
            events.lower_quotas(region, chosen, float(active.params["limit"]))
        if active.name == "not-subscribed":
            events.set_subscription(self._world, active.params["package"], subscribed=False)
        spell = self._spell(active)
        for endpoint in touched if spell else []:
            active.spells.append(Spell(active.since, None, spell.traits, spell.demand))
            endpoint.traffic.spells.append(active.spells[-1])

    def _spell(self, active: Active) -> Any:
        if active.name == "no-traffic":
            return Spell(active.since, demand=0.0)
        if active.when == ALWAYS and active.name in {"slower-version", "erroring-version"}:
            return Spell(active.since, traits=_traits(active.params))
        return None


def _traits(params: dict[str, Any]) -> Traits:
    return Traits(float(params.get("factor", 1.0)), float(params.get("ratio", 0.0)))
