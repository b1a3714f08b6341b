"""Service Quotas: how many instances of a type endpoints may use together, and how many serverless requests at once."""

import json
from datetime import timedelta
from typing import Any

from bot.domain.endpoint import Document
from workers.gateways.aws_errors import Subject, translated
from workers.gateways.remembering import Remembering

SERVICE = "sagemaker"
SUFFIX = " for endpoint usage"
"""SageMaker has about 1,800 quotas; those of endpoints are named `ml.g5.xlarge for endpoint usage`. Their codes are not documented."""

SERVERLESS_CODE = "L-96300102"
"""Of “Maximum total concurrency that can be allocated across all serverless endpoints”: one of the few codes that AWS documents."""

_SERVERLESS = "serverless"

APPLIED_FOR = timedelta(hours=1)
DEFAULTS_FOR = timedelta(days=1)

ANEW_AFTER = timedelta(minutes=1)
"""A limit that stands in somebody's way is asked for again so soon: whoever is told of it goes and has it raised."""

_APPLIED, _JUST_LISTED = "quotas of endpoints", "quotas of endpoints, just listed"


class ServiceQuotas:
    """`ports.Quotas` for one account and region."""

    def __init__(self, client: Any, remembering: Remembering) -> None:
        """Take a boto3 `service-quotas` client. Everything here only reads, so the client may retry by itself."""
        self._client = client
        self._remembering = remembering

    def limit(self, instance_type: str, *, wanted: int = 0) -> int | None:
        """How many instances of the type endpoints may use together; None when it is not known or may not be read.

        Args:
            instance_type: The type.
            wanted: How many there shall be. A limit below that is at most a minute old.
        """
        return self._limit(instance_type, wanted)

    def serverless_concurrency(self, *, wanted: int = 0) -> int | None:
        """How many requests at once all serverless endpoints may allocate together; `wanted` and None as above."""
        return self._limit(_SERVERLESS, wanted)

    def _limit(self, key: str, wanted: int) -> int | None:
        found = self._known_limit(key)
        if found is None or found >= wanted:
            return found
        anew = self._remembering.answer(_JUST_LISTED, ANEW_AFTER, self._list_applied)
        if anew is not None:
            self._remembering.remember(_APPLIED, json.dumps(anew), APPLIED_FOR)
        return self._known_limit(key)

    def _known_limit(self, key: str) -> int | None:
        applied = self._remembering.answer(_APPLIED, APPLIED_FOR, self._list_applied)
        if applied is None or key in applied:
            return applied and int(applied[key])
        # Applied values are listed "where available"; elsewhere AWS's default is what holds.
        defaults = self._remembering.answer(
            "default quotas of endpoints",
            DEFAULTS_FOR,
            lambda: self._list("ListAWSDefaultServiceQuotas", "list_aws_default_service_quotas"),
        )
        found = (defaults or {}).get(key)
        return int(found) if found is not None else None

    def _list_applied(self) -> dict[str, float]:
        found = self._list("ListServiceQuotas", "list_service_quotas")
        self._remembering.remember(_JUST_LISTED, json.dumps(found), ANEW_AFTER)
        return found

    def _list(self, operation: str, paginator: str) -> dict[str, float]:
        with translated(operation, Subject("quotas of", SERVICE)):
            pages = self._client.get_paginator(paginator).paginate(
                ServiceCode=SERVICE, PaginationConfig={"PageSize": 100}
            )
            quotas = [quota for page in pages for quota in page["Quotas"]]
        known = {_key(quota): quota["Value"] for quota in quotas if "Value" in quota}
        return {key: value for key, value in known.items() if key is not None}


def _key(quota: Document) -> str | None:
    """What an answer's quota is about: an instance type, serverless requests, or nothing that is asked for here."""
    if quota.get("QuotaCode") == SERVERLESS_CODE:
        return _SERVERLESS
    name: str = quota.get("QuotaName", "")
    return name.removesuffix(SUFFIX) if name.endswith(SUFFIX) else None
