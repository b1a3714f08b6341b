"""Service Quotas, and SageMaker's own use of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .errors import AwsError
from .listing import page
from .world import Call, Region, operation

if TYPE_CHECKING:
    from .sagemaker.variant import Variant

SERVICE_NAME = "Amazon SageMaker"


@dataclass(frozen=True)
class Quota:
    code: str
    name: str
    default: float
    applied: float  # in the seed account


_INSTANCE_QUOTAS = {
    "ml.g5.xlarge": ("L-1928E07B", 4),
    "ml.g5.2xlarge": ("L-9614C779", 8),
    "ml.g5.4xlarge": ("L-C1B9A48D", 4),
    "ml.g5.12xlarge": ("L-65C4BD00", 0),
    "ml.g6.xlarge": ("L-D470D954", 4),
    "ml.trn1.2xlarge": ("L-5C911603", 0),
    "ml.trn2.48xlarge": ("L-9752E3B3", 0),
    "ml.m5.large": ("L-1D5D8D0A", 10),
    "ml.m5.xlarge": ("L-2F737F8D", 20),
    "ml.m5.2xlarge": ("L-5F4C4B3A", 10),
    "ml.c5.xlarge": ("L-7C9662E2", 10),
    "ml.inf1.xlarge": ("L-4B5D3F2C", 4),
}
_PER_ENDPOINT = Quota("L-ED8DEE9B", "Maximum number of instances per endpoint", 4, 20)
_ALL_ENDPOINTS = Quota("L-7A3DF611", "Number of instances across active endpoints", 4, 60)
QUOTAS = [
    *(Quota(code, f"{kind} for endpoint usage", 0, value) for kind, (code, value) in _INSTANCE_QUOTAS.items()),
    _PER_ENDPOINT,
    _ALL_ENDPOINTS,
    Quota("L-99AD19BF", "Maximum number of serverless endpoints", 5, 50),
    Quota("L-96300102", "Maximum total concurrency that can be allocated across all serverless endpoints", 10, 200),
    Quota("L-BC8DC54C", "Model Package Groups", 250, 250),
    Quota("L-9A82FBCA", "Model Packages", 10_000, 10_000),
]


@operation("service-quotas", "ListServiceQuotas")
def list_service_quotas(call: Call) -> dict[str, Any]:
    _only_sagemaker(call.params)
    code = call.params.get("QuotaCode")
    found = [q for q in QUOTAS if code is None or q.code == code]
    chosen, more = page(found, call.params, default=100)
    return {"Quotas": [_shown(call.region, q, applied(call.region, q)) for q in chosen], **more}


@operation("service-quotas", "GetServiceQuota")
def get_service_quota(call: Call) -> dict[str, Any]:
    quota = _by_code(call.params)
    return {"Quota": _shown(call.region, quota, applied(call.region, quota))}


@operation("service-quotas", "ListAWSDefaultServiceQuotas")
def list_aws_default_service_quotas(call: Call) -> dict[str, Any]:
    _only_sagemaker(call.params)
    chosen, more = page(QUOTAS, call.params, default=100)
    return {"Quotas": [_shown(call.region, q, q.default) for q in chosen], **more}


@operation("service-quotas", "GetAWSDefaultServiceQuota")
def get_aws_default_service_quota(call: Call) -> dict[str, Any]:
    quota = _by_code(call.params)
    return {"Quota": _shown(call.region, quota, quota.default)}


def applied(region: Region, quota: Quota) -> float:
    return region.quotas.get(quota.code, quota.applied)


def endpoint_quota(instance_type: str) -> Quota | None:
    return next((q for q in QUOTAS if q.name == f"{instance_type} for endpoint usage"), None)


def check_endpoint_usage(region: Region, instance_type: str, delta: int) -> None:
    """Refuse, as SageMaker does, to run more instances of a type than the account may."""
    quota = endpoint_quota(instance_type)
    limit = applied(region, quota) if quota else 0
    _check(f"{instance_type} for endpoint usage", limit, instances_in_use(region, instance_type), delta)


def check_fleet(region: Region, instances: int) -> None:
    """Refuse a fleet that is too large for one endpoint, or for all endpoints together."""
    _check(_PER_ENDPOINT.name, applied(region, _PER_ENDPOINT), 0, instances)
    _check(_ALL_ENDPOINTS.name, applied(region, _ALL_ENDPOINTS), instances_in_use(region), instances)


def instances_in_use(region: Region, instance_type: str | None = None) -> int:
    """Instances (of one type) of all endpoints, including fleets that are being started."""

    def of(variants: list[Variant]) -> int:
        counted = [v for v in variants if instance_type in {None, v.instance_type}]
        return sum(max(v.current_count, v.desired_count) for v in counted)

    total = 0
    for endpoint in region.endpoints.values():
        if endpoint.status == "Failed":
            continue
        total += of([*endpoint.variants, *endpoint.shadows])
        if endpoint.activity is not None and endpoint.activity.is_second_fleet:
            total += of([*endpoint.activity.variants, *endpoint.activity.shadows])
    return total


def _check(name: str, limit: float, used: int, delta: int) -> None:
    if used + delta > limit:
        raise AwsError(
            "ResourceLimitExceeded",
            f"The account-level service limit '{name}' is {int(limit)} Instances, with current utilization of {used} "
            f"Instances and a request delta of {delta} Instances. Please use AWS Service Quotas to request an increase "
            "for this quota. If AWS Service Quotas is not available for this quota, contact AWS support to request an "
            "increase for this quota.",
        )


def _shown(region: Region, quota: Quota, value: float) -> dict[str, Any]:
    return {
        "ServiceCode": "sagemaker",
        "ServiceName": SERVICE_NAME,
        "QuotaArn": f"arn:aws:servicequotas:{region.name}:{region.account}:sagemaker/{quota.code}",
        "QuotaCode": quota.code,
        "QuotaName": quota.name,
        "Value": float(value),
        "Unit": "None",
        "Adjustable": True,
        "GlobalQuota": False,
    }


def _only_sagemaker(params: dict[str, Any]) -> None:
    if params["ServiceCode"] != "sagemaker":
        raise AwsError("NoSuchResourceException", f"The service {params['ServiceCode']} does not exist.")


def _by_code(params: dict[str, Any]) -> Quota:
    _only_sagemaker(params)
    found = next((q for q in QUOTAS if q.code == params["QuotaCode"]), None)
    if found is None:
        raise AwsError("NoSuchResourceException", "The request failed because the specified quota does not exist.")
    return found
