"""SageMaker's events out of a queue, and what sellers offer, against botocore's service models."""

import json
from typing import Any

import pytest
from fakes.clock import FakeClock
from fakes.memory import LapsingMemory
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.errors import AccessDenied
from bot.domain.track import Release
from workers.gateways.catalog import MarketplaceCatalog
from workers.gateways.events import SqsEvents, region_of
from workers.gateways.remembering import Remembering
from workers.ports import Event

from .clients import scripted

QUEUE = "https://sqs.us-east-1.amazonaws.com/123456789012/sagemaker-events"
ENDPOINT_MOVED = {
    "version": "0",
    "id": "8a3e",
    "detail-type": "SageMaker Endpoint State Change",
    "source": "aws.sagemaker",
    "time": "1583831889050",
    "region": "us-west-2",
    "detail": {
        "EndpointName": "MyEndpoint",
        "EndpointStatus": "IN_SERVICE",
        "CreationTime": 1592411992203.0,
        "Tags": {},
    },
}
VERSION_DECIDED = {
    "id": "9b4f",
    "detail-type": "SageMaker Model Package State Change",
    "source": ["aws.sagemaker"],
    "region": "us-east-2",
    "detail": {
        "ModelPackageArn": "arn:aws:sagemaker:us-east-2:1:model-package/group/2",
        "ModelApprovalStatus": "Rejected",
    },
}


def received(*bodies: str) -> dict[str, Any]:
    return {
        "Messages": [{"MessageId": f"m{i}", "ReceiptHandle": f"r{i}", "Body": body} for i, body in enumerate(bodies)]
    }


def read(*bodies: str) -> tuple[Event, ...]:
    with scripted("sqs") as (client, script):
        script.add_response("receive_message", received(*bodies), {"QueueUrl": QUEUE, "MaxNumberOfMessages": 10})
        return SqsEvents(client, QUEUE).receive()


def test_events_name_what_changed() -> None:
    moved, decided = read(json.dumps(ENDPOINT_MOVED), json.dumps(VERSION_DECIDED))
    assert moved == Event(receipt="r0", id="8a3e", endpoint="MyEndpoint", region="us-west-2")
    assert decided == Event(
        receipt="r1", id="9b4f", package_arn="arn:aws:sagemaker:us-east-2:1:model-package/group/2", region="us-east-2"
    )


def test_a_deployment_event_is_about_its_endpoint() -> None:
    (event,) = read(json.dumps(ENDPOINT_MOVED | {"detail-type": "SageMaker Endpoint Deployment State Change"}))
    assert event.endpoint == "MyEndpoint"


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "null",
        '"text"',
        json.dumps(ENDPOINT_MOVED | {"source": "aws.ec2"}),
        json.dumps(ENDPOINT_MOVED | {"source": None}),
        json.dumps(ENDPOINT_MOVED | {"detail": None}),
        json.dumps(ENDPOINT_MOVED | {"detail": {}}),
        json.dumps(ENDPOINT_MOVED | {"detail": {"EndpointName": 7}}),
        json.dumps(ENDPOINT_MOVED | {"id": None}),
        json.dumps(ENDPOINT_MOVED | {"detail-type": "SageMaker Training Job State Change"}),
        json.dumps(ENDPOINT_MOVED | {"detail-type": ["SageMaker Endpoint State Change"]}),
        json.dumps(VERSION_DECIDED | {"detail": {"ModelPackageName": "unversioned"}}),
    ],
)
def test_what_cannot_be_read_is_a_message_to_strike_off_and_no_event(body: str) -> None:
    assert read(body) == (Event(receipt="r0"),)


def test_an_event_without_a_region_is_one_nevertheless() -> None:
    (event,) = read(json.dumps({k: v for k, v in ENDPOINT_MOVED.items() if k != "region"}))
    assert (event.endpoint, event.region) == ("MyEndpoint", "")


def test_an_empty_queue_has_no_events() -> None:
    with scripted("sqs") as (client, script):
        script.add_response("receive_message", {})
        assert SqsEvents(client, QUEUE).receive() == ()


def test_what_was_heard_is_deleted() -> None:
    with scripted("sqs") as (client, script):
        for receipt in ("r0", "r1"):
            script.add_response("delete_message", {}, {"QueueUrl": QUEUE, "ReceiptHandle": receipt})
        SqsEvents(client, QUEUE).strike_off([Event(receipt="r0"), Event(receipt="r1", id="x")])


def test_a_queue_that_may_not_be_read_says_so() -> None:
    with scripted("sqs") as (client, script):
        script.add_client_error("receive_message", "AccessDenied", "not authorized to perform sqs:receivemessage")
        with pytest.raises(AccessDenied):
            SqsEvents(client, QUEUE).receive()


@pytest.mark.parametrize(
    ("url", "region"),
    [
        (QUEUE, "us-east-1"),
        ("http://127.0.0.1:4566/1/q", None),
        ("https://queue.example/1/q", None),
        ("nonsense", None),
    ],
)
def test_the_region_of_a_queue_stands_in_its_url(url: str, region: str | None) -> None:
    assert region_of(url) == region


@pytest.fixture
def remembering() -> Remembering:
    return Remembering(LapsingMemory(FakeClock()), "own account in us-east-1")


def option(version: str | None, **more: Any) -> dict[str, Any]:
    given = {"fulfillmentOptionVersion": version} if version else {}
    model = {
        "fulfillmentOptionId": "fo-1",
        "fulfillmentOptionType": "SAGEMAKER_MODEL",
        "fulfillmentOptionDisplayName": "Acme",
    }
    return {"sageMakerModelFulfillmentOption": {**model, **given, **more}}


def test_versions_are_offered_over_all_pages_and_remembered(remembering: Remembering) -> None:
    saas = {
        "fulfillmentOptionId": "fo-2",
        "fulfillmentOptionType": "SAAS",
        "fulfillmentOptionDisplayName": "Acme online",
        "quickLaunch": "DISABLED",
    }
    with scripted("marketplace-discovery") as (client, script):
        first = {"fulfillmentOptions": [option("3.0", releaseNotes="faster"), option(None)], "nextToken": "more"}
        second = {"fulfillmentOptions": [{"saasFulfillmentOption": saas}, option("2.0")]}
        script.add_response("list_fulfillment_options", first, {"productId": "prod-abc"})
        script.add_response("list_fulfillment_options", second, {"productId": "prod-abc", "nextToken": "more"})
        catalog = MarketplaceCatalog(client, remembering)
        offered = (
            Release(version="3.0", title="Acme", notes="faster"),
            Release(version="2.0", title="Acme"),
        )
        assert (catalog.releases("prod-abc"), catalog.releases("prod-abc")) == (offered, offered)


def test_what_may_not_be_read_is_not_known(remembering: Remembering) -> None:
    with scripted("marketplace-discovery") as (client, script):
        script.add_client_error("list_fulfillment_options", "AccessDeniedException", "no")
        assert MarketplaceCatalog(client, remembering).releases("prod-abc") is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
MEMBERS = ("id", "source", "detail-type", "region", "detail")


class OneMessage:
    """An SQS client whose queue holds one message."""

    def __init__(self, body: str) -> None:
        self._body = body

    def receive_message(self, **_: object) -> dict[str, Any]:
        return received(self._body)


@given(st.sampled_from([ENDPOINT_MOVED, VERSION_DECIDED]), st.dictionaries(st.sampled_from(MEMBERS), JSON))
def test_whatever_stands_in_a_message_it_is_read(event: dict[str, Any], otherwise: dict[str, Any]) -> None:
    (found,) = SqsEvents(OneMessage(json.dumps(event | otherwise)), QUEUE).receive()
    assert found.receipt == "r0"
    assert bool(found.id) == bool(found.endpoint or found.package_arn)
