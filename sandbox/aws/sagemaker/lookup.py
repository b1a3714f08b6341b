"""Finding resources by name, with the texts that SageMaker answers when they are not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from ..errors import validation
from ..world import EndpointConfig, Model, Package, PackageGroup, Region

if TYPE_CHECKING:
    from .endpoint import Endpoint

_ARN = re.compile(
    r"arn:aws[a-z\-]*:sagemaker:(?P<region>[a-z0-9\-]*):(?P<account>\d{12}):(?P<kind>[a-z\-]+)/(?P<rest>.+)"
)


def model(region: Region, name: str) -> Model:
    found = region.models.get(name)
    if found is None:
        raise validation(f'Could not find model "{region.arn("model", name)}".')
    return found


def config(region: Region, name: str) -> EndpointConfig:
    found = region.configs.get(name)
    if found is None:
        raise validation(f'Could not find endpoint configuration "{region.arn("endpoint-config", name)}".')
    return found


def endpoint(region: Region, name: str) -> Endpoint:
    found = region.endpoints.get(name)
    if found is None:
        raise validation(f'Could not find endpoint "{region.arn("endpoint", name)}".')
    return found


def group(region: Region, name_or_arn: str) -> PackageGroup:
    """A model package group by name, or by ARN also in another account."""
    owner, name = _owner(region, name_or_arn)
    for found in owner.groups.values():
        if found.name.lower() == name.lower():
            return found
    raise validation(f"Model Package Group {name_or_arn} does not exist.")


def package(region: Region, name_or_arn: str) -> Package:
    """A model package: an unversioned name, ``group/version``, or an ARN, in another account too."""
    owner, rest = _owner(region, name_or_arn)
    name, _, version = rest.partition("/")
    if version:
        groups = [found for found in owner.groups.values() if found.name.lower() == name.lower()]
        found = groups[0].packages.get(int(version)) if groups and version.isdigit() else None
    else:
        found = next((p for p in owner.packages.values() if p.name.lower() == name.lower()), None)
    if found is None:
        arn = name_or_arn if name_or_arn.startswith("arn:") else region.arn("model-package", name_or_arn)
        raise validation(f"ModelPackage {arn} does not exist.")
    return found


def _owner(region: Region, name_or_arn: str) -> tuple[Region, str]:
    match = _ARN.fullmatch(name_or_arn)
    if match is None:
        return region, name_or_arn
    if match["region"] != region.name:
        raise validation(f"ARN should be scoped to correct region: {region.name}")
    return region.world.region(match["account"], region.name), match["rest"]
