"""From what runs and what was asked for to the documents that would be created."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.commands import Change
from bot.domain.content import content_hash_of
from bot.domain.endpoint import ConfigRecord, Document, ModelPackage, ModelRecord
from bot.domain.errors import InvariantError, UsageError
from bot.domain.plan import Difference
from bot.domain.serverless import SERVERLESS
from workers.cloning.containers import present_document
from workers.cloning.counts import COUNT, PRODUCTION, SHADOW, live_count, with_live_counts
from workers.cloning.differences import differences
from workers.cloning.lineage import inherited
from workers.cloning.live import LiveEndpoint
from workers.cloning.losses import losses, refuse_lost_settings
from workers.cloning.models import model_documents
from workers.cloning.naming import target_name


@dataclass(frozen=True)
class DraftNames:
    """What a draft's resources are called and tagged after."""

    rollout_id: str
    tags: Mapping[str, str]
    """See `lineage_tags`."""


@dataclass(frozen=True)
class Draft:
    """What would be created; nothing of it exists yet."""

    models: tuple[ModelRecord, ...]
    """The new models, without ARN; empty when only the config changes."""
    config: ConfigRecord
    """The new config, without ARN."""
    new_models: Mapping[str, str]
    """The new model's name by the name of the model that it replaces."""
    differences: tuple[Difference, ...]
    """Empty when the change asks for what runs already."""
    fingerprint: str
    """16 hex digits over what runs and what would run; names, tags and live instance counts that nobody asked about are not in it."""
    counts_from_config: bool
    """UpdateEndpoint must take instance counts from the config, because the change asks for another one."""


def draft(
    current: LiveEndpoint,
    change: Change,
    package: ModelPackage | None,
    names: DraftNames,
    *,
    variant: str | None = None,
) -> Draft:
    """Clone what runs and change only what was asked for.

    A member of the config that the change does not name is carried as it stands, `MetricsConfig` included: SageMaker turns
    EnableDetailedObservability on for new configs that do not say, yet an absent member may mean on or off depending on the
    config's age, and some endpoint types may refuse the member. So nothing is added that nobody asked for, and nothing is left out
    in silence: what cannot be carried is refused or stands among the differences.

    Args:
        current: What runs.
        change: What was asked for.
        package: The model package that the change means, looked up by the caller; None if it asks for none.
        names: What to call the new resources, and their lineage.
        variant: The production variant to change; None means the only one there is.

    Raises:
        UsageError: the change does not fit what runs, or is ambiguous; the message says why, and that nothing was started.
    """
    if package is None and (change.version is not None or change.package is not None):
        raise InvariantError(f"the package of {change!r} was not looked up")
    target = _variant_meant(current, variant)
    refuse_lost_settings("Config", current.config)
    asked = _asked_config(current, target, change)
    documents = model_documents(current, target, change, package)
    for replaced in documents:
        refuse_lost_settings("Model", current.models[replaced])
    fingerprint = _fingerprint(current, asked, documents, change.count and live_count(current.snapshot, target))
    new_models = {
        old: target_name(current.snapshot.name, names.rollout_id, fingerprint, suffix=f"-{place}" if place > 1 else "")
        for place, old in enumerate(documents, start=1)
    }
    # Nothing of the live counts is lost even if somebody applies this config without RetainAllVariantProperties.
    before = with_live_counts(current.config.document, current.snapshot)
    after = with_live_counts(asked, current.snapshot, but=target if change.count else None)
    changed = (*_config_differences(before, after), *_model_differences(current, target, documents))
    return Draft(
        models=tuple(
            ModelRecord(name=new, arn="", document=documents[old], tags=inherited(current.models[old].tags, names.tags))
            for old, new in new_models.items()
        ),
        config=ConfigRecord(
            name=target_name(current.snapshot.name, names.rollout_id, fingerprint),
            arn="",
            document=_running(after, target, new_models),
            tags=inherited(current.config.tags, names.tags),
        ),
        new_models=new_models,
        differences=(*changed, *_losses(current, target, documents, names)) if changed else (),
        fingerprint=fingerprint,
        counts_from_config=change.count is not None,
    )


def _variant_meant(current: LiveEndpoint, variant: str | None) -> str:
    there = [v["VariantName"] for v in current.config.variants()]
    if variant is None and len(there) == 1:
        return str(there[0])
    if variant in there:
        return str(variant)
    listed = ", ".join(there) or "none"
    if variant is None:
        raise UsageError(
            f"{current.snapshot.name} has {len(there)} production variants ({listed}), and it is not said which one to change. "
            "Name it as `variant` in the fleet file. Nothing was started."
        )
    raise UsageError(
        f"{current.snapshot.name} has no production variant “{variant}” (there is: {listed}). "
        "Correct `variant` in the fleet file. Nothing was started."
    )


def _asked_config(current: LiveEndpoint, target: str, change: Change) -> dict[str, Any]:
    """The config document with another instance type, count and serverless size, if the change asks for them."""
    return {
        member: [_asked_variant(v, change) if v["VariantName"] == target else v for v in content]
        if member == PRODUCTION
        else content
        for member, content in current.config.document.items()
    }


def _asked_variant(variant: Document, change: Change) -> dict[str, Any]:
    name, asked = variant["VariantName"], dict(variant)
    if change.instance_type is not None:
        if "InstanceType" not in variant:
            kind = "is serverless" if SERVERLESS in variant else "takes its instances from several instance pools"
            raise UsageError(
                f"Variant {name} {kind}, so it has no single instance type that could be changed. Nothing was started. "
                "Leave --instance-type out, or make that config by hand."
            )
        asked["InstanceType"] = change.instance_type
    if change.count is not None:
        if SERVERLESS in variant:
            raise UsageError(
                f"Variant {name} is serverless, so it has no instance count. Nothing was started. Leave --count out."
            )
        asked[COUNT] = change.count
    if change.serverless is not None:
        if SERVERLESS not in variant:
            raise UsageError(
                f"Variant {name} runs on instances, so it has no serverless size, and SageMaker turns no instances into serverless "
                "capacity. Nothing was started. Correct the fleet file, or deploy a serverless endpoint under another name."
            )
        asked[SERVERLESS] = change.serverless.over(variant[SERVERLESS])
    return asked


def _running(document: Document, target: str, new_models: Mapping[str, str]) -> dict[str, Any]:
    """The config document in which the meant variant runs the new models: itself, its pools, and a shadow that mirrors it.

    Other production variants stay on what they run, even on the same model: they are compared with the meant one (an A/B test),
    or serve somebody who did not ask for a change.
    """

    def on_new_models(part: Document, member: str) -> dict[str, Any]:
        return {**part, member: new_models.get(part[member], part[member])} if member in part else dict(part)

    def swapped(variant: Document) -> dict[str, Any]:
        variant = on_new_models(variant, "ModelName")
        if "InstancePools" not in variant:
            return variant
        return {**variant, "InstancePools": [on_new_models(p, "ModelNameOverride") for p in variant["InstancePools"]]}

    def follows(member: str, variant: Document) -> bool:
        return member == SHADOW or (member == PRODUCTION and variant["VariantName"] == target)

    return {
        member: [swapped(variant) if follows(member, variant) else variant for variant in content]
        if member in (PRODUCTION, SHADOW)
        else content
        for member, content in document.items()
    }


def _config_differences(before: Document, after: Document) -> Iterator[Difference]:
    for old, new in zip(before.get(PRODUCTION, ()), after.get(PRODUCTION, ()), strict=True):
        yield from differences(old, new, old["VariantName"])


def _model_differences(current: LiveEndpoint, target: str, documents: Mapping[str, Document]) -> Iterator[Difference]:
    for name, document in documents.items():
        owner = _model_owner(current, target, name)
        yield from differences(flat(present_document(current.models[name])), flat(document), owner)


def _losses(current: LiveEndpoint, target: str, replaced: Iterable[str], names: DraftNames) -> Iterator[Difference]:
    yield from losses("config", current.config, names.tags)
    for name in replaced:
        yield from losses(_model_owner(current, target, name), current.models[name], names.tags)


def _model_owner(current: LiveEndpoint, target: str, model: str) -> str:
    return f"{', '.join(_runners(current.config, target, model))}.model"


def _runners(config: ConfigRecord, target: str, model: str) -> Iterator[str]:
    """Who moves on from a model, for people: `AllTraffic`, or a single pool of it as `AllTraffic (ml.g5.xlarge)`."""
    meant = (variant for variant in config.variants() if variant["VariantName"] == target)
    for variant in (*meant, *config.document.get(SHADOW, ())):
        if variant.get("ModelName") == model:
            yield variant["VariantName"]
        for pool in variant.get("InstancePools", ()):
            if pool.get("ModelNameOverride") == model:
                yield f"{variant['VariantName']} ({pool['InstanceType']})"


def flat(document: Document) -> dict[str, Any]:
    """A model document with its container's fields as its own: most models have one, and its place in the document is noise."""
    fields = {member: value for member, value in document.items() if member not in ("PrimaryContainer", "Containers")}
    containers = list(ModelRecord(name="", arn="", document=document).containers())
    if len(containers) == 1:
        return {**fields, **containers[0]}
    named = ((c.get("ContainerHostname", place), c) for place, c in enumerate(containers, start=1))
    return {**fields, **{f"Containers[{name}]": container for name, container in named}}


def _fingerprint(
    current: LiveEndpoint, asked: Document, documents: Mapping[str, Document], live_count: int | None
) -> str:
    seen = {
        "endpoint": current.snapshot.arn.lower(),
        "current_config": current.config.name,
        "current": current.config.document,
        "current_models": {name: model.document for name, model in current.models.items()},
        "target": asked,
        "target_models": documents,
        "live_count": live_count,
    }
    return content_hash_of(seen)
