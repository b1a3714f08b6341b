"""Where the versions of an endpoint come from: a model package group or a track, in one account and region."""

from dataclasses import dataclass

from bot.domain.content import content_hash_of
from bot.domain.fleet import EndpointSpec
from workers.world import place_of


@dataclass(frozen=True)
class Source:
    """A group, or the packages of a track, oldest first. Endpoints of the same one share what the registry says."""

    key: str
    group: str | None
    track: tuple[str, ...] = ()

    @classmethod
    def of(cls, spec: EndpointSpec) -> "Source":
        """The source of an endpoint's versions."""
        if spec.model_package_group is not None:
            return cls(f"{place_of(spec)} {spec.model_package_group}", spec.model_package_group)
        track = spec.track or ()
        return cls(f"{place_of(spec)} track {content_hash_of({'Containers': list(track)})}", None, track)

    @property
    def words(self) -> str:
        """As people know it."""
        return self.group or f"a track of {len(self.track)}"
