"""S3, as far as anybody asks it here: which model artifacts exist, and how large they are."""

from __future__ import annotations

import hashlib
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
