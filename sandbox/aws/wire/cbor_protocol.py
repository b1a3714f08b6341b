"""Smithy RPC v2 with CBOR, what CloudWatch clients speak by default."""

from __future__ import annotations

from typing import Any

import cbor2
from botocore.model import OperationModel, Shape

from ..errors import AwsError
from .protocol import Reply, convert, read_time, reply_headers, unreadable

_EPOCH_TAG = 1


class CborProtocol:
    def read(self, operation: OperationModel, body: bytes) -> dict[str, Any]:
        try:
            decoded = cbor2.loads(body) if body else {}
        except (cbor2.CBORDecodeError, EOFError, ValueError) as exc:
            raise unreadable("The body is not CBOR") from exc
        if not isinstance(decoded, dict):
            raise unreadable("Start of structure expected")
        return convert(operation.input_shape, decoded, _from_cbor) if operation.input_shape else {}

    def write(self, operation: OperationModel, answer: dict[str, Any], request_id: str) -> Reply:
        shape = operation.output_shape
        return Reply(200, _headers(request_id), cbor2.dumps(convert(shape, answer, _to_cbor) if shape else {}))

    def write_error(self, error: AwsError, request_id: str) -> Reply:
        side = "Sender" if error.status < 500 else "Receiver"
        headers = _headers(request_id) | {"x-amzn-query-error": f"{error.code};{side}"}
        return Reply(error.status, headers, cbor2.dumps({"__type": error.code, "message": error.message}))


def _headers(request_id: str) -> dict[str, str]:
    return reply_headers("application/cbor", request_id) | {"smithy-protocol": "rpc-v2-cbor"}


def _from_cbor(shape: Shape, value: Any) -> Any:
    is_bare_number = isinstance(value, int | float) and not isinstance(value, bool)
    return read_time(value) if shape.type_name == "timestamp" and is_bare_number else value


def _to_cbor(shape: Shape, value: Any) -> Any:
    if shape.type_name == "timestamp":
        return cbor2.CBORTag(_EPOCH_TAG, round(value.timestamp(), 3))
    return float(value) if shape.type_name in {"float", "double"} else value
