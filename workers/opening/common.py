"""What every opening has in common: who a rollout waits for, where it is told, and what gives way to it."""

from datetime import datetime

from bot.domain.approval import describe_approvers
from bot.domain.errand import CommandErrand
from bot.domain.errors import UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.rollout import Rollout, open_rollout
from bot.domain.rollout_parts import Thread
from bot.store.rollouts import Write, holds_endpoint
from workers.rollbacks import inherited_scaling, pace_of, watch_of
from workers.world import World


def opened_for(
    spec: EndpointSpec, kind: Kind, *, id: str, requester: str, channel: str, now: datetime, **fields: object
) -> Rollout:
    """A new rollout on the terms that the fleet file sets for its endpoint; nothing is written yet."""
    return open_rollout(
        id=id,
        kind=kind,
        endpoint=spec.name,
        region=spec.region,
        requester=requester,
        thread=Thread(channel_id=channel),
        now=now,
        pace=pace_of(spec),
        watch=watch_of(spec),
        expires_after=spec.approval.expires_after,
        quorum=spec.approval.quorum,
        approvers_text=describe_approvers(spec.approval),
        home_channel=spec.channel if spec.channel != channel else None,
        **fields,
    )


def channel_of(errand: CommandErrand, spec: EndpointSpec) -> str:
    """Where the story of what was typed is told. Raises UserError where there is no such place."""
    channel = errand.reply.channel_id or spec.channel
    if channel is None:
        raise UserError(
            f"{spec.name} has no channel in the fleet file, so there is nowhere to tell the story. "
            "Add `channel`, or type the command in Slack. Nothing was started."
        )
    return channel


def ahead_on(world: World, endpoint: str) -> str | None:
    """The rollout that a new one has to wait for: who holds the endpoint, or the last of those that wait already."""
    waiting = [s.rollout for s in world.store.rollouts.active(endpoint) if s.rollout.queued_behind is not None]
    if waiting:
        return max(waiting, key=lambda r: r.created_at).id
    held = world.store.rollouts.lease_of(endpoint)
    return held.rollout_id if held is not None else None


def commit_in_place_of_waiting(world: World, rollout: Rollout, also: tuple[Write, ...], now: datetime) -> None:
    """Open it; a plan that still waits for the same endpoint gives way, so that nobody approves the older one."""
    active = world.store.rollouts.active(rollout.endpoint)
    waiting = [s for s in active if s.rollout.is_waiting and s.rollout.queued_behind is None]
    if rollout.queued_behind is not None:
        waiting = []  # it waits for its turn, and so takes nobody's place
    retired = []
    for stored in waiting:
        given_up = stored.rollout.to(
            Phase.CANCELLED, Reason.SUPERSEDED, now, rollout.requester, superseded_by=rollout.id
        )
        if holds_endpoint(rollout) and rollout.scaling is None:  # it also takes over what was to be put back
            rollout = rollout.with_(scaling=inherited_scaling(given_up))
            given_up = given_up.with_(scaling=None if rollout.scaling is not None else given_up.scaling)
        retired.append(Write(given_up, stored.revision, now))
    world.store.rollouts.commit([*retired, *also, Write(rollout, 0, now)], now)
