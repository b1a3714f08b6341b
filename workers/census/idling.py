"""Endpoints without traffic: CloudWatch is asked once an hour about all of an account and region together."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.errors import GatewayError, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.sighting import Listing, Traffic
from bot.domain.verdict import Window
from workers.ports import Measure, Metrics, Series, Subject, Want
from workers.world import World

log = logging.getLogger(__name__)

EVERY = timedelta(hours=1)
DAY = timedelta(days=1)
IDLE = timedelta(days=7)
"""Without a request for this long, an endpoint is said to be idle; many are used on weekdays only."""

FIRST = IDLE + DAY
FURTHER = 8 * IDLE
"""How far back the last request of an idle endpoint is looked for."""


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
        subjects = [
            Subject.of(spec, (variant.name for variant in sighting.snapshot.variants))
            for spec in specs
            if spec.name in listing.endpoints
            and (sighting := seen.get(spec.name)) is not None
            and sighting.snapshot is not None
        ]
        metrics = self.world.aws(specs[0]).metrics
        try:
            week = self._idle(metrics, subjects, FIRST, listing)
            idle = [subject for subject in subjects if subject.endpoint in week]
            told = Traffic(at=now, answered_at=now, idle_since=self._idle(metrics, idle, FURTHER, listing))
        except (TransientError, GatewayError) as exc:
            log.warning("%s: who has no traffic cannot be told: %s", place, exc)
            told = _believed(known, now)
        kept.save_traffic(place, told)

    def _idle(
        self, metrics: Metrics, subjects: Sequence[Subject], back: timedelta, listing: Listing
    ) -> dict[str, datetime]:
        """Those without a request for a week, and since when, as far as that many days tell."""
        now = self.world.clock()
        end = now.replace(hour=0, minute=0, second=0, microsecond=0) + DAY  # CloudWatch's days are UTC's
        window = Window(start=end - back, end=end)
        wants = [Want(subject, window, DAY, (Measure.REQUESTS,)) for subject in subjects]
        answers = metrics.read(wants) if wants else ()
        return {
            subject.endpoint: since
            for subject, series in zip(subjects, answers, strict=True)
            if now - (since := idle_since(series, listing.endpoints[subject.endpoint].created)) >= IDLE
        }


def _believed(known: Traffic | None, now: datetime) -> Traffic:
    """What is shown while CloudWatch does not answer: a week without requests is no other a day later, but may be over then."""
    if known is None or known.answered_at is None or now - known.answered_at >= DAY:
        return Traffic(at=now)
    return known.model_copy(update={"at": now})


def idle_since(series: Series, created: datetime) -> datetime:
    """The end of the last day with a request, or else when the endpoint was created; a day without datapoints had none."""
    busy = [day for day, requests in enumerate(series.of(Measure.REQUESTS).tolist()) if requests > 0]  # NaN is not
    return series.start + (busy[-1] + 1) * series.period if busy else max(created, series.start)
