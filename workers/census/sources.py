"""Where the versions of an endpoint come from: a model package group or a track, in one account and region."""

import logging
from dataclasses import dataclass

from bot.domain.content import content_hash_of
from bot.domain.endpoint import ModelPackage
from bot.domain.errors import ResourceMissing
from bot.domain.fleet import EndpointSpec
from workers.ports import Registry
from workers.world import place_of

log = logging.getLogger(__name__)


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

    def packages(self, registry: Registry) -> tuple[ModelPackage, ...]:
        """Its versions, newest first; of a track, those that still exist. Raises ResourceMissing where the newest does not."""
        if self.group is not None:
            return registry.list_versions(self.group)
        newest, *older = reversed(self.track)
        found = [registry.describe_package(newest)]
        for arn in older:
            try:
                found.append(registry.describe_package(arn))
            except ResourceMissing:
                log.info("%s is on a track and exists no more", arn)
        return tuple(found)

    @property
    def words(self) -> str:
        """As people know it."""
        return self.group or f"a track of {len(self.track)}"
