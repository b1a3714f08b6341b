"""S3, as far as anybody asks it here: which model artifacts exist, how large they are, and what quality reports say."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from .errors import AwsError
from .world import Call, Region, operation

if TYPE_CHECKING:
    from .sagemaker.endpoint import Endpoint

USUAL_BYTES = 440_401_920  # 420 MiB
GIBIBYTE = 1024**3


@operation("s3", "HeadObject")
def head_object(call: Call) -> dict[str, Any]:
    url = f"s3://{call.params['Bucket']}/{call.params['Key']}"
    size = size_of(call.region, url)
    if size is None:
        raise AwsError("NoSuchKey", "The specified key does not exist.", status=404)
    return {
        "ContentLength": size,
        "ContentType": "application/x-tar",
        "ETag": f'"{hashlib.sha256(url.encode()).hexdigest()[:32]}"',
        "LastModified": call.now.replace(microsecond=0) - timedelta(days=30),
        "AcceptRanges": "bytes",
    }


@operation("s3", "GetObject")
def get_object(call: Call) -> dict[str, Any]:
    """A model quality report, as SageMaker's evaluation jobs write them; artifacts are only looked at, never loaded."""
    url = f"s3://{call.params['Bucket']}/{call.params['Key']}"
    values = _reported_in(call.region, url)
    if values is None:
        raise AwsError("NoSuchKey", "The specified key does not exist.", status=404)
    metrics = {name: {"value": value, "standard_deviation": "NaN"} for name, value in values.items()}
    content = json.dumps({"multiclass_classification_metrics": metrics}).encode()
    return {
        "Body": content,
        "ContentLength": len(content),
        "ContentType": "application/json",
        "ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"',
        "LastModified": call.now.replace(microsecond=0) - timedelta(days=30),
    }


def _reported_in(region: Region, url: str) -> dict[str, float] | None:
    """What the version whose report stands there was measured at."""
    for package in (p for group in region.groups.values() for p in group.packages.values()):
        quality = package.spec.get("ModelMetrics", {}).get("ModelQuality", {})
        if quality.get("Statistics", {}).get("S3Uri") == url:
            properties = package.spec.get("CustomerMetadataProperties", {})
            return {k.removeprefix("metric."): float(v) for k, v in properties.items() if k.startswith("metric.")}
    return None


def size_of(region: Region, url: str) -> int | None:
    """Bytes of an artifact; None if nothing that was ever registered names it, or if somebody deleted it."""
    if url in region.world.lost_artifacts or url not in set(_named(region)):
        return None
    book = region.world.scenarios
    for endpoint in (None, *region.endpoints.values()):
        grown = book.params_of("big-model", endpoint.name if endpoint else None)
        if grown and (endpoint is None or url in urls_behind(region, endpoint)):
            return int(grown["gigabytes"] * GIBIBYTE)
    return USUAL_BYTES


def urls_of(container: dict[str, Any]) -> Iterator[str]:
    """The artifacts that a container loads."""
    if "ModelDataUrl" in container:
        yield container["ModelDataUrl"]
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    if "S3Uri" in source:
        yield source["S3Uri"]


def urls_behind(region: Region, endpoint: Endpoint) -> set[str]:
    """The artifacts of all versions in the groups from which an endpoint serves."""
    versions = endpoint.group_versions(region).values()
    return {url for package in versions for container in package.containers for url in urls_of(container)}


def _named(region: Region) -> Iterator[str]:
    """Every artifact that a model or a package of any account names: buckets are known to all of them."""
    for somewhere in region.world.regions.values():
        versions = [package for group in somewhere.groups.values() for package in group.packages.values()]
        for package in [*versions, *somewhere.packages.values()]:
            for container in package.containers:
                yield from urls_of(container)
        for model in somewhere.models.values():
            for container in [model.spec.get("PrimaryContainer", {}), *model.spec.get("Containers", [])]:
                yield from urls_of(container)
