"""From the fleet file to the documents of an endpoint that does not exist yet."""

from dataclasses import dataclass
from typing import Any

from bot.domain.content import content_hash_of
from bot.domain.declared import declared_count
from bot.domain.endpoint import ConfigRecord, ModelPackage, ModelRecord
from bot.domain.errors import UsageError
from bot.domain.fleet import EndpointSpec
from bot.domain.hosting import declared_of_config, declared_of_model
from bot.domain.plan import Difference
from bot.domain.serverless import SERVERLESS, ServerlessSize
from workers.cloning.differences import differences
from workers.cloning.drafting import DraftNames
from workers.cloning.naming import target_name

_GO_WITHOUT_SAYING = frozenset({"VariantName", "InitialVariantWeight"})
"""Of a single variant."""


@dataclass(frozen=True)
class Creation:
    """What would be created for a new endpoint; nothing of it exists yet."""

    model: ModelRecord
    config: ConfigRecord
    differences: tuple[Difference, ...]
    """What both say that somebody could have said otherwise, with nothing before it."""
    fingerprint: str
    """16 hex digits over both documents; names and tags are not in it."""


def creation(spec: EndpointSpec, package: ModelPackage, names: DraftNames) -> Creation:
    """A model from the package and a config for it, as the fleet file declares them.

    Args:
        spec: What the fleet file says.
        package: The version to begin with.
        names: What to call the new resources, and their lineage.

    Raises:
        UsageError: the fleet file does not say enough to create it; the message says what is missing.
    """
    _refuse_what_is_not_said(spec)
    model = _model(spec, package)
    variant = _variant(spec)
    beside = declared_of_config(spec)
    fingerprint = content_hash_of({"endpoint": spec.name, "model": model, "variant": variant, **beside})
    name = target_name(spec.name, names.rollout_id, fingerprint)
    said = {member: value for member, value in variant.items() if member not in _GO_WITHOUT_SAYING}
    shown = (
        *differences({}, said, spec.variant),
        *differences({}, _flat(model), f"{spec.variant}.model"),
        *differences({}, beside, "config"),
    )
    return Creation(
        model=ModelRecord(name=name, arn="", document=model, tags=names.tags),
        config=ConfigRecord(
            name=name,
            arn="",
            document={"ProductionVariants": [{**variant, "ModelName": name}], **beside},
            tags=names.tags,
        ),
        differences=shown,
        fingerprint=fingerprint,
    )


def _refuse_what_is_not_said(spec: EndpointSpec) -> None:
    missing = [] if spec.execution_role is not None else ["execution_role"]
    if spec.kind == "async" and spec.async_inference is None:
        missing.append("async_inference")
    if spec.serverless is None and spec.instance_type is None:
        missing.append("instance_type")
    if missing:
        raise UsageError(
            f"The fleet file does not say enough to create {spec.name}: {_and(missing)} "
            f"{'is' if len(missing) == 1 else 'are'} missing there. Nothing was started."
        )


def _and(names: list[str]) -> str:
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _model(spec: EndpointSpec, package: ModelPackage) -> dict[str, Any]:
    container: dict[str, Any] = {"ModelPackageName": package.arn}
    if spec.environment:
        container["Environment"] = dict(spec.environment)
    document: dict[str, Any] = {
        "PrimaryContainer": container,
        "ExecutionRoleArn": spec.execution_role,
        **declared_of_model(spec),
    }
    if package.is_marketplace:
        # SageMaker requires it for Marketplace packages, whose containers may not reach the internet.
        document["EnableNetworkIsolation"] = True
    return document


def _variant(spec: EndpointSpec) -> dict[str, Any]:
    variant: dict[str, Any] = {"VariantName": spec.variant, "InitialVariantWeight": 1.0}
    if spec.serverless is None:
        return {**variant, "InstanceType": spec.instance_type, "InitialInstanceCount": declared_count(spec)}
    return {**variant, SERVERLESS: ServerlessSize(**spec.serverless.model_dump()).over({})}


def _flat(model: dict[str, Any]) -> dict[str, Any]:
    fields = {member: value for member, value in model.items() if member != "PrimaryContainer"}
    return {**fields, **model["PrimaryContainer"]}
