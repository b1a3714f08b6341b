"""A company's fleet: the sample endpoints, and twenty more, one for each task that text and speech are sorted by.

Not all is well in it: one endpoint lags behind, one runs a version that was rejected since, one was never created, one failed, one is
smaller than its fleet file says. `intent` runs on six endpoints, which is what waves are for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .behaviours import STT_EN_V2
from .clock import Clock
from .fleet import MARKETPLACE_ACCOUNT, add_config, add_endpoint, add_group, add_model, sample_world, variant_of
from .world import Region, Settings, World

APPROVED, REJECTED, PENDING = "Approved", "Rejected", "PendingManualApproval"


@dataclass(frozen=True)
class Task:
    """What versions there are of the model for one task, and what they are worth."""

    group: str
    approvals: tuple[str, ...]
    metric: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Served:
    """An endpoint that serves one version of a task's model."""

    name: str
    group: str
    version: int
    instance_type: str | None = "ml.m5.large"
    """None for a serverless endpoint."""
    team: str = "nlp"


TASKS = (
    Task("intent", (APPROVED, APPROVED, APPROVED, PENDING), "accuracy", ("0.881", "0.894", "0.902", "0.915")),
    Task("toxicity", (APPROVED, APPROVED, APPROVED), "auc", ("0.941", "0.948", "0.953")),
    Task("language-id", (APPROVED, APPROVED), "accuracy", ("0.991", "0.993")),
    Task("spam", (APPROVED, APPROVED, REJECTED), "auc", ("0.967", "0.971", "0.952")),
    Task("topic", (APPROVED, APPROVED), "f1", ("0.781", "0.802")),
    Task("urgency", (APPROVED, REJECTED), "auc", ("0.874", "0.889")),
    Task("sarcasm", (APPROVED, APPROVED), "f1", ("0.644", "0.671")),
    Task("emotion", (APPROVED,), "f1", ("0.713",)),
    Task("brand-safety", (APPROVED, APPROVED), "auc", ("0.928", "0.931")),
    Task("entity-linking", (APPROVED, APPROVED), "f1", ("0.826", "0.831")),
    Task("summary", (APPROVED, APPROVED), "rouge_l", ("0.412", "0.427")),
    Task("churn-risk", (APPROVED,), "auc", ("0.802",)),
)

ENDPOINTS = (
    Served("intent-staging", "intent", 3, "ml.c5.xlarge", "assistant"),
    Served("intent-eu", "intent", 3, "ml.c5.xlarge", "assistant"),
    Served("intent-us", "intent", 3, "ml.c5.xlarge", "assistant"),
    Served("intent-ap", "intent", 3, "ml.c5.xlarge", "assistant"),
    Served("intent-kiosk", "intent", 3, "ml.c5.xlarge", "retail"),
    Served("intent-voice", "intent", 3, "ml.c5.xlarge", "speech"),
    Served("toxicity-staging", "toxicity", 3, team="trust"),
    Served("toxicity-prod", "toxicity", 3, "ml.m5.xlarge", "trust"),
    Served("language-id", "language-id", 2),
    Served("spam", "spam", 2, team="trust"),
    Served("topic", "topic", 1),
    Served("urgency", "urgency", 2, team="support"),
    Served("sarcasm", "sarcasm", 2, None),
    Served("emotion", "emotion", 1, None),
    Served("brand-safety", "brand-safety", 2, team="ads"),
    Served("entity-linking", "entity-linking", 2, "ml.m5.large"),
    Served("summary", "summary", 2, "ml.m5.xlarge", "support"),
)
"""`churn-risk` is declared in the fleet file, and nobody has created it."""

FAILED = "readability"
UNMANAGED = "notebook-experiment"


def company_world(settings: Settings, clock: Clock) -> World:
    """The sample fleet with the rest of the company around it."""
    world = sample_world(settings, clock)
    home = world.home()
    for task in TASKS:
        types = ["ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge", "ml.c5.xlarge"]
        add_group(home, task.group, list(task.approvals), {task.metric: task.values}, types)
    for served in ENDPOINTS:
        _serve(home, served)
    _kiosk_speech(home)
    _failed(home)
    _unmanaged(home)
    return world


def _serve(home: Region, served: Served) -> None:
    package = f"{home.arn('model-package', served.group)}/{served.version}"
    model = f"{served.name}-v{served.version}"
    add_model(home, model, {"ModelPackageName": package, "Environment": {"LOG_LEVEL": "info"}})
    hardware: dict[str, Any] = (
        {"InstanceType": served.instance_type, "InitialInstanceCount": 1}
        if served.instance_type is not None
        else {"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 10}}
    )
    config = add_config(home, f"{served.name}-config-v{served.version}", [variant_of(model, **hardware)])
    add_endpoint(home, served.name, config, {"team": served.team, "env": "prod"})


def _kiosk_speech(home: Region) -> None:
    package = f"arn:aws:sagemaker:{home.name}:{MARKETPLACE_ACCOUNT}:model-package/{STT_EN_V2}"
    add_model(home, "stt-kiosk-v2", {"ModelPackageName": package}, EnableNetworkIsolation=True)
    variant = variant_of("stt-kiosk-v2", InstanceType="ml.g5.2xlarge", InitialInstanceCount=1)
    add_endpoint(home, "stt-kiosk", add_config(home, "stt-kiosk-config-v2", [variant]), {"team": "retail"})


def _failed(home: Region) -> None:
    """It was created, and its container never answered."""
    add_group(home, FAILED, [APPROVED], {"f1": ("0.751",)}, ["ml.m5.large"])
    _serve(home, Served(FAILED, FAILED, 1))
    broken = home.endpoints[FAILED]
    broken.status = "Failed"
    broken.failure_reason = (
        "The primary container for production variant AllTraffic did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint."
    )


def _unmanaged(home: Region) -> None:
    """Somebody's experiment, in no fleet file."""
    _serve(home, Served(UNMANAGED, "topic", 2))
