"""Watches the registry: announces versions that wait for approval, and tells when one that runs is no longer approved."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.announcing import (
    MOST_AT_ONCE,
    Announcement,
    AnnouncementKind,
    Running,
    WatchedGroup,
    awaiting,
    newest_allowed,
    version_of,
    watched_groups,
    waves_by_endpoint,
    would_get,
)
from bot.domain.approval import describe_approvers
from bot.domain.board import BoardState
from bot.domain.endpoint import ApprovalStatus, ModelPackage
from bot.domain.errors import GatewayError, ResourceMissing, TransientError
from bot.messages.versions import (
    render_newly_approved,
    render_pending,
    render_settled,
    render_unwatched,
)
from workers.census import Census
from workers.versions.alerting import Alerting
from workers.versions.announcing import Announcing, announcing_of
from workers.versions.deciding import all_approvers
from workers.versions.offering import Offering
from workers.world import World, place_of

log = logging.getLogger(__name__)

Versions = Sequence[ModelPackage]

SEEN = "seen"
"""Noted in place of a message_ts where nothing had to be said."""


@dataclass(frozen=True)
class RegistryWatch:
    """Tells people what changed in the registry, each thing once."""

    world: World
    census: Census
    announcing: Announcing
    alerting: Alerting
    offering: Offering

    def round(self) -> None:
        """Announce what is new, and settle what is over. A group that cannot be read does not keep the others waiting."""
        self._look_at_groups()
        self.offering.round()

    def _look_at_groups(self) -> None:
        standings = self.census.standings()
        running = {s.endpoint: s.running_package for s in standings if s.state is not BoardState.UNKNOWN}
        # To one that cannot be patched no version can be brought: nothing of its config or model is left to clone.
        unpatchable = {s.endpoint for s in standings if s.state is BoardState.UNPATCHABLE}
        open_to_change = {name: package for name, package in running.items() if name not in unpatchable}
        listed: dict[str, Versions] = {}
        for group in watched_groups(self.world.fleet):
            try:
                versions = self.census.versions(group.specs[0])
                listed[_lane(group)] = versions
                self._announce(group, versions, open_to_change)
                self.alerting.look(group, _lane(group), versions, running)
            except (TransientError, GatewayError) as exc:
                log.warning("group %s is looked at again later: %s", group.name, exc)
        self._settle(listed)

    # Versions that wait for approval, and those that were approved since

    def _announce(self, group: WatchedGroup, versions: Versions, running: Running) -> None:
        """New ones, newest first and a few at a time; at the first look, and after the store was lost, the newest alone."""
        if not versions or not any(spec.name in running for spec in group.specs):
            return  # what would be news to them is not known
        notices = self.world.store.notices
        is_first_look = notices.first_time(f"looked at {_lane(group)}")
        waiting = awaiting(group, versions, running)
        unsaid = [p for p in waiting if notices.recall(_seen(group, p)) is None]
        shown = unsaid[: 1 if is_first_look else MOST_AT_ONCE]
        for package in unsaid[len(shown) :]:
            notices.remember(_seen(group, package), SEEN)
        self._tell_by_hand(group, versions, running, is_first_look=is_first_look)
        for package in shown:
            if self._announce_one(group, package, waiting, versions, running):
                notices.remember(_seen(group, package), SEEN)

    def _announce_one(
        self, group: WatchedGroup, package: ModelPackage, waiting: Versions, versions: Versions, running: Running
    ) -> bool:
        """Tell every channel of its endpoints; False where one of them did not take it."""
        described = self.world.aws(group.specs[0]).registry.describe_package(package.arn)
        if described.approval is not ApprovalStatus.PENDING:
            return True  # the list was older
        address = group.address(package.arn)
        approvers = describe_approvers(all_approvers(spec.approval for spec in group.specs))
        others = [p.label for p in waiting if p.arn != package.arn]
        waves = waves_by_endpoint(self.world.fleet)
        is_said = True
        for channel, specs in group.by_channel().items():
            getting = would_get(package, specs, versions, running)
            if getting:
                message = render_pending(described, address, getting, approvers, others, waves)
                is_said &= self.announcing.say(self._pending(group, package, channel), message)
        return is_said

    def _pending(self, group: WatchedGroup, package: ModelPackage, channel: str) -> Announcement:
        return Announcement(
            kind=AnnouncementKind.PENDING,
            package_arn=package.arn,
            label=package.label,
            lane=_lane(group),
            channel_id=channel,
            at=self.world.clock(),
        )

    def _tell_by_hand(self, group: WatchedGroup, versions: Versions, running: Running, *, is_first_look: bool) -> None:
        """Endpoints of policy `manual` get one line when a version is approved for them; what was approved before is on the board."""
        newest = newest_allowed(versions, ())
        if newest is None:
            return
        for channel, specs in group.by_channel().items():
            key = f"by hand {newest.arn} {channel}"
            if self.world.store.notices.recall(key) is not None:
                continue
            by_hand = [s for s in would_get(newest, specs, versions, running) if s.policy == "manual"]
            if by_hand and not is_first_look:
                self.announcing.noticing.say(key, channel, render_newly_approved(newest, by_hand))
            else:
                self.world.store.notices.remember(key, SEEN)

    # What is over

    def _settle(self, listed: Mapping[str, Versions]) -> None:
        lanes = {_lane(group): group for group in watched_groups(self.world.fleet)}
        for announcement in self.world.store.versions.announced():
            group = lanes.get(announcement.lane)
            if group is None:
                self.announcing.settle(announcement, render_unwatched(announcement))
            elif announcement.lane in listed and announcement.kind is AnnouncementKind.PENDING:
                package = version_of(announcement.package_arn, listed[announcement.lane])
                self._settle_pending(announcement, group, package)

    def _settle_pending(self, announcement: Announcement, group: WatchedGroup, package: ModelPackage | None) -> None:
        if package is not None and package.approval is ApprovalStatus.PENDING:
            return
        try:
            described = self.world.aws(group.specs[0]).registry.describe_package(announcement.package_arn)
        except ResourceMissing:
            described = None
        except (TransientError, GatewayError) as exc:
            log.warning("%s is settled later: %s", announcement.key, exc)
            return
        if described is None or described.approval is not ApprovalStatus.PENDING:
            self.announcing.settle(announcement, render_settled(announcement, described))


def _lane(group: WatchedGroup) -> str:
    return f"{place_of(group.specs[0])} {group.name}"


def _seen(group: WatchedGroup, package: ModelPackage) -> str:
    return f"waits {package.arn} {_lane(group)}"


def watch_of_registry(world: World, census: Census) -> RegistryWatch:
    """The registry watch of that world."""
    announcing = announcing_of(world)
    return RegistryWatch(
        world, census, announcing, Alerting(world, announcing), Offering(world, census, announcing.noticing)
    )
