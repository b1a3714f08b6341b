"""Whatever somebody does by hand to an endpoint of the stand-in, the census finds it and says what it is."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from datetime import timedelta
from typing import Any

import fakeredis
import pytest
from fakes.clock import FakeClock
from fakes.messenger import FakeMessenger

from bot.domain.board import Standing
from bot.domain.fleet import parse_fleet
from bot.domain.states import BoardState
from bot.store import make_store
from workers.census import Census
from workers.ports import Series, Want
from workers.world import Aws, World

from .changes import eventually
from .clients import SESSION
from .conftest import Account, utc_now

pytestmark = pytest.mark.flow

FLEET = """
version: 1
defaults:
  execution_role: arn:aws:iam::123456789012:role/sagemaker-execution
  approval: {users: [U0BEN]}
endpoints:
  stt-prod:
    kind: streaming
    track:
      - arn:aws:sagemaker:us-east-1:865070037744:model-package/acme-stt-en-v1-0123456789abcdef0123456789abcdef
    instance_type: ml.g5.2xlarge
    instance_count: 2
    environment: {ENGINE_MAX_ACTIVE_REQUESTS: "120"}
  sentiment-prod:
    model_package_group: sentiment
    instance_type: ml.m5.xlarge
    instance_count: 2
    autoscaling: {min: 2, max: 8, target: 200}
  product-perception:
    model_package_group: product-perception
    instance_type: ml.m5.large
    instance_count: 1
  credibility:
    kind: serverless
    model_package_group: credibility
    serverless: {memory_mb: 3072, max_concurrency: 20}
"""
STT, SENTIMENT, PERCEPTION, CREDIBILITY = "stt-prod", "sentiment-prod", "product-perception", "credibility"
REGISTRY = "arn:aws:sagemaker:us-east-1:123456789012:model-package"


class Hands:
    """Carl, with the console."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._clients: dict[str, Any] = {}

    def __getattr__(self, service: str) -> Any:
        name = service.replace("_", "-")
        if name not in self._clients:
            keys = {"aws_access_key_id": "AKIAUSERCARL", "aws_secret_access_key": "secret"}
            self._clients[name] = SESSION.client(name, region_name="us-east-1", endpoint_url=self._address, **keys)
        return self._clients[name]

    def config_like(self, endpoint: str, **changes: Any) -> str:
        """A config by hand: the present one with other settings of its variant."""
        there = self.sagemaker.describe_endpoint(EndpointName=endpoint)["EndpointConfigName"]
        variant = self.sagemaker.describe_endpoint_config(EndpointConfigName=there)["ProductionVariants"][0]
        changed = {key: value for key, value in {**variant, **changes}.items() if value is not None}
        self.sagemaker.create_endpoint_config(EndpointConfigName=f"{endpoint}-by-hand", ProductionVariants=[changed])
        return f"{endpoint}-by-hand"

    def move(self, endpoint: str, config: str) -> None:
        self.sagemaker.update_endpoint(EndpointName=endpoint, EndpointConfigName=config)
        self.settled(endpoint)

    def settled(self, endpoint: str) -> None:
        ask = self.sagemaker.describe_endpoint
        eventually(lambda: ask(EndpointName=endpoint)["EndpointStatus"] in ("InService", "Failed"))

    def close(self) -> None:
        for client in self._clients.values():
            client.close()


class Silent:
    """A CloudWatch that has no numbers: how endpoints are used is no matter of drift."""

    def read(self, wants: Sequence[Want]) -> tuple[Series, ...]:
        return tuple(Series(want.window.start, want.period) for want in wants)


@pytest.fixture
def hands(aws_address: str) -> Iterator[Hands]:
    made = Hands(aws_address)
    yield made
    made.close()


@pytest.fixture
def census(account: Account) -> Census:
    """A census that has looked at everything once, before anything is done by hand."""
    gateways = {field.name: getattr(account, field.name, None) for field in fields(Aws)}
    aws = Aws(**{**gateways, "metrics": Silent()})
    world = World(
        store=make_store(fakeredis.FakeStrictRedis(server=fakeredis.FakeServer())),
        fleet=parse_fleet(FLEET, "fleet.yaml"),
        aws=lambda spec: aws,
        slack=FakeMessenger(FakeClock()),
        clock=utc_now,
    )
    made = Census(world, lambda seconds: None)
    made.round()
    return made


def seen(census: Census, endpoint: str) -> Standing:
    """After the next round, which looks at what moved; for what does not move an endpoint, after the one ten minutes later."""
    census.round()
    (standing,) = census.standings([census.world.fleet.endpoint(endpoint)])
    return standing


def looked_at(census: Census, endpoint: str) -> Standing:
    (standing,) = census.look_now([endpoint])
    return standing


def drift(standing: Standing) -> dict[str, tuple[str | None, str | None]]:
    return {d.path: (d.before, d.after) for d in standing.drift}


def test_untouched_endpoints_have_no_drift(census: Census) -> None:
    for standing in census.standings():
        assert (drift(standing), standing.outside) == ({}, None), standing.endpoint


def test_another_instance_type(census: Census, hands: Hands) -> None:
    hands.move(PERCEPTION, hands.config_like(PERCEPTION, InstanceType="ml.m5.xlarge"))
    standing = seen(census, PERCEPTION)
    assert standing.state is BoardState.DRIFTED
    assert drift(standing) == {"instance_type": ("ml.m5.xlarge", "ml.m5.large")}


def test_a_config_by_hand_is_told_with_who_did_it_and_when(census: Census, hands: Hands) -> None:
    before = utc_now()
    hands.move(PERCEPTION, hands.config_like(PERCEPTION))
    standing = seen(census, PERCEPTION)
    assert standing.state is BoardState.DRIFTED
    assert standing.outside is not None
    assert (standing.outside.config, standing.outside.actor) == (f"{PERCEPTION}-by-hand", "carl")
    assert before - timedelta(seconds=1) <= standing.outside.at <= utc_now()


def test_another_count(census: Census, hands: Hands) -> None:
    wanted = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}]
    hands.sagemaker.update_endpoint_weights_and_capacities(EndpointName=PERCEPTION, DesiredWeightsAndCapacities=wanted)
    hands.settled(PERCEPTION)
    assert drift(seen(census, PERCEPTION)) == {"instance_count": ("3", "1")}


def test_a_count_that_autoscaling_may_have_made_is_none(census: Census, hands: Hands) -> None:
    wanted = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 7}]
    hands.sagemaker.update_endpoint_weights_and_capacities(EndpointName=SENTIMENT, DesiredWeightsAndCapacities=wanted)
    hands.settled(SENTIMENT)
    assert drift(seen(census, SENTIMENT)) == {}


def test_another_environment(census: Census, hands: Hands) -> None:
    model = hands.sagemaker.describe_model(ModelName="stt-prod-v1")
    container = {k: v for k, v in model["PrimaryContainer"].items() if k in ("ModelPackageName", "Environment")}
    container["Environment"] = container["Environment"] | {"ENGINE_MAX_ACTIVE_REQUESTS": "500"}
    hands.sagemaker.create_model(
        ModelName="stt-by-hand",
        PrimaryContainer=container,
        ExecutionRoleArn="arn:aws:iam::123456789012:role/another",
        EnableNetworkIsolation=True,
    )
    hands.move(STT, hands.config_like(STT, ModelName="stt-by-hand"))
    assert drift(seen(census, STT)) == {
        "environment.ENGINE_MAX_ACTIVE_REQUESTS": ("500", "120"),
        "execution_role": ("arn:aws:iam::123456789012:role/another", ROLE),
    }


ROLE = "arn:aws:iam::123456789012:role/sagemaker-execution"


def test_another_size_of_a_serverless_endpoint(census: Census, hands: Hands) -> None:
    hands.move(
        CREDIBILITY, hands.config_like(CREDIBILITY, ServerlessConfig={"MemorySizeInMB": 1024, "MaxConcurrency": 5})
    )
    assert drift(seen(census, CREDIBILITY)) == {
        "serverless.memory_mb": ("1024", "3072"),
        "serverless.max_concurrency": ("5", "20"),
    }


TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": f"endpoint/{SENTIMENT}/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}


def test_other_limits_of_autoscaling(census: Census, hands: Hands) -> None:
    hands.application_autoscaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=20)
    assert drift(looked_at(census, SENTIMENT)) == {"autoscaling.min": ("1", "2"), "autoscaling.max": ("20", "8")}


def test_autoscaling_taken_away(census: Census, hands: Hands) -> None:
    hands.application_autoscaling.deregister_scalable_target(**TARGET)
    assert drift(looked_at(census, SENTIMENT)) == {"autoscaling": (None, "2 to 8")}


def a_model_of(hands: Hands, package: str, name: str) -> str:
    hands.sagemaker.create_model(ModelName=name, PrimaryContainer={"ModelPackageName": package}, ExecutionRoleArn=ROLE)
    return name


def test_another_version_by_hand_is_current_and_yet_not_the_bots(census: Census, hands: Hands) -> None:
    model = a_model_of(hands, f"{REGISTRY}/product-perception/2", "perception-by-hand")
    hands.move(PERCEPTION, hands.config_like(PERCEPTION, ModelName=model))
    standing = seen(census, PERCEPTION)
    assert standing.state is BoardState.DRIFTED
    assert (standing.running, standing.newest) == ("product-perception version 2", "product-perception version 2")


def test_a_model_of_another_group(census: Census, hands: Hands) -> None:
    model = a_model_of(hands, f"{REGISTRY}/sentiment/3", "foreign-by-hand")
    hands.move(PERCEPTION, hands.config_like(PERCEPTION, ModelName=model))
    assert drift(seen(census, PERCEPTION)) == {"model_package_group": ("sentiment", "product-perception")}


def test_a_version_that_is_rejected_while_it_runs(census: Census, hands: Hands) -> None:
    hands.sagemaker.update_model_package(
        ModelPackageArn=f"{REGISTRY}/product-perception/1", ModelApprovalStatus="Rejected"
    )
    assert seen(census, PERCEPTION).state is BoardState.REVOKED


@pytest.mark.parametrize(
    "delete",
    [
        lambda hands: hands.sagemaker.delete_endpoint_config(EndpointConfigName="product-perception-config-v1"),
        lambda hands: hands.sagemaker.delete_model(ModelName="product-perception-v1"),
    ],
    ids=["config", "model"],
)
def test_a_deleted_config_or_model(census: Census, hands: Hands, delete: Callable[[Hands], None]) -> None:
    delete(hands)
    standing = looked_at(census, PERCEPTION)
    assert standing.state is BoardState.UNPATCHABLE
    assert "deleted" in standing.problem


def test_a_deleted_endpoint(census: Census, hands: Hands) -> None:
    hands.sagemaker.delete_endpoint(EndpointName=PERCEPTION)
    there = hands.sagemaker.list_endpoints
    eventually(lambda: PERCEPTION not in [e["EndpointName"] for e in there(MaxResults=100)["Endpoints"]])
    assert seen(census, PERCEPTION).state is BoardState.NOT_DEPLOYED


def test_a_failed_endpoint(census: Census, account: Account) -> None:
    account.driver.force_status(PERCEPTION, "Failed")
    assert seen(census, PERCEPTION).state is BoardState.FAILED


def test_an_endpoint_that_somebody_is_updating(census: Census, hands: Hands, account: Account) -> None:
    account.driver.scenario("slow-update", PERCEPTION)
    config = hands.config_like(PERCEPTION)
    hands.sagemaker.update_endpoint(EndpointName=PERCEPTION, EndpointConfigName=config)
    assert seen(census, PERCEPTION).state is BoardState.UPDATING


def test_traffic_shifted_by_hand(census: Census, hands: Hands) -> None:
    there = hands.sagemaker.describe_endpoint_config(EndpointConfigName="product-perception-config-v1")
    first = there["ProductionVariants"][0] | {"InitialInstanceCount": 1}
    second = first | {"VariantName": "Second"}
    hands.sagemaker.create_endpoint_config(EndpointConfigName="two", ProductionVariants=[first, second])
    hands.move(PERCEPTION, "two")
    weights = [{"VariantName": "Second", "DesiredWeight": 3.0}]
    hands.sagemaker.update_endpoint_weights_and_capacities(EndpointName=PERCEPTION, DesiredWeightsAndCapacities=weights)
    hands.settled(PERCEPTION)
    found = drift(seen(census, PERCEPTION))
    assert found == {
        "variants": ("AllTraffic, Second", "AllTraffic"),
        "weight of AllTraffic": ("25%", "50%"),
        "weight of Second": ("75%", "50%"),
    }


def test_an_endpoint_that_is_in_no_file(census: Census, hands: Hands) -> None:
    hands.sagemaker.create_endpoint(EndpointName="stranger", EndpointConfigName="product-perception-config-v1")
    census.round()
    assert "stranger" in [s.endpoint for s in census.others()]


def test_other_endpoints_of_the_account_are_shown_beside_the_declared_ones(census: Census) -> None:
    assert {s.state for s in census.others()} <= {BoardState.UNMANAGED}
    assert not {STT, SENTIMENT, PERCEPTION, CREDIBILITY} & {s.endpoint for s in census.others()}


def test_what_aws_throttles_is_asked_again(census: Census, account: Account) -> None:
    census.world.store.connection.flushall()
    account.driver.fault("DescribeModel", "throttle", times=3)
    account.driver.fault("ListEndpoints", "throttle", times=2)
    census.round()
    assert BoardState.UNKNOWN not in {s.state for s in census.standings()}
    throttled = [call for call in account.driver.calls() if call["outcome"] == "ThrottlingException"]
    assert len(throttled) == 5
