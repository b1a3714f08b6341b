"""What scenarios do: unhappy ends of updates, and things that other people do to the account."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

from . import lifecycle
from .lifecycle import Ending, Stage, Timeline
from .quotas import endpoint_quota
from .sagemaker import configs, endpoints, lookup, rules
from .sagemaker.endpoint import Activity, Endpoint, Kind
from .world import EndpointConfig, Region, World

CAPACITY_REASON = (
    "CapacityError: Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. "
    "Please retry using a different ML instance type or after some time."
)
UNHAPPY_ENDINGS = (
    "insufficient-capacity",
    "health-check-failure",
    "silent-rollback",
    "update-fails",
    "update-rollback-failed",
)
_NEEDS_PEACE = frozenset({"system-updating", "foreign-update", "autoscaled"})
_FOREVER_SECONDS = 10 * 365 * 86400.0


def failed_creation(name: str, endpoint: Endpoint) -> Ending:
    reason = CAPACITY_REASON if name == "insufficient-capacity" else _health_reason(endpoint)
    return Ending("Failed", landed=False, failure_reason=reason)


def unhappy(name: str, endpoint: Endpoint, stages: list[Stage]) -> tuple[list[Stage], Ending]:
    """The stages that an update still goes through, and how it ends."""
    launch, removal = stages[0], lifecycle.terminating(1, green=True)
    if name == "insufficient-capacity":
        shortfall = replace(launch, seconds=launch.seconds * 0.6, green=(0.0, 0.6))
        return [shortfall], Ending(landed=False, failure_reason=CAPACITY_REASON)
    if name == "health-check-failure":
        return [launch, removal], Ending(landed=False, failure_reason=_health_reason(endpoint))
    if name == "silent-rollback":
        return [launch, removal], Ending(landed=False)
    if name == "update-fails":
        reason = "Request to service failed. If failure persists after retry, contact customer support."
        return [launch], Ending("Failed", landed=False, failure_reason=reason)
    reason = "The update failed and the rollback to the previous endpoint configuration failed."
    return [launch, removal], Ending("UpdateRollbackFailed", landed=False, failure_reason=reason, mixed=True)


def stretched(stages: list[Stage], factor: float) -> list[Stage]:
    return [replace(stage, seconds=stage.seconds * factor) for stage in stages]


def stuck(stages: list[Stage]) -> list[Stage]:
    return [replace(stages[0], seconds=_FOREVER_SECONDS, green=(0.0, 0.9))]


def happen(region: Region, endpoint: Endpoint, name: str, params: dict[str, Any]) -> None:
    """Do what an event scenario describes, now.

    Raises:
        AwsError: AWS would refuse it too, for instance because the endpoint is busy.
    """
    if name in _NEEDS_PEACE:
        rules.refuse_if_busy(endpoint)
    {
        "system-updating": _maintain,
        "foreign-update": _update_from_console,
        "autoscaled": _autoscale,
        "config-deleted": _delete_config,
        "model-deleted": _delete_model,
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
            if package.is_marketplace and name_part in package.name:
                package.subscribed = subscribed


def _health_reason(endpoint: Endpoint) -> str:
    return (
        f"The primary container for production variant {endpoint.variants[0].name} did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint."
    )


def _maintain(region: Region, endpoint: Endpoint, params: dict[str, Any]) -> None:
    stages = [Stage("Updating", "Applying maintenance.", params["seconds"])]
    endpoint.begin(Activity(Kind.MAINTENANCE, Timeline(region.now, stages, speed=1.0)))


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
    coming[0].desired_count = params["count"]
    endpoints.rescale(region, endpoint, coming)
    if params["finished"]:
        _finish_now(region, endpoint)


def _delete_config(region: Region, endpoint: Endpoint, params: dict[str, Any]) -> None:
    configs.delete(region, params["config"] or endpoint.config.name)


def _delete_model(region: Region, endpoint: Endpoint, params: dict[str, Any]) -> None:
    name = params["model"] or endpoint.config.variants()[0].get("ModelName", "")
    del region.models[lookup.model(region, name).name]


def _finish_now(region: Region, endpoint: Endpoint) -> None:
    assert endpoint.activity is not None
    endpoint.activity.timeline.stages = []
    endpoint.activity.timeline.started = region.now
    endpoint.settle(region)
