"""AWS JSON 1.0 and 1.1."""

from __future__ import annotations

import base64
import json
from typing import Any

from botocore.model import OperationModel, Shape

from ..errors import AwsError
from .protocol import Reply, convert, read_time, reply_headers, unreadable


class JsonProtocol:
    def read(self, operation: OperationModel, body: bytes) -> dict[str, Any]:
        try:
            decoded = json.loads(body or b"{}")
        except ValueError as exc:
            raise unreadable("The body is not JSON") from exc
        if not isinstance(decoded, dict):
            raise unreadable("Start of structure expected")
        return convert(operation.input_shape, decoded, _from_json) if operation.input_shape else {}

    def write(self, operation: OperationModel, answer: dict[str, Any], request_id: str) -> Reply:
        version = operation.service_model.metadata.get("jsonVersion", "1.1")
        headers = reply_headers(f"application/x-amz-json-{version}", request_id)
        if operation.output_shape is None:
            return Reply(200, headers, b"")
        return Reply(200, headers, json.dumps(convert(operation.output_shape, answer, _to_json)).encode())

    def write_error(self, error: AwsError, request_id: str) -> Reply:
        headers = reply_headers("application/x-amz-json-1.1", request_id) | {"x-amzn-errortype": error.code}
        return Reply(error.status, headers, json.dumps({"__type": error.code, "message": error.message}).encode())


def _from_json(shape: Shape, value: Any) -> Any:
    if shape.type_name == "timestamp" and isinstance(value, int | float | str):
        return read_time(value)
    if shape.type_name == "blob" and isinstance(value, str):
        try:
            return base64.b64decode(value, validate=True)
        except ValueError as exc:
            raise unreadable("A blob is not base64") from exc
    return value


def _to_json(shape: Shape, value: Any) -> Any:
    if shape.type_name == "timestamp":
        return round(value.timestamp(), 3)
    if shape.type_name == "blob":
        return base64.b64encode(value).decode()
    return value
