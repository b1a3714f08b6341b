"""What the endpoints and waves of a fleet file have to do with each other, and which mistakes that allows. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bot.domain.fleet.changing import WavePlan
from bot.domain.fleet.including import Declared
from bot.domain.fleet.source import Mistake
from bot.domain.fleet.spec import EndpointSpec
from bot.domain.nearest import either, nearest


@dataclass(frozen=True)
class Relations:
    """Endpoints and waves that are right by themselves, and where they are declared."""

    endpoints: Mapping[str, EndpointSpec]
    waves: Mapping[str, WavePlan]
    declared: Mapping[tuple[str, str], Declared]
    """By section (`endpoints`, `waves`) and name, those with mistakes of their own included."""
    has_manager: bool

    def mistakes(self) -> Iterator[Mistake]:
        """All of them, in no particular order."""
        yield from self._of_waves()
        for spec in self.endpoints.values():
            yield from self._of_follower(spec)
        if self.has_manager:
            told_in = {endpoint: name for name, wave in self.waves.items() for endpoint in wave.endpoints}
            for spec in self.endpoints.values():
                yield from self._of_manager(spec, told_in.get(spec.name))

    def _of_waves(self) -> Iterator[Mistake]:
        stands_in: dict[str, str] = {}
        for name, wave in self.waves.items():
            here = self.declared["waves", name]
            first: EndpointSpec | None = None
            for stage, endpoints in enumerate(wave.stages):
                for index, endpoint in enumerate(endpoints):
                    at = ("stages", stage, index)
                    if problem := self._unknown(endpoint):
                        yield here.mistake(at, problem)
                    if endpoint in stands_in:
                        yield here.mistake(at, f"{endpoint} stands in {_wave(stands_in[endpoint], name)} already")
                        continue
                    stands_in[endpoint] = name
                    spec = self.endpoints.get(endpoint)
                    if spec is not None:
                        first = first or spec
                        if problem := differing_sources(first, spec):
                            yield here.mistake(at, f"one wave brings one version to all its endpoints, but {problem}")

    def _of_follower(self, spec: EndpointSpec) -> Iterator[Mistake]:
        if spec.follows is None:
            return
        here, first = self.declared["endpoints", spec.name], spec.follows.endpoint
        at = ("follows", "endpoint")
        ahead = self.endpoints.get(first)
        if problem := self._unknown(first):
            yield here.mistake(at, problem)
        elif circle := self._circle_from(spec):
            yield here.mistake(at, f"nobody could begin: {' follows '.join(circle)}")
        elif ahead is not None and (problem := differing_sources(ahead, spec)):
            yield here.mistake(at, f"only what runs versions of the same source can be followed, but {problem}")
        elif wave := self._wave_with_wrong_order(first, spec.name):
            yield here.mistake(at, f"wave {wave} changes {first} later than {spec.name}")

    def _of_manager(self, spec: EndpointSpec, wave: str | None) -> Iterator[Mistake]:
        if spec.channel is not None:
            return
        here = self.declared["endpoints", spec.name]
        if wave is not None:
            yield here.mistake(("channel",), f"is missing: wave {wave} is told there")
        elif spec.policy != "manual":
            told = "asks" if spec.policy == "ask" else "tells"
            yield here.mistake(
                ("channel",),
                f"is missing: with policy: {spec.policy} the manager {told} there; give one, or policy: manual",
            )

    def _unknown(self, name: str) -> str | None:
        if ("endpoints", name) in self.declared:
            return None
        known = (known for section, known in self.declared if section == "endpoints")
        similar = nearest(name, known)
        return f"there is no endpoint {name}" + (f"; did you mean {either(similar)}?" if similar else "")

    def _circle_from(self, spec: EndpointSpec) -> list[str] | None:
        """The names along `follows` from this one back to itself, or None when they end somewhere."""
        names = [spec.name]
        at: EndpointSpec | None = spec
        while at is not None and at.follows is not None:
            ahead = at.follows.endpoint
            if ahead == spec.name:
                return [*names, ahead]
            if ahead in names:
                return None  # a circle of others, which is told there
            names.append(ahead)
            at = self.endpoints.get(ahead)
        return None

    def _wave_with_wrong_order(self, first: str, then: str) -> str | None:
        for name, wave in self.waves.items():
            stage = {endpoint: number for number, names in enumerate(wave.stages) for endpoint in names}
            if first in stage and then in stage and stage[first] > stage[then]:
                return name
        return None


def led_by_stages(endpoints: Mapping[str, EndpointSpec], waves: Mapping[str, WavePlan]) -> frozenset[str]:
    """Endpoints that follow one of an earlier stage of their own wave: its stages and its soak decide there, and not `follows`."""
    stages = [{name: n for n, names in enumerate(wave.stages) for name in names} for wave in waves.values()]
    return frozenset(
        spec.name
        for spec in endpoints.values()
        for stage in stages
        if spec.follows is not None
        and spec.name in stage
        and stage.get(spec.follows.endpoint, stage[spec.name]) < stage[spec.name]
    )


def differing_sources(one: EndpointSpec, other: EndpointSpec) -> str | None:
    """Why a version of one of them is none of the other's; None if both take theirs from the same source.

    Model packages belong to one region, and a group that is given by its name alone is one of the endpoint's own account.
    """
    if (one.track is None) != (other.track is None):
        marketplace, registry = (one, other) if one.track is not None else (other, one)
        return f"{marketplace.name} runs a Marketplace track and {registry.name} a model package group"
    if one.track != other.track:
        return f"{one.name} and {other.name} have different tracks"
    if one.track is not None:
        return None
    group = one.model_package_group or ""
    if group != other.model_package_group:
        return f"{one.name} runs versions of {group} and {other.name} of {other.model_package_group}"
    if one.region and other.region and one.region != other.region:
        return f"{one.name} is in {one.region} and {other.name} in {other.region}: model packages belong to one region"
    if one.role_to_assume != other.role_to_assume and not group.startswith("arn:"):
        return (
            f"{one.name} and {other.name} are in different accounts, where {group} means different groups: "
            "give the ARN of one group"
        )
    return None


def _wave(found: str, here: str) -> str:
    return "this wave" if found == here else f"wave {found}"
