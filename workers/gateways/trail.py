"""CloudTrail: who changed an endpoint."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from bot.domain.endpoint import Document
from bot.domain.errors import AccessDenied
from workers.gateways.aws_errors import Subject, translated
from workers.ports import Deed

log = logging.getLogger(__name__)

CHANGES = ("UpdateEndpoint", "UpdateEndpointWeightsAndCapacities", "CreateEndpoint")
"""Calls that change what an endpoint serves with."""

MOST = 50
"""Events of a kind that are read: a page. In the minutes around a change there are not more."""


class CloudTrail:
    """`ports.Trail` for one account and region."""

    def __init__(self, client: Any) -> None:
        """Take a boto3 `cloudtrail` client."""
        self._client = client

    def last_change(self, endpoint: str, since: datetime, until: datetime) -> Deed | None:
        """The last call in that time that changed the endpoint; None when CloudTrail shows none, or may not be read.

        Events are looked up by their name, because SageMaker's do not reliably list the endpoint among their resources; their own
        document says which one they were about.
        """
        deeds: list[Deed] = []
        for name in CHANGES:
            try:
                deeds += self._events(name, endpoint, since, until)
            except AccessDenied as error:
                log.warning("who changed %s cannot be told: %s", endpoint, error)
                return None
        return max(deeds, key=lambda deed: deed.at, default=None)

    def _events(self, name: str, endpoint: str, since: datetime, until: datetime) -> list[Deed]:
        with translated("LookupEvents", Subject("events of", endpoint)):
            answer = self._client.lookup_events(
                LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}],
                StartTime=since,
                EndTime=until,
                MaxResults=MOST,
            )
        told = ((event, _document(event)) for event in answer.get("Events", ()))
        return [
            Deed(event=name, actor=_actor(event, document), at=event["EventTime"].astimezone(UTC))
            for event, document in told
            if _endpoint(document) == endpoint and "errorCode" not in document
        ]


def _document(event: Document) -> Document:
    try:
        document = json.loads(event.get("CloudTrailEvent") or "{}")
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _endpoint(document: Document) -> str | None:
    name = (document.get("requestParameters") or {}).get("endpointName")
    return str(name) if name is not None else None


def _actor(event: Document, document: Document) -> str:
    """As people know them: the user's name, or the role's with the session's, which is often a person's."""
    identity = document.get("userIdentity") or {}
    arn = str(identity.get("arn") or "")
    if ":assumed-role/" in arn:
        return arn.partition(":assumed-role/")[2]
    return str(identity.get("userName") or event.get("Username") or arn.rpartition("/")[2])
