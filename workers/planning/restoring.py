"""What a teardown left behind and a deploy can restore: the config that ran last, its models, and what scaled them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from bot.domain.declared import restore_window
from bot.domain.endpoint import ConfigRecord, ModelPackage, ModelRecord
from bot.domain.errors import ResourceMissing
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import Kind, Phase
from bot.domain.rollout import Rollout
from bot.domain.scaling import Scaling
from workers.cloning import models_named_by
from workers.cloning.containers import package_of
from workers.world import Aws, World


@dataclass(frozen=True)
class Remains:
    """All that it takes to have a deleted endpoint back as it was."""

    teardown_id: str
    torn_down_at: datetime
    config: ConfigRecord
    models: Mapping[str, ModelRecord]
    packages: Mapping[str, ModelPackage]
    """By ARN."""
    scaling: Scaling
    label: str

    def package(self, variant: str) -> ModelPackage | None:
        """The version that the variant ran."""
        name = next((v.get("ModelName") for v in self.config.variants() if v["VariantName"] == variant), None)
        model = self.models.get(name or "")
        containers = tuple(model.containers()) if model is not None else ()
        found = (package_of(c, self.packages) for c in containers if "ModelPackageName" in c)
        return next((package for package in found if package is not None), None)


def last_teardown(world: World, endpoint: str) -> Rollout | None:
    """The teardown that left the endpoint deleted, while what it left may still be restored."""
    for past in world.store.rollouts.recent(endpoint, limit=50):
        if past.phase is not Phase.SUCCEEDED or past.kind not in (Kind.CREATE, Kind.TEARDOWN):
            continue
        is_kept = world.clock() - past.last.at < restore_window(world.fleet)
        return past if past.kind is Kind.TEARDOWN and is_kept else None
    return None


def remains_of(world: World, spec: EndpointSpec) -> Remains | None:
    """What can be restored; None where nothing was torn down lately, or something of it is gone by now."""
    teardown, aws = last_teardown(world, spec.name), world.aws(spec)
    if teardown is None or teardown.plan is None:
        return None
    try:
        config = aws.endpoints.describe_config(teardown.plan.current_config)
        models = {name: aws.endpoints.describe_model(name) for name in models_named_by(config)}
    except ResourceMissing:
        return None
    return Remains(
        teardown_id=teardown.id,
        torn_down_at=teardown.last.at,
        config=config,
        models=models,
        packages=_packages(aws, models),
        scaling=teardown.plan.scaling,
        label=teardown.plan.current_label,
    )


def _packages(aws: Aws, models: Mapping[str, ModelRecord]) -> Mapping[str, ModelPackage]:
    names = {c["ModelPackageName"] for model in models.values() for c in model.containers() if "ModelPackageName" in c}
    found = (_package(aws, name) for name in sorted(names))
    return {package.arn: package for package in found if package is not None}


def _package(aws: Aws, name: str) -> ModelPackage | None:
    try:
        return aws.registry.describe_package(name)
    except ResourceMissing:
        return None
