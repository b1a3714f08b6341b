"""The stand-ins as processes, and the gateways pointed at them."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from fakes.memory import LapsingMemory

from sandbox.aws.driver import AwsDriver
from sandbox.slack.driver import SlackDriver
from sandbox.slack.process import running_slack
from workers.gateways.alarms import CloudWatchAlarms
from workers.gateways.artifacts import S3Artifacts
from workers.gateways.autoscaling import ApplicationAutoscaling
from workers.gateways.cloudwatch import CloudWatchMetrics
from workers.gateways.leftovers import SageMakerLeftovers
from workers.gateways.pricing import PriceList
from workers.gateways.quotas import ServiceQuotas
from workers.gateways.registry import ModelRegistry
from workers.gateways.remembering import Remembering
from workers.gateways.sagemaker import SageMakerEndpoints
from workers.gateways.slack import SlackMessenger, make_web_client
from workers.gateways.subscriptions import MarketplaceSubscriptions
from workers.gateways.trail import CloudTrail
from workers.gateways.usage import EndpointUsage

from .clients import make_client

SERVICES = (
    *("sagemaker", "cloudwatch", "application-autoscaling", "service-quotas"),
    *("pricing", "marketplace-agreement", "s3", "cloudtrail"),
)


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Account:
    """The gateways for the stand-in's account, and its driver."""

    endpoints: SageMakerEndpoints
    registry: ModelRegistry
    metrics: CloudWatchMetrics
    autoscaling: ApplicationAutoscaling
    alarms: CloudWatchAlarms
    quotas: ServiceQuotas
    usage: EndpointUsage
    prices: PriceList
    subscriptions: MarketplaceSubscriptions
    artifacts: S3Artifacts
    trail: CloudTrail
    leftovers: SageMakerLeftovers
    driver: AwsDriver


@pytest.fixture(scope="module")
def aws_address() -> Iterator[str]:
    """A stand-in in which an update takes about a second."""
    command = [sys.executable, "-m", "sandbox.aws", "--port", "0", "--speed", "600"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip().removeprefix("aws stand-in on ")
        process.terminate()


@pytest.fixture(scope="module")
def aws_clients(aws_address: str) -> Iterator[dict[str, Any]]:
    """Patient ones: two days of minutes take the stand-in a while, on a busy machine more than a second."""
    clients = {service: make_client(service, endpoint_url=aws_address, read_timeout=20) for service in SERVICES}
    yield clients
    for client in clients.values():
        client.close()


@pytest.fixture
def account(aws_address: str, aws_clients: dict[str, Any]) -> Account:
    driver = AwsDriver(aws_address)
    driver.reset()
    sagemaker, cloudwatch = aws_clients["sagemaker"], aws_clients["cloudwatch"]
    remembering = Remembering(LapsingMemory(utc_now), "own account in us-east-1")
    return Account(
        endpoints=SageMakerEndpoints(sagemaker, utc_now),
        registry=ModelRegistry(sagemaker),
        metrics=CloudWatchMetrics(cloudwatch, remembering),
        autoscaling=ApplicationAutoscaling(aws_clients["application-autoscaling"], utc_now),
        alarms=CloudWatchAlarms(cloudwatch),
        quotas=ServiceQuotas(aws_clients["service-quotas"], remembering),
        usage=EndpointUsage(sagemaker, remembering),
        prices=PriceList(aws_clients["pricing"], "us-east-1", remembering),
        subscriptions=MarketplaceSubscriptions(aws_clients["marketplace-agreement"], remembering),
        artifacts=S3Artifacts(aws_clients["s3"], remembering),
        trail=CloudTrail(aws_clients["cloudtrail"]),
        leftovers=SageMakerLeftovers(sagemaker),
        driver=driver,
    )


@pytest.fixture(scope="module")
def workspace() -> Iterator[SlackDriver]:
    with running_slack("--rate-limits", "off") as slack:
        yield slack


@pytest.fixture
def messenger(workspace: SlackDriver, monkeypatch: pytest.MonkeyPatch) -> SlackMessenger:
    for variable in ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"):
        monkeypatch.delenv(variable, raising=False)
    workspace.reset()
    return SlackMessenger(make_web_client("xoxb-sandbox", f"{workspace.url}/api/"), LapsingMemory(utc_now))
