"""What stands behind an endpoint on AWS: its autoscaling, and the alarms that a rollout makes for itself."""

from __future__ import annotations

from typing import Any

from sandbox.stack import Stack

SCALING = ("scalable_targets", "scaling_policies", "scheduled_actions")
SWITCHES = ("DynamicScalingInSuspended", "DynamicScalingOutSuspended", "ScheduledScalingSuspended")


def scaling_of(stack: Stack, endpoint: str) -> dict[str, Any]:
    """Targets, policies and scheduled actions, without what is another one for each registration."""
    seen = stack.aws.endpoint(endpoint)
    return {kind: _lasting(seen[kind]) for kind in SCALING}


def is_suspended(stack: Stack, endpoint: str) -> bool:
    """Whether the endpoint has scalable targets, all of which rest."""
    targets = stack.aws.endpoint(endpoint)["scalable_targets"]
    return bool(targets) and all(target["SuspendedState"][switch] for target in targets for switch in SWITCHES)


def own_alarms(stack: Stack, endpoint: str) -> list[str]:
    """The alarms that rollouts of the endpoint have made for themselves, and have not deleted yet."""
    return [name for name in stack.aws.alarms() if name.startswith(f"bot-{endpoint}-")]


def _lasting(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _lasting(v) for k, v in value.items() if not k.endswith(("Time", "ARN", "Arn")) and k != "Alarms"}
    return [_lasting(item) for item in value] if isinstance(value, list) else value
