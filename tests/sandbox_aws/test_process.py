"""The process: what its command line says, and how it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from threading import Thread

import pytest
from botocore.exceptions import HTTPClientError

from sandbox.aws.driver import AwsDriver

from .conftest import Clients

COMMAND = [sys.executable, "-m", "sandbox.aws"]


def test_help_names_every_option() -> None:
    shown = subprocess.run([*COMMAND, "--help"], capture_output=True, text=True, check=True).stdout
    for option in ("--port", "--speed", "--seed", "--metric-delay", "--config-lag", "--status-lag"):
        assert option in shown
    assert "AWS_ENDPOINT_URL" in shown


@pytest.mark.parametrize("wrong", [["--speed", "0"], ["--port", "x"], ["--nope"]])
def test_wrong_options_are_explained(wrong: list[str]) -> None:
    ended = subprocess.run([*COMMAND, *wrong], capture_output=True, text=True, check=False)
    assert ended.returncode == 2
    assert "error:" in ended.stderr


def test_a_port_that_is_taken_is_said_in_one_line(address: str) -> None:
    ended = subprocess.run(
        [*COMMAND, "--port", address.rpartition(":")[2]], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "port" in ended.stderr


def test_sigterm_ends_it_even_while_a_request_is_held() -> None:
    with subprocess.Popen([*COMMAND, "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        driver, clients = AwsDriver(url), Clients(url)
        driver.fault("ListModels", "pause-before")

        def ask() -> None:
            with pytest.raises(HTTPClientError):
                clients.sagemaker.list_models()

        held = Thread(target=ask)
        held.start()
        driver.wait_until_paused("ListModels")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        held.join(timeout=30)
        assert not held.is_alive()
        clients.close()
    assert not driver.healthy()
