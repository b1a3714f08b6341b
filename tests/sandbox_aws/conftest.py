from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config

from sandbox.aws.driver import AwsDriver

from .local import LocalAws


@pytest.fixture(scope="session")
def address() -> Iterator[str]:
    """The address of a stand-in process in which an update takes about a second."""
    command = [sys.executable, "-m", "sandbox.aws", "--port", "0", "--speed", "600"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        first_line = process.stdout.readline()
        match = re.fullmatch(r"aws stand-in on (http://127\.0\.0\.1:\d+)\n", first_line)
        assert match, first_line
        yield match[1]
        process.terminate()
        assert process.wait(timeout=30) == 0


@pytest.fixture
def driver(address: str) -> AwsDriver:
    steering = AwsDriver(address)
    steering.reset()
    return steering


def eventually(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait until something is so; how long that takes depends on how busy the machine is."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"not so within {seconds} s"
        time.sleep(0.02)


class Clients:
    """boto3 clients of the running stand-in, without retries so that every answer is seen."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._made: dict[str, Any] = {}

    def make(self, service: str, *, read_timeout: float = 60, access_key: str = "AKIATEST") -> Any:
        return boto3.client(
            service,
            endpoint_url=self._address,
            region_name="us-east-1",
            aws_access_key_id=access_key,
            aws_secret_access_key="secret",
            config=Config(retries={"total_max_attempts": 1}, read_timeout=read_timeout),
        )

    def of(self, service: str) -> Any:
        if service not in self._made:
            self._made[service] = self.make(service)
        return self._made[service]

    @property
    def sagemaker(self) -> Any:
        return self.of("sagemaker")

    @property
    def cloudwatch(self) -> Any:
        return self.of("cloudwatch")

    def close(self) -> None:
        for client in self._made.values():
            client.close()


@pytest.fixture(scope="session")
def shared_clients(address: str) -> Iterator[Clients]:
    clients = Clients(address)
    yield clients
    clients.close()


@pytest.fixture
def clients(shared_clients: Clients, driver: AwsDriver) -> Clients:
    """Clients of a stand-in that was just reset."""
    return shared_clients


@pytest.fixture
def aws() -> LocalAws:
    """The stand-in in this process, at speed 1, at noon of a Wednesday."""
    return LocalAws()
