"""REST as S3 speaks it, for requests that carry everything in their address, and answers of headers and at most an object."""

from __future__ import annotations

import re
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from botocore.model import OperationModel

from ..errors import AwsError
from .protocol import Reply

_LOOPBACK = re.compile(r"(?:(?P<bucket>[a-z0-9][a-z0-9.-]*)\.)?(?:127\.0\.0\.1|localhost)(?::\d+)?")
_STATUS = {
    "AccessDeniedException": 403,
    "ThrottlingException": 503,
}  # what S3 answers in place of the JSON services' 400


class RestProtocol:
    def read(self, operation: OperationModel, body: bytes) -> dict[str, Any]:
        """Nothing: the address says it all; see :func:`read_object_address`."""
        return {}

    def write(self, operation: OperationModel, answer: dict[str, Any], request_id: str) -> Reply:
        assert operation.output_shape is not None
        headers = {"x-amz-request-id": request_id}
        for name, member in operation.output_shape.members.items():
            if name in answer and member.serialization.get("location") == "header":
                headers[member.serialization["name"]] = _header(answer[name])
        return Reply(200, headers, answer.get("Body", b""))

    def write_error(self, error: AwsError, request_id: str) -> Reply:
        """An answer to HEAD has no body; aiohttp leaves this one out there, so all that a client learns is the status."""
        body = f"<?xml version='1.0'?><Error><Code>{escape(error.code)}</Code><Message>{escape(error.message)}</Message></Error>"
        headers = {"x-amz-request-id": request_id, "Content-Type": "application/xml"}
        return Reply(_STATUS.get(error.code, error.status), headers, body.encode())


def read_object_address(path: str, host: str) -> dict[str, str]:
    """Bucket and key out of `/bucket/key`, or out of `bucket.localhost` and `/key`."""
    found = _LOOPBACK.fullmatch(host)
    bucket = found["bucket"] if found else None
    if bucket is not None:
        return {"Bucket": bucket, "Key": path[1:]}
    bucket, _, key = path[1:].partition("/")
    return {"Bucket": bucket, "Key": key}


def _header(value: Any) -> str:
    return format_datetime(value, usegmt=True) if isinstance(value, datetime) else str(value)
