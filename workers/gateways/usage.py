"""What endpoints use, counted from those that there are: AWS tells no number of its own to compare a quota with."""

import json
import logging
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, NamedTuple

from bot.domain.endpoint import Document, EndpointStatus
from bot.domain.errors import ResourceMissing
from workers.gateways.aws_errors import Subject, translated
from workers.gateways.remembering import Remembering

log = logging.getLogger(__name__)

COUNTED_FOR = timedelta(minutes=1)
USES_FOR = timedelta(days=1)
"""What an endpoint uses that does not move, and the instance types of its config, stay the same for as long as one likes."""

AT_ONCE = 2
"""Requests at a time: with some 50 ms each, at most 40 a second, and that only for a first count. SageMaker's own limits are not
published, and others share them with the bot."""

BATCH = 100
"""After so many endpoints, what was learnt is remembered: a count that is throttled goes on from there at the next try."""

NO_INSTANCES = frozenset({EndpointStatus.FAILED, EndpointStatus.DELETING})

_CONCURRENCY = "serverless concurrency"
"""Counted beside the instance types, of which none is called so."""

_COUNTS, _USES = "instances in use", "instances of endpoints"

TypesByVariant = dict[str, list[str]]
"""Of one config: each variant's instance types, the preferred one first; none of a serverless variant."""


class _Counted(NamedTuple):
    """What an endpoint used when it was looked at."""

    mark: str
    """Its LastModifiedTime in the listing; empty while it was being changed."""
    uses: dict[str, int]
    """Instances by type, and serverless concurrency."""
    config: str
    types: TypesByVariant
    """Of that config, which never changes."""


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
        """Looks only at endpoints that moved since they were counted the last time: a change of a count moves LastModifiedTime."""
        marks = self._listed()
        known = {name: _Counted(*kept) for name, kept in json.loads(self._remembering.recall(_USES) or "{}").items()}
        types = {counted.config: counted.types for counted in known.values()}
        counted = {
            name: known[name] for name, mark in marks.items() if mark and name in known and known[name].mark == mark
        }
        moved = [name for name in marks if name not in counted]
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="usage") as pool:
            for start in range(0, len(moved), BATCH):
                some = {name: marks[name] for name in moved[start : start + BATCH]}
                counted |= self._look_at(some, types, pool.map)
                self._remembering.remember(_USES, json.dumps(counted), USES_FOR)
        total: Counter[str] = Counter()
        for one in counted.values():
            total.update(one.uses)
        return dict(total)

    def _look_at(
        self, marks: Mapping[str, str], types: dict[str, TypesByVariant], each: Callable[..., Iterator[Any]]
    ) -> dict[str, "_Counted"]:
        """What each of these endpoints uses, those left out that are gone. What is learnt of configs is put into `types`."""
        described = zip(marks, each(self._endpoint, marks), strict=True)
        endpoints = {name: endpoint for name, endpoint in described if endpoint is not None}
        configs = {name: endpoint["EndpointConfigName"] for name, endpoint in endpoints.items()}
        new = sorted({*configs.values()} - types.keys())
        types |= {
            config: found for config, found in zip(new, each(self._config, new), strict=True) if found is not None
        }
        found = {}
        for name, endpoint in endpoints.items():
            known = types.get(configs[name], {})
            uses: Counter[str] = Counter()
            for instance_type, count in _in_use(endpoint, known):
                uses[instance_type] += count
            uses[_CONCURRENCY] = sum(_concurrency(variant) for variant in _variants_of(endpoint))
            found[name] = _Counted(marks[name], dict(uses), configs[name], known)
        return found

    def _listed(self) -> dict[str, str]:
        """Endpoints that may use something, each with its LastModifiedTime; empty while that says nothing, because it changes."""
        with translated("ListEndpoints", Subject("endpoints", "all")):
            pages = self._client.get_paginator("list_endpoints").paginate(PaginationConfig={"PageSize": 100})
            return {
                summary["EndpointName"]: summary["LastModifiedTime"].isoformat()
                if summary["EndpointStatus"] == EndpointStatus.IN_SERVICE
                else ""
                for page in pages
                for summary in page["Endpoints"]
                if summary["EndpointStatus"] not in NO_INSTANCES
            }

    def _endpoint(self, name: str) -> Document | None:
        try:
            with translated("DescribeEndpoint", Subject("endpoint", name)):
                answer: Document = self._client.describe_endpoint(EndpointName=name)
        except ResourceMissing:
            return None  # deleted since it was listed
        return answer

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
