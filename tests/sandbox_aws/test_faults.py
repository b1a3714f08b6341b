"""Transport faults, as a boto3 client meets them, and whether the effect took place."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, ReadTimeoutError

from sandbox.aws.driver import AwsDriver, DriverError

from .conftest import Clients, eventually

CONFIG = {
    "EndpointConfigName": "made",
    "ProductionVariants": [
        {"VariantName": "A", "ModelName": "sentiment-v3", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    ],
}


def exists(clients: Clients) -> bool:
    names = [c["EndpointConfigName"] for c in clients.sagemaker.list_endpoint_configs()["EndpointConfigs"]]
    return "made" in names


def code_of(ask: Any) -> str:
    with pytest.raises(ClientError) as caught:
        ask()
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.parametrize(
    ("kind", "code", "status", "happened"),
    [
        ("throttle", "ThrottlingException", 400, False),
        ("error-before", "InternalFailure", 500, False),
        ("error-after", "InternalFailure", 500, True),
        ("access-denied", "AccessDeniedException", 400, False),
    ],
)
def test_errors_before_leave_nothing_and_errors_after_leave_the_effect(
    clients: Clients, driver: AwsDriver, kind: str, code: str, status: int, happened: bool
) -> None:
    driver.fault("CreateEndpointConfig", kind)
    assert code_of(lambda: clients.sagemaker.create_endpoint_config(**CONFIG)) == code
    call = driver.calls("CreateEndpointConfig")[0]
    assert (call["fault"], call["executed"], call["status"]) == (kind, happened, status)
    assert exists(clients) is happened


@pytest.mark.parametrize(("kind", "happened"), [("timeout-before", False), ("timeout-after", True)])
def test_a_lost_answer_looks_the_same_whether_or_not_it_was_executed(
    clients: Clients, driver: AwsDriver, kind: str, happened: bool
) -> None:
    driver.fault("CreateEndpointConfig", kind)
    impatient = clients.make("sagemaker", read_timeout=0.3)
    with pytest.raises(ReadTimeoutError):
        impatient.create_endpoint_config(**CONFIG)
    impatient.close()
    eventually(lambda: [call["executed"] for call in driver.calls("CreateEndpointConfig")] == [happened])
    assert exists(clients) is happened


def test_a_dropped_connection_comes_after_the_time_that_was_asked_for(clients: Clients, driver: AwsDriver) -> None:
    driver.fault("CreateEndpointConfig", "timeout-before", seconds=0.1)
    client = clients.make("sagemaker")
    with pytest.raises(ConnectionClosedError):
        client.create_endpoint_config(**CONFIG)
    client.close()
    assert driver.calls("CreateEndpointConfig")[0]["outcome"] == "dropped"


def test_a_slow_answer_arrives(clients: Clients, driver: AwsDriver) -> None:
    driver.fault("ListEndpoints", "slow", seconds=0.3)
    begun = time.monotonic()
    assert len(clients.sagemaker.list_endpoints()["Endpoints"]) == 4
    assert time.monotonic() - begun >= 0.3


def test_a_fault_hits_as_many_requests_as_asked_and_no_others(clients: Clients, driver: AwsDriver) -> None:
    driver.fault("ListModels", "throttle", times=2)
    clients.sagemaker.list_endpoints()
    assert code_of(clients.sagemaker.list_models) == "ThrottlingException"
    assert code_of(clients.sagemaker.list_models) == "ThrottlingException"
    clients.sagemaker.list_models()


def test_service_quotas_throttles_by_another_code(clients: Clients, driver: AwsDriver) -> None:
    driver.fault("ListServiceQuotas", "throttle")
    quotas = clients.of("service-quotas")
    assert code_of(lambda: quotas.list_service_quotas(ServiceCode="sagemaker")) == "TooManyRequestsException"


def test_a_star_hits_whatever_comes_next(clients: Clients, driver: AwsDriver) -> None:
    driver.fault("*", "throttle")
    assert code_of(clients.cloudwatch.list_metrics) == "ThrottlingException"


@pytest.mark.parametrize("kind", ["pause-before", "pause-after"])
def test_a_paused_request_goes_on_when_released(clients: Clients, driver: AwsDriver, kind: str) -> None:
    driver.fault("CreateEndpointConfig", kind)
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(clients.sagemaker.create_endpoint_config, **CONFIG)
        driver.wait_until_paused("CreateEndpointConfig")
        assert exists(clients) is (kind == "pause-after")
        assert not asked.done()
        assert driver.release() == 1
        assert asked.result(timeout=30)["EndpointConfigArn"].endswith("/made")


@pytest.mark.parametrize(("kind", "happened"), [("pause-before", False), ("pause-after", True)])
def test_a_client_killed_during_a_pause_leaves_exactly_what_the_pause_says(
    address: str, clients: Clients, driver: AwsDriver, kind: str, happened: bool
) -> None:
    driver.fault("CreateEndpointConfig", kind)
    script = (
        "import boto3, sys, json\n"
        "client = boto3.client('sagemaker', endpoint_url=sys.argv[1], region_name='us-east-1',"
        " aws_access_key_id='a', aws_secret_access_key='b')\n"
        "client.create_endpoint_config(**json.loads(sys.argv[2]))\n"
    )
    arguments = [sys.executable, "-c", script, address, json.dumps(CONFIG)]
    with subprocess.Popen(arguments) as process:
        driver.wait_until_paused("CreateEndpointConfig")
        process.kill()
    eventually(lambda: not driver.faults()["held"])
    driver.release()
    assert exists(clients) is happened
    assert [call["executed"] for call in driver.calls("CreateEndpointConfig")] == [happened]


def test_clearing_faults_releases_what_is_held(clients: Clients, driver: AwsDriver) -> None:
    driver.fault("ListModels", "pause-before")
    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(clients.sagemaker.list_models)
        driver.wait_until_paused("ListModels")
        driver.clear_faults()
        assert asked.result(timeout=30)["Models"]


def test_waiting_for_a_pause_that_never_comes_ends(driver: AwsDriver) -> None:
    with pytest.raises(TimeoutError, match="UpdateEndpoint"):
        driver.wait_until_paused("UpdateEndpoint", timeout=0.1)


def test_unknown_faults_and_operations_are_refused(driver: AwsDriver) -> None:
    with pytest.raises(DriverError, match="No fault 'explode'"):
        driver.fault("UpdateEndpoint", "explode")
    with pytest.raises(DriverError, match="No operation 'UpdateEndpiont'"):
        driver.fault("UpdateEndpiont", "throttle")
    with pytest.raises(DriverError, match="at least one"):
        driver.fault("UpdateEndpoint", "throttle", times=0)
