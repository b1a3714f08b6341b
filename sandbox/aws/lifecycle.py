"""How an endpoint's update proceeds: stages with durations, as a pure function of the deployment policy and the time.

Durations are those of AWS (minutes); the speed divides them. Nothing runs in the background: whoever looks at an
endpoint asks its timeline where it stands.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

CPU_LAUNCH_SECONDS = 240.0
GPU_LAUNCH_SECONDS = 480.0
SERVERLESS_LAUNCH_SECONDS = 60.0
ACTIVATION_SECONDS = 20.0
TERMINATION_SECONDS = 90.0
DELETION_SECONDS = 60.0
RESCALE_SECONDS = 180.0
REWEIGHT_SECONDS = 30.0
_ACCELERATED = ("ml.g", "ml.p", "ml.inf", "ml.trn")


@dataclass(frozen=True)
class Stage:
    """One stretch of an update.

    Attributes:
        status: SageMaker's VariantStatus.
        message: SageMaker's StatusMessage.
        seconds: Duration at speed 1.
        green: Share of the green fleet that runs, when the stage begins and when it ends.
        blue: The same of the blue fleet.
        share: Share of the traffic that the green fleet takes throughout the stage.
    """

    status: str
    message: str
    seconds: float
    green: tuple[float, float] = (1.0, 1.0)
    blue: tuple[float, float] = (1.0, 1.0)
    share: float = 0.0

    @property
    def is_bake(self) -> bool:
        return self.status == "Baking"

    @property
    def removes_blue(self) -> bool:
        """It is the old fleet that this stage is about."""
        return self.status == "Deleting" and self.blue[0] > self.blue[1]


@dataclass
class Ending:
    """How an activity ends."""

    status: str = "InService"
    landed: bool = True  # the endpoint is on the target config afterwards
    failure_reason: str | None = None
    mixed: bool = False  # both fleets go on serving


@dataclass
class Timeline:
    """Stages laid out from an instant on."""

    started: datetime
    stages: list[Stage]
    speed: float

    def starts(self) -> list[datetime]:
        """When each stage begins, plus the end of the last one."""
        moments = [self.started]
        for stage in self.stages:
            moments.append(moments[-1] + timedelta(seconds=stage.seconds / self.speed))
        return moments

    @property
    def ends_at(self) -> datetime:
        return self.starts()[-1]

    def at(self, now: datetime) -> tuple[int, Stage, float] | None:
        """Index of the stage under way, the stage and how far it is (0..1); None once all are over."""
        moments = self.starts()
        for index, stage in enumerate(self.stages):
            if now < moments[index + 1]:
                span = (moments[index + 1] - moments[index]).total_seconds()
                elapsed = (now - moments[index]).total_seconds()
                return index, stage, max(0.0, min(1.0, elapsed / span)) if span else 1.0
        return None

    def cut(self, now: datetime, then: Sequence[Stage]) -> None:
        """End the stage under way now and go on with others instead of those planned."""
        position = self.at(now)
        if position is None:
            self.stages.extend(then)
            return
        index, stage, _ = position
        spent = (now - self.starts()[index]).total_seconds() * self.speed
        begun = [replace(stage, seconds=spent)] if spent else []
        self.stages[index:] = [*begun, *then]


def interpolate(span: tuple[float, float], progress: float, total: int) -> int:
    """How many of ``total`` instances run, ``progress`` of the way through a stage: whole instances, one after another."""
    begin, end = span
    share = begin + (end - begin) * progress
    rounded = math.floor(share * total + 1e-9) if end >= begin else math.ceil(share * total - 1e-9)
    return max(0, min(total, rounded))


def launch_seconds(variants: list[dict[str, Any]]) -> float:
    """How long a fleet takes to start: the slowest of its variants."""

    def of(variant: dict[str, Any]) -> float:
        if "ServerlessConfig" in variant:
            return SERVERLESS_LAUNCH_SECONDS
        pools = [pool["InstanceType"] for pool in variant.get("InstancePools", [])]
        types = [variant.get("InstanceType", ""), *pools]
        return GPU_LAUNCH_SECONDS if any(t.startswith(_ACCELERATED) for t in types) else CPU_LAUNCH_SECONDS

    return max(of(variant) for variant in variants)


def launching(count: int, seconds: float) -> Stage:
    return Stage("Creating", f"Launching {count} instance(s).", seconds, green=(0.0, 1.0))


def terminating(count: int, *, green: bool = False, seconds: float = TERMINATION_SECONDS) -> Stage:
    """The blue fleet goes after a success, the green one after a rollback."""
    message = f"Terminating {count} instance(s)."
    if green:
        return Stage("Deleting", message, seconds, green=(1.0, 0.0), share=0.0)
    return Stage("Deleting", message, seconds, blue=(1.0, 0.0), share=1.0)


def way_back(stage: Stage | None, count: int, launch: float) -> list[Stage]:
    """The stages of an automatic rollback.

    Args:
        stage: What was under way; None if the new fleet had not begun to start.
        count: Instances of a whole fleet.
        launch: Seconds until instances serve; a rolling update has ended some of the old ones.
    """
    if stage is None:
        return [Stage("Deleting", "Terminating 0 instance(s).", ACTIVATION_SECONDS, green=(0.0, 0.0))]
    green, blue = stage.green[1], stage.blue[1]
    removal = Stage("Deleting", f"Terminating {round(green * count)} instance(s).", TERMINATION_SECONDS, (green, 0.0))
    if blue == 1.0:
        return [removal]
    missing = round((1.0 - blue) * count)
    return [
        Stage("Creating", f"Launching {missing} instance(s).", launch, (green, green), (blue, 1.0), stage.share),
        removal,
    ]


def update_stages(policy: dict[str, Any] | None, green: int, blue: int, launch: float) -> list[Stage]:
    """The stages of a successful update.

    Args:
        policy: The DeploymentConfig in force; None for SageMaker's default, blue/green all at once.
        green: Instances of the new fleet.
        blue: Instances of the old fleet.
        launch: Seconds until a fleet of the new kind serves.
    """
    policy = policy or {}
    if "RollingUpdatePolicy" in policy:
        return _rolling(policy["RollingUpdatePolicy"], green, launch)
    blue_green = policy.get("BlueGreenUpdatePolicy", {})
    routing = blue_green.get("TrafficRoutingConfiguration", {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0})
    wait, final = routing["WaitIntervalInSeconds"], blue_green.get("TerminationWaitInSeconds", 0)
    stages = [launching(green, launch)]
    for share, kind in _steps(routing, green):
        capacity = max(1, round(share * green))
        stages.append(Stage("ActivatingTraffic", _activating(kind, capacity), ACTIVATION_SECONDS, share=0.0))
        if share < 1.0 and wait:
            baking = f"Baking for {wait} seconds with traffic enabled on {kind} capacity of {capacity} instance(s)."
            stages.append(Stage("Baking", baking, wait, share=share))
    _carry_share(stages)
    if final:
        message = f"Baking for {final} seconds (TerminationWaitInSeconds) with traffic enabled on full capacity of {green} instance(s)."
        stages.append(Stage("Baking", message, final, share=1.0))
    return [*stages, terminating(blue)]


def shortest_seconds(policy: dict[str, Any], green: int) -> float:
    """The sum of all waits that a policy asks for, without any launch."""
    stages = update_stages(policy, green, green, launch=0.0)
    return sum(stage.seconds for stage in stages if stage.is_bake)


def capacity(size: dict[str, Any], total: int) -> int:
    """A CapacitySize as a number of instances, at least one."""
    value = int(size["Value"])
    return value if size["Type"] == "INSTANCE_COUNT" else max(1, math.ceil(total * value / 100))


def _steps(routing: dict[str, Any], green: int) -> list[tuple[float, str]]:
    """The growing shares of traffic and what SageMaker calls that part of the capacity."""
    if routing["Type"] == "CANARY":
        return [(capacity(routing["CanarySize"], green) / green, "canary"), (1.0, "full")]
    if routing["Type"] == "LINEAR":
        step = capacity(routing["LinearStepSize"], green) / green
        count = math.ceil(1.0 / step - 1e-9)
        return [(min(1.0, step * n), "linear step" if n < count else "full") for n in range(1, count + 1)]
    return [(1.0, "full")]


def _activating(kind: str, instances: int) -> str:
    return f"Activating traffic on {kind} capacity of {instances} instance(s)."


def _carry_share(stages: list[Stage]) -> None:
    """While traffic is being activated the former share still holds."""
    share = 0.0
    for index, stage in enumerate(stages):
        if stage.is_bake:
            share = stage.share
        else:
            stages[index] = replace(stage, share=share)


def _rolling(policy: dict[str, Any], green: int, launch: float) -> list[Stage]:
    batch, wait = capacity(policy["MaximumBatchSize"], green), policy["WaitIntervalInSeconds"]
    stages: list[Stage] = []
    done = 0
    while done < green:
        size = min(batch, green - done)
        before, after = done / green, (done + size) / green
        left = (1.0 - before, 1.0 - before)
        stages.append(Stage("Creating", f"Launching {size} instance(s).", launch, (before, after), left, before))
        stages.append(
            Stage("ActivatingTraffic", _activating("batch", size), ACTIVATION_SECONDS, (after, after), left, before)
        )
        if wait:
            message = f"Baking for {wait} seconds with traffic enabled on batch capacity of {size} instance(s)."
            stages.append(Stage("Baking", message, wait, (after, after), left, after))
        gone = (1.0 - before, 1.0 - after)
        stages.append(
            Stage("Deleting", f"Terminating {size} instance(s).", TERMINATION_SECONDS, (after, after), gone, after)
        )
        done += size
    return stages
