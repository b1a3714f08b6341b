"""What every opening has in common: who a rollout waits for, where it is told, and what gives way to it."""

from datetime import datetime

from bot.domain.approval import describe_approvers, refuse_if_may_not_steer
from bot.domain.errand import CommandErrand
from bot.domain.errors import NotAllowed, UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import Kind, Phase
from bot.domain.replacing import given_up, gives_way
from bot.domain.rollout import Rollout, open_rollout
from bot.domain.rollout_parts import Thread
from bot.domain.starting import written
from bot.store.leases import holds_endpoint
from bot.store.rollouts import Write
from workers.people import steering_person
from workers.rollbacks import inherited_scaling, terms_of
from workers.world import World


def opened_for(
    spec: EndpointSpec, kind: Kind, *, id: str, requester: str, channel: str, now: datetime, **fields: object
) -> Rollout:
    """A new rollout on the terms that the fleet file sets for its endpoint; nothing is written yet."""
    return open_rollout(
        id=id,
        kind=kind,
        terms=terms_of(spec),
        requester=requester,
        thread=Thread(channel_id=channel),
        now=now,
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


def refuse_if_scheduled(world: World, spec: EndpointSpec, actor: str) -> None:
    """An approved change that waits for its time gives way only to a change of somebody who could cancel it.

    Raises:
        NotAllowed: the actor could not.
    """
    for stored in world.store.rollouts.active(spec.name):
        rollout = stored.rollout
        if rollout.phase is not Phase.SCHEDULED or rollout.scheduled_for is None:
            continue
        try:
            person = steering_person(world.slack, spec.approval, rollout, actor)
            refuse_if_may_not_steer(rollout, spec.approval, person, "replace it")
        except NotAllowed as exc:
            raise NotAllowed(
                f"Rollout {rollout.id} of {spec.name} is approved and runs {written(rollout.scheduled_for)}. "
                f"{exc.user_message}",
                actor=actor,
            ) from exc


def commit_in_place_of_waiting(world: World, rollout: Rollout, also: tuple[Write, ...], now: datetime) -> None:
    """Open it. A plan that waits for the same endpoint gives way once the new one stands, so that nobody approves the older one.

    A way back that needs nobody's approval has the endpoint from its first moment: to that it gives way at once.
    """
    active = world.store.rollouts.active(rollout.endpoint)
    waiting = [s for s in active if s.rollout.is_waiting and s.rollout.queued_behind is None]
    if rollout.queued_behind is not None:
        waiting = []  # it waits for its turn, and so takes nobody's place
    if not holds_endpoint(rollout):
        rollout = rollout.with_(instead_of=tuple(stored.rollout.id for stored in waiting))
        world.store.rollouts.commit([*also, Write(rollout, 0, now)], now)
        return
    retired = []
    for stored in waiting:
        older = given_up(stored.rollout, rollout, now)
        if rollout.scaling is None:  # it also takes over what was to be put back
            rollout = rollout.with_(scaling=inherited_scaling(older))
            older = older.with_(scaling=None if rollout.scaling is not None else older.scaling)
        retired.append(Write(older, stored.revision, now))
    world.store.rollouts.commit([*retired, *also, Write(rollout, 0, now)], now)


def make_way(world: World, newer: Rollout, now: datetime) -> tuple[Write, ...]:
    """What becomes of the plans that a rollout was asked for instead of, in the moment in which its own plan stands."""
    older = world.store.rollouts.load_many(newer.instead_of)
    return tuple(Write(given_up(s.rollout, newer, now), s.revision, now) for s in older if gives_way(s.rollout, newer))
