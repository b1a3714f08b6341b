"""Finds the rollout that brought an endpoint to where it is: in the store or, if that forgot it, in SageMaker's tags."""

from datetime import datetime

from bot.domain.errors import ResourceMissing, UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import Kind, Phase
from bot.domain.rollout import Rollout
from bot.store.rollouts import Stored, Write
from workers.adopting import adopt_thread
from workers.lineage import rollout_from_tags
from workers.world import World

MAY_BE_ROLLED_BACK = frozenset({Phase.SUCCEEDED, Phase.WATCHING, Phase.NEEDS_HUMAN})


def last_on(world: World, spec: EndpointSpec, now: datetime) -> Stored | None:
    """The rollout that brought the endpoint to where it is: from the store, or, if that forgot it, from SageMaker's tags."""
    endpoints = world.aws(spec).endpoints
    try:
        snapshot = endpoints.describe(spec.name)
        config = endpoints.describe_config(snapshot.config_name)
    except ResourceMissing as exc:
        raise UserError(f"{exc.user_message} Nothing was started.") from exc
    for rollout in world.store.rollouts.recent(spec.name, limit=20):
        if _left_it_on(rollout, config.name) and rollout.phase in MAY_BE_ROLLED_BACK:
            return world.store.rollouts.load(rollout.id)
    restored = rollout_from_tags(spec, snapshot, config, endpoints, now)
    if restored is None or world.store.rollouts.load(restored.id) is not None:
        return None
    return _remember(world, restored, now)


def _remember(world: World, restored: Rollout, now: datetime) -> Stored:
    adopt_thread(world, restored)
    (stored,) = world.store.rollouts.commit([Write(restored, 0)], now)
    return stored


def _left_it_on(rollout: Rollout, config: str) -> bool:
    """Whether that rollout leads to this config: its target, or its bridge if it never came further."""
    if rollout.kind is not Kind.UPDATE or rollout.plan is None:
        return False
    bridge = rollout.plan.bridge
    return config == rollout.plan.target_config or (bridge is not None and config == bridge.config)
