"""What the fleet file would have to say about an endpoint that exists, told from what SageMaker says about it. Pure."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from bot.domain.endpoint import ConfigRecord, Document, EndpointStatus, ModelPackage, ModelRecord, Snapshot
from bot.domain.fleet.serving import Autoscaling
from bot.domain.masking import MASK, masked
from bot.domain.scaling import ScalableTarget, Scaling

_METRICS = get_args(Autoscaling.model_fields["metric"].annotation)


@dataclass(frozen=True)
class Existing:
    """One endpoint as AWS shows it."""

    snapshot: Snapshot
    config: ConfigRecord
    models: Mapping[str, ModelRecord]
    """By name, those of its variants that still exist."""
    scaling: Scaling
    role_to_assume: str | None = None
    """The role with which it was looked at."""


@dataclass(frozen=True)
class Entry:
    """What the fleet file would say: keys in their order, and remarks for whoever reads it."""

    name: str
    keys: Mapping[str, Any]
    remarks: tuple[str, ...] = ()
    why_not: str | None = None
    """Why it cannot be declared; then it is shown as a comment."""


class CannotBeDeclared(Exception):
    """The endpoint is none that the bot could change; the text says why."""


FindPackage = Callable[[str], ModelPackage | None]
"""A model package by its ARN; None for one that does not exist any more."""


def entry_of(existing: Existing, find_package: FindPackage) -> Entry:
    """Everything that can be told from outside. What people alone know, such as who approves, is left to them."""
    snapshot = existing.snapshot
    try:
        variant, others = _main_variant(existing)
        model = _model_of(existing, variant)
        source = _source(model, snapshot.arn, find_package)
    except CannotBeDeclared as reason:
        return Entry(snapshot.name, {}, why_not=str(reason))
    environment, left_out = _environment(model)
    scaling, unsaid = _autoscaling(existing, variant)
    keys = {
        "region": snapshot.arn.split(":")[3],
        "role_to_assume": existing.role_to_assume,
        "execution_role": model.document.get("ExecutionRoleArn"),
        "kind": _kind(existing.config, variant),
        **source,
        "variant": variant["VariantName"] if variant["VariantName"] != "AllTraffic" else None,
        "other_variants": others or None,
        "instance_type": variant.get("InstanceType"),
        "instance_count": _count(existing, variant),
        "serverless": _serverless(variant),
        "autoscaling": scaling,
        "environment": environment or None,
    }
    remarks = (
        *((f"It is {snapshot.status} now.",) if snapshot.status is not EndpointStatus.IN_SERVICE else ()),
        *((f"Its other variants are carried along and not watched over: {', '.join(others)}.",) if others else ()),
        *left_out,
        *unsaid,
    )
    return Entry(snapshot.name, {key: value for key, value in keys.items() if value is not None}, remarks)


def _main_variant(existing: Existing) -> tuple[Document, list[str]]:
    """The variant with the most traffic, and the names of the others."""
    weights = {state.name: state.weight for state in existing.snapshot.variants}

    def weight(variant: Document) -> float:
        live = weights.get(variant["VariantName"])
        return float(variant.get("InitialVariantWeight", 1.0) if live is None else live)

    variants = sorted(existing.config.variants(), key=weight, reverse=True)
    if not variants:
        raise CannotBeDeclared("its config has no variant")
    return variants[0], [variant["VariantName"] for variant in variants[1:]]


def _model_of(existing: Existing, variant: Document) -> ModelRecord:
    name = variant.get("ModelName")
    if name is None:
        raise CannotBeDeclared("its models are inference components")
    if name not in existing.models:
        raise CannotBeDeclared(f"its model {name} was deleted")
    return existing.models[name]


def _source(model: ModelRecord, endpoint_arn: str, find_package: FindPackage) -> dict[str, Any]:
    arns = [arn for container in model.containers() if (arn := container.get("ModelPackageName"))]
    if not arns:
        raise CannotBeDeclared("it runs an image without a model package: nothing says which version would follow")
    if len(set(arns)) > 1:
        raise CannotBeDeclared(f"it is a pipeline of {len(set(arns))} model packages")
    arn = str(arns[0])
    if versioned := re.fullmatch(r"(arn:[^/]*):model-package/([^/]+)/[0-9]+", arn):
        place, group = versioned.groups()
        # A name alone means a group of the endpoint's own account and region.
        if place.split(":")[3:5] != endpoint_arn.split(":")[3:5]:
            return {"model_package_group": f"{place}:model-package-group/{group}"}
        version = find_package(arn)
        # SageMaker writes names in ARNs in lower case; people know the group as it was created.
        return {"model_package_group": version.group if version is not None and version.group is not None else group}
    package = find_package(arn)
    if package is None:
        raise CannotBeDeclared(f"its model package {arn} was deleted")
    if not package.is_marketplace:
        raise CannotBeDeclared(f"its model package {arn} belongs to no group: nothing says which version would follow")
    return {"track": [arn]}


def _kind(config: ConfigRecord, variant: Document) -> str:
    if "ServerlessConfig" in variant:
        return "serverless"
    return "async" if "AsyncInferenceConfig" in config.document else "realtime"


def _count(existing: Existing, variant: Document) -> int | None:
    """Instances; None where something else than this file moves the count."""
    if existing.scaling.of(variant["VariantName"]) is not None:
        return None
    live = next((s.desired_count for s in existing.snapshot.variants if s.name == variant["VariantName"]), None)
    return live or variant.get("InitialInstanceCount") or None


def _serverless(variant: Document) -> dict[str, int] | None:
    declared = variant.get("ServerlessConfig")
    if declared is None:
        return None
    block = {"memory_mb": declared["MemorySizeInMB"], "max_concurrency": declared["MaxConcurrency"]}
    provisioned = declared.get("ProvisionedConcurrency")
    return block | ({"provisioned_concurrency": provisioned} if provisioned else {})


def _autoscaling(existing: Existing, variant: Document) -> tuple[dict[str, Any] | None, Sequence[str]]:
    """The block, or why there is none although something scales the variant."""
    target = existing.scaling.of(variant["VariantName"])
    if target is None:
        return None, ()
    block = _tracking(target)
    if block is None or "ServerlessConfig" in variant:
        return None, (f"Its autoscaling stays as it is, because this file has no words for it: {target.words}.",)
    return block, ()


def _tracking(target: ScalableTarget) -> dict[str, Any] | None:
    if len(target.tracked) != 1 or target.scheduled or len(target.policies) != 1:
        return None
    ((metric, value),) = target.tracked
    if metric not in _METRICS:
        return None
    return {"min": target.minimum, "max": target.maximum, "metric": metric, "target": value}


def _environment(model: ModelRecord) -> tuple[dict[str, str], list[str]]:
    """Variables that may stand in a file, and remarks about the others."""
    found = {key: value for container in model.containers() for key, value in container.get("Environment", {}).items()}
    hidden = {key: why for key, value in found.items() if (why := _why_hidden(key, value))}
    return (
        {key: value for key, value in sorted(found.items()) if key not in hidden},
        [f"{key} is left out: {why}." for key, why in sorted(hidden.items())],
    )


def _why_hidden(key: str, value: str) -> str | None:
    if masked(key, value) == MASK:
        return "it looks like a secret, and whatever runs is kept"
    if value.startswith("s3://"):
        return "it belongs to the version"
    return None


def names_of_models(config: ConfigRecord) -> Iterator[str]:
    """Models that the variants of a config name."""
    return (variant["ModelName"] for variant in config.variants() if "ModelName" in variant)
