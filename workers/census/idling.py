"""Endpoints without traffic: CloudWatch is asked once an hour about all of an account and region together."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.errors import GatewayError, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.sighting import Listing, Traffic
from bot.domain.verdict import Window
from workers.ports import Measure, Series, Subject, Want
from workers.world import World

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
DAY = timedelta(days=1)
IDLE = timedelta(days=7)
"""Without a request for this long, an endpoint is said to be idle; many are used on weekdays only."""

BACK = 28 * DAY
"""How far back the last request is looked for."""


@dataclass(frozen=True)
class Idling:
    """Finds out since when endpoints have had no request."""

    world: World

    def note(self, place: str, specs: Sequence[EndpointSpec], listing: Listing) -> None:
        """Keep who is idle in an account and region, unless that was found out within the hour."""
        kept, now = self.world.store.standings, self.world.clock()
        known = kept.traffic([place]).get(place)
        if known is not None and now - known.at < EVERY:
            return
        seen = kept.sightings(spec.name for spec in specs)
        end = now.replace(hour=0, minute=0, second=0, microsecond=0) + DAY  # CloudWatch's days are UTC's
        window = Window(start=end - BACK, end=end)
        asked = [
            (spec.name, Want(Subject(spec.name, variants, spec.kind), window, DAY, (Measure.REQUESTS,)))
            for spec in specs
            if spec.name in listing.endpoints
            and (sighting := seen.get(spec.name)) is not None
            and sighting.snapshot is not None
            and (variants := tuple(variant.name for variant in sighting.snapshot.variants))
        ]
        try:
            answers = self.world.aws(specs[0]).metrics.read([want for _, want in asked]) if asked else ()
        except (TransientError, GatewayError) as exc:
            log.warning("%s: who has no traffic cannot be told: %s", place, exc)
            answers, asked = (), []
        told = {
            name: since
            for (name, _), series in zip(asked, answers, strict=True)
            if now - (since := idle_since(series, listing.endpoints[name].created)) >= IDLE
        }
        kept.save_traffic(place, Traffic(at=now, idle_since=told))


def idle_since(series: Series, created: datetime) -> datetime:
    """The end of the last day with a request, or else when the endpoint was created; a day without datapoints had none."""
    busy = [day for day, requests in enumerate(series.of(Measure.REQUESTS).tolist()) if requests > 0]  # NaN is not
    return series.start + (busy[-1] + 1) * series.period if busy else max(created, series.start)
