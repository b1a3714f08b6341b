"""What a teardown left behind and a deploy can restore: the config that ran last, its models, and what scaled them."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from bot.domain.collecting import endpoint_part, is_ours
from bot.domain.declared import declared_scaling, restore_window
from bot.domain.endpoint import ConfigRecord, ModelPackage, ModelRecord
from bot.domain.errors import GatewayError, ResourceMissing, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import Kind, Phase
from bot.domain.scaling import Scaling
from workers.cloning import model_of, models_named_by, package_behind
from workers.cloning.lineage import TORN_DOWN_BY_TAG, TORN_DOWN_TAG
from workers.cloning.naming import name_part
from workers.world import Aws, World

log = logging.getLogger(__name__)

_MOST_NOTES = 10
"""Configs of an endpoint whose tags are read for a note, the newest first."""


@dataclass(frozen=True)
class Remains:
    """All that it takes to have a deleted endpoint back as it was."""

    teardown_id: str | None
    """None where the store has forgotten it, and with it the hold that it left."""
    torn_down_at: datetime
    config: ConfigRecord
    models: Mapping[str, ModelRecord]
    packages: Mapping[str, ModelPackage]
    """By ARN."""
    scaling: Scaling
    label: str

    def package(self, spec: EndpointSpec) -> ModelPackage | None:
        """The version that the declared variant ran."""
        ran = package_behind(spec, self.models.get(model_of(self.config, spec.variant) or ""), self.packages)
        return ran.package if ran is not None else None


@dataclass(frozen=True)
class _Teardown:
    """What is known of one: from its rollout or, when the store has forgotten that, from the note on the config that it left."""

    rollout_id: str | None
    at: datetime
    config: str
    scaling: Scaling
    label: str


@dataclass(frozen=True)
class TeardownNote:
    """What the tags of the config that a teardown left tell of it."""

    config: str
    at: datetime
    by: str
    """Who asked for it; empty if the note does not say."""
    rollout_id: str


def remains_of(world: World, spec: EndpointSpec) -> Remains | None:
    """What can be restored; None where nothing was torn down lately, or something of it is gone by now."""
    aws, teardown = world.aws(spec), _last_teardown(world, spec)
    if teardown is None or world.clock() - teardown.at >= restore_window(world.fleet):
        return None
    try:
        config = aws.endpoints.describe_config(teardown.config)
        models = {name: aws.endpoints.describe_model(name) for name in models_named_by(config)}
    except ResourceMissing:
        return None
    packages = _packages(aws, models)
    remains = Remains(
        teardown_id=teardown.rollout_id,
        torn_down_at=teardown.at,
        config=config,
        models=models,
        packages=packages,
        scaling=teardown.scaling,
        label=teardown.label,
    )
    package = remains.package(spec)
    return replace(remains, label=package.label) if package is not None else remains


def _last_teardown(world: World, spec: EndpointSpec) -> _Teardown | None:
    """The one that left the endpoint deleted; None if it was created since, or never deleted."""
    past = world.store.rollouts.recent(spec.name, limit=50)
    ended = (r for r in past if r.phase is Phase.SUCCEEDED and r.kind in (Kind.CREATE, Kind.TEARDOWN))
    last = next(ended, None)
    if last is None:
        note = teardown_noted(world.aws(spec), spec)
        return _Teardown(None, note.at, note.config, declared_scaling(spec), note.config) if note is not None else None
    if last.kind is Kind.CREATE or last.plan is None:
        return None
    return _Teardown(last.id, last.last.at, last.plan.current_config, last.plan.scaling, last.plan.current_label)


def teardown_noted(aws: Aws, spec: EndpointSpec) -> TeardownNote | None:
    """The newest note of a teardown on the configs that rollouts made for this endpoint."""
    own = [c for c in aws.leftovers.configs() if is_ours(c.name) and endpoint_part(c.name) == name_part(spec.name)]
    newest = sorted(own, key=lambda c: c.created, reverse=True)[:_MOST_NOTES]
    tags = {c.name: aws.endpoints.tags(c.arn) for c in newest}
    notes = {name: found for name, found in tags.items() if TORN_DOWN_TAG in found}
    if not notes:
        return None
    config, note = max(notes.items(), key=lambda item: item[1][TORN_DOWN_TAG])
    by, _, rollout_id = note.get(TORN_DOWN_BY_TAG, "").partition(" ")
    return TeardownNote(config, datetime.fromisoformat(note[TORN_DOWN_TAG]), by, rollout_id)


def take_note_off(aws: Aws, spec: EndpointSpec) -> None:
    """The endpoint is created again, so its teardown is over. Where AWS does not let us, the note stays, and stops nobody now."""
    try:
        if (note := teardown_noted(aws, spec)) is not None:
            arn = aws.endpoints.describe_config(note.config).arn
            aws.endpoints.change_tags(arn, {}, (TORN_DOWN_TAG, TORN_DOWN_BY_TAG))
    except (TransientError, GatewayError) as exc:
        log.warning("the note that %s was torn down stays: %s", spec.name, exc)


def _packages(aws: Aws, models: Mapping[str, ModelRecord]) -> Mapping[str, ModelPackage]:
    names = {c["ModelPackageName"] for model in models.values() for c in model.containers() if "ModelPackageName" in c}
    found = (_package(aws, name) for name in sorted(names))
    return {package.arn: package for package in found if package is not None}


def _package(aws: Aws, name: str) -> ModelPackage | None:
    try:
        return aws.registry.describe_package(name)
    except ResourceMissing:
        return None
