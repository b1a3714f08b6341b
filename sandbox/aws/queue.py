"""An SQS queue into which EventBridge puts what changes: endpoints that move, versions that are registered or decided on.

As at AWS, an event may come twice, and there may be two events about one change.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from .errors import AwsError
from .mailbox import Mailbox
from .world import Call, Package, Region, World, operation

if TYPE_CHECKING:
    from .sagemaker.endpoint import Endpoint

SERVICE = "sqs"
QUEUE_NAME = "sagemaker-events"


@operation(SERVICE, "GetQueueUrl")
def get_queue_url(call: Call) -> dict[str, Any]:
    if call.params["QueueName"] != QUEUE_NAME:
        raise _no_queue()
    return {"QueueUrl": f"https://sqs.{call.region.name}.amazonaws.com/{call.region.account}/{QUEUE_NAME}"}


@operation(SERVICE, "ReceiveMessage")
def receive_message(call: Call) -> dict[str, Any]:
    mailbox = _mailbox(call)
    _deliver(call.region.world, mailbox)
    hidden_for = call.params.get("VisibilityTimeout")
    found = mailbox.receive(
        call.params.get("MaxNumberOfMessages", 1),
        None if hidden_for is None else timedelta(seconds=hidden_for),
        call.now,
    )
    return {"Messages": found} if found else {}


@operation(SERVICE, "DeleteMessage")
def delete_message(call: Call) -> dict[str, Any]:
    _mailbox(call).strike_off(call.params["ReceiptHandle"])
    return {}


def _mailbox(call: Call) -> Mailbox:
    if call.params["QueueUrl"].rpartition("/")[2] != QUEUE_NAME:
        raise _no_queue()
    return call.region.world.mailbox


def _no_queue() -> AwsError:
    return AwsError("QueueDoesNotExist", "The specified queue does not exist.")


def _deliver(world: World, mailbox: Mailbox) -> None:
    """Put an event into the queue, twice, for everything that is not as it was when this was last asked."""
    now, before = dict(_states(world)), mailbox.seen
    mailbox.seen = {key: state for key, (state, _) in now.items()}
    if before is None:
        return  # the queue hears what changes after it was made
    for key, (state, event) in now.items():
        if before.get(key) != state:
            body = json.dumps(event | {"id": str(uuid.uuid4())})
            mailbox.put(body, world.clock.now())
            mailbox.put(body, world.clock.now())


def _states(world: World) -> Iterator[tuple[str, tuple[str, dict[str, Any]]]]:
    for region in world.regions.values():
        for endpoint in region.endpoints.values():
            yield endpoint.arn, (f"{endpoint.status} {endpoint.config.name}", _endpoint_event(region, endpoint))
        for group in region.groups.values():
            for package in group.packages.values():
                yield package.arn, (f"{package.status} {package.approval_status}", _package_event(region, package))


def _endpoint_event(region: Region, endpoint: Endpoint) -> dict[str, Any]:
    upper = "".join(f"_{c}" if c.isupper() and i else c for i, c in enumerate(endpoint.status)).upper()
    detail = {
        "EndpointName": endpoint.name,
        "EndpointArn": endpoint.arn,
        "EndpointConfigName": endpoint.config.name,
        "EndpointStatus": upper,
        "CreationTime": endpoint.created.timestamp() * 1000,
        "LastModifiedTime": endpoint.modified.timestamp() * 1000,
        "Tags": {},
    }
    return _envelope(region, "SageMaker Endpoint State Change", endpoint.arn, detail) | {
        "time": str(int(region.now.timestamp() * 1000))
    }


def _package_event(region: Region, package: Package) -> dict[str, Any]:
    detail = {
        "ModelPackageGroupName": package.group,
        "ModelPackageVersion": package.version,
        "ModelPackageArn": package.arn,
        "CreationTime": package.created.isoformat(),
        "ModelPackageStatus": package.status,
        "ModelApprovalStatus": package.approval_status,
        "CertifyForMarketplace": False,
    }
    return _envelope(region, "SageMaker Model Package State Change", package.arn, detail) | {
        "source": ["aws.sagemaker"]
    }


def _envelope(region: Region, kind: str, arn: str, detail: dict[str, Any]) -> dict[str, Any]:
    return {
        "version": "0",
        "detail-type": kind,
        "source": "aws.sagemaker",
        "account": region.account,
        "region": region.name,
        "time": region.now.isoformat(),
        "resources": [arn],
        "detail": detail,
    }
