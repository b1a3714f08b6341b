"""Which models a change replaces, and by what."""

from collections.abc import Mapping
from typing import Any

from bot.domain.commands import Change
from bot.domain.endpoint import Document, ModelPackage, ModelRecord
from bot.domain.errors import UsageError
from workers.cloning.containers import cloned_document, is_same_family, package_of, present_document
from workers.cloning.live import LiveEndpoint


def model_documents(
    current: LiveEndpoint, target: str, change: Change, package: ModelPackage | None
) -> Mapping[str, dict[str, Any]]:
    """The document of each new model, by the name of the model that it replaces; empty when the models stay.

    Args:
        current: What runs.
        target: The production variant that the change means.
        change: What was asked for.
        package: The model package that the change means, if it asks for one.

    Raises:
        UsageError: the change does not fit the models that run.
    """
    is_content = package is not None or change.image is not None or bool(change.env or change.unset)
    if not is_content and change.execution_role is None:
        return {}
    variant = next(v for v in current.config.variants() if v["VariantName"] == target)
    replaced = _models_of(current, variant)
    if is_content:
        for other in replaced[1:]:
            _check_follows(replaced[0], other, current.packages, change, package)
    role = {"ExecutionRoleArn": change.execution_role} if change.execution_role is not None else {}
    clones = {
        model.name: {
            **(cloned_document(model, change, package, current.packages) if is_content else present_document(model)),
            **role,
        }
        for model in replaced
    }
    return {model.name: clones[model.name] for model in replaced if clones[model.name] != present_document(model)}


def _models_of(current: LiveEndpoint, variant: Document) -> list[ModelRecord]:
    """The models of a variant: its own, then those that single instance pools run instead of it."""
    overrides = (pool.get("ModelNameOverride") for pool in variant.get("InstancePools", ()))
    names = list(dict.fromkeys(name for name in (variant.get("ModelName"), *overrides) if name))
    if not names:
        raise UsageError(
            f"Variant {variant['VariantName']} of {current.snapshot.name} names no model: it hosts inference components, "
            "whose models an endpoint update does not change. Nothing was started."
        )
    for name in names:
        if name not in current.models:
            raise UsageError(
                f"Model “{name}”, which variant {variant['VariantName']} of {current.snapshot.name} runs, was deleted, so it "
                "cannot be cloned. Nothing was started. Name an earlier config whose models exist "
                f"(rollback {current.snapshot.name} --to CONFIG), or create a config by hand and update the endpoint to it, once."
            )
    return [current.models[name] for name in names]


def _check_follows(
    main: ModelRecord,
    other: ModelRecord,
    packages: Mapping[str, ModelPackage],
    change: Change,
    package: ModelPackage | None,
) -> None:
    """A pool's own model may be replaced only by what replaces the variant's: else one of the two would get the wrong thing."""
    runs = [package_of(container, packages) for container in other.containers()]
    if package is not None and not any(one is not None and is_same_family(one, package) for one in runs):
        raise UsageError(
            f"An instance pool runs its own model “{other.name}”, which is no version of {package.group or package.label}, "
            f"so it could not follow “{main.name}”. Nothing was started."
        )
    images = {container.get("Image") for model in (main, other) for container in model.containers()}
    if change.image is not None and len(images) > 1:
        raise UsageError(
            f"An instance pool runs its own model “{other.name}” with another image than “{main.name}”, "
            "so one new image cannot replace both. Nothing was started."
        )
