"""The gateways as workers get them: every service at AWS_ENDPOINT_URL, each with the region and the patience that it needs."""

import re
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from fakes.memory import LapsingMemory

from bot.domain.errors import GatewayError, RolloutBotError, TransientError
from bot.domain.fleet import EndpointSpec, parse_fleet
from bot.domain.scaling import ScalableTarget
from bot.domain.verdict import Window
from workers.gateways.account import aws_by_account
from workers.world import Aws

from .clients import NOW, clock
from .http_stub import Answer, Asked, Stub, serving

FLEET = """
version: 1
defaults: {region: eu-west-1, approval: {users: [U0BEN], quorum: 1, expires_after: 4h}}
endpoints:
  stt-prod: {model_package_group: stt}
  stt-far: {model_package_group: stt, role_to_assume: "arn:aws:iam::210987654321:role/endpoint-bot"}
"""
HOUR = Window(start=NOW - timedelta(hours=1), end=NOW)
TARGET = ScalableTarget(
    variant="A",
    document={"ResourceId": "endpoint/x/variant/A", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"},
)

ASKS: tuple[Callable[[Aws], Any], ...] = (
    lambda aws: aws.usage.instances(),
    lambda aws: aws.alarms.describe(["x"]),
    lambda aws: aws.autoscaling.suspend(TARGET),
    lambda aws: aws.quotas.limit("ml.g5.xlarge"),
    lambda aws: aws.prices.hourly("ml.g5.xlarge"),
    lambda aws: aws.subscriptions.is_active("prod-abc"),
    lambda aws: aws.artifacts.size("s3://my.models/stt/model.tar.gz"),
)
HERE, GLOBAL = "eu-west-1", "us-east-1"
SIGNED_FOR = {
    ("sagemaker", HERE),
    ("monitoring", HERE),
    ("application-autoscaling", HERE),
    ("servicequotas", HERE),
    ("pricing", GLOBAL),
    ("aws-marketplace", GLOBAL),
    ("s3", HERE),
}
"""The name of each service in a signature, and the region."""


def refused(_: Asked) -> Answer:
    return Answer({"__type": "AccessDeniedException", "message": "no"}, status=400)


ASSUMED = b"""<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
<AccessKeyId>ASIAEXAMPLE</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>
<Expiration>2026-11-22T12:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


def assumable(asked: Asked) -> Answer:
    if b"Action=AssumeRole" in asked.body:
        return Answer(ASSUMED, headers={"Content-Type": "text/xml"})
    return refused(asked)


def overloaded(_: Asked) -> Answer:
    return Answer({"__type": "InternalFailure"}, status=500)


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    for variable in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(variable, raising=False)


def spec(endpoint: str) -> EndpointSpec:
    return parse_fleet(FLEET, "fleet.yaml").endpoints[endpoint]


def gateways(endpoint: str = "stt-prod") -> Aws:
    return aws_by_account(LapsingMemory(clock), clock)(spec(endpoint))


def signatures(stub: Stub) -> list[tuple[str, str, str]]:
    """Key, service and region that each request is signed with."""
    pattern = r"Credential=(?P<key>[^/]+)/\d+/(?P<region>[\w-]+)/(?P<service>[\w-]+)/"
    found = (re.search(pattern, asked.headers["authorization"]) for asked in stub.asked)
    return [(scope["key"], scope["service"], scope["region"]) for scope in found if scope]


def ask_everything(aws: Aws) -> None:
    for ask in ASKS:
        with suppress(RolloutBotError):
            ask(aws)


def test_every_service_is_asked_at_the_given_address_and_in_its_region(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(refused) as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL", stub.url)
        ask_everything(gateways())
    assert {(service, region) for _, service, region in signatures(stub)} == SIGNED_FOR
    assert "/my.models/stt/model.tar.gz" in stub.paths(), "the bucket stands in the path"


def test_every_service_is_asked_under_the_assumed_role(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(assumable) as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL", stub.url)
        ask_everything(gateways("stt-far"))
    assumed = {(service, region) for key, service, region in signatures(stub) if key == "ASIAEXAMPLE"}
    own = {service for key, service, _ in signatures(stub) if key != "ASIAEXAMPLE"}
    assert (assumed, own) == (SIGNED_FOR, {"sts"})


def test_role_that_may_not_be_assumed_is_a_refusal_of_aws_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(_: Asked) -> Answer:
        error = (
            b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>not authorized</Message></Error></ErrorResponse>"
        )
        return Answer(error, status=403, headers={"Content-Type": "text/xml"})

    with serving(forbidden) as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL", stub.url)
        with pytest.raises(GatewayError, match="trust policy") as caught:
            gateways("stt-far")
    assert "arn:aws:iam::210987654321:role/endpoint-bot" in caught.value.user_message


def test_changes_are_asked_for_once_and_looks_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(overloaded) as stub:
        monkeypatch.setenv("AWS_ENDPOINT_URL", stub.url)
        aws = gateways()
        calls: tuple[Callable[[], Any], ...] = (
            lambda: aws.endpoints.update("stt-prod", "stt-v2"),
            lambda: aws.endpoints.set_weights_and_capacities("stt-prod", {"A": 1.0}),
            lambda: aws.endpoints.describe("stt-prod"),
        )
        for call in calls:
            with pytest.raises(TransientError):
                call()
        assert aws.prices.hourly("ml.g5.xlarge") is None
    operations = Counter(asked.headers["x-amz-target"].rpartition(".")[2] for asked in stub.asked)
    assert operations == {
        "UpdateEndpoint": 1,
        "UpdateEndpointWeightsAndCapacities": 1,
        "DescribeEndpoint": 3,
        "GetProducts": 2,
    }


def test_gateways_are_made_once_for_an_account_and_region() -> None:
    find = aws_by_account(LapsingMemory(clock), clock)
    assert find(spec("stt-prod")) is find(spec("stt-prod"))
