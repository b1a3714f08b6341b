"""Tags of SageMaker resources."""

from __future__ import annotations

from typing import Any

from ..errors import validation
from ..listing import page
from ..world import Call, Region, operation

MAX_TAGS = 50


@operation("sagemaker", "ListTags")
def list_tags(call: Call) -> dict[str, Any]:
    arn = _existing(call.region, call.params["ResourceArn"])
    items = [{"Key": key, "Value": value} for key, value in call.region.tags.get(arn, {}).items()]
    chosen, more = page(items, call.params, default=50)
    return {"Tags": chosen, **more}


@operation("sagemaker", "AddTags")
def add_tags(call: Call) -> dict[str, Any]:
    arn = _existing(call.region, call.params["ResourceArn"])
    put(call.region, arn, call.params["Tags"])
    return {"Tags": [{"Key": key, "Value": value} for key, value in call.region.tags[arn].items()]}


@operation("sagemaker", "DeleteTags")
def delete_tags(call: Call) -> dict[str, Any]:
    held = call.region.tags.get(_existing(call.region, call.params["ResourceArn"]), {})
    for key in call.params["TagKeys"]:
        held.pop(key, None)
    return {}


def put(region: Region, arn: str, given: list[dict[str, str]]) -> None:
    """Add tags that a caller sent."""
    check(given)
    merged = region.tags.get(arn, {}) | {tag["Key"]: tag["Value"] for tag in given}
    if len(merged) > MAX_TAGS:
        raise validation(f"The number of tags exceeds the limit of {MAX_TAGS} for resource {arn}.")
    region.tags[arn] = merged


def check(given: list[dict[str, str]]) -> list[dict[str, str]]:
    """The tags as given, unless a key is reserved by AWS or repeated."""
    keys = [tag["Key"] for tag in given]
    if any(key.lower().startswith("aws:") for key in keys):
        raise validation("aws: prefixed tag key names are not allowed for external use.")
    if len(set(keys)) != len(keys):
        raise validation("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    return given


def _existing(region: Region, arn: str) -> str:
    lowered = arn.lower()
    kind, _, name = lowered.rpartition(":")[2].partition("/")
    books: dict[str, Any] = {
        "model": region.models,
        "endpoint-config": region.configs,
        "endpoint": region.endpoints,
        "model-package-group": region.groups,
        "model-package": region.packages,
    }
    if kind == "model-package" and "/" in name:
        raise validation("Tagging is not supported for versioned model packages.")
    found = next((item for item in books.get(kind, {}).values() if item.arn == lowered), None)
    if found is None:
        raise validation(f'Could not find resource "{arn}".')
    return str(found.arn)
