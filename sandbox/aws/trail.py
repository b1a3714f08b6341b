"""CloudTrail: who changed what. Everything that changes SageMaker is remembered, as an event that LookupEvents finds."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from .errors import AwsError
from .listing import page
from .world import Call, Caller, operation

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVICE = "cloudtrail"
KEPT = timedelta(days=90)
_CHANGES = ("Create", "Update", "Delete")
_ATTRIBUTES = {"EventName": "EventName", "Username": "Username", "EventId": "EventId", "EventSource": "EventSource"}


@dataclass(frozen=True)
class TrailEvent:
    """One call that changed something."""

    id: str
    name: str
    at: datetime
    caller: Caller
    region: str
    parameters: dict[str, Any]

    @property
    def user(self) -> str:
        return self.caller.arn.rpartition("/")[2]

    def shown(self) -> dict[str, Any]:
        return {
            "EventId": self.id,
            "EventName": self.name,
            "ReadOnly": "false",
            "EventTime": self.at,
            "EventSource": "sagemaker.amazonaws.com",
            "Username": self.user,
            "Resources": [],  # SageMaker's events do not name the endpoint among them
            "CloudTrailEvent": json.dumps(self._document()),
        }

    def _document(self) -> dict[str, Any]:
        kind = "AssumedRole" if ":assumed-role/" in self.caller.arn else "IAMUser"
        identity = {"type": kind, "principalId": self.caller.user_id, "arn": self.caller.arn}
        return {
            "eventVersion": "1.11",
            "userIdentity": identity | ({"userName": self.user} if kind == "IAMUser" else {}),
            "eventTime": f"{self.at:%Y-%m-%dT%H:%M:%SZ}",
            "eventSource": "sagemaker.amazonaws.com",
            "eventName": self.name,
            "awsRegion": self.region,
            "requestParameters": {f"{key[:1].lower()}{key[1:]}": _plain(v) for key, v in self.parameters.items()},
            "eventID": self.id,
            "eventType": "AwsApiCall",
            "recipientAccountId": self.caller.account,
        }


def record(call: Call, service: str, name: str) -> None:
    """Remember a call that was carried out, if it changed anything of SageMaker's."""
    if service == "sagemaker" and name.startswith(_CHANGES):
        event = TrailEvent(str(uuid.uuid4()), name, call.now, call.caller, call.region.name, call.params)
        call.region.trail.append(event)


@operation(SERVICE, "LookupEvents")
def lookup_events(call: Call) -> dict[str, Any]:
    asked = call.params.get("LookupAttributes", [])
    if len(asked) > 1:
        raise AwsError("InvalidLookupAttributesException", "You can only specify one lookup attribute.")
    shown = [event.shown() for event in _between(call)]
    for attribute in asked:
        member = _ATTRIBUTES.get(attribute["AttributeKey"])
        shown = [event for event in shown if member and event[member] == attribute["AttributeValue"]]
    chosen, more = page(list(reversed(shown)), call.params, default=50)
    return {"Events": chosen, **more}


def _between(call: Call) -> Iterator[TrailEvent]:
    start, end = call.params.get("StartTime", call.now - KEPT), call.params.get("EndTime", call.now)
    if start > end:
        raise AwsError("InvalidTimeRangeException", "The start time must be before the end time.")
    # CloudTrail's clock counts whole seconds.
    return (event for event in call.region.trail if start <= event.at.replace(microsecond=0) <= end)


def _plain(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))
