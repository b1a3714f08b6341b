"""Quotas, usage and prices against botocore's service models."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from fakes.clock import FakeClock
from fakes.memory import LapsingMemory

from bot.domain.errors import TransientError
from workers.gateways.pricing import PriceList
from workers.gateways.quotas import ServiceQuotas
from workers.gateways.remembering import REFUSED_FOR, UNANSWERED_FOR, Remembering
from workers.gateways.usage import EndpointUsage

from .clients import make_client, scripted
from .http_stub import Answer, Asked, Stub, serving

THEN = datetime(2026, 11, 1, tzinfo=UTC)
ARN = "arn:aws:sagemaker:us-east-1:123456789012"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def remembering(clock: FakeClock) -> Remembering:
    return Remembering(LapsingMemory(clock), "own account in us-east-1")


# quotas


def quotas(**values: float) -> list[dict[str, Any]]:
    """`g5_xlarge=4` for `ml.g5.xlarge for endpoint usage`."""
    return [
        {"QuotaName": f"ml.{name.replace('_', '.')} for endpoint usage", "QuotaCode": f"L-{name}", "Value": value}
        for name, value in values.items()
    ]


OTHERS = [
    {"QuotaName": "ml.g5.xlarge for training job usage", "QuotaCode": "L-1", "Value": 9.0},
    {"QuotaName": "Model Packages", "QuotaCode": "L-2", "Value": 10_000.0},
    {"QuotaName": "ml.c5.xlarge for endpoint usage", "QuotaCode": "L-3", "ErrorReason": {"ErrorCode": "X"}},
]
ASKED = {"ServiceCode": "sagemaker", "MaxResults": 100}


def test_a_limit_is_found_by_its_name_on_any_page_and_listed_once_an_hour(
    remembering: Remembering, clock: FakeClock
) -> None:
    with scripted("service-quotas") as (client, script):
        for _ in range(2):
            script.add_response(
                "list_service_quotas", {"Quotas": [*OTHERS, *quotas(g5_xlarge=4)], "NextToken": "t"}, ASKED
            )
            script.add_response("list_service_quotas", {"Quotas": quotas(m5_large=10)}, {**ASKED, "NextToken": "t"})
        found = ServiceQuotas(client, remembering)
        assert (found.limit("ml.g5.xlarge"), found.limit("ml.m5.large")) == (4, 10)
        clock.tick(timedelta(hours=1))
        assert found.limit("ml.m5.large") == 10


def test_a_limit_that_does_not_suffice_is_asked_for_anew_but_at_most_once_a_minute(
    remembering: Remembering, clock: FakeClock
) -> None:
    with scripted("service-quotas") as (client, script):
        for value in (4, 4, 8):
            script.add_response("list_service_quotas", {"Quotas": quotas(g5_xlarge=value)}, ASKED)
        found = ServiceQuotas(client, remembering)
        assert [found.limit("ml.g5.xlarge", wanted=6) for _ in range(2)] == [4, 4]
        clock.tick(timedelta(minutes=1))
        assert found.limit("ml.g5.xlarge", wanted=4) == 4
        assert [found.limit("ml.g5.xlarge", wanted=6) for _ in range(2)] == [4, 4]
        clock.tick(timedelta(minutes=1))
        assert found.limit("ml.g5.xlarge", wanted=6) == 8
        clock.tick(timedelta(minutes=2))
        assert found.limit("ml.g5.xlarge", wanted=6) == 8


def test_while_it_cannot_be_asked_anew_the_limit_of_before_holds(remembering: Remembering, clock: FakeClock) -> None:
    with scripted("service-quotas") as (client, script):
        script.add_response("list_service_quotas", {"Quotas": quotas(g5_xlarge=4)})
        script.add_client_error("list_service_quotas", "ThrottlingException", "Rate exceeded")
        found = ServiceQuotas(client, remembering)
        assert found.limit("ml.g5.xlarge") == 4
        clock.tick(timedelta(minutes=2))
        assert [found.limit("ml.g5.xlarge", wanted=6) for _ in range(2)] == [4, 4]


def test_the_total_of_serverless_concurrency_is_found_by_its_code(remembering: Remembering) -> None:
    total = {"QuotaName": "Maximum total concurrency", "QuotaCode": "L-96300102", "Value": 200.0}
    with scripted("service-quotas") as (client, script):
        script.add_response("list_service_quotas", {"Quotas": [*OTHERS, *quotas(g5_xlarge=4), total]}, ASKED)
        found = ServiceQuotas(client, remembering)
        assert (found.serverless_concurrency(), found.limit("ml.g5.xlarge")) == (200, 4)


def test_the_default_total_of_serverless_concurrency_holds_where_none_was_applied(remembering: Remembering) -> None:
    with scripted("service-quotas") as (client, script):
        script.add_response("list_service_quotas", {"Quotas": quotas(g5_xlarge=4)})
        default = {"QuotaName": "Maximum total concurrency", "QuotaCode": "L-96300102", "Value": 10.0}
        script.add_response("list_aws_default_service_quotas", {"Quotas": [default]}, ASKED)
        assert ServiceQuotas(client, remembering).serverless_concurrency() == 10


def test_the_default_holds_where_no_value_was_applied(remembering: Remembering) -> None:
    with scripted("service-quotas") as (client, script):
        script.add_response("list_service_quotas", {"Quotas": quotas(g5_xlarge=0)})
        script.add_response("list_aws_default_service_quotas", {"Quotas": quotas(g5_xlarge=9, p5_48xlarge=0)}, ASKED)
        found = ServiceQuotas(client, remembering)
        assert found.limit("ml.g5.xlarge") == 0
        assert found.limit("ml.p5.48xlarge") == 0
        assert found.limit("ml.x9.large") is None


def test_a_limit_that_may_not_be_read_is_unknown_and_said_once_in_the_log(
    remembering: Remembering, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    with scripted("service-quotas") as (client, script):
        script.add_client_error("list_service_quotas", "AccessDeniedException", "not authorized")
        script.add_response("list_service_quotas", {"Quotas": quotas(m5_large=10)})
        found = ServiceQuotas(client, remembering)
        assert (found.limit("ml.m5.large"), found.limit("ml.m5.large")) == (None, None)
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "not allowed ListServiceQuotas" in caplog.text
        clock.tick(REFUSED_FOR)
        assert found.limit("ml.m5.large") == 10


def test_a_default_that_may_not_be_read_is_unknown(remembering: Remembering) -> None:
    with scripted("service-quotas") as (client, script):
        script.add_response("list_service_quotas", {"Quotas": []})
        script.add_client_error("list_aws_default_service_quotas", "AccessDeniedException", "not authorized")
        assert ServiceQuotas(client, remembering).limit("ml.m5.large") is None


def test_accounts_and_regions_do_not_share_what_is_remembered(clock: FakeClock) -> None:
    memory = LapsingMemory(clock)
    with scripted("service-quotas") as (client, script):
        for value in (4, 8):
            script.add_response("list_service_quotas", {"Quotas": quotas(g5_xlarge=value)})
        limits = [
            ServiceQuotas(client, Remembering(memory, scope)).limit("ml.g5.xlarge")
            for scope in ("own account in us-east-1", "own account in eu-west-1")
        ]
    assert limits == [4, 8]


# prices


def product(*prices: str | None, unit: str = "Hrs", currency: str = "USD") -> str:
    dimensions = {
        f"SKU.TERM.{number}": {"unit": unit, "pricePerUnit": {currency: price} if price is not None else {}}
        for number, price in enumerate(prices)
    }
    return json.dumps(
        {
            "product": {"attributes": {"usagetype": "USE1-Host:ml.g5.xlarge"}},
            "terms": {"OnDemand": {"SKU.TERM": {"priceDimensions": dimensions}}},
        }
    )


def price(remembering: Remembering, *products: str) -> Decimal | None:
    with scripted("pricing") as (client, script):
        filters = {"instanceName": "ml.g5.xlarge", "regionCode": "eu-central-1", "component": "Hosting"}
        asked = {
            "ServiceCode": "AmazonSageMaker",
            "Filters": [{"Type": "TERM_MATCH", "Field": name, "Value": value} for name, value in filters.items()],
        }
        script.add_response("get_products", {"FormatVersion": "aws_v1", "PriceList": list(products)}, asked)
        prices = PriceList(client, "eu-central-1", remembering)
        assert prices.hourly("ml.g5.xlarge") == prices.hourly("ml.g5.xlarge")
        return prices.hourly("ml.g5.xlarge")


def test_a_price_is_exact_and_remembered(remembering: Remembering) -> None:
    assert price(remembering, product("1.4080000000")) == Decimal("1.408")


@pytest.mark.parametrize(
    "products",
    [
        (),
        (product(None),),
        (product("free"),),
        (product("0.0000000000"),),
        (product("1.4", unit="GB-Mo"),),
        (product("9.9", currency="CNY"),),
        (product("1.4", "2.8"),),
        (product("1.4"), product("2.8")),
        ('{"terms": {"Reserved": {}}}',),
    ],
)
def test_a_price_that_cannot_be_told_is_unknown(remembering: Remembering, products: tuple[str, ...]) -> None:
    assert price(remembering, *products) is None


def test_the_same_price_in_two_products_is_one_price(remembering: Remembering) -> None:
    assert price(remembering, product("1.40"), product("1.4000000000")) == Decimal("1.4")


def test_an_unanswered_question_is_unknown_for_a_minute(
    remembering: Remembering, clock: FakeClock, caplog: pytest.LogCaptureFixture
) -> None:
    with scripted("pricing") as (client, script):
        script.add_client_error("get_products", "ThrottlingException", "Rate exceeded")
        script.add_response("get_products", {"PriceList": [product("1.4")]})
        prices = PriceList(client, "us-east-1", remembering)
        assert (prices.hourly("ml.g5.xlarge"), prices.hourly("ml.g5.xlarge")) == (None, None)
        assert len(caplog.records) == 1
        clock.tick(UNANSWERED_FOR)
        assert prices.hourly("ml.g5.xlarge") == Decimal("1.4")


# usage


def listed(*names: str, status: str = "InService", **more: str) -> dict[str, Any]:
    summaries = [
        {
            "EndpointName": name,
            "EndpointArn": f"{ARN}:endpoint/{name}",
            "EndpointStatus": status,
            "CreationTime": THEN,
            "LastModifiedTime": THEN,
        }
        for name in names
    ]
    return {"Endpoints": summaries, **more}


def endpoint(name: str, config: str, *variants: Mapping[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "EndpointName": name,
        "EndpointArn": f"{ARN}:endpoint/{name}",
        "EndpointConfigName": config,
        "EndpointStatus": "InService",
        "CreationTime": THEN,
        "LastModifiedTime": THEN,
        "ProductionVariants": list(variants),
        **members,
    }


def running(name: str, current: int, desired: int, **members: Any) -> dict[str, Any]:
    return {"VariantName": name, "CurrentInstanceCount": current, "DesiredInstanceCount": desired, **members}


def config(name: str, *variants: Mapping[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "EndpointConfigName": name,
        "EndpointConfigArn": f"{ARN}:endpoint-config/{name}",
        "CreationTime": THEN,
        "ProductionVariants": list(variants),
        **members,
    }


def of(name: str, instance_type: str) -> dict[str, Any]:
    return {"VariantName": name, "InstanceType": instance_type}


def counted_of(
    remembering: Remembering, described: Mapping[str, Any], configured: Mapping[str, Any]
) -> Mapping[str, int]:
    """One endpoint and its config."""
    with scripted("sagemaker") as (client, script):
        script.add_response("list_endpoints", listed("a"), {"MaxResults": 100})
        script.add_response("describe_endpoint", dict(described), {"EndpointName": "a"})
        script.add_response("describe_endpoint_config", dict(configured))
        return EndpointUsage(client, remembering).instances()


def test_the_larger_of_present_and_desired_instances_is_in_use(remembering: Remembering) -> None:
    described = endpoint(
        "a",
        "c",
        running("out", 1, 3),
        running("in", 4, 2),
        {"VariantName": "serverless", "CurrentServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 5}},
        ShadowProductionVariants=[running("shadow", 1, 1)],
    )
    configured = config(
        "c",
        of("out", "ml.m5.large"),
        of("in", "ml.g5.xlarge"),
        {"VariantName": "serverless", "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 5}},
        ShadowProductionVariants=[of("shadow", "ml.m5.large")],
    )
    assert counted_of(remembering, described, configured) == {"ml.m5.large": 4, "ml.g5.xlarge": 4}


def test_serverless_concurrency_counts_the_larger_size_and_what_is_still_to_come(remembering: Remembering) -> None:
    def sized(now: int, then: int) -> dict[str, Any]:
        sizes = {"CurrentServerlessConfig": now, "DesiredServerlessConfig": then}
        return {key: {"MemorySizeInMB": 1024, "MaxConcurrency": most} for key, most in sizes.items()}

    described = endpoint(
        "a",
        "c",
        {"VariantName": "v", **sized(5, 20)},
        PendingDeploymentSummary={
            "EndpointConfigName": "d",
            "ProductionVariants": [{"VariantName": "v", **sized(30, 30)}],
        },
    )
    configured = config("c", {"VariantName": "v", "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 5}})
    with scripted("sagemaker") as (client, script):
        script.add_response("list_endpoints", listed("a"), {"MaxResults": 100})
        script.add_response("describe_endpoint", described, {"EndpointName": "a"})
        script.add_response("describe_endpoint_config", configured)
        usage = EndpointUsage(client, remembering)
        assert (usage.serverless_concurrency(), dict(usage.instances())) == (50, {})


def test_a_fleet_that_is_being_started_counts_beside_the_old_one(remembering: Remembering) -> None:
    pending = {
        "EndpointConfigName": "c2",
        "ProductionVariants": [running("A", 1, 3, InstanceType="ml.g6.xlarge")],
        "ShadowProductionVariants": [running("S", 0, 1, InstanceType="ml.m5.large")],
    }
    described = endpoint("a", "c", running("A", 2, 2), PendingDeploymentSummary=pending, EndpointStatus="Updating")
    found = counted_of(remembering, described, config("c", of("A", "ml.g5.xlarge")))
    assert found == {"ml.g5.xlarge": 2, "ml.g6.xlarge": 3, "ml.m5.large": 1}


def test_instances_of_a_pool_count_by_their_type_and_those_to_come_by_the_preferred_one(
    remembering: Remembering,
) -> None:
    pools = [
        {"InstanceType": "ml.g5.xlarge", "CurrentInstanceCount": 1},
        {"InstanceType": "ml.g6.xlarge", "CurrentInstanceCount": 2},
    ]
    configured = config(
        "c",
        {
            "VariantName": "A",
            "InstancePools": [
                {"InstanceType": "ml.g6.xlarge", "Priority": 2},
                {"InstanceType": "ml.g5.xlarge", "Priority": 1},
            ],
        },
    )
    pending = {"EndpointConfigName": "c2", "ProductionVariants": [running("A", 3, 4, InstancePools=pools)]}
    described = endpoint("a", "c", running("A", 3, 5, InstancePools=pools), PendingDeploymentSummary=pending)
    assert counted_of(remembering, described, configured) == {"ml.g5.xlarge": 3 + 2, "ml.g6.xlarge": 2 + 2}


@dataclass
class Region:
    """SageMaker over HTTP: endpoints with one variant each, by name, with their config and instance count."""

    endpoints: dict[str, tuple[str, int]]
    configs: dict[str, str]
    statuses: dict[str, str] = field(default_factory=dict)
    throttled: frozenset[str] = frozenset()
    moved_at: dict[str, datetime] = field(default_factory=dict)
    """LastModifiedTime of those that changed."""
    lost: frozenset[str] = frozenset()
    """Endpoints whose DescribeEndpoint is throttled."""

    def change(self, name: str, to: tuple[str, int]) -> None:
        """Another config or count."""
        self.endpoints[name] = to
        self.moved_at[name] = self.moved_at.get(name, THEN) + timedelta(hours=1)

    def __call__(self, asked: Asked) -> Answer:
        operation = asked.headers["x-amz-target"].rpartition(".")[2]
        if operation in self.throttled:
            return Answer({"__type": "ThrottlingException", "message": "Rate exceeded"}, status=400)
        answers = {
            "ListEndpoints": self.list_endpoints,
            "DescribeEndpoint": self.describe_endpoint,
            "DescribeEndpointConfig": self.describe_config,
        }
        return answers[operation](json.loads(asked.body))

    def list_endpoints(self, asked: dict[str, Any]) -> Answer:
        """Two a page."""
        names, start = sorted({*self.endpoints, *self.statuses}), int(asked.get("NextToken", "0"))
        more = {"NextToken": str(start + 2)} if start + 2 < len(names) else {}
        chosen = names[start : start + 2]
        summaries = [
            {**s, "LastModifiedTime": self.moved_at.get(name, THEN)}
            for name in chosen
            for s in listed(name, status=self.statuses.get(name, "InService"))["Endpoints"]
        ]
        return Answer(seconds({"Endpoints": summaries, **more}))

    def describe_endpoint(self, asked: dict[str, Any]) -> Answer:
        name = asked["EndpointName"]
        if name in self.lost:
            return Answer({"__type": "ThrottlingException", "message": "Rate exceeded"}, status=400)
        if name not in self.endpoints:
            return missing(f'Could not find endpoint "{ARN}:endpoint/{name}".')
        config_name, count = self.endpoints[name]
        return Answer(seconds(endpoint(name, config_name, running("A", count, count))))

    def describe_config(self, asked: dict[str, Any]) -> Answer:
        name = asked["EndpointConfigName"]
        if name not in self.configs:
            return missing(f'Could not find endpoint configuration "{ARN}:endpoint-config/{name}".')
        return Answer(seconds(config(name, of("A", self.configs[name]))))


def missing(message: str) -> Answer:
    return Answer({"__type": "ValidationException", "message": message}, status=400)


def seconds(answer: Any) -> Any:
    """The same with instants as SageMaker sends them."""
    return json.loads(json.dumps(answer, default=lambda moment: moment.timestamp()))


@contextmanager
def usage_of(region: Region, remembering: Remembering) -> Iterator[tuple[EndpointUsage, Stub]]:
    with serving(region) as stub:
        client = make_client("sagemaker", endpoint_url=stub.url)
        yield EndpointUsage(client, remembering), stub
        client.close()


def operations(stub: Stub) -> Counter[str]:
    return Counter(asked.headers["x-amz-target"].rpartition(".")[2] for asked in stub.asked)


def test_every_endpoint_of_every_page_is_counted_except_those_without_instances(remembering: Remembering) -> None:
    region = Region(
        endpoints={"a": ("c1", 2), "b": ("c2", 3), "c": ("c1", 1), "d": ("c3", 4)},
        configs={"c1": "ml.m5.large", "c2": "ml.g5.xlarge", "c3": "ml.m5.large"},
        statuses={"x": "Failed", "y": "Deleting"},
    )
    with usage_of(region, remembering) as (usage, stub):
        assert usage.instances() == {"ml.m5.large": 7, "ml.g5.xlarge": 3}
    assert operations(stub) == {"ListEndpoints": 3, "DescribeEndpoint": 4, "DescribeEndpointConfig": 3}


def test_a_count_holds_for_a_minute_and_instance_types_of_configs_for_long(
    remembering: Remembering, clock: FakeClock
) -> None:
    region = Region({"a": ("c1", 2), "b": ("c1", 2)}, {"c1": "ml.m5.large", "c2": "ml.g5.xlarge"})
    with usage_of(region, remembering) as (usage, stub):
        usage.instances()
        region.change("b", ("c2", 5))
        assert usage.instances() == {"ml.m5.large": 4}
        clock.tick(timedelta(minutes=1))
        assert usage.instances() == {"ml.m5.large": 2, "ml.g5.xlarge": 5}
    assert operations(stub)["DescribeEndpointConfig"] == 2


def test_only_endpoints_that_moved_since_or_move_now_are_looked_at_for_another_count(
    remembering: Remembering, clock: FakeClock
) -> None:
    configs = dict.fromkeys(("c1", "c2"), "ml.m5.large")
    region = Region({name: ("c1", 2) for name in "acdef"} | {"b": ("c2", 2)}, configs, statuses={"f": "Updating"})
    with usage_of(region, remembering) as (usage, stub):
        assert usage.instances() == {"ml.m5.large": 12}
        stub.asked.clear()
        region.change("b", ("c2", 5))
        del region.endpoints["c"]
        clock.tick(timedelta(minutes=1))
        assert usage.instances() == {"ml.m5.large": 2 + 5 + 2 + 2 + 2}
        region.change("b", ("c2", 6))
        clock.tick(timedelta(minutes=1))
        assert usage.instances() == {"ml.m5.large": 2 + 6 + 2 + 2 + 2}
    looked_at = [
        json.loads(a.body)["EndpointName"] for a in stub.asked if a.headers["x-amz-target"].endswith("Endpoint")
    ]
    assert sorted(looked_at) == ["b", "b", "f", "f"]
    assert operations(stub)["DescribeEndpointConfig"] == 0


def test_a_count_that_was_throttled_goes_on_where_it_ended(remembering: Remembering) -> None:
    """A first count of a large account would otherwise come to no end."""
    names = [f"e{n:03}" for n in range(250)]
    region = Region({name: ("c1", 1) for name in names}, {"c1": "ml.m5.large"}, lost=frozenset({names[-1]}))
    with usage_of(region, remembering) as (usage, stub):
        with pytest.raises(TransientError):
            usage.instances()
        region.lost = frozenset()
        stub.asked.clear()
        assert usage.instances() == {"ml.m5.large": 250}
    assert operations(stub)["DescribeEndpoint"] == 50


def test_an_endpoint_that_goes_away_meanwhile_is_not_counted(remembering: Remembering) -> None:
    region = Region({"a": ("c1", 2)}, {"c1": "ml.m5.large"}, statuses={"gone": "InService"})
    with usage_of(region, remembering) as (usage, _):
        assert usage.instances() == {"ml.m5.large": 2}


def test_instances_on_a_deleted_config_cannot_be_counted_and_the_log_says_so(
    remembering: Remembering, caplog: pytest.LogCaptureFixture
) -> None:
    region = Region({"a": ("c1", 2), "b": ("deleted", 1)}, {"c1": "ml.m5.large"})
    with usage_of(region, remembering) as (usage, _):
        assert usage.instances() == {"ml.m5.large": 2}
    assert "deleted was deleted while an endpoint runs on it" in caplog.text


@pytest.mark.parametrize("operation", ["ListEndpoints", "DescribeEndpoint", "DescribeEndpointConfig"])
def test_a_count_that_aws_does_not_let_finish_is_none_at_all(remembering: Remembering, operation: str) -> None:
    region = Region({"a": ("c1", 2), "b": ("c1", 1)}, {"c1": "ml.m5.large"}, throttled=frozenset({operation}))
    with usage_of(region, remembering) as (usage, _):
        with pytest.raises(TransientError):
            usage.instances()
        region.throttled = frozenset()
        assert usage.instances() == {"ml.m5.large": 3}
