"""Looks at many updates with few calls: one ListEndpoints page tells of a hundred endpoints that they are still Updating."""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.endpoint import EndpointStatus, Snapshot
from bot.domain.errors import GatewayError
from bot.domain.fleet import EndpointSpec
from bot.domain.reconcile import call_of
from bot.domain.rollout import Rollout
from workers.world import World, place_of

log = logging.getLogger(__name__)

CROWD = 10
"""Up to this many active rollouts, each is described at every poll, because people like to see progress."""

PROGRESS_EVERY = timedelta(seconds=60)
"""In a crowd, this often an update that goes on is described nevertheless, for the words in its thread."""


@dataclass(frozen=True)
class Glance:
    """Answers "has anything happened?" from a listing that all rollouts of an account and region share."""

    world: World

    def unchanged(self, rollout: Rollout, spec: EndpointSpec, now: datetime) -> Snapshot | None:
        """The rollout's last snapshot, if the listing says that it still holds; None means: look for yourself.

        A listing only ever confirms that SageMaker is still at work. Whatever ends an update is seen by DescribeEndpoint, which alone
        tells the config that it ended on.
        """
        last, call = rollout.snapshot, call_of(rollout)
        if last is None or call is None or call.accepted_at is None or last.status is not EndpointStatus.UPDATING:
            return None
        if now - last.observed_at >= PROGRESS_EVERY or self.world.store.rollouts.count_active() <= CROWD:
            return None
        place = place_of(spec)
        endpoints = self.world.aws(spec).endpoints
        try:
            updating = self.world.store.glances.names(
                place, now, rollout.pace.poll, lambda: endpoints.list_statuses(EndpointStatus.UPDATING)
            )
        except GatewayError as exc:  # the listing only saves calls: that it is not allowed must not end an update
            log.warning("rollout %s is looked at by itself: %s", rollout.id, exc)
            return None
        return last if updating is not None and rollout.endpoint in updating else None
