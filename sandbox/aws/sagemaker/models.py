"""Models."""

from __future__ import annotations

from typing import Any

from ..errors import validation
from ..listing import matching, ordered, page
from ..world import Call, Model, Region, operation
from . import lookup, tags

_IDENTITY = {"ModelName", "Tags"}
NOT_SUBSCRIBED = "Caller is not subscribed to the marketplace offering."


@operation("sagemaker", "CreateModel")
def create_model(call: Call) -> dict[str, Any]:
    region, params = call.region, call.params
    name = params["ModelName"]
    arn = region.arn("model", name)
    given_tags = tags.check(params.get("Tags", []))
    if name in region.models:
        raise validation(f'Cannot create already existing model "{arn}".')
    if "PrimaryContainer" in params and params.get("Containers"):
        raise validation(
            "Both PrimaryContainer and Containers are present in the request. Only one of them is allowed."
        )
    for container in containers(params):
        _check_container(region, container, isolated=params.get("EnableNetworkIsolation", False))
    spec = {key: value for key, value in params.items() if key not in _IDENTITY}
    region.models[name] = Model(name, arn, call.now, spec)
    tags.put(region, arn, given_tags)
    return {"ModelArn": arn}


@operation("sagemaker", "DescribeModel")
def describe_model(call: Call) -> dict[str, Any]:
    found = lookup.model(call.region, call.params["ModelName"])
    identity = {"ModelName": found.name, "ModelArn": found.arn, "CreationTime": found.created}
    return identity | {"EnableNetworkIsolation": False} | found.spec


@operation("sagemaker", "DeleteModel")
def delete_model(call: Call) -> dict[str, Any]:
    found = lookup.model(call.region, call.params["ModelName"])
    del call.region.models[found.name]
    call.region.tags.pop(found.arn, None)
    return {}


@operation("sagemaker", "ListModels")
def list_models(call: Call) -> dict[str, Any]:
    params = call.params
    found = matching(call.region.models.values(), params, lambda m: {"Name": m.name, "CreationTime": m.created})
    keys = {"Name": lambda m: m.name, "CreationTime": lambda m: (m.created, m.name)}
    chosen, more = page(ordered(found, params, keys, "CreationTime", "Descending"), params, default=10)
    return {"Models": [{"ModelName": m.name, "ModelArn": m.arn, "CreationTime": m.created} for m in chosen], **more}


def containers(spec: dict[str, Any]) -> list[dict[str, Any]]:
    """The containers of a model, whichever of the two members holds them."""
    primary = spec.get("PrimaryContainer")
    return [primary] if primary else list(spec.get("Containers", []))


def packages_of(region: Region, model_name: str | None) -> list[str]:
    """ARNs of the model packages that a model was made from."""
    model = region.models.get(model_name or "")
    return [c["ModelPackageName"] for c in containers(model.spec) if "ModelPackageName" in c] if model else []


def all_containers(region: Region, model_name: str | None) -> list[dict[str, Any]]:
    """What a fleet of this model runs: the model's own containers and those of the packages it was made from."""
    model = region.models.get(model_name or "")
    if model is None:
        return []
    packaged = (lookup.package(region, arn).containers for arn in packages_of(region, model_name))
    return [*containers(model.spec), *(container for found in packaged for container in found)]


def is_marketplace(region: Region, model_name: str | None) -> bool:
    return any(lookup.package(region, arn).is_marketplace for arn in packages_of(region, model_name))


def check_subscription(region: Region, model_name: str | None) -> None:
    """Refuse a model of a Marketplace product to which the account is not, or no longer, subscribed."""
    for arn in packages_of(region, model_name):
        package = lookup.package(region, arn)
        if package.is_marketplace and not package.subscribed:
            raise validation(NOT_SUBSCRIBED)


def _check_container(region: Region, container: dict[str, Any], *, isolated: bool) -> None:
    sources = [key for key in ("Image", "ModelPackageName") if key in container]
    if len(sources) != 1:
        raise validation("Exactly one of Image and ModelPackageName must be given for each container.")
    if "ModelPackageName" not in container:
        return
    package = lookup.package(region, container["ModelPackageName"])
    if package.status != "Completed":
        raise validation(f"Cannot use model package {package.arn}: its status is {package.status}, not Completed.")
    if package.version is not None and package.approval_status != "Approved":
        raise validation(f"Cannot create model from model package {package.arn}: it must be Approved to be deployed.")
    if package.is_marketplace:
        if not package.subscribed:
            raise validation(NOT_SUBSCRIBED)
        if not isolated:
            raise validation("EnableNetworkIsolation must be true for model packages from AWS Marketplace.")
