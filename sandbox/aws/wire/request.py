"""One HTTP request, understood: the service, the operation, the protocol, whose credentials, the parameters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qsl

import botocore.session
from botocore.model import OperationModel, ServiceModel

from ..errors import AwsError
from .cbor_protocol import CborProtocol
from .json_protocol import JsonProtocol
from .protocol import Protocol
from .query_protocol import QueryProtocol
from .rest_protocol import RestProtocol, read_object_address

SERVICES = (
    "sagemaker",
    "cloudwatch",
    "application-autoscaling",
    "service-quotas",
    "sts",
    "pricing",
    "marketplace-agreement",
    "marketplace-discovery",
    "sqs",
    "cloudtrail",
    "s3",
)
_REST_JSON_SERVICE = "marketplace-discovery"
_QUERY_SERVICES = ("sts", "cloudwatch")
_CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/\s]+)/\d{8}/([^/]+)/([^/]+)/aws4_request")
_RPC_V2_PATH = re.compile(r"/service/([^/]+)/operation/([^/]+)")
_JSON, _CBOR, _QUERY, _REST = JsonProtocol(), CborProtocol(), QueryProtocol(), RestProtocol()


@lru_cache(maxsize=1)
def service_models() -> dict[str, ServiceModel]:
    """Botocore's models of the services that are served here."""
    session = botocore.session.get_session()
    return {name: session.get_service_model(name) for name in SERVICES}


@dataclass(frozen=True)
class WireRequest:
    """What is asked, by whose credentials, in which protocol."""

    service: str
    operation: OperationModel
    protocol: Protocol
    access_key: str
    region: str
    params: dict[str, Any]


def read_request(method: str, path: str, headers: Mapping[str, str], body: bytes) -> WireRequest:
    """Understand a request or raise the error that AWS answers to one that it cannot read.

    Args:
        method: HTTP method; POST but for S3.
        path: The URL's path, which names the operation in RPC v2.
        headers: With case-insensitive lookup.
        body: The raw body.
    """
    if _is_for_s3(headers):
        return _read_object_request(method, path, headers)
    service, name = _names(path, headers, body)
    model = service_models().get(service or "")
    if model is None or name not in model.operation_names:
        raise AwsError("UnknownOperationException", f"Unknown operation {name or path!r}", status=404)
    signed = _CREDENTIAL.match(headers.get("Authorization", ""))
    if signed is None or method != "POST":
        raise AwsError("MissingAuthenticationToken", "Missing Authentication Token", status=403)
    access_key, region, _ = signed.groups()
    protocol, operation = guess_protocol(path, headers), model.operation_model(name)
    return WireRequest(model.service_name, operation, protocol, access_key, region, protocol.read(operation, body))


def guess_protocol(path: str, headers: Mapping[str, str]) -> Protocol:
    """The protocol that a request is written in, judged by its address alone."""
    if _is_for_s3(headers):
        return _REST
    if "X-Amz-Target" in headers or path in _rest_json_operations():
        return _JSON
    return _CBOR if _RPC_V2_PATH.search(path) else _QUERY


def _is_for_s3(headers: Mapping[str, str]) -> bool:
    signed = _CREDENTIAL.match(headers.get("Authorization", ""))
    return signed is not None and signed[3] == "s3"


def _read_object_request(method: str, path: str, headers: Mapping[str, str]) -> WireRequest:
    signed = _CREDENTIAL.match(headers["Authorization"])
    assert signed is not None
    operation = {"HEAD": "HeadObject", "GET": "GetObject"}.get(method)
    if operation is None:
        raise AwsError(
            "NotImplemented", f"This stand-in has no {method} of S3, only HEAD and GET of an object.", status=501
        )
    params = read_object_address(path, headers.get("Host", ""))
    if not params["Key"]:
        raise AwsError("NotImplemented", "This stand-in has no buckets to look into.", status=501)
    return WireRequest("s3", service_models()["s3"].operation_model(operation), _REST, signed[1], signed[2], params)


def _names(path: str, headers: Mapping[str, str], body: bytes) -> tuple[str | None, str]:
    """The service and the operation that a request names."""
    if "X-Amz-Target" in headers:
        prefix, _, operation = headers["X-Amz-Target"].rpartition(".")
        return _by_target_prefix(prefix), operation
    if path in _rest_json_operations():
        return _REST_JSON_SERVICE, _rest_json_operations()[path]
    rpc = _RPC_V2_PATH.search(path)
    if rpc is not None:
        return _by_target_prefix(rpc[1]), rpc[2]
    form = dict(parse_qsl(body.decode("utf-8", "replace")))
    version = form.get("Version")
    service = next((name for name in _QUERY_SERVICES if service_models()[name].api_version == version), None)
    return service, form.get("Action", "")


@lru_cache(maxsize=1)
def _rest_json_operations() -> dict[str, str]:
    """Operations by their paths, of the one service that puts the name of an operation there and all else into a JSON body."""
    model = service_models()[_REST_JSON_SERVICE]
    return {model.operation_model(name).http["requestUri"]: name for name in model.operation_names}


def _by_target_prefix(prefix: str) -> str | None:
    return next((n for n, model in service_models().items() if model.metadata.get("targetPrefix") == prefix), None)
