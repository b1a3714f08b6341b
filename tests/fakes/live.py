"""Live endpoints to clone from, built from as little as a test is about."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.domain.endpoint import ConfigRecord, EndpointStatus, ModelPackage, ModelRecord, Snapshot, VariantState
from workers.cloning import Draft, DraftNames, LiveEndpoint

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)
ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"
MARKETPLACE = "arn:aws:sagemaker:us-east-1:865070037744"
NAMES = DraftNames(rollout_id="r7k2", tags={"rollout:id": "r7k2", "rollout:previous-config": "stt-v1"})


def registry_package(version: int, group: str = "sentiment") -> ModelPackage:
    arn = f"{ACCOUNT}:model-package/{group}/{version}"
    return ModelPackage(arn=arn, name=group, group=group, version=version, status="Completed", created_at=NOW)


def marketplace_package(name: str, product: str = "prod-1") -> ModelPackage:
    return ModelPackage(
        arn=f"{MARKETPLACE}:model-package/{name}",
        name=name,
        status="Completed",
        is_marketplace=True,
        product_id=product,
        created_at=NOW,
    )


def by_package(package: ModelPackage, **members: Any) -> dict[str, Any]:
    return {"ModelPackageName": package.arn, **members}


def model(
    name: str, *containers: Mapping[str, Any], tags: Mapping[str, str] | None = None, **members: Any
) -> ModelRecord:
    runs = {"PrimaryContainer": containers[0]} if len(containers) == 1 else {"Containers": list(containers)}
    return ModelRecord(name=name, arn=f"{ACCOUNT}:model/{name}", document={**runs, **members}, tags=tags or {})


def variant(name: str = "AllTraffic", model_name: str = "m1", **members: Any) -> dict[str, Any]:
    runs = {"VariantName": name, "ModelName": model_name, "InitialInstanceCount": 2, "InstanceType": "ml.m5.xlarge"}
    return {**runs, **members}


def live(
    variants: list[dict[str, Any]],
    *models: ModelRecord,
    packages: tuple[ModelPackage, ...] = (),
    counts: Mapping[str, int] | None = None,
    weights: Mapping[str, float] | None = None,
    tags: Mapping[str, str] | None = None,
    **members: Any,
) -> LiveEndpoint:
    """An endpoint in service on these variants; other members go into the config as they are."""
    counts, weights = counts or {}, weights or {}
    states = tuple(
        VariantState(name=name, desired_count=counts.get(name), weight=weights.get(name))
        for name in {**counts, **weights}
    )
    snapshot = Snapshot(
        name="stt-prod",
        arn=f"{ACCOUNT}:endpoint/stt-prod",
        status=EndpointStatus.IN_SERVICE,
        config_name="stt-v1",
        last_modified=NOW,
        observed_at=NOW,
        variants=states,
    )
    config = ConfigRecord(
        name="stt-v1",
        arn=f"{ACCOUNT}:endpoint-config/stt-v1",
        document={"ProductionVariants": variants, **members},
        tags=tags or {},
    )
    return LiveEndpoint(snapshot, config, {m.name: m for m in models}, {p.arn: p for p in packages})


OLD, NEW = registry_package(3), registry_package(4)
SIMPLE = live(
    [variant()], model("m1", by_package(OLD, Environment={"A": "1"}), ExecutionRoleArn="role"), packages=(OLD,)
)
BY_IMAGE = live(
    [variant()], model("m1", {"Image": "repo:1", "ModelDataUrl": "s3://b/m.tar.gz", "Environment": {"A": "1"}})
)


def paths(result: Draft) -> dict[str, tuple[str | None, str | None]]:
    """Before and after of each difference, by its path."""
    return {d.path: (d.before, d.after) for d in result.differences}
