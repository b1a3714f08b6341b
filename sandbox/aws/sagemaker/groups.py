"""Model package groups."""

from __future__ import annotations

from typing import Any

from ..errors import AwsError, validation
from ..listing import matching, ordered, page
from ..world import Call, PackageGroup, operation
from . import lookup, tags


@operation("sagemaker", "CreateModelPackageGroup")
def create_model_package_group(call: Call) -> dict[str, Any]:
    region, params = call.region, call.params
    name = params["ModelPackageGroupName"]
    arn = region.arn("model-package-group", name)
    given_tags = tags.check(params.get("Tags", []))
    if name in region.groups:
        raise validation(f"Model Package Group already exists: {arn}")
    region.groups[name] = PackageGroup(name, arn, call.now, params.get("ModelPackageGroupDescription"))
    tags.put(region, arn, given_tags)
    return {"ModelPackageGroupArn": arn}


@operation("sagemaker", "DescribeModelPackageGroup")
def describe_model_package_group(call: Call) -> dict[str, Any]:
    found = lookup.group(call.region, call.params["ModelPackageGroupName"])
    creator = {"CreatedBy": {"UserProfileName": "registry"}}
    return summarise(found) | creator


@operation("sagemaker", "ListModelPackageGroups")
def list_model_package_groups(call: Call) -> dict[str, Any]:
    params = call.params
    found = matching(call.region.groups.values(), params, lambda g: {"Name": g.name, "CreationTime": g.created})
    keys = {"Name": lambda g: g.name, "CreationTime": lambda g: (g.created, g.name)}
    chosen, more = page(ordered(found, params, keys, "CreationTime", "Ascending"), params, default=10)
    return {"ModelPackageGroupSummaryList": [summarise(group) for group in chosen], **more}


@operation("sagemaker", "DeleteModelPackageGroup")
def delete_model_package_group(call: Call) -> dict[str, Any]:
    found = lookup.group(call.region, call.params["ModelPackageGroupName"])
    if found.packages:
        raise AwsError("ConflictException", f"Model Package Group {found.arn} still contains model packages.")
    del call.region.groups[found.name]
    return {}


def summarise(group: PackageGroup) -> dict[str, Any]:
    described = {"ModelPackageGroupDescription": group.description} if group.description else {}
    return described | {
        "ModelPackageGroupName": group.name,
        "ModelPackageGroupArn": group.arn,
        "CreationTime": group.created,
        "ModelPackageGroupStatus": "Completed",
    }
