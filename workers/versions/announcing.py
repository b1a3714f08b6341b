"""Announcements of versions: posted once, and edited once what they say is over."""

import logging
from dataclasses import dataclass

from bot.domain.announcing import Announcement, AnnouncementKind
from bot.domain.endpoint import ModelPackage
from bot.domain.errors import TransientError
from bot.messages.blocks import Message
from bot.messages.versions import render_settled
from workers.noticing import Noticing
from workers.world import World

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Announcing:
    """Posts announcements and settles them."""

    world: World
    noticing: Noticing

    def say(self, announcement: Announcement, message: Message) -> bool:
        """Post it, and remember where; False where Slack does not take it now. Raises TransientError."""
        message_ts = self.noticing.say(announcement.key, announcement.channel_id, message)
        if message_ts is None:
            return False
        self.world.store.versions.put(announcement.model_copy(update={"message_ts": message_ts}))
        return True

    def settle(self, announcement: Announcement, message: Message) -> None:
        """Edit it to say how it ended, and leave it alone from then on. Raises TransientError when that has to be tried again."""
        self.noticing.amend(announcement.channel_id, announcement.message_ts, message)
        self.world.store.versions.close(announcement)

    def settle_all(self, package: ModelPackage) -> None:
        """Settle every announcement that asked about a version that was decided now; what Slack does not take is left to the round."""
        for announcement in self.world.store.versions.announced():
            if announcement.kind is AnnouncementKind.PENDING and announcement.package_arn == package.arn:
                try:
                    self.settle(announcement, render_settled(announcement, package))
                except TransientError as exc:
                    log.info("%s is settled later: %s", announcement.key, exc)


def announcing_of(world: World) -> Announcing:
    """Announcing in that world."""
    return Announcing(world, Noticing(world))
