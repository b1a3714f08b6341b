"""What DescribeEndpoint shows of an endpoint at this moment."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..lifecycle import Stage, interpolate
from .endpoint import Activity, Endpoint, Kind
from .variant import Variant

_FROM_CONFIG = ("AsyncInferenceConfig", "ExplainerConfig", "MetricsConfig")
_FROM_VARIANT = ("ManagedInstanceScaling", "RoutingConfig")


def describe(endpoint: Endpoint, now: datetime, *, hide_pending: bool = False) -> dict[str, Any]:
    """The answer of DescribeEndpoint.

    Args:
        endpoint: Settled up to `now`.
        now: The present.
        hide_pending: Leave out PendingDeploymentSummary, which AWS does not document for every kind of endpoint.
    """
    if endpoint.stale_view and now < endpoint.stale_view[0]:
        return endpoint.stale_view[1]
    activity = endpoint.activity
    position = activity.timeline.at(now) if activity else None
    shown: dict[str, Any] = {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": endpoint.config.name,
        "EndpointStatus": endpoint.status,
        "CreationTime": endpoint.created,
        "LastModifiedTime": endpoint.modified,
    }
    if endpoint.failure_reason is not None:
        shown["FailureReason"] = endpoint.failure_reason
    if endpoint.last_policy is not None:
        shown["LastDeploymentConfig"] = endpoint.last_policy
    spec = endpoint.config.spec
    shown |= {member: spec[member] for member in _FROM_CONFIG if member in spec}
    if "DataCaptureConfig" in spec:
        shown["DataCaptureConfig"] = _capture_summary(spec["DataCaptureConfig"], endpoint.status)
    if endpoint.variants and not (activity and activity.kind is Kind.CREATE):
        shown["ProductionVariants"] = [_live(variant, activity, position) for variant in endpoint.variants]
        if endpoint.shadows:
            shown["ShadowProductionVariants"] = [_live(variant, None, None) for variant in endpoint.shadows]
    if activity and position and activity.target is not None and not hide_pending:
        shown["PendingDeploymentSummary"] = _pending(activity, position)
    return shown


def _live(variant: Variant, activity: Activity | None, position: tuple[int, Stage, float] | None) -> dict[str, Any]:
    shown = _common(variant)
    if variant.is_serverless:
        shown |= {
            "CurrentServerlessConfig": variant.current_serverless,
            "DesiredServerlessConfig": variant.desired_serverless,
        }
    elif activity and position and activity.kind is Kind.UPDATE:
        _, stage, progress = position
        shown |= _running(variant, interpolate(stage.blue, progress, variant.current_count), variant.desired_count)
        if activity.shows_stages and stage.removes_blue:
            shown["VariantStatus"] = [_status(activity, position)]
    elif activity and position and activity.kind is Kind.RESCALE:
        _, _, progress = position
        coming = next(v for v in activity.variants if v.name == variant.name)
        grown = interpolate((0.0, 1.0), progress, abs(coming.desired_count - variant.current_count))
        direction = 1 if coming.desired_count >= variant.current_count else -1
        shown |= _running(variant, variant.current_count + direction * grown, coming.desired_count)
        shown["DesiredWeight"] = coming.desired_weight
        shown["VariantStatus"] = [_status(activity, position)]
    else:
        shown |= _running(variant, variant.current_count, variant.desired_count)
    return shown


def _pending(activity: Activity, position: tuple[int, Stage, float]) -> dict[str, Any]:
    assert activity.target is not None
    shown: dict[str, Any] = {
        "EndpointConfigName": activity.target.name,
        "ProductionVariants": [_coming(variant, activity, position) for variant in activity.variants],
        "StartTime": activity.timeline.started,
    }
    if activity.shadows:
        shown["ShadowProductionVariants"] = [_coming(variant, activity, position) for variant in activity.shadows]
    return shown


def _coming(variant: Variant, activity: Activity, position: tuple[int, Stage, float]) -> dict[str, Any]:
    _, stage, progress = position
    shown = _common(variant)
    if variant.is_serverless:
        shown["DesiredServerlessConfig"] = variant.desired_serverless
    else:
        running = interpolate(stage.green, progress, variant.desired_count)
        shown |= _running(variant, running, variant.desired_count)
        if "InstanceType" in variant.spec:
            shown["InstanceType"] = variant.spec["InstanceType"]
    if activity.shows_stages and not stage.removes_blue:
        shown["VariantStatus"] = [_status(activity, position)]
    return shown


def _common(variant: Variant) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "VariantName": variant.name,
        "CurrentWeight": variant.current_weight,
        "DesiredWeight": variant.desired_weight,
    }
    if variant.images:
        shown["DeployedImages"] = variant.images
    return shown | {member: variant.spec[member] for member in _FROM_VARIANT if member in variant.spec}


def _running(variant: Variant, current: int, desired: int) -> dict[str, Any]:
    shown: dict[str, Any] = {"CurrentInstanceCount": current, "DesiredInstanceCount": desired}
    if variant.pool_types:
        counts = {kind: current if kind == variant.pool else 0 for kind in variant.pool_types}
        shown["InstancePools"] = [{"InstanceType": k, "CurrentInstanceCount": n} for k, n in counts.items()]
    return shown


def _status(activity: Activity, position: tuple[int, Stage, float]) -> dict[str, Any]:
    index, stage, _ = position
    return {
        "Status": stage.status,
        "StatusMessage": stage.message,
        "StartTime": activity.timeline.starts()[index],
    }


def _capture_summary(capture: dict[str, Any], status: str) -> dict[str, Any]:
    enabled = capture.get("EnableCapture", False)
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled and status != "Failed" else "Stopped",
        "CurrentSamplingPercentage": capture["InitialSamplingPercentage"],
        "DestinationS3Uri": capture["DestinationS3Uri"],
        "KmsKeyId": capture.get("KmsKeyId", ""),
    }
