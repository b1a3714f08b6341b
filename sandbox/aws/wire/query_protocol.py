"""AWS Query: a form in, XML out. STS speaks nothing else."""

from __future__ import annotations

import base64
from datetime import UTC
from typing import Any
from urllib.parse import parse_qsl
from xml.etree import ElementTree

from botocore.model import OperationModel

from ..errors import AwsError
from .protocol import Reply, read_time, reply_headers


class QueryProtocol:
    def read(self, operation: OperationModel, body: bytes) -> dict[str, Any]:
        if operation.input_shape is None:
            return {}
        try:
            return dict(_from_tree(operation.input_shape, _tree(body)))
        except (ValueError, KeyError, AttributeError, TypeError) as exc:
            raise AwsError("MalformedQueryString", "The form does not fit the operation") from exc

    def write(self, operation: OperationModel, answer: dict[str, Any], request_id: str) -> Reply:
        root = ElementTree.Element(
            f"{operation.name}Response", xmlns=operation.service_model.metadata.get("xmlNamespace", "")
        )
        shape = operation.output_shape
        if shape is not None:
            wrapper = shape.serialization.get("resultWrapper") or f"{operation.name}Result"
            _to_xml(ElementTree.SubElement(root, wrapper), shape, answer)
        metadata = ElementTree.SubElement(root, "ResponseMetadata")
        ElementTree.SubElement(metadata, "RequestId").text = request_id
        return Reply(200, reply_headers("text/xml", request_id), ElementTree.tostring(root))

    def write_error(self, error: AwsError, request_id: str) -> Reply:
        root = ElementTree.Element("ErrorResponse")
        node = ElementTree.SubElement(root, "Error")
        ElementTree.SubElement(node, "Type").text = "Sender" if error.status < 500 else "Receiver"
        ElementTree.SubElement(node, "Code").text = error.code
        ElementTree.SubElement(node, "Message").text = error.message
        ElementTree.SubElement(root, "RequestId").text = request_id
        return Reply(error.status, reply_headers("text/xml", request_id), ElementTree.tostring(root))


def _tree(body: bytes) -> dict[str, Any]:
    """`A.member.1.B=x` as nested dictionaries, without the protocol's own fields."""
    tree: dict[str, Any] = {}
    for key, value in parse_qsl(body.decode(), keep_blank_values=True):
        if key in {"Action", "Version"}:
            continue
        node = tree
        *parents, last = key.split(".")
        for part in parents:
            node = node.setdefault(part, {})
        node[last] = value
    return tree


def _from_tree(shape: Any, node: Any) -> Any:
    kind = shape.type_name
    if kind == "structure":
        return {n: _from_tree(shape.members[n], item) if n in shape.members else item for n, item in node.items()}
    if kind == "list":
        items = node.get("member", {}) if node else {}
        return [_from_tree(shape.member, items[index]) for index in sorted(items, key=int)]
    if kind == "map":
        entries = node.get("entry", {})
        return {entries[i]["key"]: _from_tree(shape.value, entries[i]["value"]) for i in sorted(entries, key=int)}
    return _from_text(kind, node)


def _from_text(kind: str, text: str) -> Any:
    if kind == "boolean":
        return text == "true"
    if kind in {"integer", "long"}:
        return int(text)
    if kind in {"float", "double"}:
        return float(text)
    if kind == "timestamp":
        return read_time(text)
    return base64.b64decode(text) if kind == "blob" else text


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
