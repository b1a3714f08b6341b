"""What endpoints use, counted from those that there are: AWS tells no number of its own to compare a quota with."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from bot.domain.endpoint import Document, EndpointStatus
from bot.domain.errors import ResourceMissing
from workers.gateways.aws_errors import Subject, translated
from workers.gateways.remembering import Remembering

log = logging.getLogger(__name__)

COUNTED_FOR = timedelta(minutes=1)
TYPES_FOR = timedelta(days=1)
"""An endpoint config never changes, so its instance types may be remembered for long."""

AT_ONCE = 4
"""Requests at a time: with some 50 ms each, at most 80 a second. SageMaker's own limits are not published."""

NO_INSTANCES = frozenset({EndpointStatus.FAILED, EndpointStatus.DELETING})

_CONCURRENCY = "serverless concurrency"
"""Counted beside the instance types, of which none is called so."""

_COUNTS, _TYPES = "instances in use", "instance types of configs"

TypesByVariant = dict[str, list[str]]
"""Of one config: each variant's instance types, the preferred one first; none of a serverless variant."""


class EndpointUsage:
    """`ports.Usage` for one account and region."""

    def __init__(self, client: Any, remembering: Remembering) -> None:
        """Take a boto3 `sagemaker` client. Everything here only reads, so the client may retry by itself."""
        self._client = client
        self._remembering = remembering

    def instances(self) -> Mapping[str, int]:
        """Instances by type over all endpoints, counted at most a minute ago.

        Of a variant, the larger of its present and its desired count; a fleet that is being started counts in full beside the old
        one. That is more than a rolling deployment uses, and what a blue/green deployment comes to.

        Raises:
            TransientError: AWS did not answer; an account half counted would look like one with room.
        """
        return {key: count for key, count in self._counted().items() if key != _CONCURRENCY}

    def serverless_concurrency(self) -> int:
        """Requests at once that all serverless endpoints allocate together, as fresh as that. Raises TransientError."""
        return self._counted().get(_CONCURRENCY, 0)

    def _counted(self) -> dict[str, int]:
        known = self._remembering.recall(_COUNTS)
        if known is None:
            known = json.dumps(self._count())
            self._remembering.remember(_COUNTS, known, COUNTED_FOR)
        counted: dict[str, int] = json.loads(known)
        return counted

    def _count(self) -> dict[str, int]:
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="usage") as pool:
            described = pool.map(self._endpoint, self._names())
            endpoints = [endpoint for endpoint in described if endpoint is not None]
            types = self._types([endpoint["EndpointConfigName"] for endpoint in endpoints], pool.map)
        total: Counter[str] = Counter()
        for endpoint in endpoints:
            for instance_type, count in _in_use(endpoint, types.get(endpoint["EndpointConfigName"], {})):
                total[instance_type] += count
            total[_CONCURRENCY] += sum(_concurrency(variant) for variant in _variants_of(endpoint))
        return dict(total)

    def _names(self) -> list[str]:
        with translated("ListEndpoints", Subject("endpoints", "all")):
            pages = self._client.get_paginator("list_endpoints").paginate(PaginationConfig={"PageSize": 100})
            return [
                summary["EndpointName"]
                for page in pages
                for summary in page["Endpoints"]
                if summary["EndpointStatus"] not in NO_INSTANCES
            ]

    def _endpoint(self, name: str) -> Document | None:
        try:
            with translated("DescribeEndpoint", Subject("endpoint", name)):
                answer: Document = self._client.describe_endpoint(EndpointName=name)
        except ResourceMissing:
            return None  # deleted since it was listed
        return answer

    def _types(self, configs: Sequence[str], each: Callable[..., Iterator[Any]]) -> dict[str, TypesByVariant]:
        known: dict[str, TypesByVariant] = json.loads(self._remembering.recall(_TYPES) or "{}")
        new = sorted(set(configs) - known.keys())
        learnt = {
            config: types for config, types in zip(new, each(self._config, new), strict=True) if types is not None
        }
        if learnt:
            in_use = {config: known[config] for config in configs if config in known}
            self._remembering.remember(_TYPES, json.dumps(in_use | learnt), TYPES_FOR)
        return known | learnt

    def _config(self, name: str) -> TypesByVariant | None:
        try:
            with translated("DescribeEndpointConfig", Subject("endpoint config", name)):
                answer = self._client.describe_endpoint_config(EndpointConfigName=name)
        except ResourceMissing:
            log.warning("%s was deleted while an endpoint runs on it: its instances cannot be counted", name)
            return None
        return {variant["VariantName"]: _types_of(variant) for variant in _all_variants(answer)}


def _types_of(variant: Document) -> list[str]:
    pools = sorted(variant.get("InstancePools", ()), key=lambda pool: pool.get("Priority", 0))
    single = [variant["InstanceType"]] if "InstanceType" in variant else []
    return single or [pool["InstanceType"] for pool in pools]


def _all_variants(document: Document) -> list[Document]:
    return [*document.get("ProductionVariants", ()), *document.get("ShadowProductionVariants", ())]


def _in_use(endpoint: Document, types: TypesByVariant) -> Iterator[tuple[str, int]]:
    for variant in _all_variants(endpoint):
        yield from _of_variant(variant, types.get(variant["VariantName"], []))
    for variant in _all_variants(endpoint.get("PendingDeploymentSummary", {})):
        # Only variants that are still to come name their instance type themselves.
        yield from _of_variant(variant, _types_of(variant))


def _variants_of(endpoint: Document) -> list[Document]:
    """Those that serve and those that are still to come."""
    return [*_all_variants(endpoint), *_all_variants(endpoint.get("PendingDeploymentSummary", {}))]


def _concurrency(variant: Document) -> int:
    sizes = (variant.get(member, {}) for member in ("CurrentServerlessConfig", "DesiredServerlessConfig"))
    return max(int(size.get("MaxConcurrency", 0)) for size in sizes)


def _of_variant(variant: Document, types: Sequence[str]) -> Iterator[tuple[str, int]]:
    wanted = max(variant.get("CurrentInstanceCount", 0), variant.get("DesiredInstanceCount", 0))
    pools = {pool["InstanceType"]: pool["CurrentInstanceCount"] for pool in variant.get("InstancePools", ())}
    yield from pools.items()
    # What is not there yet may come from any pool; it is counted where SageMaker tries first.
    first = next(iter([*types, *pools]), None)
    if (rest := wanted - sum(pools.values())) > 0 and first is not None:
        yield first, rest
