"""Application Auto Scaling for SageMaker variants."""

from __future__ import annotations

import copy
from typing import Any

from .errors import AwsError
from .listing import page
from .sagemaker.endpoints import rescale
from .scaling_state import TargetKey
from .world import Call, operation

SERVICE = "application-autoscaling"
_NOT_SUSPENDED = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


@operation(SERVICE, "RegisterScalableTarget")
def register_scalable_target(call: Call) -> dict[str, Any]:
    state, key = call.region.scaling, _key(call.params)
    known = state.targets.get(key)
    if known is None:
        _variant(call)
        if "MinCapacity" not in call.params or "MaxCapacity" not in call.params:
            raise _refused("MinCapacity and MaxCapacity are required to register a new scalable target.")
        number = next(call.region.world.serial)
        known = _identity(call.params) | {
            "RoleARN": f"arn:aws:iam::{call.region.account}:role/aws-service-role/sagemaker.application-autoscaling."
            "amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
            "CreationTime": call.now,
            "SuspendedState": dict(_NOT_SUSPENDED),
            "ScalableTargetARN": f"arn:aws:application-autoscaling:{call.region.name}:{call.region.account}:"
            f"scalable-target/0sandbox{number:04d}",
        }
    changed = {m: call.params[m] for m in ("MinCapacity", "MaxCapacity", "RoleARN") if m in call.params}
    updated = copy.deepcopy(known) | changed
    updated["SuspendedState"] |= call.params.get("SuspendedState", {})
    if updated["MinCapacity"] > updated["MaxCapacity"]:
        raise _refused("Maximum capacity cannot be less than minimum capacity.")
    state.targets[key] = updated
    _clamp(call, updated)
    return {"ScalableTargetARN": updated["ScalableTargetARN"]}


@operation(SERVICE, "DescribeScalableTargets")
def describe_scalable_targets(call: Call) -> dict[str, Any]:
    if "ScalableDimension" in call.params and not call.params.get("ResourceIds"):
        raise _refused("ResourceIds is required when ScalableDimension is given.")
    ids = call.params.get("ResourceIds")
    found = [t for t in call.region.scaling.targets.values() if not ids or t["ResourceId"] in ids]
    chosen, more = page(_of_dimension(found, call.params), call.params, default=50)
    return {"ScalableTargets": chosen, **more}


@operation(SERVICE, "DeregisterScalableTarget")
def deregister_scalable_target(call: Call) -> dict[str, Any]:
    call.region.scaling.deregister(_registered(call))
    return {}


@operation(SERVICE, "PutScalingPolicy")
def put_scaling_policy(call: Call) -> dict[str, Any]:
    key, name = _registered(call), call.params["PolicyName"]
    known = call.region.scaling.policies.get((*key, name), {})
    arn = known.get("PolicyARN") or _child_arn(call, "scalingPolicy", f"policyName/{name}")
    policy = {"CreationTime": call.now, "PolicyType": "StepScaling"} | known | call.params
    call.region.scaling.policies[*key, name] = policy | {"PolicyARN": arn, "Alarms": []}
    return {"PolicyARN": arn, "Alarms": []}


@operation(SERVICE, "DescribeScalingPolicies")
def describe_scaling_policies(call: Call) -> dict[str, Any]:
    found = _owned(call, call.region.scaling.policies, "PolicyNames", "PolicyName")
    chosen, more = page(found, call.params, default=10)
    return {"ScalingPolicies": chosen, **more}


@operation(SERVICE, "DeleteScalingPolicy")
def delete_scaling_policy(call: Call) -> dict[str, Any]:
    return _delete(call, call.region.scaling.policies, call.params["PolicyName"], "scaling policy")


@operation(SERVICE, "PutScheduledAction")
def put_scheduled_action(call: Call) -> dict[str, Any]:
    key, name = _registered(call), call.params["ScheduledActionName"]
    known = call.region.scaling.actions.get((*key, name), {})
    arn = known.get("ScheduledActionARN") or _child_arn(call, "scheduledAction", f"scheduledActionName/{name}")
    action = {"CreationTime": call.now} | known | call.params | {"ScheduledActionARN": arn}
    if "Schedule" not in action:
        raise _refused("Schedule is required to create a scheduled action.")
    call.region.scaling.actions[*key, name] = action
    return {}


@operation(SERVICE, "DescribeScheduledActions")
def describe_scheduled_actions(call: Call) -> dict[str, Any]:
    found = _owned(call, call.region.scaling.actions, "ScheduledActionNames", "ScheduledActionName")
    chosen, more = page(found, call.params, default=50)
    return {"ScheduledActions": chosen, **more}


@operation(SERVICE, "DeleteScheduledAction")
def delete_scheduled_action(call: Call) -> dict[str, Any]:
    return _delete(call, call.region.scaling.actions, call.params["ScheduledActionName"], "scheduled action")


@operation(SERVICE, "DescribeScalingActivities")
def describe_scaling_activities(_: Call) -> dict[str, Any]:
    return {"ScalingActivities": []}


def _key(params: dict[str, Any]) -> TargetKey:
    if params["ServiceNamespace"] != "sagemaker":
        raise _refused(f"This stand-in scales nothing but sagemaker, not {params['ServiceNamespace']}.")
    return params["ResourceId"], params["ScalableDimension"]


def _identity(params: dict[str, Any]) -> dict[str, Any]:
    return {member: params[member] for member in ("ServiceNamespace", "ResourceId", "ScalableDimension")}


def _registered(call: Call) -> TargetKey:
    key = _key(call.params)
    if key not in call.region.scaling.targets:
        raise AwsError(
            "ObjectNotFoundException",
            f"No scalable target found for service namespace: sagemaker, resource ID: {key[0]}, "
            f"scalable dimension: {key[1]}",
        )
    return key


def _variant(call: Call) -> Any:
    """The live variant that a resource id names."""
    parts = call.params["ResourceId"].split("/")
    if len(parts) == 4 and (parts[0], parts[2]) == ("endpoint", "variant"):
        endpoint = call.region.endpoints.get(parts[1])
        variant = next((v for v in endpoint.variants if v.name == parts[3]), None) if endpoint else None
        if variant is not None:
            return variant
    raise _refused(f"Could not find the SageMaker resource {call.params['ResourceId']}.")


def _clamp(call: Call, target: dict[str, Any]) -> None:
    """Every registration brings the current capacity into its bounds."""
    variant = _variant(call)
    bounded = min(max(variant.desired_count, target["MinCapacity"]), target["MaxCapacity"])
    if variant.is_serverless or bounded == variant.desired_count:
        return
    endpoint = call.region.endpoints[call.params["ResourceId"].split("/")[1]]
    if not endpoint.is_busy:
        coming = [copy.copy(v) for v in endpoint.variants]
        next(v for v in coming if v.name == variant.name).desired_count = bounded
        rescale(call.region, endpoint, coming)


def _of_dimension(found: list[dict[str, Any]], params: dict[str, Any]) -> list[dict[str, Any]]:
    wanted = params.get("ScalableDimension")
    return [item for item in found if wanted in {None, item["ScalableDimension"]}]


def _owned(call: Call, book: dict[tuple[str, str, str], dict[str, Any]], names: str, name: str) -> list[dict[str, Any]]:
    resource, wanted = call.params.get("ResourceId"), call.params.get(names)
    found = [item for item in book.values() if resource in {None, item["ResourceId"]}]
    return _of_dimension([item for item in found if not wanted or item[name] in wanted], call.params)


def _delete(call: Call, book: dict[tuple[str, str, str], dict[str, Any]], name: str, noun: str) -> dict[str, Any]:
    key = (*_key(call.params), name)
    if key not in book:
        raise AwsError("ObjectNotFoundException", f"No {noun} found with name {name} for resource {key[0]}.")
    del book[key]
    return {}


def _child_arn(call: Call, kind: str, rest: str) -> str:
    number = next(call.region.world.serial)
    resource = call.params["ResourceId"]
    account = f"{call.region.name}:{call.region.account}"
    return f"arn:aws:autoscaling:{account}:{kind}:{number:08d}:resource/sagemaker/{resource}:{rest}"


def _refused(message: str) -> AwsError:
    return AwsError("ValidationException", message)
