"""The MLflow gateway against a real tracking server, and against ones that are ill."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from bot.domain.errors import GatewayError, TransientError
from contract.mlflow_server import Tracking, serving
from sandbox.stack import free_port
from workers.gateways.mlflow import MlflowServer
from workers.scoring import PACKAGE_TAG

ARN = "arn:aws:sagemaker:us-east-1:123456789012:model-package/sentiment/4"


@pytest.fixture(scope="module")
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tracking]:
    with serving(tmp_path_factory.mktemp("mlflow")) as server:
        yield server


@pytest.fixture(scope="module")
def experiment(tracking: Tracking) -> str:
    return tracking.experiment("sentiment")


def test_a_run_tells_its_metrics_and_where_to_look_at_it(tracking: Tracking, experiment: str):
    run_id = tracking.logged(experiment, "brave-owl-4", {"f1": 0.911, "wer": 0.08})
    run = MlflowServer(tracking.url).run(run_id)
    assert run is not None
    assert (run.id, run.name, run.metrics) == (run_id, "brave-owl-4", {"f1": 0.911, "wer": 0.08})
    assert run.url == f"{tracking.url}/#/experiments/{experiment}/runs/{run_id}"


def test_a_run_that_does_not_exist_or_was_deleted_is_none(tracking: Tracking, experiment: str):
    server = MlflowServer(tracking.url)
    gone = tracking.logged(experiment, "gone", {"f1": 0.1})
    tracking.delete(gone)
    assert server.run("0" * 32) is None
    assert server.run(gone) is None


def test_the_newest_run_of_a_version_is_found_by_its_tag(tracking: Tracking, experiment: str):
    tracking.logged(experiment, "older", {"f1": 0.8}, sagemaker__model_package_arn=ARN)
    newer = tracking.logged(experiment, "newer", {"f1": 0.9}, sagemaker__model_package_arn=ARN)
    run = MlflowServer(tracking.url).find({PACKAGE_TAG: ARN})
    assert run is not None
    assert run.id == newer


@pytest.mark.parametrize("value", [f"{ARN}0", "it's", "` or true", "\\", "x' or tags.a = 'b"])
def test_what_no_run_is_tagged_with_finds_nothing(tracking: Tracking, value: str):
    assert MlflowServer(tracking.url).find({PACKAGE_TAG: value}) is None


def test_nobody_listening_may_pass_by_itself():
    with pytest.raises(TransientError):
        MlflowServer(f"http://127.0.0.1:{free_port()}").run("1")


@contextmanager
def answering(status: int, body: bytes, seen: list[dict[str, str]]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(dict(self.headers))
            self.send_response(status)
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_an_ill_server_may_get_well(status: int):
    with answering(status, b"", []) as host, pytest.raises(TransientError):
        MlflowServer(f"http://{host}").run("1")


@pytest.mark.parametrize(("status", "body"), [(401, b""), (403, b""), (302, b""), (200, b"<html>")])
def test_a_refusal_and_a_stranger_are_final(status: int, body: bytes):
    with answering(status, body, []) as host, pytest.raises(GatewayError) as refused:
        MlflowServer(f"http://u:s3cret@{host}").run("1")
    assert "s3cret" not in str(refused.value)


def test_credentials_of_the_address_are_sent_and_never_shown():
    seen: list[dict[str, str]] = []
    document = {"run": {"info": {"run_id": "1", "experiment_id": "2"}, "data": {}}}
    with answering(200, json.dumps(document).encode(), seen) as host:
        run = MlflowServer(f"http://anna:p%40ss@{host}/").run("1")
        MlflowServer(f"http://anna:p%40ss@{host}/", token="t0ken").run("1")
    assert run is not None
    assert run.url == f"http://{host}/#/experiments/2/runs/1"
    assert [headers["Authorization"] for headers in seen] == ["Basic YW5uYTpwQHNz", "Bearer t0ken"]
