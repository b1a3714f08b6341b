"""What a wave would do: which endpoint goes from what to what, in which order, and which are passed by and why."""

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import timedelta

from bot.domain.board import BoardState, Standing
from bot.domain.commands import Change
from bot.domain.cost import billed_variants
from bot.domain.endpoint import ApprovalStatus, ModelPackage
from bot.domain.errors import GatewayError, ResourceMissing, UserError
from bot.domain.fleet import EndpointSpec, WavePlan
from bot.domain.hold import Hold
from bot.domain.lock import in_words
from bot.domain.managing.desired import desired_change, is_same_package, settings_brought
from bot.domain.managing.persons import outside_doubt
from bot.domain.managing.ranks import rank_of
from bot.domain.names import literal
from bot.domain.version import Version
from bot.domain.wave import LeftOut, Member, Wish
from workers.cloning import LiveEndpoint, live_trial, running_package
from workers.drafting import Drafting, label_of
from workers.planning.updates import live_counts
from workers.planning.usual import expected_duration
from workers.world import World, place_of

AT_ONCE = 8
"""Endpoints asked about at the same time: SageMaker throttles accounts that describe many in a rush."""

Standings = Callable[[Sequence[EndpointSpec]], Sequence[Standing]]
"""How endpoints stand against the fleet file."""


@dataclass(frozen=True)
class Drawn:
    """A wave's plan, drawn up from how things stand now."""

    members: tuple[Member, ...]
    left_out: tuple[LeftOut, ...]

    def beside(self, left_out: Iterable[LeftOut], plan: WavePlan) -> "Drawn":
        """The same plan, which also names those that were not asked about because they are not meant; all in the wave's order."""
        known = {member.endpoint for member in self.members} | {one.endpoint for one in self.left_out}
        more = [one for one in left_out if one.endpoint not in known and one.endpoint in plan.endpoints]
        ordered = sorted((*self.left_out, *more), key=lambda one: plan.endpoints.index(one.endpoint))
        return replace(self, left_out=tuple(ordered))

    @property
    def package_arn(self) -> str | None:
        """The one version that it brings; None where it brings several, or none."""
        arns = {m.package_arn for m in self.members}
        return arns.pop() if len(arns) == 1 else None

    @property
    def label(self) -> str:
        """What it brings, as people call it."""
        labels = list(dict.fromkeys(m.after for m in self.members))
        if len(labels) == 1:
            return labels[0]
        return "the newest versions" if all(m.package_arn for m in self.members) else "what the fleet file says"


@dataclass(frozen=True)
class WavePlans:
    """Draws up plans of waves."""

    world: World
    drafting: Drafting
    standings: Standings

    def draw(
        self, plan: WavePlan, wish: Wish, *, channel: str, only: Collection[str] | None = None, by_person: bool
    ) -> Drawn:
        """The plan of a wave, as things stand.

        Args:
            plan: The fleet file's stages.
            wish: What the wave shall bring.
            channel: Where members without a channel of their own tell their stories.
            only: The endpoints that are meant; None for all of them.
            by_person: Somebody asked for it: then what an earlier wave's stop held is no obstacle, and what is locked is passed by
                instead of waited for.

        Raises:
            TransientError: AWS did not answer.
        """
        turns = [(n, name) for n, stage in enumerate(plan.stages) for name in stage if only is None or name in only]
        specs = {name: self.world.fleet.endpoint(name) for _, name in turns}
        standing = {s.endpoint: s for s in self.standings(list(specs.values()))}
        asking = _Asking(self.world, self.drafting, wish, channel, by_person)
        holds = self.world.store.holds.on_each(specs)

        def look(turn: tuple[int, str]) -> Member | LeftOut:
            stage, name = turn
            return asking.place_for(specs[name], stage, standing[name], holds[name])

        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            found = list(pool.map(look, turns))
        return Drawn(
            tuple(f for f in found if isinstance(f, Member)), tuple(f for f in found if isinstance(f, LeftOut))
        )


@dataclass(frozen=True)
class _Asking:
    """One drawing-up: what is asked about each endpoint."""

    world: World
    drafting: Drafting
    wish: Wish
    channel: str
    by_person: bool

    def place_for(self, spec: EndpointSpec, stage: int, standing: Standing, holds: Sequence[Hold]) -> Member | LeftOut:
        """The endpoint's place in the wave, or why it has none."""
        lock = self.world.store.locks.over(spec.name, self.world.clock())
        if lock is not None and self.by_person:
            return LeftOut(endpoint=spec.name, why=f"stands under {in_words(lock)}")
        try:
            live = self.drafting.gather(spec)
            package = self._package(spec)
        except ResourceMissing as exc:
            gone = "is not deployed" if exc.kind == "endpoint" else exc.user_message
            return LeftOut(endpoint=spec.name, why=gone)
        except (UserError, GatewayError) as exc:
            return LeftOut(endpoint=spec.name, why=exc.user_message)
        if live_trial(live) is not None:
            return LeftOut(endpoint=spec.name, why="runs an A/B test, which has to be finished first")
        if package is not None and (why := self._may_not_run(package, holds)) is not None:
            return LeftOut(endpoint=spec.name, why=why)
        if self.wish.version is not None:
            standing = standing.model_copy(update={"drift": ()})  # it brings that version, and nothing else
        change = self._change(spec, live, package, standing)
        if change is None:
            runs = package.label if package is not None else "what the fleet file says"
            return LeftOut(endpoint=spec.name, why=f"runs {runs} already", is_current=True)
        member = self._member(spec, stage, live, package if change.package is not None else None, change)
        return member.with_(settings=settings_brought(spec, standing), doubt=outside_doubt(standing))

    def _package(self, spec: EndpointSpec) -> ModelPackage | None:
        if self.wish.package_arn is not None:
            return self.world.aws(spec).registry.describe_package(self.wish.package_arn)
        if not self.wish.with_version:
            return None
        return self.drafting.resolve_package(Change(version=self.wish.version or "latest"), spec)

    def _may_not_run(self, package: ModelPackage, holds: Sequence[Hold]) -> str | None:
        if package.approval not in (None, ApprovalStatus.APPROVED):
            return f"{package.label} is {package.approval}"
        version = Version(package_arn=package.arn, label=package.label)
        for hold in holds:
            if hold.is_about(version) and not (self.by_person and hold.wave_id is not None):
                return f"{hold.kind.replace('by_person', 'held')}: {literal(hold.reason)}"
        return None

    def _change(
        self, spec: EndpointSpec, live: LiveEndpoint, package: ModelPackage | None, standing: Standing
    ) -> Change | None:
        """One that names its version by ARN, so that what is approved is what comes."""
        runs = running_package(live, spec)
        stands = Standing(
            endpoint=spec.name,
            state=BoardState.OUT_OF_DATE,
            running_package=runs.arn if runs is not None else None,
            drift=standing.drift,
        )
        if package is not None and is_same_package(package.arn, stands.running_package):
            package = None
        return desired_change(spec, stands, package.arn if package is not None else None)

    def _member(
        self, spec: EndpointSpec, stage: int, live: LiveEndpoint, package: ModelPackage | None, change: Change
    ) -> Member:
        before = label_of(live, spec.variant)
        return Member(
            endpoint=spec.name,
            stage=stage,
            change=change,
            before=before,
            after=package.label if package is not None else f"{before}, with the fleet file's settings",
            package_arn=package.arn if package is not None else None,
            rank=rank_of(spec, package.arn) if package is not None else None,
            config=live.config.name,
            pools=_pools(spec, live, change),
            expected=self._expected(spec),
            channel=spec.channel or self.channel,
        )

    def _expected(self, spec: EndpointSpec) -> timedelta | None:
        update = expected_duration(self.world.store.rollouts.past_durations(spec.name))
        return update + spec.watch.warm_up + spec.watch.duration if update is not None else None


def _pools(spec: EndpointSpec, live: LiveEndpoint, change: Change) -> dict[str, int]:
    """How many instances a new fleet takes out of each quota; of an instance pool every type counts in full."""
    pools: dict[str, int] = {}
    for variant in billed_variants(live.config.document, live_counts(live.snapshot)):
        is_changed = variant.name == spec.variant
        types = (change.instance_type,) if is_changed and change.instance_type is not None else variant.instance_types
        wanted = change.count if is_changed and change.count is not None else variant.count
        for type_ in types:
            pool = f"{place_of(spec)} {type_}"
            pools[pool] = pools.get(pool, 0) + wanted
    return pools
