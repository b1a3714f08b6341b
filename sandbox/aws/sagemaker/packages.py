"""Model packages: versions of a group, and the unversioned ones of AWS Marketplace."""

from __future__ import annotations

from typing import Any

from ..errors import validation
from ..listing import matching, ordered, page
from ..world import Call, Caller, Package, operation
from . import lookup, tags

_NOT_KEPT = {"ModelPackageName", "ModelPackageGroupName", "Tags", "ClientToken"}
_DIRECT_UPDATES = (
    "ModelApprovalStatus",
    "ApprovalDescription",
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
)


@operation("sagemaker", "CreateModelPackage")
def create_model_package(call: Call) -> dict[str, Any]:
    region, params = call.region, call.params
    given_tags = tags.check(params.get("Tags", []))
    group_name, name = params.get("ModelPackageGroupName"), params.get("ModelPackageName")
    if bool(group_name) == bool(name):
        raise validation("Exactly one of ModelPackageName and ModelPackageGroupName must be provided.")
    spec = {key: value for key, value in params.items() if key not in _NOT_KEPT}
    spec["CreatedBy"] = _identity(call.caller)
    if name:
        arn = region.arn("model-package", name)
        if name in region.packages:
            raise validation(f"Model Package already exists: {arn}")
        region.packages[name] = Package(name, arn, call.now, spec)
        tags.put(region, arn, given_tags)
        return {"ModelPackageArn": arn}
    if given_tags:
        raise validation("Tagging is not supported for versioned model packages.")
    group = lookup.group(region, str(group_name))
    version = max(group.packages, default=0) + 1
    arn = f"{group.arn.replace(':model-package-group/', ':model-package/')}/{version}"
    spec.setdefault("ModelApprovalStatus", "PendingManualApproval")
    group.packages[version] = Package(group.name, arn, call.now, spec, group.name, version)
    return {"ModelPackageArn": arn}


@operation("sagemaker", "DescribeModelPackage")
def describe_model_package(call: Call) -> dict[str, Any]:
    return describe(lookup.package(call.region, call.params["ModelPackageName"]))


@operation("sagemaker", "ListModelPackages")
def list_model_packages(call: Call) -> dict[str, Any]:
    region, params = call.region, call.params
    if "ModelPackageGroupName" in params:
        candidates = list(lookup.group(region, params["ModelPackageGroupName"]).packages.values())
    else:
        kind = params.get("ModelPackageType", "Unversioned")
        candidates = list(region.packages.values()) if kind in {"Unversioned", "Both"} else []
        if kind in {"Versioned", "Both"}:
            candidates += [package for group in region.groups.values() for package in group.packages.values()]
    wanted = params.get("ModelApprovalStatus")
    candidates = [p for p in candidates if wanted is None or p.approval_status == wanted]
    found = matching(candidates, params, lambda p: {"Name": p.name, "CreationTime": p.created})
    keys = {"Name": lambda p: (p.name, p.version or 0), "CreationTime": lambda p: (p.created, p.version or 0)}
    chosen, more = page(ordered(found, params, keys, "CreationTime", "Ascending"), params, default=10)
    return {"ModelPackageSummaryList": [_summarise(package) for package in chosen], **more}


@operation("sagemaker", "UpdateModelPackage")
def update_model_package(call: Call) -> dict[str, Any]:
    params = call.params
    package = lookup.package(call.region, params["ModelPackageArn"])
    if package.version is None and "ModelApprovalStatus" in params:
        raise validation("ModelApprovalStatus can only be updated for versioned model packages.")
    package.spec |= {key: params[key] for key in _DIRECT_UPDATES if key in params}
    properties = package.spec.get("CustomerMetadataProperties", {}) | params.get("CustomerMetadataProperties", {})
    for key in params.get("CustomerMetadataPropertiesToRemove", []):
        properties.pop(key, None)
    package.spec.pop("CustomerMetadataProperties", None)
    if properties:  # none at all is left out: the shape of the answer takes no empty map
        package.spec["CustomerMetadataProperties"] = properties
    added = params.get("AdditionalInferenceSpecificationsToAdd", [])
    if added:
        present = package.spec.get("AdditionalInferenceSpecifications", [])
        package.spec["AdditionalInferenceSpecifications"] = present + added
    package.spec |= {"LastModifiedTime": call.now, "LastModifiedBy": _identity(call.caller)}
    return {"ModelPackageArn": package.arn}


@operation("sagemaker", "DeleteModelPackage")
def delete_model_package(call: Call) -> dict[str, Any]:
    package = lookup.package(call.region, call.params["ModelPackageName"])
    if package.version is not None:
        del lookup.group(call.region, str(package.group)).packages[package.version]
    else:
        del call.region.packages[package.name]
    return {}


def describe(package: Package) -> dict[str, Any]:
    """What DescribeModelPackage answers."""
    details: dict[str, Any] = {"ValidationStatuses": [], "ImageScanStatuses": []}
    versioned = {"ModelPackageGroupName": package.group, "ModelPackageVersion": package.version}
    return (
        {"ModelPackageName": package.name, "ModelPackageArn": package.arn, "CreationTime": package.created}
        | {"ModelPackageStatus": package.status, "ModelPackageStatusDetails": details}
        | (versioned if package.version is not None else {})
        | package.spec
    )


def _summarise(package: Package) -> dict[str, Any]:
    members = (
        "ModelPackageName",
        "ModelPackageGroupName",
        "ModelPackageVersion",
        "ModelPackageArn",
        "ModelPackageDescription",
        "CreationTime",
        "ModelPackageStatus",
        "ModelApprovalStatus",
        "ModelLifeCycle",
        "ModelPackageRegistrationType",
    )
    described = describe(package)
    return {member: described[member] for member in members if member in described}


def _identity(caller: Caller) -> dict[str, Any]:
    return {"IamIdentity": {"Arn": caller.arn, "PrincipalId": caller.user_id}}
