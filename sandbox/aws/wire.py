"""The wire protocols of AWS: which operation a request names, its parameters as Python values, and the answer's bytes.

Three protocols are spoken, each driven by botocore's service models: JSON 1.0/1.1 (SageMaker, Application Auto Scaling,
Service Quotas, Pricing), Smithy RPC v2 with CBOR (CloudWatch since botocore 1.40) and Query (STS, older CloudWatch clients).
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

import botocore.session
import cbor2
from botocore.model import OperationModel, ServiceModel, Shape
from botocore.utils import parse_timestamp

from .errors import AwsError

SERVICES = ("sagemaker", "cloudwatch", "application-autoscaling", "service-quotas", "sts", "pricing")
_CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/\s]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request")
_RPC_V2_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)$")


@lru_cache(maxsize=1)
def service_models() -> dict[str, ServiceModel]:
    session = botocore.session.get_session()
    return {name: session.get_service_model(name) for name in SERVICES}


@dataclass(frozen=True)
class WireRequest:
    """One request, understood: what is asked, by whose credentials, in which protocol."""

    service: str
    operation: OperationModel
    protocol: str  # "json" | "cbor" | "query"
    access_key: str
    region: str
    params: dict[str, Any]


def read_request(method: str, path: str, headers: Mapping[str, str], body: bytes) -> WireRequest:
    """Understand a request or raise the error that AWS answers to one it cannot read.

    Args:
        method: HTTP method; every protocol here uses POST.
        path: The URL's path, which names the operation in RPC v2.
        headers: With case-insensitive lookup.
        body: The raw body.
    """
    protocol, service, operation = _identify(path, headers, body)
    signed = _CREDENTIAL.match(headers.get("Authorization", ""))
    if signed is None or method != "POST":
        raise AwsError("MissingAuthenticationToken", "Missing Authentication Token", status=403)
    access_key, _, region, _ = signed.groups()
    params = _READERS[protocol](operation, body)
    return WireRequest(service, operation, protocol, access_key, region, params)


def write_answer(request: WireRequest, answer: dict[str, Any], request_id: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of a successful answer."""
    return _WRITERS[request.protocol](request.operation, answer, request_id)


def write_error(protocol: str, error: AwsError, request_id: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an error; the protocol is a guess when the request could not be read."""
    body: bytes
    if protocol == "query":
        root = ElementTree.Element("ErrorResponse")
        node = ElementTree.SubElement(root, "Error")
        ElementTree.SubElement(node, "Type").text = "Sender" if error.status < 500 else "Receiver"
        ElementTree.SubElement(node, "Code").text = error.code
        ElementTree.SubElement(node, "Message").text = error.message
        ElementTree.SubElement(root, "RequestId").text = request_id
        return error.status, _headers("text/xml", request_id), ElementTree.tostring(root)
    fault = {"__type": error.code, "message": error.message}
    if protocol == "cbor":
        headers = _headers("application/cbor", request_id) | {"smithy-protocol": "rpc-v2-cbor"}
        headers["x-amzn-query-error"] = f"{error.code};{'Sender' if error.status < 500 else 'Receiver'}"
        body = cbor2.dumps(fault)
        return error.status, headers, body
    headers = _headers("application/x-amz-json-1.1", request_id) | {"x-amzn-errortype": error.code}
    body = json.dumps(fault).encode()
    return error.status, headers, body


def guess_protocol(path: str, headers: Mapping[str, str]) -> str:
    if "X-Amz-Target" in headers:
        return "json"
    return "cbor" if _RPC_V2_PATH.search(path) else "query"


def _identify(path: str, headers: Mapping[str, str], body: bytes) -> tuple[str, str, OperationModel]:
    protocol = guess_protocol(path, headers)
    if protocol == "json":
        prefix, _, operation = headers["X-Amz-Target"].partition(".")
        service = _by_target_prefix(prefix)
    elif protocol == "cbor":
        prefix, operation = _RPC_V2_PATH.search(path).groups()  # type: ignore[union-attr]
        service = _by_target_prefix(prefix)
    else:
        form = dict(parse_qsl(body.decode("utf-8", "replace")))
        operation, version = form.get("Action", ""), form.get("Version", "")
        service = next((n for n in ("sts", "cloudwatch") if service_models()[n].api_version == version), None)
    model = service_models().get(service or "")
    if model is None or operation not in model.operation_names:
        raise AwsError("UnknownOperationException", f"Unknown operation {operation or path!r}", status=404)
    return protocol, model.service_name, model.operation_model(operation)


def _by_target_prefix(prefix: str) -> str | None:
    return next((n for n, m in service_models().items() if m.metadata.get("targetPrefix") == prefix), None)


def _headers(content_type: str, request_id: str) -> dict[str, str]:
    return {"Content-Type": content_type, "x-amzn-requestid": request_id}


def _convert(shape: Shape, value: Any, leaf: Callable[[Shape, Any], Any]) -> Any:
    """``value`` rebuilt along ``shape`` with ``leaf`` applied to its scalars; what does not fit is left for validation."""
    if value is None:
        return None
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        members = shape.members
        items = ((n, _convert(members[n], v, leaf) if n in members else v) for n, v in value.items())
        return {name: item for name, item in items if item is not None}
    if kind == "list" and isinstance(value, list | tuple):
        return [_convert(shape.member, item, leaf) for item in value]
    if kind == "map" and isinstance(value, dict):
        return {key: _convert(shape.value, item, leaf) for key, item in value.items()}
    return leaf(shape, value)


# --- JSON ---------------------------------------------------------------------------------------------------------


def _read_json(operation: OperationModel, body: bytes) -> dict[str, Any]:
    try:
        decoded = json.loads(body or b"{}")
    except ValueError as exc:
        raise AwsError("SerializationException", "The body is not JSON") from exc
    if not isinstance(decoded, dict):
        raise AwsError("SerializationException", "Start of structure expected")
    return _convert(operation.input_shape, decoded, _from_json) if operation.input_shape else {}


def _from_json(shape: Shape, value: Any) -> Any:
    if shape.type_name == "timestamp" and isinstance(value, int | float | str):
        return _read_time(value)
    if shape.type_name == "blob" and isinstance(value, str):
        return base64.b64decode(value)
    return value


def _write_json(
    operation: OperationModel, answer: dict[str, Any], request_id: str
) -> tuple[int, dict[str, str], bytes]:
    version = operation.service_model.metadata.get("jsonVersion", "1.1")
    headers = _headers(f"application/x-amz-json-{version}", request_id)
    if operation.output_shape is None:
        return 200, headers, b""
    return 200, headers, json.dumps(_convert(operation.output_shape, answer, _to_json)).encode()


def _to_json(shape: Shape, value: Any) -> Any:
    if shape.type_name == "timestamp":
        return round(value.timestamp(), 3)
    if shape.type_name == "blob":
        return base64.b64encode(value).decode()
    return value


# --- Smithy RPC v2, CBOR ------------------------------------------------------------------------------------------


def _read_cbor(operation: OperationModel, body: bytes) -> dict[str, Any]:
    try:
        decoded = cbor2.loads(body) if body else {}
    except cbor2.CBORDecodeError as exc:
        raise AwsError("SerializationException", "The body is not CBOR") from exc
    return _convert(operation.input_shape, decoded, _from_cbor) if operation.input_shape else {}


def _from_cbor(shape: Shape, value: Any) -> Any:
    return _read_time(value) if shape.type_name == "timestamp" and isinstance(value, int | float) else value


def _write_cbor(
    operation: OperationModel, answer: dict[str, Any], request_id: str
) -> tuple[int, dict[str, str], bytes]:
    headers = _headers("application/cbor", request_id) | {"smithy-protocol": "rpc-v2-cbor"}
    shape = operation.output_shape
    return 200, headers, cbor2.dumps(_convert(shape, answer, _to_cbor) if shape else {})


def _to_cbor(shape: Shape, value: Any) -> Any:
    if shape.type_name == "timestamp":
        return cbor2.CBORTag(1, round(value.timestamp(), 3))
    return float(value) if shape.type_name in {"float", "double"} else value


# --- Query --------------------------------------------------------------------------------------------------------


def _read_query(operation: OperationModel, body: bytes) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, value in parse_qsl(body.decode(), keep_blank_values=True):
        node = tree
        *parents, last = key.split(".")
        for part in parents:
            node = node.setdefault(part, {})
        node[last] = value
    tree.pop("Action", None)
    tree.pop("Version", None)
    return _from_query(operation.input_shape, tree) if operation.input_shape else {}


def _from_query(shape: Any, node: Any) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return {n: _from_query(shape.members[n], v) if n in shape.members else v for n, v in node.items()}
    if kind == "list":
        items = node.get("member", node) if isinstance(node, dict) else {}
        return [_from_query(shape.member, items[i]) for i in sorted(items, key=int)] if items else []
    if kind == "map":
        entries = node.get("entry", {})
        return {e["key"]: _from_query(shape.value, e["value"]) for _, e in sorted(entries.items())}
    return _from_text(kind, node)


def _from_text(kind: str, text: str) -> Any:
    try:
        if kind == "boolean":
            return text == "true"
        if kind in {"integer", "long"}:
            return int(text)
        if kind in {"float", "double"}:
            return float(text)
        if kind == "timestamp":
            return _read_time(text)
    except ValueError as exc:
        raise AwsError("MalformedInput", f"{text!r} is not a {kind}") from exc
    return base64.b64decode(text) if kind == "blob" else text


def _write_query(
    operation: OperationModel, answer: dict[str, Any], request_id: str
) -> tuple[int, dict[str, str], bytes]:
    namespace = operation.service_model.metadata.get("xmlNamespace", "")
    root = ElementTree.Element(f"{operation.name}Response", xmlns=namespace)
    shape = operation.output_shape
    if shape is not None:
        wrapper = shape.serialization.get("resultWrapper") or f"{operation.name}Result"
        _to_xml(ElementTree.SubElement(root, wrapper), shape, answer)
    metadata = ElementTree.SubElement(root, "ResponseMetadata")
    ElementTree.SubElement(metadata, "RequestId").text = request_id
    return 200, _headers("text/xml", request_id), ElementTree.tostring(root)


def _to_xml(node: ElementTree.Element, shape: Any, value: Any) -> None:
    kind = shape.type_name
    if kind == "structure":
        for name, item in value.items():
            if item is not None:
                _to_xml(ElementTree.SubElement(node, name), shape.members[name], item)
    elif kind == "list":
        for item in value:
            _to_xml(ElementTree.SubElement(node, "member"), shape.member, item)
    elif kind == "timestamp":
        node.text = value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    elif kind == "boolean":
        node.text = "true" if value else "false"
    else:
        node.text = str(value)


def _read_time(value: int | float | str) -> datetime:
    try:
        moment: datetime = parse_timestamp(value)
    except (ValueError, OverflowError, RuntimeError) as exc:
        raise AwsError("SerializationException", f"{value!r} is not a timestamp") from exc
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


_READERS = {"json": _read_json, "cbor": _read_cbor, "query": _read_query}
_WRITERS = {"json": _write_json, "cbor": _write_cbor, "query": _write_query}
