"""CloudTrail against botocore's service model: who changed an endpoint, as its events tell."""

import json
from datetime import timedelta
from typing import Any

import pytest
from fakes.clock import NOW

from workers.gateways.trail import CHANGES, CloudTrail
from workers.ports import Deed

from .clients import scripted

SINCE, UNTIL = NOW - timedelta(minutes=2), NOW + timedelta(minutes=2)
USER = {"type": "IAMUser", "arn": "arn:aws:iam::123456789012:user/carl", "userName": "carl"}
ROLE = {"type": "AssumedRole", "arn": "arn:aws:sts::123456789012:assumed-role/ml-admin/carl@example.com"}


def asked_for(name: str) -> dict[str, Any]:
    return {
        "LookupAttributes": [{"AttributeKey": "EventName", "AttributeValue": name}],
        "StartTime": SINCE,
        "EndTime": UNTIL,
        "MaxResults": 50,
    }


def an_event(endpoint: str = "stt-prod", *, seconds: int = 0, identity: Any = USER, **document: Any) -> dict[str, Any]:
    told = {"userIdentity": identity, "requestParameters": {"endpointName": endpoint}, **document}
    return {
        "EventName": "UpdateEndpoint",
        "EventTime": NOW + timedelta(seconds=seconds),
        "Username": "somebody",
        "CloudTrailEvent": json.dumps(told),
    }


def found(*events: dict[str, Any]) -> Deed | None:
    """What is made of these UpdateEndpoint events."""
    with scripted("cloudtrail") as (client, script):
        for name in CHANGES:
            answer = {"Events": list(events) if name == "UpdateEndpoint" else []}
            script.add_response("lookup_events", answer, asked_for(name))
        return CloudTrail(client).last_change("stt-prod", SINCE, UNTIL)


def test_the_last_change_of_that_endpoint_is_told() -> None:
    deed = found(an_event(seconds=30), an_event(seconds=60, identity=ROLE), an_event("other", seconds=90))
    assert deed == Deed(event="UpdateEndpoint", actor="ml-admin/carl@example.com", at=NOW + timedelta(seconds=60))


def test_a_user_is_called_by_name() -> None:
    deed = found(an_event())
    assert deed is not None
    assert deed.actor == "carl"


@pytest.mark.parametrize(
    "event",
    [
        an_event(errorCode="AccessDenied"),
        an_event("other"),
        {"EventTime": NOW, "CloudTrailEvent": "no JSON"},
        {"EventTime": NOW, "CloudTrailEvent": "[]"},
        {"EventTime": NOW},
        {"EventTime": NOW, "CloudTrailEvent": json.dumps({"requestParameters": None})},
    ],
)
def test_what_failed_or_tells_nothing_is_passed_over(event: dict[str, Any]) -> None:
    assert found(event) is None


def test_an_event_without_identity_is_of_whoever_the_listing_names() -> None:
    deed = found(an_event(identity=None))
    assert deed is not None
    assert deed.actor == "somebody"


def test_that_nobody_may_look_is_no_error() -> None:
    with scripted("cloudtrail") as (client, script):
        script.add_client_error("lookup_events", "AccessDeniedException", "not authorized", http_status_code=400)
        assert CloudTrail(client).last_change("stt-prod", SINCE, UNTIL) is None
