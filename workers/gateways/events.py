"""SageMaker's EventBridge events out of an SQS queue.

AWS's own samples differ in the type of nearly every member, so nothing is taken for granted: what cannot be read is no event.
"""

import json
import logging
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

from workers.gateways.aws_errors import Subject, translated
from workers.ports import Event

log = logging.getLogger(__name__)

MOST = 10
"""Messages in one answer; SQS gives no more."""

SOURCE = "aws.sagemaker"

ENDPOINT_EVENTS = frozenset({"SageMaker Endpoint State Change", "SageMaker Endpoint Deployment State Change"})
PACKAGE_EVENT = "SageMaker Model Package State Change"


class SqsEvents:
    """`ports.Events` for one queue."""

    def __init__(self, client: Any, queue_url: str) -> None:
        """Take a boto3 `sqs` client for the queue's region, and the queue's URL."""
        self._client = client
        self._queue_url = queue_url

    def receive(self) -> tuple[Event, ...]:
        """What is there now, ten messages at most. What is not struck off comes again."""
        with translated("ReceiveMessage", Subject("queue", self._queue_url)):
            answer = self._client.receive_message(QueueUrl=self._queue_url, MaxNumberOfMessages=MOST)
        return tuple(_event(message) for message in answer.get("Messages", ()))

    def strike_off(self, events: Iterable[Event]) -> None:
        """These were heard. One that could not be struck off comes again, and is known by its id."""
        for event in events:
            with translated("DeleteMessage", Subject("queue", self._queue_url)):
                self._client.delete_message(QueueUrl=self._queue_url, ReceiptHandle=event.receipt)


def region_of(queue_url: str) -> str | None:
    """The region in the host of a queue's URL, such as sqs.eu-west-1.amazonaws.com; None for an address of another kind."""
    parts = (urlsplit(queue_url).hostname or "").split(".")
    return parts[1] if len(parts) > 2 and parts[0] == "sqs" else None


def _event(message: dict[str, Any]) -> Event:
    receipt = str(message["ReceiptHandle"])
    try:
        body = json.loads(message.get("Body", ""))
    except ValueError:
        body = None
    found = _understood(body, receipt) if isinstance(body, dict) else None
    if found is None:
        log.info("message %s is no event of SageMaker that means anything here", message.get("MessageId"))
    return found or Event(receipt=receipt)


def _understood(body: dict[str, Any], receipt: str) -> Event | None:
    source, kind, detail = body.get("source"), body.get("detail-type"), body.get("detail")
    sources = source if isinstance(source, list) else [source]  # for versions, AWS's sample has a list
    if SOURCE not in sources or not isinstance(detail, dict):
        return None
    if not isinstance(kind, str) or not isinstance(body.get("id"), str):
        return None
    region = body["region"] if isinstance(body.get("region"), str) else ""
    about = {"receipt": receipt, "id": body["id"], "region": region}
    endpoint, package_arn = detail.get("EndpointName"), detail.get("ModelPackageArn")
    if kind in ENDPOINT_EVENTS and isinstance(endpoint, str):
        return Event(endpoint=endpoint, **about)
    if kind == PACKAGE_EVENT and isinstance(package_arn, str):
        return Event(package_arn=package_arn, **about)
    return None
