"""What sellers offer in the AWS Marketplace beyond the tracks of the fleet file: told once, because only people can subscribe to it."""

import logging
from dataclasses import dataclass

from bot.domain.errors import GatewayError, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.track import missing_from
from bot.messages.versions import render_offered
from workers.census import Census
from workers.noticing import Noticing
from workers.world import World, place_of

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Offering:
    """Compares tracks with the Marketplace's catalog. Where that may not be read, nothing is known and nothing is said."""

    world: World
    census: Census
    noticing: Noticing

    def round(self) -> None:
        """Tell of the newest version that each product has and its track has not."""
        for specs in self._by_track():
            try:
                self._look(specs)
            except (TransientError, GatewayError) as exc:
                log.warning("what follows on the track of %s is looked at again later: %s", specs[0].name, exc)

    def _look(self, specs: list[EndpointSpec]) -> None:
        spec = specs[0]
        packages = self.census.versions(spec)
        product = next((package.product_id for package in packages if package.product_id is not None), None)
        releases = self.world.aws(spec).catalog.releases(product) if product is not None else None
        missing = missing_from(spec.track or (), releases or ())
        if not missing:
            return
        for channel in dict.fromkeys(s.channel for s in specs if s.channel is not None):
            about = [s for s in specs if s.channel == channel]
            message = render_offered(missing[-1], about, packages[0].label)
            self.noticing.say(f"offered {product} {missing[-1].version} {channel}", channel, message)

    def _by_track(self) -> list[list[EndpointSpec]]:
        """Endpoints of the same track in the same account and region."""
        found: dict[tuple[str, tuple[str, ...]], list[EndpointSpec]] = {}
        for spec in self.world.fleet.endpoints.values():
            if spec.track is not None:
                found.setdefault((place_of(spec), spec.track), []).append(spec)
        return list(found.values())
