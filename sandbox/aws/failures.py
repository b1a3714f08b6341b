"""How updates and creations fail: SageMaker's texts, and the stages that a failing update still goes through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from . import lifecycle
from .lifecycle import Ending, Stage

_FOREVER_SECONDS = 10 * 365 * 86400.0
_INTERNAL = "Request to service failed. If failure persists after retry, contact customer support."
NO_CAPACITY = (
    "CapacityError: Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error. "
    "Please retry using a different ML instance type or after some time."
)


@dataclass(frozen=True)
class Launch:
    """What the texts name of a fleet that does not start."""

    variant: str
    role: str
    url: str  # of the model data


def _health(launch: Launch) -> str:
    return (
        f"The primary container for production variant {launch.variant} did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint."
    )


def _image(launch: Launch) -> str:
    return (
        f"Please make sure all images included in the model for the production variant {launch.variant} exist, and "
        "that the execution role used to create the model has permissions to access them."
    )


def _download(launch: Launch) -> str:
    return (
        f"Failed to download model data for container from URL, {launch.url}. Please ensure that there is an object "
        "located at the URL and that the role passed to CreateModel has permissions to download the model."
    )


def _permission(launch: Launch) -> str:
    return (
        f'The execution role ARN "{launch.role}" is invalid. Please ensure that the role exists and that its trust '
        'relationship policy allows the action "sts:AssumeRole" for the service principal "sagemaker.amazonaws.com".'
    )


_REASONS: dict[str, Callable[[Launch], str]] = {
    "insufficient-capacity": lambda _: NO_CAPACITY,
    "health-check-failure": _health,
    "image-pull-failure": _image,
    "model-download-failure": _download,
    "permission-failure": _permission,
    "internal-failure": lambda _: _INTERNAL,
}
LAUNCH_FAILURES = tuple(_REASONS)
"""What can befall every fleet that is started; it ends an update on the old config, and a creation as Failed."""
UNHAPPY_ENDINGS = (*LAUNCH_FAILURES, "silent-rollback", "update-fails", "update-rollback-failed")


def failed_creation(name: str, launch: Launch) -> Ending:
    return Ending("Failed", landed=False, failure_reason=_REASONS[name](launch))


def unhappy(name: str, launch: Launch, stages: list[Stage]) -> tuple[list[Stage], Ending]:
    """The stages that an update still goes through, and how it ends."""
    starting, removal = stages[0], lifecycle.terminating(1, green=True)
    if name == "insufficient-capacity":
        shortfall = replace(starting, seconds=starting.seconds * 0.6, green=(0.0, 0.6))
        return [shortfall], Ending(landed=False, failure_reason=_REASONS[name](launch))
    if name in _REASONS:
        return [starting, removal], Ending(landed=False, failure_reason=_REASONS[name](launch))
    if name == "silent-rollback":
        return [starting, removal], Ending(landed=False)
    if name == "update-fails":
        return [starting], Ending("Failed", landed=False, failure_reason=_INTERNAL)
    reason = "The update failed and the rollback to the previous endpoint configuration failed."
    return [starting, removal], Ending("UpdateRollbackFailed", landed=False, failure_reason=reason, mixed=True)


def stretched(stages: list[Stage], factor: float) -> list[Stage]:
    return [replace(stage, seconds=stage.seconds * factor) for stage in stages]


def stuck(stages: list[Stage]) -> list[Stage]:
    return [replace(stages[0], seconds=_FOREVER_SECONDS, green=(0.0, 0.9))]
