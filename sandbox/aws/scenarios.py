"""Switches for what may go wrong: a list with descriptions, and the book of those that are on."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from . import events, failures, startup, worse
from .errors import AwsError
from .lifecycle import Ending, Stage
from .switches import SWITCHES, Switch
from .traffic import Spell

if TYPE_CHECKING:
    from .sagemaker.endpoint import Endpoint
    from .sagemaker.variant import Variant
    from .world import Region, World

NEXT_UPDATE = "next-update"
ALWAYS = "always"
_BY_NAME = {switch.name: switch for switch in SWITCHES}


class ScenarioRefused(Exception):
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
    hits: int = 0  # updates that it has shaped
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
            ScenarioRefused: For an unknown name, parameter, endpoint or time, or an endpoint that is busy.
        """
        switch = _BY_NAME.get(name)
        if switch is None:
            raise ScenarioRefused(f"No scenario {name!r}. There are: {', '.join(sorted(_BY_NAME))}.")
        endpoints = self._world.home().endpoints
        if endpoint not in endpoints and (endpoint is not None or switch.needs_endpoint):
            raise ScenarioRefused(f"{name} needs an endpoint out of: {', '.join(sorted(endpoints))}.")
        when = when or (NEXT_UPDATE if switch.kind == "update" else ALWAYS)
        if when not in {NEXT_UPDATE, ALWAYS} or (when == NEXT_UPDATE and switch.kind != "update"):
            raise ScenarioRefused(f"{name} cannot be switched on for {when!r}.")
        typed = switch.params | _typed(switch, params)
        active = Active(next(self._ids), name, endpoint, when, typed, self._world.clock.now())
        if switch.kind == "event":
            try:
                events.happen(self._world.home(), endpoints[str(endpoint)], name, typed)
            except AwsError as exc:
                raise ScenarioRefused(exc.message) from exc
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

    def params_of(self, name: str, endpoint: str | None = None) -> dict[str, Any] | None:
        """The parameters of a scenario that is on, for every endpoint or for this one."""
        found = self._find(name, endpoint)
        return found.params if found else None

    def seconds(self, name: str, otherwise: float, endpoint: str | None = None) -> float:
        """The `seconds` of a scenario that is on, for every endpoint or for this one, or the setting that holds otherwise."""
        found = self._find(name, endpoint)
        return found.params["seconds"] if found else otherwise

    def throttles(self, operation: str) -> bool:
        """Whether this call is one of those to be refused; their share is exact, not random."""
        for active in self.active:
            if active.name == "throttling" and active.params["operation"] in {"*", operation}:
                active.debt += active.params["share"]
                if active.debt >= 1.0:
                    active.debt -= 1.0
                    return True
        return False

    def ending_of_creation(self, region: Region, endpoint: Endpoint) -> Ending:
        """How a creation that starts now will end."""
        variants = endpoint.variants
        for name in failures.LAUNCH_FAILURES:
            if self._take(name, endpoint.name, variants=variants):
                return failures.failed_creation(name, _launch(region, variants))
        own = startup.trouble(region, endpoint, variants)
        return failures.failed_creation(own, _launch(region, variants)) if own else Ending()

    def course_of_update(
        self, region: Region, endpoint: Endpoint, variants: list[Variant], stages: list[Stage]
    ) -> tuple[list[Stage], Ending]:
        """The stages and the end of an update that starts now; scenarios for the next update are used up by this."""
        for name, traits_of in worse.VERSIONS.items():
            taken = self._take(name, endpoint.name, only=NEXT_UPDATE)
            if taken:
                startup.give_traits(region, variants, traits_of(taken.params))
        slow = self._take("slow-update", endpoint.name)
        factor = slow.params["factor"] if slow else 1.0
        if self._take("stuck-update", endpoint.name):
            return failures.stuck(stages), Ending()
        ending = Ending()
        chosen = (name for name in failures.UNHAPPY_ENDINGS if self._take(name, endpoint.name, variants=variants))
        fate = next(chosen, None) or startup.trouble(region, endpoint, variants)
        if fate is not None:
            stages, ending = failures.unhappy(fate, _launch(region, variants), stages)
        return failures.stretched(stages, factor), ending

    def ending_of_scaling(self, endpoint: Endpoint) -> Ending:
        """How a change of counts or weights that starts now will end."""
        if self._take("scaling-fails", endpoint.name):
            return Ending(landed=False, failure_reason=failures.NO_CAPACITY)
        return Ending()

    def disturb_update(self, endpoint: Endpoint) -> None:
        """Let maintenance get in the way of an UpdateEndpoint that is about to be executed."""
        taken = None if endpoint.is_busy else self._take("busy-at-update", endpoint.name)
        if taken:
            endpoint.maintain(taken.params["seconds"], self._world.clock.now())

    def _find(self, name: str, endpoint: str | None) -> Active | None:
        return next((a for a in self.active if a.name == name and a.endpoint in {None, endpoint}), None)

    def _take(
        self, name: str, endpoint: str, only: str | None = None, variants: list[Variant] | None = None
    ) -> Active | None:
        """The scenario if it is on for this endpoint; one that is meant for the next update is used up.

        Args:
            name: The scenario.
            endpoint: Whose update or creation it is.
            only: Leave scenarios alone that were switched on for another time.
            variants: The fleet to be started; a scenario about another instance type leaves it alone.
        """
        for active in self.active:
            if active.name != name or active.endpoint not in {None, endpoint} or only not in {None, active.when}:
                continue
            if variants is not None and not _concerns(active, variants):
                continue
            active.hits += 1
            if active.when == NEXT_UPDATE and active.hits >= active.params.get("times", 1):
                self.active.remove(active)
            return active
        return None

    def _begin(self, active: Active) -> None:
        region = self._world.home()
        touched = [e for e in region.endpoints.values() if active.endpoint in {None, e.name}]
        if active.name == "low-quota":
            kinds = {v.instance_type for e in touched for v in e.variants if v.instance_type}
            chosen = {active.params["instance_type"]} if active.params["instance_type"] else kinds
            events.lower_quotas(region, chosen, active.params["limit"])
        if active.name == "not-subscribed":
            events.set_subscription(self._world, active.params["package"], subscribed=False)
        for endpoint in touched if active.when == ALWAYS else []:
            spell = worse.spell_of(active.name, active.since, active.params)
            if spell is not None:
                active.spells.append(spell)
                endpoint.traffic.spells.append(spell)


def _typed(switch: Switch, given: dict[str, Any]) -> dict[str, Any]:
    """The parameters in the types of their defaults; pages send numbers as text."""
    typed = {}
    for name, value in given.items():
        if name not in switch.params:
            known = ", ".join(switch.params) or "none"
            raise ScenarioRefused(f"{switch.name} has no parameter {name!r}. It has: {known}.")
        kind = type(switch.params[name])
        try:
            if kind is bool and not isinstance(value, bool):
                raise ValueError
            typed[name] = kind(value)
        except (TypeError, ValueError) as exc:
            raise ScenarioRefused(f"{name} of {switch.name} must be a {kind.__name__}, not {value!r}.") from exc
    return typed


def _launch(region: Region, variants: list[Variant]) -> failures.Launch:
    return failures.Launch(variants[0].name, startup.first_role(region, variants), startup.first_url(region, variants))


def _concerns(active: Active, variants: list[Variant]) -> bool:
    """Whether a scenario about one instance type hits this fleet; a variant with other pools turns to the next one."""
    kind = active.params.get("instance_type", "")
    hit = [variant for variant in variants if not kind or variant.instance_type == kind]
    return any(not variant.fall_back(kind) for variant in hit)
