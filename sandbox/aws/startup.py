"""What a new fleet needs until it serves: time to load its model, and the right machine image.

Only models that have never served are doubted: the way back to one that has is as sure as AWS's capacity.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from . import lifecycle, s3
from .sagemaker import models
from .traffic import Traits

if TYPE_CHECKING:
    from .sagemaker.endpoint import Endpoint
    from .sagemaker.variant import Variant
    from .world import Model, Region

BYTES_PER_SECOND = 100 * 1024**2  # of downloading from S3, and of loading into memory
DOWNLOAD_SECONDS = 900  # unless the variant asks for another time-out; AWS does not document its default
HEALTH_CHECK_SECONDS = 240  # the same for containers that start, documented as four minutes


def launch_seconds(region: Region, endpoint: Endpoint, variants: list[Variant]) -> float:
    """How long the fleet takes to start at speed 1."""
    usual = lifecycle.launch_seconds([variant.spec for variant in variants])
    new = any(not _has_served(region, variant) for variant in variants)
    return max(usual, 2 * _load_seconds(region, endpoint)) if new else usual


def trouble(region: Region, endpoint: Endpoint, variants: list[Variant]) -> str | None:
    """The scenario that describes why this fleet will not start by itself; None if it will."""
    for variant in variants:
        if any(url in region.world.lost_artifacts for url in _urls(region, variant)):
            return "model-download-failure"
        if _has_served(region, variant):
            continue
        needed = region.world.scenarios.params_of("needs-ami", endpoint.name)
        if needed and variant.spec.get("InferenceAmiVersion") != needed["version"]:
            return "health-check-failure"
        seconds = _load_seconds(region, endpoint)
        if _urls(region, variant) and seconds > variant.spec.get("ModelDataDownloadTimeoutInSeconds", DOWNLOAD_SECONDS):
            return "model-download-failure"
        if seconds > variant.spec.get("ContainerStartupHealthCheckTimeoutInSeconds", HEALTH_CHECK_SECONDS):
            return "health-check-failure"
    return None


def first_url(region: Region, variants: list[Variant]) -> str:
    """The model data that a failure text names."""
    return next((url for variant in variants for url in _urls(region, variant)), "s3://unknown/model.tar.gz")


def first_role(region: Region, variants: list[Variant]) -> str:
    """The execution role that a failure text names."""
    found = (region.models.get(variant.spec.get("ModelName", "")) for variant in variants)
    return next((str(m.spec["ExecutionRoleArn"]) for m in found if m and "ExecutionRoleArn" in m.spec), "unknown")


def give_traits(region: Region, variants: list[Variant], traits: Traits) -> None:
    """Make the versions that are new behave so, wherever they run from now on; if none is new, this fleet alone."""
    named = {variant.spec.get("ModelName", "") for variant in variants}
    new: list[Model] = [m for m in map(region.models.get, sorted(named)) if m is not None and not m.has_served]
    for model in new:
        model.traits = model.traits.combined(traits)
    names = {model.name for model in new}
    for variant in variants:
        if not names or variant.spec.get("ModelName") in names:
            variant.traits = variant.traits.combined(traits)


def _has_served(region: Region, variant: Variant) -> bool:
    model = region.models.get(variant.spec.get("ModelName", ""))
    return model is None or model.has_served


def _load_seconds(region: Region, endpoint: Endpoint) -> float:
    """How long a new model is downloaded, and as long again is loaded."""
    grown = region.world.scenarios.params_of("big-model", endpoint.name)
    return float(grown["gigabytes"] * s3.GIBIBYTE if grown else s3.USUAL_BYTES) / BYTES_PER_SECOND


def _urls(region: Region, variant: Variant) -> list[str]:
    found = models.all_containers(region, variant.spec.get("ModelName"))
    return [url for container in found for url in s3.urls_of(container)]
