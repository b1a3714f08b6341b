"""Gathers how endpoints stand: SageMaker's view, what runs, and the newest version that may follow."""

import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from bot.domain.board import BoardState, Standing, deleted_words, state_of
from bot.domain.commands import Change
from bot.domain.endpoint import ConfigRecord, Snapshot
from bot.domain.errors import GatewayError, ResourceMissing, TransientError, UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.hold import Hold
from bot.domain.version import Version
from workers.cloning import models_named_by
from workers.drafting import Drafting, label_of
from workers.world import World

log = logging.getLogger(__name__)

AT_ONCE = 8
"""Endpoints asked about at the same time: SageMaker throttles accounts that describe many in a rush."""


@dataclass(frozen=True)
class Board:
    """Reads standings; writes nothing."""

    world: World
    drafting: Drafting

    def standings(self, specs: Sequence[EndpointSpec]) -> tuple[Standing, ...]:
        """How each of them stands; what AWS does not tell is said, not left out."""
        changing = frozenset(s.rollout.endpoint for s in self.world.store.rollouts.active() if not s.rollout.is_waiting)
        holds = self.world.store.holds.on_each(spec.name for spec in specs)

        def standing(spec: EndpointSpec) -> Standing:
            found = self._standing(spec, holds[spec.name], has_rollout=spec.name in changing)
            return found.model_copy(update={"holds": holds[spec.name]})

        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            return tuple(pool.map(standing, specs))

    def in_full(self, spec: EndpointSpec) -> Standing:
        """How one of them stands, with what scales it."""
        (standing,) = self.standings([spec])
        if standing.snapshot is None:
            return standing
        variants = [variant.name for variant in standing.snapshot.variants]
        try:
            scaling = self.world.aws(spec).autoscaling.read(spec.name, variants)
        except (TransientError, GatewayError) as exc:
            log.warning("%s: what scales it cannot be told: %s", spec.name, exc)
            return standing
        return standing.model_copy(update={"scaling": scaling})

    def _standing(self, spec: EndpointSpec, holds: Sequence[Hold], *, has_rollout: bool) -> Standing:
        try:
            live = self.drafting.gather(spec)
        except ResourceMissing as exc:
            if exc.kind == "endpoint config":
                gone = deleted_words(exc.kind, [exc.name])
                return Standing(endpoint=spec.name, state=BoardState.UNPATCHABLE, problem=gone)
            if exc.kind != "endpoint":
                return Standing(endpoint=spec.name, state=BoardState.UNKNOWN, problem=exc.user_message)
            return Standing(endpoint=spec.name, state=BoardState.NOT_DEPLOYED)
        except (TransientError, GatewayError) as exc:
            return Standing(endpoint=spec.name, state=BoardState.UNKNOWN, problem=exc.user_message)
        missing = [name for name in models_named_by(live.config) if name not in live.models]
        running, newest, problem = label_of(live, spec.variant), "", deleted_words("model", missing) if missing else ""
        follows = Version()
        try:
            package = self.drafting.resolve_package(Change(version="latest"), spec)
            if package is not None:
                newest, follows = package.label, Version(package_arn=package.arn)
        except (UserError, TransientError, GatewayError) as exc:
            problem = problem or exc.user_message
        held_by = {hold.kind for hold in holds if hold.is_about(follows)}
        state = state_of(live.snapshot, running, newest, has_rollout=has_rollout, held_by=held_by)
        return Standing(
            endpoint=spec.name,
            state=BoardState.UNPATCHABLE if missing and state is not BoardState.FAILED else state,
            running=running,
            newest=newest,
            snapshot=live.snapshot,
            config_lines=variant_lines(live.snapshot, live.config),
            problem=problem,
        )


def variant_lines(snapshot: Snapshot, config: ConfigRecord) -> tuple[str, ...]:
    """Each variant in a line: what it runs on, how many instances, how much of the traffic."""
    live = {v.name: v for v in snapshot.variants}
    lines = []
    for variant in config.variants():
        name = variant["VariantName"]
        state = live.get(name)
        if serverless := variant.get("ServerlessConfig"):
            size = f"serverless, {serverless['MemorySizeInMB']} MB, up to {serverless['MaxConcurrency']} at once"
        else:
            counts = (
                f"{state.current_count} of {state.desired_count}" if state else str(variant.get("InitialInstanceCount"))
            )
            size = f"{counts} × {variant.get('InstanceType', 'several instance types')}"
        weight = f", weight {state.weight:g}" if state and state.weight is not None and len(live) > 1 else ""
        lines.append(f"{name}: {size}{weight}, model {variant.get('ModelName', 'by inference components')}")
    return tuple(lines)
