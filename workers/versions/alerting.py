"""Raises the alarm when a version that runs is no longer approved: one message for a version and a channel, as long as it is so."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.domain.announcing import (
    Announcement,
    AnnouncementKind,
    Running,
    WatchedGroup,
    newest_allowed,
    revoked,
    version_of,
    waves_by_endpoint,
)
from bot.domain.endpoint import ApprovalStatus, ModelPackage
from bot.domain.fleet import EndpointSpec
from bot.messages.blocks import Message
from bot.messages.revoked import WayOut, render_revoked, render_revoked_over
from workers.versions.announcing import Announcing
from workers.world import World


@dataclass(frozen=True)
class Alerting:
    """Keeps these messages true."""

    world: World
    announcing: Announcing

    def look(self, group: WatchedGroup, lane: str, versions: Sequence[ModelPackage], running: Running) -> None:
        """Say what is so now, and settle what is over.

        Args:
            group: The group.
            lane: What its announcements are kept under.
            versions: All of its versions; none where they are not known.
            running: ARN of what runs, by endpoint; endpoints that are not known are left out.
        """
        if not versions:
            return
        standing = {
            (alert.package_arn, alert.channel_id): alert
            for alert in self.world.store.versions.announced()
            if alert.kind is AnnouncementKind.REVOKED and alert.lane == lane
        }
        for channel, specs in group.by_channel().items():
            for package, concerned in revoked(specs, versions, running):
                alert = standing.pop((package.arn, channel), None)
                if alert is None:
                    self._raise(group, lane, channel, package, concerned, versions)
                elif _is_outdated(alert, package, concerned) and _are_known(alert, group, running):
                    self._amend(group, alert, package, concerned, versions)
        for alert in standing.values():
            if _are_known(alert, group, running):
                now = version_of(alert.package_arn, versions)
                is_approved = now is not None and now.approval is ApprovalStatus.APPROVED
                self.announcing.settle(alert, render_revoked_over(alert, is_approved=is_approved))
                self.world.store.notices.forget(alert.key)  # should it be revoked again, that is news

    def _raise(
        self,
        group: WatchedGroup,
        lane: str,
        channel: str,
        package: ModelPackage,
        concerned: Sequence[EndpointSpec],
        versions: Sequence[ModelPackage],
    ) -> None:
        described = self.world.aws(concerned[0]).registry.describe_package(package.arn)
        if described.approval is ApprovalStatus.APPROVED:
            return  # the list was older
        alert = Announcement(
            kind=AnnouncementKind.REVOKED,
            package_arn=package.arn,
            label=package.label,
            lane=lane,
            channel_id=channel,
            at=self.world.clock(),
            endpoints=_names(concerned),
            approval=described.approval,
        )
        self.announcing.say(alert, self._message(group, described, concerned, versions))

    def _amend(
        self,
        group: WatchedGroup,
        alert: Announcement,
        package: ModelPackage,
        concerned: Sequence[EndpointSpec],
        versions: Sequence[ModelPackage],
    ) -> None:
        """Other endpoints run it than the message says, or it was decided on since."""
        described = self.world.aws(concerned[0]).registry.describe_package(package.arn)
        message = self._message(group, described, concerned, versions)
        self.announcing.noticing.amend(alert.channel_id, alert.message_ts, message)
        self.world.store.versions.put(
            alert.model_copy(update={"endpoints": _names(concerned), "approval": described.approval})
        )

    def _message(
        self,
        group: WatchedGroup,
        described: ModelPackage,
        concerned: Sequence[EndpointSpec],
        versions: Sequence[ModelPackage],
    ) -> Message:
        return render_revoked(described, self._ways_out(concerned, versions), group.address(described.arn))

    def _ways_out(self, concerned: Sequence[EndpointSpec], versions: Sequence[ModelPackage]) -> tuple[WayOut, ...]:
        holds = self.world.store.holds.on_each(spec.name for spec in concerned)
        seen = self.world.store.standings.sightings(spec.name for spec in concerned)
        waves = waves_by_endpoint(self.world.fleet)

        def way_out(spec: EndpointSpec) -> WayOut:
            held = [hold.package_arn for hold in holds[spec.name] if hold.package_arn is not None]
            known = seen.get(spec.name)
            is_patchable = known is None or known.is_patchable  # otherwise nothing is left to clone
            return WayOut(spec, newest_allowed(versions, held) if is_patchable else None, waves.get(spec.name))

        return tuple(way_out(spec) for spec in concerned)


def _names(specs: Iterable[EndpointSpec]) -> tuple[str, ...]:
    return tuple(spec.name for spec in specs)


def _is_outdated(alert: Announcement, package: ModelPackage, concerned: Iterable[EndpointSpec]) -> bool:
    return (alert.endpoints, alert.approval) != (_names(concerned), package.approval)


def _are_known(alert: Announcement, group: WatchedGroup, running: Running) -> bool:
    """Whether it can be told what its endpoints run at the moment; one that left the fleet file is none of ours any more."""
    ours = {spec.name for spec in group.specs}
    return all(name in running for name in alert.endpoints if name in ours)
