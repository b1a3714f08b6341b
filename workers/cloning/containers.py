"""The clone of a model document in which one container runs something else, or runs with another environment."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.commands import Change
from bot.domain.endpoint import Document, ModelPackage, ModelRecord
from bot.domain.errors import UsageError
from bot.domain.nearest import nearest

ENTRIES_LIMIT = 100  # variables per container
LENGTH_LIMIT = 1024  # bytes of a variable's name, and of its value
TOTAL_LIMIT = 32 * 1024  # bytes of all names and values over all containers of a model

OF_THE_PACKAGE = frozenset({"Image", "ImageConfig", "ModelDataUrl", "ModelDataSource"})
"""A container by package takes image and model data from the package. DescribeModel may show them beside ModelPackageName;
CreateModel must not get both, or the new package would run with the old one's files."""


def cloned_document(
    model: ModelRecord, change: Change, package: ModelPackage | None, packages: Mapping[str, ModelPackage]
) -> dict[str, Any]:
    """The model's document with the change in it; everything that the change does not name is carried over.

    Args:
        model: The model that runs now.
        change: What was asked for.
        package: The model package that shall run, if the change asks for one.
        packages: The packages that run now, by ARN.

    Raises:
        UsageError: the change does not fit the model, or it is not clear which container of a pipeline it means.
    """
    document = present_document(model)
    containers = list(ModelRecord(name=model.name, arn=model.arn, document=document).containers())
    index = _meant(model, containers, change, package, packages)
    containers[index] = _changed(model, containers[index], change, package)
    _check_environments(model, containers)
    if "PrimaryContainer" in document:
        document["PrimaryContainer"] = containers[0]
    else:
        document["Containers"] = containers
    if any(runs and runs.is_marketplace for runs in (package, *_running(containers, packages))):
        # SageMaker requires it for Marketplace packages, whose containers may not reach the internet.
        document["EnableNetworkIsolation"] = True
    return document


def present_document(model: ModelRecord) -> dict[str, Any]:
    """The model's document without what a container by package shows of its package."""
    document = dict(model.document)
    if "PrimaryContainer" in document:
        document["PrimaryContainer"] = _without_package_files(document["PrimaryContainer"])
    if "Containers" in document:
        document["Containers"] = [_without_package_files(container) for container in document["Containers"]]
    return document


def _without_package_files(container: Document) -> dict[str, Any]:
    by_package = "ModelPackageName" in container
    return {member: value for member, value in container.items() if not (by_package and member in OF_THE_PACKAGE)}


def _running(containers: Sequence[Document], packages: Mapping[str, ModelPackage]) -> list[ModelPackage | None]:
    return [package_of(container, packages) for container in containers]


def package_of(container: Document, packages: Mapping[str, ModelPackage]) -> ModelPackage | None:
    """The package that a container runs, if it is known. ARNs are compared as SageMaker does: whatever their case."""
    name = container.get("ModelPackageName", "").lower()
    return next((package for package in packages.values() if name in (package.arn.lower(), package.name.lower())), None)


def _meant(
    model: ModelRecord,
    containers: Sequence[Document],
    change: Change,
    package: ModelPackage | None,
    packages: Mapping[str, ModelPackage],
) -> int:
    if len(containers) == 1:
        return 0
    if not containers:
        raise UsageError(f"Model “{model.name}” has no container, so there is nothing to replace. Nothing was started.")
    pipeline = f"Model “{model.name}” is a pipeline of {len(containers)} containers"
    if package is None:
        raise UsageError(
            f"{pipeline}, and an image or environment alone does not say which one is meant. "
            "Ask for a version or package, or create a model by hand. Nothing was started."
        )
    family = [
        index
        for index, runs in enumerate(_running(containers, packages))
        if runs is not None and is_same_family(runs, package)
    ]
    if len(family) != 1:
        how_many = "none of them runs" if not family else f"{len(family)} of them run"
        raise UsageError(
            f"{pipeline}, and {how_many} a version of {package.group or package.label}, "
            "so it is not clear which one to replace. Nothing was started. Create that model and its config by hand."
        )
    return family[0]


def is_same_family(one: ModelPackage, other: ModelPackage) -> bool:
    """Whether one may follow the other: versions of one model package group, or of one Marketplace product."""
    if one.product_id or other.product_id:
        return one.product_id == other.product_id
    return one.group is not None and one.group == other.group


def _changed(model: ModelRecord, container: Document, change: Change, package: ModelPackage | None) -> dict[str, Any]:
    changed = dict(container)
    if package is not None and not _runs(container, package):
        changed["ModelPackageName"] = package.arn
        changed = _without_package_files(changed)
    if change.image is not None:
        if "ModelPackageName" in container:
            raise UsageError(
                f"Model “{model.name}” runs the model package {container['ModelPackageName']}, which brings its own image. "
                "Ask for another version or package instead of an image. Nothing was started."
            )
        changed["Image"] = change.image
    environment = _environment(model, container.get("Environment", {}), change)
    if environment or "Environment" in container:
        changed["Environment"] = environment
    return changed


def _runs(container: Document, package: ModelPackage) -> bool:
    return bool(container.get("ModelPackageName", "").lower() == package.arn.lower())


def _environment(model: ModelRecord, present: Mapping[str, str], change: Change) -> dict[str, str]:
    for key in change.unset:
        if key not in present:
            raise UsageError(
                f"{key} is not set in model “{model.name}”, so it cannot be removed. Nothing was started.",
                nearest=nearest(key, present),
            )
    return {key: value for key, value in {**present, **change.env}.items() if key not in change.unset}


def _check_environments(model: ModelRecord, containers: Sequence[Document]) -> None:
    total = 0
    for container in containers:
        environment = container.get("Environment", {})
        if len(environment) > ENTRIES_LIMIT:
            raise _too_much(model, f"{len(environment)} environment variables in one container", f"{ENTRIES_LIMIT}")
        for key, value in environment.items():
            if max(_size(key), _size(value)) > LENGTH_LIMIT:
                raise _too_much(model, f"a longer name or value in {key[:60]}", f"{LENGTH_LIMIT} bytes")
            total += _size(key) + _size(value)
    if total > TOTAL_LIMIT:
        raise _too_much(model, f"{total:,} bytes of environment variables", f"{TOTAL_LIMIT:,} over all containers")


def _size(text: str) -> int:
    return len(text.encode())


def _too_much(model: ModelRecord, what: str, limit: str) -> UsageError:
    return UsageError(
        f"The change of model “{model.name}” would need {what}; SageMaker takes {limit} at most. Nothing was started."
    )
