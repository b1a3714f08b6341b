"""What preflight may be told: a sound change and a sound way back, from which every case differs in what it is about."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from bot.domain.endpoint import ApprovalStatus, ConfigRecord, ModelPackage, Snapshot, VariantState
from bot.domain.fleet import Approval, EndpointSpec
from bot.domain.phases import Kind
from bot.domain.plan import Difference, Finding
from bot.domain.preflight import Facts, run_preflight
from bot.domain.preflight.facts import Attempt
from bot.domain.rollout_parts import CountChange
from bot.domain.scaling import ScalableTarget, Scaling
from bot.domain.traffic import TrafficOutlook
from fakes.clock import NOW
from fakes.records import CURRENT, TARGET, a_snapshot

MARKETPLACE_ARN = "arn:aws:sagemaker:us-east-1:865070037744:model-package/stt-v1"


def a_config(name: str, *variants: str, **fields: Any) -> ConfigRecord:
    """A config with these variants, alike but for their names."""
    alike = {"ModelName": "m", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 2, **fields}
    produced = [{"VariantName": v, **{k: f for k, f in alike.items() if f is not None}} for v in variants]
    return ConfigRecord(name=name, arn=f"arn:{name}", document={"ProductionVariants": produced})


def a_package(**fields: Any) -> ModelPackage:
    """Version 4 of the group sentiment, Approved and Completed."""
    values = {"arn": "arn:v4", "name": "sentiment", "group": "sentiment", "version": 4, "status": "Completed"}
    return ModelPackage(**{**values, "approval": ApprovalStatus.APPROVED, "created_at": NOW, **fields})


def a_marketplace_package(**fields: Any) -> ModelPackage:
    """A package that needs a subscription."""
    return a_package(
        **{
            "arn": MARKETPLACE_ARN,
            "name": "stt-v1",
            "group": None,
            "version": None,
            "approval": None,
            "is_marketplace": True,
            **fields,
        }
    )


def a_spec(**fields: Any) -> EndpointSpec:
    """What the fleet file says."""
    values = {"name": "sentiment-prod", "model_package_group": "sentiment", "approval": Approval(users=("U0BEN",))}
    return EndpointSpec(**{**values, **fields})


def with_instances(count: int | None, name: str = "AllTraffic") -> Snapshot:
    """The endpoint with so many live instances."""
    return a_snapshot().model_copy(update={"variants": (VariantState(name=name, desired_count=count),)})


def a_target(minimum: int = 2, maximum: int = 8, variant: str = "AllTraffic", **fields: Any) -> ScalableTarget:
    """A scalable target with one target-tracking policy and one scheduled action."""
    document: dict[str, Any] = {"MinCapacity": minimum, "MaxCapacity": maximum}
    tracking = {
        "TargetValue": 200.0,
        "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
    }
    return ScalableTarget(
        **{
            "variant": variant,
            "document": document,
            "policies": ({"PolicyName": "hold-200", "TargetTrackingScalingPolicyConfiguration": tracking},),
            "scheduled": ({"ScheduledActionName": "mornings"},),
            **fields,
        }
    )


SUSPENDED: Mapping[str, bool] = {
    "DynamicScalingInSuspended": True,
    "DynamicScalingOutSuspended": True,
    "ScheduledScalingSuspended": True,
}

SCALED = Scaling(targets=(a_target(),))
CALM = TrafficOutlook(
    now_per_minute=100.0,
    usual_per_minute=110.0,
    busiest_per_minute=1000.0,
    next_quiet_at=NOW.replace(hour=3) + timedelta(days=1),
    quiet_per_minute=20.0,
)
BUSY = CALM.model_copy(update={"now_per_minute": 950.0})

UPDATE = Facts(
    spec=a_spec(),
    kind=Kind.UPDATE,
    snapshot=a_snapshot(),
    current_config=a_config(CURRENT, "AllTraffic"),
    target_config=a_config(TARGET, "AllTraffic"),
    target_config_name=TARGET,
    differences=(Difference(path="x", before="3", after="4"),),
    package=a_package(),
    models={"m": True},
    instance_types=frozenset({"ml.m5.xlarge"}),
    traffic=CALM,
)
ROLLBACK = replace(UPDATE, kind=Kind.ROLLBACK, differences=(), package=None)
SCALE = replace(
    UPDATE,
    kind=Kind.SCALE,
    differences=(),
    package=None,
    target_config=None,
    target_config_name=CURRENT,
    count_change=CountChange(variant="AllTraffic", count=4),
)
ATTEMPT = Attempt(rollout_id="rbad2345", at=NOW - timedelta(days=1), ended="failed", why="Quota too small.")


def found(facts: Facts) -> Mapping[str, Finding]:
    """Every finding by its check's name; each check answers once."""
    findings = run_preflight(facts)
    by_check = {f.check: f for f in findings}
    assert len(by_check) == len(findings), "each check answers once"
    return by_check
