"""Hints from EventBridge: what they name is looked at now instead of later. Polling stays the truth, and does without them."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.announcing import group_arn
from bot.domain.errors import GatewayError, TransientError
from bot.store.keys import Due
from workers.census import Census
from workers.ports import Event, Events
from workers.rounds import RoundName, soon
from workers.world import World

log = logging.getLogger(__name__)

MOST_BATCHES = 10
"""Answers of the queue in one round; what is left comes in the next."""

REPEATED_FOR = timedelta(hours=1)
"""How long the id of an event is remembered: SQS may deliver one again as long as it was not struck off."""

TROUBLE = "the queue of events cannot be read"
TOLD_FOR = timedelta(hours=1)
"""How often the log says so."""


@dataclass(frozen=True)
class Hints:
    """Reads the queue of the fleet file's `manager.queue`."""

    world: World
    census: Census

    def round(self) -> None:
        """Take what is there, and let the rounds that it concerns come at once. Whatever goes wrong, polling goes on."""
        manager = self.world.fleet.manager
        if manager is None or manager.queue is None or self.world.events is None:
            return
        try:
            self._read(self.world.events(manager.queue))
        except (TransientError, GatewayError) as exc:
            if self.world.store.notices.first_time(TROUBLE, TOLD_FOR):
                log.warning("%s, so changes are noticed only when everything is looked at: %s", TROUBLE, exc)
            return
        self.world.store.notices.forget(TROUBLE)

    def _read(self, queue: Events) -> None:
        for _ in range(MOST_BATCHES):
            received = queue.receive()
            if not received:
                return
            memory = self.world.store.memory
            news = [event for event in received if event.id and memory.recall(_heard(event)) is None]
            self._follow(news)
            for event in news:
                memory.remember(_heard(event), "heard", REPEATED_FOR)
            queue.strike_off(received)  # last: what was taken and not followed comes again

    def _follow(self, news: Iterable[Event]) -> None:
        """Look at what they are about, once however many speak of it."""
        endpoints = {event.endpoint for event in news} & set(self.world.fleet.endpoints)
        groups = {group_arn(event.package_arn).rpartition("/")[2].lower() for event in news if event.package_arn}
        for name in endpoints:
            self._hurry(name)
        shown_by = self._one_of_each(groups)
        if endpoints or shown_by:
            self.census.look_now(sorted(endpoints | shown_by))
            soon(self.world, RoundName.CENSUS, RoundName.REGISTRY, RoundName.MANAGE, RoundName.WAVES)

    def _hurry(self, endpoint: str) -> None:
        """A rollout that waits for SageMaker looks now."""
        for stored in self.world.store.rollouts.active(endpoint):
            if not stored.rollout.is_waiting:
                self.world.store.due.put_off(Due.TICKS, stored.rollout.id, self.world.clock())

    def _one_of_each(self, groups: Iterable[str]) -> set[str]:
        """An endpoint for each of these groups in each place: looking at it tells what the group has now."""
        wanted, found = set(groups), dict[tuple[str | None, str | None, str], str]()
        for spec in self.world.fleet.endpoints.values():
            if spec.model_package_group is not None:
                group = spec.model_package_group.rpartition("/")[2].lower()
                if group in wanted:
                    found.setdefault((spec.role_to_assume, spec.region, group), spec.name)
        return set(found.values())


def _heard(event: Event) -> str:
    return f"event {event.id}"
