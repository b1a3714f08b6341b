"""Endpoints: creating, updating, scaling, describing, deleting."""

from __future__ import annotations

import copy
import hashlib
from typing import Any

from .. import lifecycle, quotas, startup
from ..behaviours import BEHAVIOURS, profile_for
from ..errors import validation
from ..lifecycle import Stage, Timeline
from ..listing import matching, ordered, page
from ..traffic import TrafficHistory, Traits
from ..world import Call, EndpointConfig, Region, operation
from . import lookup, models, rules, tags
from .endpoint import Activity, Endpoint, Kind
from .variant import Variant
from .view import describe


@operation("sagemaker", "CreateEndpoint")
def create_endpoint(call: Call) -> dict[str, Any]:
    region, params = call.region, call.params
    name = params["EndpointName"]
    arn = region.arn("endpoint", name)
    given_tags = tags.check(params.get("Tags", []))
    if any(existing.lower() == name.lower() for existing in region.endpoints):
        raise validation(f'Cannot create already existing endpoint "{arn}".')
    config = rules.usable_config(region, params["EndpointConfigName"])
    policy = params.get("DeploymentConfig")
    variants = [fresh_variant(region, spec) for spec in config.variants()]
    counts = {variant.name: variant.desired_count for variant in variants}
    if policy:
        rules.check_policy(policy, None, config, counts)
    rules.check_quota(region, config, counts, None)
    endpoint = Endpoint(name, arn, call.now, call.now, config, variants, TrafficHistory(profile_for(name, config.spec)))
    endpoint.last_policy = policy
    total = sum(variant.desired_count for variant in variants)
    stages = [lifecycle.launching(total, startup.launch_seconds(region, endpoint, variants))]
    ending = region.world.scenarios.ending_of_creation(region, endpoint)
    timeline = Timeline(call.now, stages, region.world.settings.speed)
    endpoint.begin(Activity(Kind.CREATE, timeline, ending, config, variants, fresh_shadows(region, config)))
    region.endpoints[name] = endpoint
    tags.put(region, arn, given_tags)
    return {"EndpointArn": arn}


@operation("sagemaker", "UpdateEndpoint")
def update_endpoint(call: Call) -> dict[str, Any]:
    region, params = call.region, call.params
    endpoint = lookup.endpoint(region, params["EndpointName"])
    region.world.scenarios.disturb_update(endpoint)
    config = rules.usable_config(region, params["EndpointConfigName"])
    policy = params.get("DeploymentConfig")
    if policy is None and params.get("RetainDeploymentConfig"):
        policy = endpoint.last_policy
    kept: set[str] = set()
    if params.get("RetainAllVariantProperties"):
        excluded = {p["VariantPropertyType"] for p in params.get("ExcludeRetainedVariantProperties", [])}
        kept = {"DesiredInstanceCount", "DesiredWeight"} - excluded
    variants = [_updated_variant(region, endpoint, spec, kept) for spec in config.variants()]
    counts = {variant.name: variant.desired_count for variant in variants}
    rules.check_update(region, endpoint, config, policy, counts)
    in_force = None if rules.excluded_from_guardrails(region, config) else policy
    rules.check_quota(region, config, counts, in_force)
    before = describe(endpoint, call.now)
    endpoint.begin(_update(region, endpoint, config, variants, in_force))
    endpoint.last_policy = policy or endpoint.last_policy
    lag = region.world.scenarios.seconds("status-lag", region.world.settings.status_lag_seconds, endpoint.name)
    endpoint.keep_showing(lag, before, call.now)
    return {"EndpointArn": endpoint.arn}


@operation("sagemaker", "UpdateEndpointWeightsAndCapacities")
def update_endpoint_weights_and_capacities(call: Call) -> dict[str, Any]:
    region = call.region
    endpoint = lookup.endpoint(region, call.params["EndpointName"])
    rules.refuse_if_busy(endpoint)
    if endpoint.status != "InService":
        raise validation(f'Cannot update endpoint "{endpoint.arn}" with status {endpoint.status}.')
    coming = {variant.name: copy.copy(variant) for variant in endpoint.variants}
    counted = [w for w in call.params["DesiredWeightsAndCapacities"] if "DesiredInstanceCount" in w]
    if len(counted) > 1:
        raise validation("The weights of several variants can be changed at once, but the capacity of only one.")
    for wanted in call.params["DesiredWeightsAndCapacities"]:
        variant = coming.get(wanted["VariantName"])
        if variant is None:
            raise validation(f'Could not find variant "{wanted["VariantName"]}" in endpoint "{endpoint.arn}".')
        variant.desired_weight = wanted.get("DesiredWeight", variant.desired_weight)
        variant.desired_count = wanted.get("DesiredInstanceCount", variant.desired_count)
        serverless = wanted.get("ServerlessUpdateConfig")
        if serverless is not None:
            variant.desired_serverless = (variant.desired_serverless or {}) | serverless
    rescale(region, endpoint, list(coming.values()))
    return {"EndpointArn": endpoint.arn}


@operation("sagemaker", "DescribeEndpoint")
def describe_endpoint(call: Call) -> dict[str, Any]:
    endpoint = lookup.endpoint(call.region, call.params["EndpointName"])
    hidden = call.region.world.scenarios.is_on("opaque-update", endpoint.name)
    return describe(endpoint, call.now, hide_pending=hidden)


@operation("sagemaker", "DeleteEndpoint")
def delete_endpoint(call: Call) -> dict[str, Any]:
    endpoint = lookup.endpoint(call.region, call.params["EndpointName"])
    rules.refuse_if_busy(endpoint)
    rules.check_deletion(call, endpoint)
    endpoint.traffic.record(call.now, ())
    stages = [Stage("Deleting", "Terminating all instances.", lifecycle.DELETION_SECONDS)]
    endpoint.begin(Activity(Kind.DELETE, Timeline(call.now, stages, call.region.world.settings.speed)))
    return {}


@operation("sagemaker", "ListEndpoints")
def list_endpoints(call: Call) -> dict[str, Any]:
    params = call.params
    wanted = params.get("StatusEquals")
    shown = [_summarise(e, call) for e in call.region.endpoints.values()]
    shown = [s for s in shown if wanted is None or s["EndpointStatus"] == wanted]
    found = matching(shown, params, lambda s: s | {"Name": s["EndpointName"]})
    keys = {
        "Name": lambda s: s["EndpointName"],
        "CreationTime": lambda s: (s["CreationTime"], s["EndpointName"]),
        "Status": lambda s: (s["EndpointStatus"], s["EndpointName"]),
    }
    chosen, more = page(ordered(found, params, keys, "CreationTime", "Descending"), params, default=10)
    return {"Endpoints": chosen, **more}


def fresh_variant(region: Region, spec: dict[str, Any]) -> Variant:
    """A variant as its config starts it."""
    count = 0 if "ServerlessConfig" in spec else spec.get("InitialInstanceCount", 1)
    weight = spec.get("InitialVariantWeight", 1.0)
    serverless = spec.get("ServerlessConfig")
    variant = Variant(
        spec=spec,
        current_count=count,
        desired_count=count,
        current_weight=weight,
        desired_weight=weight,
        traits=_traits(region, spec.get("ModelName")),
        images=_images(region, spec.get("ModelName")),
        current_serverless=serverless,
        desired_serverless=serverless,
    )
    variant.pool = variant.pool_types[0] if variant.pool_types else None
    return variant


def fresh_shadows(region: Region, config: EndpointConfig) -> list[Variant]:
    return [fresh_variant(region, spec) for spec in config.shadows()]


def rescale(region: Region, endpoint: Endpoint, coming: list[Variant]) -> None:
    """Bring an endpoint to other counts and weights, without another config."""
    current = {variant.name: variant for variant in endpoint.variants}
    moved = {v.name: v.desired_count - current[v.name].desired_count for v in coming}
    grown = sum(delta for delta in moved.values() if delta > 0)
    for variant in coming:
        if moved[variant.name] > 0 and variant.instance_type:
            quotas.check_endpoint_usage(region, variant.instance_type, moved[variant.name])
    seconds = lifecycle.RESCALE_SECONDS if any(moved.values()) else lifecycle.REWEIGHT_SECONDS
    total = sum(variant.desired_count for variant in coming)
    way = "out" if grown else "in"
    message = (
        f"Scaling {way} desired instance count to {total}." if any(moved.values()) else "Updating variant weights."
    )
    timeline = Timeline(region.now, [Stage("Updating", message, seconds)], region.world.settings.speed)
    ending = region.world.scenarios.ending_of_scaling(endpoint)
    endpoint.begin(Activity(Kind.RESCALE, timeline, ending, variants=coming))


def start_update(region: Region, endpoint: Endpoint, config: EndpointConfig) -> None:
    """An update that somebody else starts: no policy, live counts kept."""
    kept = {"DesiredInstanceCount", "DesiredWeight"}
    variants = [_updated_variant(region, endpoint, spec, kept) for spec in config.variants()]
    endpoint.begin(_update(region, endpoint, config, variants, None))


def _update(
    region: Region,
    endpoint: Endpoint,
    config: EndpointConfig,
    variants: list[Variant],
    policy: dict[str, Any] | None,
) -> Activity:
    green = sum(variant.desired_count for variant in variants)
    blue = sum(variant.current_count for variant in endpoint.variants)
    launch = startup.launch_seconds(region, endpoint, variants)
    stages = lifecycle.update_stages(policy, green, blue, launch)
    shadows = fresh_shadows(region, config)
    stages, ending = region.world.scenarios.course_of_update(region, endpoint, [*variants, *shadows], stages)
    alarms = [a["AlarmName"] for a in (policy or {}).get("AutoRollbackConfiguration", {}).get("Alarms", [])]
    timeline = Timeline(region.now, stages, region.world.settings.speed)
    shows_stages = not rules.excluded_from_guardrails(region, config)
    return Activity(Kind.UPDATE, timeline, ending, config, variants, shadows, alarms, shows_stages)


def _updated_variant(region: Region, endpoint: Endpoint, spec: dict[str, Any], kept: set[str]) -> Variant:
    variant = fresh_variant(region, spec)
    live = next((v for v in endpoint.variants if v.name == variant.name), None)
    if live is not None and not variant.is_serverless and not live.is_serverless:
        if "DesiredInstanceCount" in kept:
            variant.current_count = variant.desired_count = live.desired_count
        if "DesiredWeight" in kept:
            variant.current_weight = variant.desired_weight = live.desired_weight
    return variant


def _traits(region: Region, model_name: str | None) -> Traits:
    model = region.models.get(model_name or "")
    traits = model.traits if model else Traits()
    for arn in models.packages_of(region, model_name):
        traits = traits.combined(BEHAVIOURS.get(arn.rpartition(":model-package/")[2], Traits()))
    return traits


def _images(region: Region, model_name: str | None) -> list[dict[str, Any]]:
    """Tags resolve to a digest when a fleet starts."""
    found = models.all_containers(region, model_name)
    return [_resolved(container["Image"], region) for container in found if "Image" in container]


def _resolved(image: str, region: Region) -> dict[str, Any]:
    repository = image.partition("@")[0].rpartition(":")[0] or image
    pushed = region.world.pushes[image]
    digest = hashlib.sha256(f"{image}#{pushed}".encode() if pushed else image.encode()).hexdigest()
    return {
        "SpecifiedImage": image,
        "ResolvedImage": image if "@sha256:" in image else f"{repository}@sha256:{digest}",
        "ResolutionTime": region.now,
    }


def _summarise(endpoint: Endpoint, call: Call) -> dict[str, Any]:
    shown = describe(endpoint, call.now)
    return {m: shown[m] for m in ("EndpointName", "EndpointArn", "CreationTime", "LastModifiedTime", "EndpointStatus")}
