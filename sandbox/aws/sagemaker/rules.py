"""What SageMaker refuses when an endpoint is created or updated, and what it silently changes."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .. import lifecycle, quotas
from ..errors import AwsError, validation
from ..world import Call, EndpointConfig, Region
from . import lookup, models
from .endpoint import Endpoint


def usable_config(region: Region, name: str) -> EndpointConfig:
    """The config, once it can be seen: reads are eventually consistent right after its creation."""
    config = lookup.config(region, name)
    if region.now < config.created + timedelta(
        seconds=region.world.scenarios.seconds("config-lag", region.world.settings.config_lag_seconds)
    ):
        raise validation(f'Could not find endpoint configuration "{config.arn}".')
    for variant in config.variants():
        if "ModelName" in variant:
            lookup.model(region, variant["ModelName"])
            models.check_subscription(region, variant["ModelName"])
    return config


def refuse_if_busy(endpoint: Endpoint) -> None:
    if endpoint.is_busy:
        raise validation(f'Cannot update in-progress endpoint "{endpoint.arn}".')


def check_deletion(call: Call, endpoint: Endpoint) -> None:
    """Deleting an endpoint deregisters its variants, for which the caller needs another permission."""
    scenarios = call.region.world.scenarios
    if scenarios.is_on("delete-denied", endpoint.name) and call.region.scaling.registered_variants(endpoint.name):
        raise AwsError(
            "AccessDeniedException",
            "An Application AutoScaling scalable target exists for a variant being deleted, and the IAM identity used "
            "to invoke DeleteEndpoint does not have application-autoscaling:DeregisterScalableTarget permission. "
            f"Identity: {call.caller.arn}.",
        )


def check_update(
    region: Region,
    endpoint: Endpoint,
    config: EndpointConfig,
    policy: dict[str, Any] | None,
    counts: dict[str, int],
) -> None:
    """Refuse an update that SageMaker would refuse.

    Args:
        region: Where the endpoint is.
        endpoint: What is to be updated.
        config: The target.
        policy: The DeploymentConfig in force, if any.
        counts: Instances that the new fleet will have, by variant; retained counts differ from those of the config.
    """
    refuse_if_busy(endpoint)
    if endpoint.status in {"Failed", "OutOfService"}:
        raise validation(f'Cannot update endpoint "{endpoint.arn}" with status {endpoint.status}.')
    _check_serverless(endpoint, config)
    _check_scaled_variants(region, endpoint, config)
    if policy:
        check_policy(policy, endpoint, config, counts)


def excluded_from_guardrails(region: Region, config: EndpointConfig) -> bool:
    """Marketplace containers and Inf1 are updated all at once whatever was asked, without a word."""
    return any(
        variant.get("InstanceType", "").startswith("ml.inf1.")
        or models.is_marketplace(region, variant.get("ModelName"))
        for variant in config.variants()
    )


def check_policy(
    policy: dict[str, Any], endpoint: Endpoint | None, config: EndpointConfig, counts: dict[str, int]
) -> None:
    """Refuse a DeploymentConfig whose parts contradict each other or the fleet."""
    if "BlueGreenUpdatePolicy" in policy and "RollingUpdatePolicy" in policy:
        raise validation("Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy can be specified.")
    variants = config.variants()
    serverless = any("ServerlessConfig" in variant for variant in variants)
    if endpoint is not None:
        names = {variant.name for variant in endpoint.variants}
        if names != {variant["VariantName"] for variant in variants}:
            raise validation("The variant names must stay the same when a deployment policy is used.")
    if "RollingUpdatePolicy" in policy:
        if serverless or len(variants) > 1:
            raise validation("RollingUpdatePolicy is not supported for serverless or multi-variant endpoints.")
        _check_size(policy["RollingUpdatePolicy"]["MaximumBatchSize"], counts, "MaximumBatchSize", 5, 50)
    routing = policy.get("BlueGreenUpdatePolicy", {}).get("TrafficRoutingConfiguration")
    if routing is not None:
        _check_routing(routing, counts)
    _check_duration(policy, sum(counts.values()))


def check_quota(region: Region, config: EndpointConfig, counts: dict[str, int], policy: dict[str, Any] | None) -> None:
    """Refuse what the account's quotas do not allow: a blue/green update needs the whole second fleet at once."""
    batch = (policy or {}).get("RollingUpdatePolicy", {}).get("MaximumBatchSize")
    asked: dict[str, int] = {}
    total = 0
    for variant in [*config.variants(), *config.shadows()]:
        if "ServerlessConfig" in variant:
            continue
        count = counts.get(variant["VariantName"], variant.get("InitialInstanceCount", 1))
        count = lifecycle.capacity(batch, count) if batch else count
        total += count
        for instance_type in instance_types(variant):  # of every pool: a quota is no reason to fall back to the next
            asked[instance_type] = asked.get(instance_type, 0) + count
    for instance_type, delta in asked.items():
        quotas.check_endpoint_usage(region, instance_type, delta)
    quotas.check_fleet(region, total)


def instance_types(variant: dict[str, Any]) -> list[str]:
    """The instance types that a variant of a config may run on."""
    pools = [pool["InstanceType"] for pool in variant.get("InstancePools", [])]
    return [variant["InstanceType"]] if "InstanceType" in variant else pools


def _check_serverless(endpoint: Endpoint, config: EndpointConfig) -> None:
    was = any(variant.is_serverless for variant in endpoint.variants)
    if not was and any("ServerlessConfig" in variant for variant in config.variants()):
        raise validation(f'Cannot convert real-time endpoint "{endpoint.arn}" to a serverless endpoint.')


def _check_scaled_variants(region: Region, endpoint: Endpoint, config: EndpointConfig) -> None:
    coming = {variant["VariantName"]: instance_types(variant) for variant in config.variants()}
    current = {variant.name: instance_types(variant.spec) for variant in endpoint.variants}
    for name in sorted(region.scaling.registered_variants(endpoint.name)):
        if name not in coming:
            change = "removed"
        elif coming[name] != current.get(name):
            change = "changed to another instance type"
        else:
            continue
        raise validation(
            f"Variant {name} of endpoint {endpoint.arn} is registered as a scalable target and cannot be {change}. "
            "Deregister the variant from Application Auto Scaling first."
        )


def _check_routing(routing: dict[str, Any], counts: dict[str, int]) -> None:
    sizes = {"CANARY": ("CanarySize", 0, 50), "LINEAR": ("LinearStepSize", 10, 50)}
    for kind, (member, low, high) in sizes.items():
        if routing["Type"] == kind:
            if member not in routing:
                raise validation(f"{member} is required for traffic routing of type {kind}.")
            _check_size(routing[member], counts, member, low, high)
        elif member in routing:
            raise validation(f"{member} is only valid for traffic routing of type {kind}.")


def _check_size(size: dict[str, Any], counts: dict[str, int], member: str, low: int, high: int) -> None:
    for total in counts.values():
        percent = size["Value"] if size["Type"] == "CAPACITY_PERCENT" else 100 * size["Value"] / max(1, total)
        if total == 1:
            percent = 100  # there is no part of a single instance
        if not low <= percent <= high:
            span = f"between {low}% and {high}%" if low else f"less than or equal to {high}%"
            raise validation(f"{member} must be {span} of the variant's total instance count.")


def _check_duration(policy: dict[str, Any], instances: int) -> None:
    chosen = policy.get("RollingUpdatePolicy") or policy.get("BlueGreenUpdatePolicy") or {}
    limit = chosen.get("MaximumExecutionTimeoutInSeconds")
    if limit is not None and limit <= lifecycle.shortest_seconds(policy, max(1, instances)):
        raise validation("MaximumExecutionTimeoutInSeconds must be greater than the sum of all wait intervals.")
