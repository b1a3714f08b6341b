"""The scenarios that there are, in the words of the panel."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Switch:
    """One scenario that can be switched on.

    Attributes:
        name: What callers use.
        title: What the panel shows.
        description: What will happen, in a sentence.
        kind: `update` shapes updates (the next one or all), `standing` holds until it is cleared, `event` happens at once.
        params: Parameters with their defaults.
        needs_endpoint: Whether an endpoint must be named.
    """

    name: str
    title: str
    description: str
    kind: Literal["update", "standing", "event"]
    params: dict[str, Any] = field(default_factory=dict)
    needs_endpoint: bool = False


SWITCHES = [
    Switch(
        "slower-version",
        "Slower version",
        "The new fleet's latency is multiplied by `factor`.",
        "update",
        {"factor": 1.5},
    ),
    Switch(
        "erroring-version",
        "Erroring version",
        "A share (`ratio`) of the new fleet's requests fails: 5xx, or broken streams.",
        "update",
        {"ratio": 0.05},
    ),
    Switch(
        "insufficient-capacity",
        "No capacity",
        "AWS has no instances (of `instance_type`, if given): the next `times` updates end on the old config, with a "
        "FailureReason. A variant with instance pools turns to its next pool.",
        "update",
        {"times": 1, "instance_type": ""},
    ),
    Switch(
        "health-check-failure",
        "Health check fails",
        "The new containers never answer the ping: the update ends on the old config, with a FailureReason.",
        "update",
    ),
    Switch(
        "image-pull-failure",
        "Image cannot be pulled",
        "The container image is not there for the execution role: the update ends on the old config.",
        "update",
    ),
    Switch(
        "model-download-failure",
        "Model data cannot be read",
        "The model data cannot be downloaded from S3: the update ends on the old config.",
        "update",
    ),
    Switch(
        "permission-failure",
        "Role cannot be assumed",
        "SageMaker may not assume the execution role: the update ends on the old config.",
        "update",
    ),
    Switch(
        "internal-failure",
        "Internal failure",
        "Request to service failed: the update ends on the old config, and trying again may help.",
        "update",
    ),
    Switch(
        "silent-rollback",
        "Silent rollback",
        "The update ends InService on the old config, and no FailureReason says why.",
        "update",
    ),
    Switch(
        "update-fails",
        "Update fails",
        "The update ends with status Failed; the endpoint can only be deleted.",
        "update",
    ),
    Switch(
        "update-rollback-failed",
        "Rollback fails",
        "The update and its rollback both fail: a mix of both fleets serves.",
        "update",
    ),
    Switch("slow-update", "Slow update", "The update takes `factor` times as long.", "update", {"factor": 5.0}),
    Switch("stuck-update", "Stuck update", "The update never ends.", "update"),
    Switch(
        "busy-at-update",
        "Busy at the update",
        "AWS maintenance of `seconds` begins a moment before the next UpdateEndpoint, which is refused.",
        "update",
        {"seconds": 5.0},
    ),
    Switch(
        "scaling-fails",
        "Scaling fails",
        "The next change of counts or weights finds no capacity: RollingBack, then as before.",
        "update",
    ),
    Switch(
        "big-model",
        "Big model",
        "Model data of `gigabytes`: new models load slowly, and fail if their time-outs are too short.",
        "standing",
        {"gigabytes": 60.0},
    ),
    Switch(
        "needs-ami",
        "Needs another AMI",
        "New models start only with InferenceAmiVersion `version`, else their health check fails.",
        "standing",
        {"version": "al2-ami-sagemaker-inference-gpu-3-1"},
    ),
    Switch("no-traffic", "No traffic", "Nobody calls the endpoint.", "standing"),
    Switch(
        "opaque-update",
        "No progress details",
        "DescribeEndpoint tells the status of an update and nothing else.",
        "standing",
    ),
    Switch(
        "config-lag",
        "Lagging configs",
        "A new endpoint config stays unknown to CreateEndpoint and UpdateEndpoint for `seconds`.",
        "standing",
        {"seconds": 5.0},
    ),
    Switch(
        "status-lag",
        "Lagging status",
        "DescribeEndpoint shows the old state for `seconds` after UpdateEndpoint.",
        "standing",
        {"seconds": 5.0},
    ),
    Switch(
        "metric-delay", "Late metrics", "CloudWatch's datapoints arrive `seconds` late.", "standing", {"seconds": 120.0}
    ),
    Switch(
        "throttling",
        "Throttling",
        "A share of the calls (of one `operation`, or * for all) is answered with Rate exceeded.",
        "standing",
        {"operation": "*", "share": 0.5},
    ),
    Switch(
        "low-quota",
        "Low quota",
        "The quota for `instance_type` (if empty: the endpoint's) falls to `limit`.",
        "standing",
        {"instance_type": "", "limit": 0},
    ),
    Switch(
        "not-subscribed",
        "Not subscribed",
        "The subscription to Marketplace packages ends whose name or ProductId contains `package`.",
        "standing",
        {"package": "acme"},
    ),
    Switch(
        "delete-denied",
        "May not deregister",
        "Who calls DeleteEndpoint may not deregister scalable targets, so autoscaled endpoints cannot be deleted.",
        "standing",
    ),
    Switch(
        "system-updating",
        "AWS maintenance",
        "The endpoint is SystemUpdating for `seconds`, at once or by itself `after` so many seconds.",
        "event",
        {"seconds": 10.0, "after": 0.0},
        needs_endpoint=True,
    ),
    Switch(
        "foreign-update",
        "Somebody else updates",
        "Someone starts an update to a config made in the console; with `finished` it is over already.",
        "event",
        {"finished": False},
        needs_endpoint=True,
    ),
    Switch(
        "autoscaled",
        "Autoscaled",
        "Autoscaling brings the endpoint to `count` instances; with `finished` it is over already.",
        "event",
        {"count": 3, "finished": True},
        needs_endpoint=True,
    ),
    Switch(
        "config-deleted",
        "Config deleted",
        "Someone deletes an endpoint config: `config`, or if empty the one in use.",
        "event",
        {"config": ""},
        needs_endpoint=True,
    ),
    Switch(
        "model-deleted",
        "Model deleted",
        "Someone deletes a model: `model`, or if empty the one in use.",
        "event",
        {"model": ""},
        needs_endpoint=True,
    ),
    Switch(
        "model-data-deleted",
        "Model data deleted",
        "Someone deletes model data from S3: `url`, or if empty that of every version in the endpoint's group.",
        "event",
        {"url": ""},
        needs_endpoint=True,
    ),
    Switch(
        "version-unapproved",
        "Version un-approved",
        "Someone sets a version of the endpoint's group (`version`, or if 0 the latest approved) to `status`.",
        "event",
        {"version": 0, "status": "Rejected"},
        needs_endpoint=True,
    ),
    Switch(
        "image-repushed",
        "Image pushed again",
        "Someone pushes other content under the tags of `image`, or if empty of all images in the endpoint's group: "
        "what is started from now on runs another digest.",
        "event",
        {"image": ""},
        needs_endpoint=True,
    ),
    Switch(
        "endpoint-failed",
        "Endpoint failed",
        "The endpoint is Failed: it serves nobody and can only be deleted.",
        "event",
        needs_endpoint=True,
    ),
]
