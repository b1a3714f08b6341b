"""The queue and the Marketplace's catalog over real HTTP, against the AWS stand-in."""

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from fakes.memory import LapsingMemory

from bot.domain.endpoint import ApprovalStatus
from bot.domain.errors import GatewayError, ResourceMissing
from workers.gateways.catalog import MarketplaceCatalog
from workers.gateways.events import SqsEvents
from workers.gateways.remembering import Remembering
from workers.ports import Event

from .clients import make_client
from .conftest import Account, utc_now

pytestmark = pytest.mark.flow

QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/sagemaker-events"
SENTIMENT_5 = "arn:aws:sagemaker:us-east-1:123456789012:model-package/sentiment/5"


@pytest.fixture
def sqs(aws_address: str) -> Iterator[Any]:
    client = make_client("sqs", endpoint_url=aws_address)
    yield client
    client.close()


@pytest.fixture
def events(account: Account, sqs: Any) -> SqsEvents:
    """A queue that was looked into before anything changed."""
    queue = SqsEvents(sqs, QUEUE)
    assert queue.receive() == ()
    return queue


def test_the_queue_has_a_url(sqs: Any) -> None:
    assert sqs.get_queue_url(QueueName="sagemaker-events")["QueueUrl"] == QUEUE
    with pytest.raises(ClientError, match="does not exist"):
        sqs.get_queue_url(QueueName="another")


def test_a_queue_that_does_not_exist_is_refused(sqs: Any) -> None:
    with pytest.raises(GatewayError):
        SqsEvents(sqs, QUEUE.replace("sagemaker-events", "another")).receive()


def test_a_decision_on_a_version_is_told_twice_with_one_id(account: Account, events: SqsEvents) -> None:
    account.registry.set_approval(SENTIMENT_5, ApprovalStatus.APPROVED, "approved from Slack by ben (U0BEN): good")
    package = account.registry.describe_package(SENTIMENT_5)
    assert (package.approval, package.approval_note) == (
        ApprovalStatus.APPROVED,
        "approved from Slack by ben (U0BEN): good",
    )
    assert package.modified_by.endswith("user/endpoint-bot")
    first, second = events.receive()
    assert (first.package_arn, first.region) == (SENTIMENT_5, "us-east-1")
    assert first.id == second.id
    assert first.receipt != second.receipt


def test_an_endpoint_that_moves_is_told(account: Account, events: SqsEvents) -> None:
    account.driver.scenario("foreign-update", "sentiment-prod", finished=True)
    assert {event.endpoint for event in events.receive()} == {"sentiment-prod"}


def test_what_was_struck_off_does_not_come_again_and_what_was_not_does(
    account: Account, events: SqsEvents, sqs: Any
) -> None:
    account.registry.set_approval(SENTIMENT_5, ApprovalStatus.APPROVED, "good")
    (first, second) = sqs.receive_message(QueueUrl=QUEUE, MaxNumberOfMessages=10, VisibilityTimeout=0)["Messages"]
    events.strike_off([Event(receipt=first["ReceiptHandle"])])
    (left,) = events.receive()
    assert left.receipt.startswith(second["MessageId"])
    assert events.receive() == (), "it is hidden while somebody has it"


def test_a_missing_version_cannot_be_decided_on(account: Account) -> None:
    with pytest.raises(ResourceMissing):
        account.registry.set_approval(SENTIMENT_5.replace("/5", "/55"), ApprovalStatus.APPROVED, "good")


def test_what_a_seller_offers_is_listed_with_its_notes(account: Account, aws_address: str) -> None:
    client = make_client("marketplace-discovery", endpoint_url=aws_address)
    catalog = MarketplaceCatalog(client, Remembering(LapsingMemory(utc_now), "own account in us-east-1"))
    offered = catalog.releases("acme-stt-en-prod-7yqk2mzt4r")
    assert offered is not None
    assert [release.version for release in offered] == ["3.0", "2.0", "1.0"]
    assert all(release.notes for release in offered)
    assert catalog.releases("no-such-product") is None
    client.close()
