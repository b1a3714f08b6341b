"""Endpoint configs."""

from __future__ import annotations

from typing import Any

from ..errors import validation
from ..listing import matching, ordered, page
from ..world import Call, EndpointConfig, Region, operation
from . import lookup, models, rules, tags

_IDENTITY = {"EndpointConfigName", "Tags"}


@operation("sagemaker", "CreateEndpointConfig")
def create_endpoint_config(call: Call) -> dict[str, Any]:
    region, params = call.region, call.params
    name = params["EndpointConfigName"]
    arn = region.arn("endpoint-config", name)
    given_tags = tags.check(params.get("Tags", []))
    if name in region.configs:
        raise validation(f'Cannot create already existing endpoint configuration "{arn}".')
    variants = params["ProductionVariants"]
    shadows = params.get("ShadowProductionVariants", [])
    if shadows and (len(shadows), len(variants)) != (1, 1):
        raise validation("Exactly one production variant and one shadow variant are required for a shadow test.")
    names = [variant["VariantName"] for variant in [*variants, *shadows]]
    if len(set(names)) != len(names):
        raise validation("Variant names must be unique within an endpoint configuration.")
    if any("ServerlessConfig" in variant for variant in variants) and (len(names) > 1 or "DataCaptureConfig" in params):
        raise validation("Serverless endpoints support neither several variants nor data capture.")
    for variant in [*variants, *shadows]:
        _check_variant(region, variant, has_role="ExecutionRoleArn" in params)
    spec = {key: value for key, value in params.items() if key not in _IDENTITY}
    region.configs[name] = EndpointConfig(name, arn, call.now, spec)
    tags.put(region, arn, given_tags)
    return {"EndpointConfigArn": arn}


@operation("sagemaker", "DescribeEndpointConfig")
def describe_endpoint_config(call: Call) -> dict[str, Any]:
    found = lookup.config(call.region, call.params["EndpointConfigName"])
    identity = {"EndpointConfigName": found.name, "EndpointConfigArn": found.arn, "CreationTime": found.created}
    return identity | found.spec


@operation("sagemaker", "DeleteEndpointConfig")
def delete_endpoint_config(call: Call) -> dict[str, Any]:
    delete(call.region, call.params["EndpointConfigName"])
    return {}


@operation("sagemaker", "ListEndpointConfigs")
def list_endpoint_configs(call: Call) -> dict[str, Any]:
    params = call.params
    found = matching(call.region.configs.values(), params, lambda c: {"Name": c.name, "CreationTime": c.created})
    keys = {"Name": lambda c: c.name, "CreationTime": lambda c: (c.created, c.name)}
    chosen, more = page(ordered(found, params, keys, "CreationTime", "Descending"), params, default=10)
    summaries = [{"EndpointConfigName": c.name, "EndpointConfigArn": c.arn, "CreationTime": c.created} for c in chosen]
    return {"EndpointConfigs": summaries, **more}


def delete(region: Region, name: str) -> None:
    """Delete a config. SageMaker lets that happen while it is in use; an update that needs it breaks."""
    found = lookup.config(region, name)
    del region.configs[name]
    region.tags.pop(found.arn, None)
    for endpoint in region.endpoints.values():
        endpoint.lose_config(found, region.now)


def _check_variant(region: Region, variant: dict[str, Any], *, has_role: bool) -> None:
    name = variant["VariantName"]
    if "ModelName" in variant:
        lookup.model(region, variant["ModelName"])
        models.check_subscription(region, variant["ModelName"])
    elif not has_role:
        raise validation(f"ModelName is required for production variant {name}.")
    if "ServerlessConfig" in variant:
        if "InstanceType" in variant or "InitialInstanceCount" in variant:
            raise validation(f"InstanceType and InitialInstanceCount must not be given for serverless variant {name}.")
        _check_serverless(variant["ServerlessConfig"])
        if models.is_marketplace(region, variant.get("ModelName")):
            raise validation("Model packages from AWS Marketplace are not supported for serverless endpoints.")
        if "ModelName" in variant and "VpcConfig" in lookup.model(region, variant["ModelName"]).spec:
            raise validation("A VPC configuration is not supported for serverless endpoints.")
        return
    _check_instance_types(region, variant)
    if "InstancePools" in variant:
        if "InstanceType" in variant:
            raise validation(f"InstanceType and InstancePools cannot both be given for production variant {name}.")
    elif "InstanceType" not in variant:
        raise validation(f"InstanceType is required for production variant {name}.")
    if "ModelName" not in variant:
        return
    if "InitialInstanceCount" not in variant:
        raise validation(f"InitialInstanceCount is required for production variant {name}.")
    if "ManagedInstanceScaling" in variant:
        raise validation("ManagedInstanceScaling is only supported for inference component endpoints.")


def _check_instance_types(region: Region, variant: dict[str, Any]) -> None:
    """Marketplace packages run only where their seller says so."""
    for arn in models.packages_of(region, variant.get("ModelName")):
        package = lookup.package(region, arn)
        supported = package.spec.get("InferenceSpecification", {}).get("SupportedRealtimeInferenceInstanceTypes", [])
        refused = [kind for kind in rules.instance_types(variant) if package.is_marketplace and kind not in supported]
        if refused:
            raise validation(
                f"Instance type {refused[0]} is not supported for real-time inference by model package {package.arn}. "
                f"Supported instance types: [{', '.join(supported)}]."
            )


def _check_serverless(serverless: dict[str, Any]) -> None:
    if serverless["MemorySizeInMB"] % 1024:
        raise validation("MemorySizeInMB must be one of 1024, 2048, 3072, 4096, 5120 or 6144.")
    if serverless.get("ProvisionedConcurrency", 0) > serverless["MaxConcurrency"]:
        raise validation("ProvisionedConcurrency must not be greater than MaxConcurrency.")
