"""From a rollout's request to a draft: what runs now, which package is meant, what would be created.

The plan keeps no documents, only their fingerprint. Whoever goes on with a rollout drafts again from what runs then; if that
gives another fingerprint, the world moved after the approval, and nothing is created.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from bot.domain.collecting import is_ours
from bot.domain.commands import Change
from bot.domain.drift import ROLLOUT_TAG
from bot.domain.endpoint import ApprovalStatus, ConfigRecord, ModelPackage, ModelRecord, Snapshot
from bot.domain.errors import PlanDrifted, ResourceMissing, UnknownName, UserError
from bot.domain.fleet import EndpointSpec
from bot.domain.nearest import nearest
from bot.domain.plan import Difference
from bot.domain.rollout import Rollout
from bot.domain.trial import TrialPlan, TrialStep
from workers.cloning import (
    Draft,
    DraftNames,
    LiveEndpoint,
    bridge,
    draft,
    kept_a,
    kept_b,
    lineage_tags,
    live_trial,
    models_named_by,
    started,
    with_live_weights,
)
from workers.world import Aws, World


@dataclass(frozen=True)
class Drafting:
    """Reads from AWS what a draft needs; the draft itself is pure."""

    world: World

    def gather(self, spec: EndpointSpec) -> LiveEndpoint:
        """What runs. Models that were deleted are left out; a missing endpoint or config raises ResourceMissing."""
        return self.behind(self.world.aws(spec).endpoints.describe(spec.name), spec)

    def behind(
        self, snapshot: Snapshot, spec: EndpointSpec, known: Iterable[ModelPackage] = (), *, sparing: bool = False
    ) -> LiveEndpoint:
        """What runs behind an observation; raises as `gather` does.

        Args:
            snapshot: The endpoint as it was just observed.
            spec: The same endpoint in the fleet file.
            known: Packages that need not be asked about again.
            sparing: Read the tags of a model only where they tell whether a rollout made it: its name looks so, and its config has no
                tag that says it. A draft needs them all.
        """
        aws = self.world.aws(spec)
        by_arn = {package.arn.lower(): package for package in known}
        config = aws.endpoints.describe_config(snapshot.config_name)
        is_told = sparing and ROLLOUT_TAG in config.tags
        found = (
            self._model(aws, name, with_tags=not sparing or (is_ours(name) and not is_told))
            for name in models_named_by(config)
        )
        models = {model.name: model for model in found if model is not None}
        packages = {}
        for model in models.values():
            for container in model.containers():
                if (name := container.get("ModelPackageName")) is not None:
                    package = by_arn.get(name.lower()) or self._package(aws, name)
                    if package is not None:
                        packages[package.arn] = package
        return LiveEndpoint(snapshot, config, models, packages)

    def drafted(self, rollout: Rollout, spec: EndpointSpec) -> Draft:
        """The draft that was approved, made again from what runs now.

        Raises:
            PlanDrifted: it would be another one: the endpoint's config, its models or the package moved since the plan.
        """
        live, made = self._drafted(rollout, spec)
        assert rollout.plan is not None
        # Over a bridge, live weights cannot be retained: there, the old variant's is 0.
        return with_live_weights(made, live) if rollout.plan.bridge is not None else made

    def drafted_bridge(self, rollout: Rollout, spec: EndpointSpec) -> ConfigRecord:
        """The config in between that was approved, made again from what runs now. Raises as `drafted` does."""
        live, made = self._drafted(rollout, spec)
        assert rollout.plan is not None
        assert rollout.plan.bridge is not None
        config = self.bridge(rollout, live, made, spec, rollout.plan.bridge.share)
        if config.name != rollout.plan.bridge.config:  # its name carries its content
            raise PlanDrifted(
                [Difference(path="Config in between", before=rollout.plan.bridge.config, after=config.name)]
            )
        return config

    def _drafted(self, rollout: Rollout, spec: EndpointSpec) -> tuple[LiveEndpoint, Draft]:
        assert rollout.plan is not None
        assert rollout.change is not None
        live = self.gather(spec)
        package = None
        if rollout.plan.package_arn is not None:
            package = self.world.aws(spec).registry.describe_package(rollout.plan.package_arn)
        made = self.draft(rollout, live, rollout.change, package, spec)
        if made.fingerprint != rollout.plan.content_hash:
            raise PlanDrifted(
                [Difference(path="What runs", before=None, after="a config, a model or the package moved")]
            )
        return live, made

    def draft(
        self, rollout: Rollout, live: LiveEndpoint, change: Change, package: ModelPackage | None, spec: EndpointSpec
    ) -> Draft:
        """What the change would create, named and tagged after the rollout."""
        names = _names(rollout, live)
        if rollout.trial is not None and rollout.trial.step is TrialStep.KEEP_B:
            return kept_b(live, running_trial(live), names)
        made = draft(live, change, package, names, variant=spec.variant)
        if rollout.trial is not None and rollout.starts_trial:
            return started(live, made, spec.variant, rollout.trial, names)
        return made

    def a_alone(self, rollout: Rollout, live: LiveEndpoint) -> ConfigRecord:
        """The config on which A serves alone again, for a rollout that ends a trial by keeping B."""
        return kept_a(live, running_trial(live), _names(rollout, live))

    def bridge(
        self, rollout: Rollout, live: LiveEndpoint, made: Draft, spec: EndpointSpec, share: float
    ) -> ConfigRecord:
        """The config in between, in which the draft runs beside what runs now with `share` percent of the traffic."""
        return bridge(live, made, spec.variant, share, _names(rollout, live))

    def resolve_package(self, change: Change, spec: EndpointSpec) -> ModelPackage | None:
        """The package that a change means; None when it does not change what runs.

        Raises:
            UserError: there is no such version, or none that may follow.
        """
        registry = self.world.aws(spec).registry
        if change.package is not None:
            return registry.describe_package(change.package)
        if change.version is None and not change.wants_newest:
            return None
        if spec.track is not None:
            return registry.describe_package(_on_track(spec.track, change))
        assert spec.model_package_group is not None
        group = spec.model_package_group
        if isinstance(change.version, int):
            versions = registry.list_versions(group)
            wanted = next((p for p in versions if p.version == change.version), None)
            if wanted is None:
                numbers = [str(p.version) for p in versions]
                raise UnknownName(
                    f"version of {group}", str(change.version), nearest(str(change.version), numbers) or numbers[:3]
                )
            return registry.describe_package(wanted.arn)
        newest = newest_of(group, registry.list_versions(group, ApprovalStatus.APPROVED))
        # A list of versions says neither which instance types a version supports nor where its model data is.
        return registry.describe_package(newest.arn)

    def _model(self, aws: Aws, name: str, *, with_tags: bool) -> ModelRecord | None:
        try:
            return aws.endpoints.describe_model(name, with_tags=with_tags)
        except ResourceMissing:
            return None

    def _package(self, aws: Aws, name: str) -> ModelPackage | None:
        try:
            return aws.registry.describe_package(name)
        except ResourceMissing:
            return None


def running_trial(live: LiveEndpoint) -> TrialPlan:
    """The trial that an endpoint runs.

    Raises:
        UserError: it runs none.
    """
    trial = live_trial(live)
    if trial is None:
        raise UserError(
            f"No A/B test runs on {live.snapshot.name}. Nothing was changed. To begin one: "
            f"ab start {live.snapshot.name} --version N --weight 10"
        )
    return trial


def _names(rollout: Rollout, live: LiveEndpoint) -> DraftNames:
    plan = rollout.plan
    is_planned = plan is not None and plan.current_config == live.config.name
    previous = plan.way_back if plan is not None and is_planned else live.config.name
    return DraftNames(rollout.id, lineage_tags(rollout, previous_config=previous))


def newest_of(group: str, versions: Iterable[ModelPackage]) -> ModelPackage:
    """The newest version of a group that may be promoted.

    Raises:
        UserError: none is Approved and Completed.
    """
    approved = [p for p in versions if p.is_deployable]
    if not approved:
        raise UserError(
            f"No version of {group} is Approved and Completed, so there is none to promote. Approve one first."
        )
    return max(approved, key=lambda p: p.version or 0)


def _on_track(track: tuple[str, ...], change: Change) -> str:
    """A Marketplace track is a list, oldest first: `--version 2` is its second package, the newest its last."""
    if not isinstance(change.version, int):
        return track[-1]
    if change.version <= len(track):
        return track[change.version - 1]
    known = tuple(str(n) for n in range(1, len(track) + 1))
    raise UnknownName("version on this endpoint's track", str(change.version), known[-3:])


def label_of(live: LiveEndpoint, variant: str) -> str:
    """What a variant runs now, as people call it."""
    model_name = next((v.get("ModelName") for v in live.config.variants() if v["VariantName"] == variant), None)
    model = live.models.get(model_name or "")
    if model is None:
        return model_name or "what runs now"
    for container in model.containers():
        name = container.get("ModelPackageName", "").lower()
        package = next((p for p in live.packages.values() if name in (p.arn.lower(), p.name.lower())), None)
        if package is not None:
            return package.label
        if container.get("Image"):
            return str(container["Image"]).rpartition("/")[2]
    return model.name
