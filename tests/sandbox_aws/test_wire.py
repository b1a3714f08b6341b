"""The wire itself: signatures, protocols, bodies that cannot be read, and boto3 as the judge of what comes back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

import cbor2
import pytest
from botocore.exceptions import ClientError

from sandbox.aws.driver import AwsDriver

from .conftest import Clients

SIGNED = "AWS4-HMAC-SHA256 Credential=AKIATEST/20261118/us-east-1/any/aws4_request, SignedHeaders=host, Signature=00"
CLOUDWATCH = "GraniteServiceVersion20100801"


def post(address: str, body: bytes | str, path: str = "/", **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = HTTPConnection(urlsplit(address).netloc, timeout=10)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request("POST", path, body, named)
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


def test_an_unsigned_request_is_refused(address: str, driver: AwsDriver) -> None:
    status, _, body = post(address, "{}", X_Amz_Target="SageMaker.ListEndpoints")
    assert status == 403
    assert json.loads(body) == {"__type": "MissingAuthenticationToken", "message": "Missing Authentication Token"}
    assert driver.calls() == []


@pytest.mark.parametrize("target", ["SageMaker.NoSuchThing", "NoSuchService.List", "", "nonsense"])
def test_an_unknown_operation_is_refused(address: str, target: str) -> None:
    status, _, body = post(address, "{}", X_Amz_Target=target, Authorization=SIGNED)
    assert status == 404
    assert json.loads(body)["__type"] == "UnknownOperationException"


def test_an_operation_that_is_not_served_says_so(clients: Clients) -> None:
    with pytest.raises(ClientError) as caught:
        clients.sagemaker.list_training_jobs()
    assert caught.value.response["Error"]["Code"] == "NotImplemented"


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[1, 2]", b'{"EndpointName": ', b"7"])
def test_a_json_body_that_cannot_be_read_is_a_client_error(address: str, body: bytes) -> None:
    status, _, answer = post(address, body, X_Amz_Target="SageMaker.DescribeEndpoint", Authorization=SIGNED)
    assert status == 400
    assert json.loads(answer)["__type"] == "SerializationException"


@pytest.mark.parametrize("body", [b"\xff", b"\x01", b"\xa1\x61", b"\xc1\x61a"])
def test_a_cbor_body_that_cannot_be_read_is_a_client_error(address: str, body: bytes) -> None:
    path = f"/service/{CLOUDWATCH}/operation/GetMetricData"
    status, _, answer = post(address, body, path, Authorization=SIGNED)
    assert status == 400
    assert cbor2.loads(answer)["__type"] in {"SerializationException", "ValidationException"}


@pytest.mark.parametrize(
    "form", ["Action=AssumeRole&Version=2011-06-15&Tags=x", "Action=AssumeRole&Version=2011-06-15&A=1&A.b=2"]
)
def test_a_form_that_does_not_fit_is_a_client_error(address: str, form: str) -> None:
    status, _, answer = post(address, form, Authorization=SIGNED)
    assert status == 400
    assert ElementTree.fromstring(answer).find("Error/Code") is not None


def test_cloudwatch_answers_in_all_three_protocols(address: str, driver: AwsDriver) -> None:
    wanted = {"Namespace": "AWS/SageMaker", "MetricName": "FirstChunkLatency"}
    path = f"/service/{CLOUDWATCH}/operation/ListMetrics"
    _, _, as_cbor = post(address, cbor2.dumps(wanted), path, Authorization=SIGNED)
    _, _, as_json = post(address, json.dumps(wanted), X_Amz_Target=f"{CLOUDWATCH}.ListMetrics", Authorization=SIGNED)
    form = urlencode({"Action": "ListMetrics", "Version": "2010-08-01", **wanted})
    _, _, as_xml = post(address, form, Authorization=SIGNED)
    metrics = cbor2.loads(as_cbor)["Metrics"]
    assert metrics == json.loads(as_json)["Metrics"]
    assert len(metrics) == as_xml.count(b"<MetricName>FirstChunkLatency</MetricName>") == 2


def test_query_lists_and_times_are_understood(address: str, driver: AwsDriver) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    form = {
        "Action": "GetMetricData",
        "Version": "2010-08-01",
        "StartTime": (now - timedelta(hours=2)).isoformat(),
        "EndTime": now.isoformat(),
        "MetricDataQueries.member.1.Id": "a",
        "MetricDataQueries.member.1.MetricStat.Period": "3600",
        "MetricDataQueries.member.1.MetricStat.Stat": "Sum",
        "MetricDataQueries.member.1.MetricStat.Metric.Namespace": "AWS/SageMaker",
        "MetricDataQueries.member.1.MetricStat.Metric.MetricName": "Invocations",
        "MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name": "EndpointName",
        "MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Value": "stt-prod",
        "MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.2.Name": "VariantName",
        "MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.2.Value": "AllTraffic",
    }
    status, _, body = post(address, urlencode(form), Authorization=SIGNED)
    assert status == 200
    assert body.count(b"<member>") >= 3


def test_errors_keep_their_code_in_every_protocol(clients: Clients) -> None:
    asked: list[tuple[Any, str]] = [
        (lambda: clients.sagemaker.describe_endpoint(EndpointName="nope"), "ValidationException"),
        (lambda: clients.cloudwatch.delete_alarms(AlarmNames=["nope"]), "ResourceNotFound"),
        (lambda: clients.of("sts").assume_role(RoleArn="arn:aws:iam::1:role/too-short", RoleSessionName="me"), "ValidationError"),
        (lambda: clients.of("service-quotas").get_service_quota(ServiceCode="sagemaker", QuotaCode="L-0"), "NoSuchResourceException"),
    ]  # fmt: skip
    for ask, code in asked:
        with pytest.raises(ClientError) as caught:
            ask()
        assert caught.value.response["Error"]["Code"] == code
        assert caught.value.response["ResponseMetadata"]["RequestId"]


def test_credentials_of_a_role_lead_into_its_account(clients: Clients) -> None:
    sts = clients.of("sts")
    assert sts.get_caller_identity()["Account"] == "123456789012"
    given = sts.assume_role(RoleArn="arn:aws:iam::210987654321:role/endpoint-bot", RoleSessionName="bot")["Credentials"]
    other = clients.make("sagemaker", access_key=given["AccessKeyId"])
    assert other.list_endpoints()["Endpoints"] == []
    other.close()


def test_pages_of_this_machine_may_use_the_control_api(address: str) -> None:
    connection = HTTPConnection(urlsplit(address).netloc, timeout=10)
    for origin, allowed in (
        ("http://127.0.0.1:8000", True),
        ("http://localhost:3000", True),
        ("http://localhost.evil.example", False),
        ("https://example.com", False),
    ):
        connection.request("GET", "/sandbox/scenarios", headers={"Origin": origin})
        answer = connection.getresponse()
        answer.read()
        assert (answer.headers.get("Access-Control-Allow-Origin") == origin) is allowed
    connection.close()


def test_every_call_is_logged_with_its_outcome(clients: Clients, driver: AwsDriver) -> None:
    clients.sagemaker.describe_endpoint(EndpointName="stt-prod")
    with pytest.raises(ClientError):
        clients.sagemaker.describe_endpoint(EndpointName="nope")
    clients.cloudwatch.list_metrics()
    first, second = driver.calls("DescribeEndpoint")
    assert (first["outcome"], first["executed"], first["parameters"]) == ("ok", True, {"EndpointName": "stt-prod"})
    assert (second["outcome"], second["executed"], second["status"]) == ("ValidationException", False, 400)
    assert [call["operation"] for call in driver.calls()] == ["DescribeEndpoint", "DescribeEndpoint", "ListMetrics"]
