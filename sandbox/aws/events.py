"""What other people, and AWS itself, do to the account when a scenario says so."""

from __future__ import annotations

import copy
from datetime import timedelta
from typing import Any

from . import s3, worse
from .errors import validation
from .quotas import endpoint_quota
from .sagemaker import configs, endpoints, lookup, rules
from .sagemaker.endpoint import Endpoint
from .world import EndpointConfig, Region, World

_NEEDS_PEACE = frozenset({"system-updating", "foreign-update", "autoscaled"})


def happen(region: Region, endpoint: Endpoint, name: str, params: dict[str, Any]) -> None:
    """Do what an event scenario describes, now.

    Raises:
        AwsError: AWS would refuse it too, for instance because the endpoint is busy.
    """
    if name in _NEEDS_PEACE and not params.get("after"):
        rules.refuse_if_busy(endpoint)
    {
        "system-updating": _maintain,
        "foreign-update": _update_from_console,
        "autoscaled": _autoscale,
        "config-deleted": _delete_config,
        "model-deleted": _delete_model,
        "model-data-deleted": _delete_model_data,
        "version-unapproved": _change_approval,
        "image-repushed": _push_image,
        "error-burst": worse.burst,
        "endpoint-failed": _fail,
    }[name](region, endpoint, params)


def lower_quotas(region: Region, instance_types: set[str], limit: float) -> None:
    for instance_type in instance_types:
        quota = endpoint_quota(instance_type)
        if quota is not None:
            region.quotas[quota.code] = limit


def restore_quotas(region: Region) -> None:
    region.quotas.clear()


def set_subscription(world: World, name_part: str, *, subscribed: bool) -> None:
    for region in world.regions.values():
        for package in region.packages.values():
            if any(name_part in text for text in (package.name, package.product_id or "")) and package.is_marketplace:
                package.subscribed = subscribed


def _maintain(region: Region, endpoint: Endpoint, params: dict[str, Any]) -> None:
    if params["after"]:
        endpoint.maintenance_due = (region.now + timedelta(seconds=params["after"]), params["seconds"])
    else:
        endpoint.maintain(params["seconds"], region.now)


def _update_from_console(region: Region, endpoint: Endpoint, params: dict[str, Any]) -> None:
    name = f"{endpoint.name[:40]}-console-{next(region.world.serial)}"
    arn = region.arn("endpoint-config", name)
    config = EndpointConfig(name, arn, region.now, copy.deepcopy(endpoint.config.spec))
    region.configs[name] = config
    endpoints.start_update(region, endpoint, config)
    if params["finished"]:
        _finish_now(region, endpoint)


def _autoscale(region: Region, endpoint: Endpoint, params: dict[str, Any]) -> None:
    coming = [copy.copy(variant) for variant in endpoint.variants]
    way = "Out" if params["count"] >= coming[0].desired_count else "In"
    for target in region.scaling.targets_of(endpoint.name, coming[0].name):
        if target["SuspendedState"][f"DynamicScaling{way}Suspended"]:
            raise validation(f"Scaling {way.lower()} is suspended for {target['ResourceId']}.")
    coming[0].desired_count = params["count"]
    endpoints.rescale(region, endpoint, coming)
    if params["finished"]:
        _finish_now(region, endpoint)


def _delete_config(region: Region, endpoint: Endpoint, params: dict[str, Any]) -> None:
    configs.delete(region, params["config"] or endpoint.config.name)


def _delete_model(region: Region, endpoint: Endpoint, params: dict[str, Any]) -> None:
    name = params["model"] or endpoint.config.variants()[0].get("ModelName", "")
    del region.models[lookup.model(region, name).name]


def _delete_model_data(region: Region, endpoint: Endpoint, params: dict[str, Any]) -> None:
    urls = {params["url"]} if params["url"] else s3.urls_behind(region, endpoint)
    if not urls:
        raise validation(f"No version behind {endpoint.name} has model data in S3.")
    region.world.lost_artifacts |= urls


def _change_approval(region: Region, endpoint: Endpoint, params: dict[str, Any]) -> None:
    versions = endpoint.group_versions(region)
    approved = [v for v, package in versions.items() if package.approval_status == "Approved"]
    version = params["version"] or max(approved, default=0)
    if version not in versions:
        raise validation(f"The group behind {endpoint.name} has no version {version or 'that is approved'}.")
    versions[version].spec |= {"ModelApprovalStatus": params["status"], "LastModifiedTime": region.now}


def _push_image(region: Region, endpoint: Endpoint, params: dict[str, Any]) -> None:
    found = [*endpoint.packages(region), *endpoint.group_versions(region).values()]
    images = {container["Image"] for package in found for container in package.containers}
    region.world.pushes.update({params["image"]} if params["image"] else images)


def _fail(region: Region, endpoint: Endpoint, params: dict[str, Any]) -> None:
    endpoint.force("Failed", region.now)
    endpoint.failure_reason = "The endpoint could not be kept in service. Please delete it and create it again."
    endpoint.traffic.record(region.now, ())


def _finish_now(region: Region, endpoint: Endpoint) -> None:
    assert endpoint.activity is not None
    endpoint.activity.timeline.stages = []
    endpoint.activity.timeline.started = region.now
    endpoint.settle(region)
