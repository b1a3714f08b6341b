"""Service Quotas: how many instances of a type endpoints may use together."""

from datetime import timedelta
from typing import Any

from workers.gateways.aws_errors import Subject, translated
from workers.gateways.remembering import Remembering

SERVICE = "sagemaker"
SUFFIX = " for endpoint usage"
"""SageMaker has about 1,800 quotas; those of endpoints are named `ml.g5.xlarge for endpoint usage`. Their codes are not documented."""

APPLIED_FOR = timedelta(hours=1)
DEFAULTS_FOR = timedelta(days=1)


class ServiceQuotas:
    """`ports.Quotas` for one account and region."""

    def __init__(self, client: Any, remembering: Remembering) -> None:
        """Take a boto3 `service-quotas` client. Everything here only reads, so the client may retry by itself."""
        self._client = client
        self._remembering = remembering

    def limit(self, instance_type: str) -> int | None:
        """How many instances of the type endpoints may use together; None when it is not known or may not be read."""
        applied = self._remembering.answer(
            "quotas of endpoints", APPLIED_FOR, lambda: self._list("ListServiceQuotas", "list_service_quotas")
        )
        if applied is None or instance_type in applied:
            return applied and int(applied[instance_type])
        # Applied values are listed "where available"; elsewhere AWS's default is what holds.
        defaults = self._remembering.answer(
            "default quotas of endpoints",
            DEFAULTS_FOR,
            lambda: self._list("ListAWSDefaultServiceQuotas", "list_aws_default_service_quotas"),
        )
        found = (defaults or {}).get(instance_type)
        return int(found) if found is not None else None

    def _list(self, operation: str, paginator: str) -> dict[str, float]:
        with translated(operation, Subject("quotas of", SERVICE)):
            pages = self._client.get_paginator(paginator).paginate(
                ServiceCode=SERVICE, PaginationConfig={"PageSize": 100}
            )
            quotas = [quota for page in pages for quota in page["Quotas"]]
        return {
            quota["QuotaName"].removesuffix(SUFFIX): quota["Value"]
            for quota in quotas
            if quota.get("QuotaName", "").endswith(SUFFIX) and "Value" in quota
        }
