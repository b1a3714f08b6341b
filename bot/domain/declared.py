"""What the fleet file declares about an endpoint, in AWS's own shape."""

from datetime import timedelta

from bot.domain.fleet import EndpointSpec, Fleet, Manager
from bot.domain.scaling import SUSPENDED_SWITCHES, ScalableTarget, Scaling

POLICY_NAME = "endpoint-bot-target-tracking"


def declared_count(spec: EndpointSpec) -> int:
    """Instances that a new endpoint begins with: the file's count, else the least that its autoscaling allows, else one."""
    if spec.instance_count is not None:
        return spec.instance_count
    return max(1, spec.autoscaling.min) if spec.autoscaling is not None else 1


def declared_scaling(spec: EndpointSpec) -> Scaling:
    """The autoscaling that the file asks for, ready to be put in place; without targets where it asks for none."""
    wanted = spec.autoscaling
    if wanted is None:
        return Scaling()
    resource = {
        "ResourceId": f"endpoint/{spec.name}/variant/{spec.variant}",
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }
    policy = {
        **resource,
        "PolicyName": POLICY_NAME,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": wanted.target,
            "PredefinedMetricSpecification": {"PredefinedMetricType": wanted.metric},
        },
    }
    limits = {"MinCapacity": wanted.min, "MaxCapacity": wanted.max}
    state = {"SuspendedState": dict.fromkeys(SUSPENDED_SWITCHES, False)}
    target = ScalableTarget(variant=spec.variant, document={**resource, **limits, **state}, policies=(policy,))
    return Scaling(targets=(target,))


def restore_window(fleet: Fleet) -> timedelta:
    """How long what a deleted endpoint leaves behind stays, so that it can be restored."""
    return (fleet.manager or Manager()).restore_window
