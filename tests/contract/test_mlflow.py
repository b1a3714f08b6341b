"""The MLflow gateway against a real tracking server, and against ones that are ill."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

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

        do_POST = do_GET

    with listening_to(Handler) as host:
        yield host


@contextmanager
def listening_to(handler: type[BaseHTTPRequestHandler]) -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), handler) as server:
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


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (401, b""),
        (403, b""),
        (302, b""),
        (200, b"<html>"),
        (200, b"{}"),
        (200, b"[]"),
        (200, b'{"run": []}'),
        (200, b'{"run": {"info": {}}}'),
        (200, b'{"run": {"info": {"run_id": "1", "experiment_id": "2"}, "data": {"metrics": [{"key": "f1"}]}}}'),
    ],
)
def test_a_refusal_and_a_stranger_are_final(status: int, body: bytes):
    with answering(status, body, []) as host, pytest.raises(GatewayError) as refused:
        MlflowServer(f"http://u:s3cret@{host}").run("1")
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "body", [b"", b"<html>Not Found</html>", b"[]", b'{"detail": "Not Found"}', b'{"error_code": "ENDPOINT_NOT_FOUND"}']
)
def test_an_address_where_no_mlflow_is_says_nothing_about_a_run(body: bytes):
    with answering(404, body, []) as host:
        for ask in (lambda server: server.run("1"), lambda server: server.find({PACKAGE_TAG: ARN})):
            with pytest.raises(GatewayError) as refused:
                ask(MlflowServer(f"http://{host}/ml"))
            assert refused.value.user_message == (
                "No MLflow answers at the address in MLFLOW_TRACKING_URI (404); whoever operates the bot can mend it."
            )


def test_a_run_that_mlflow_itself_does_not_know_is_none():
    with answering(404, b'{"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "Run with id=1 not found"}', []) as host:
        assert MlflowServer(f"http://{host}").run("1") is None


@pytest.mark.parametrize("body", [b"[]", b'{"experiments": [{}]}', b'{"experiments": {"experiment_id": "1"}}'])
def test_a_stranger_in_whom_a_version_is_looked_for_is_final(body: bytes):
    with answering(200, body, []) as host, pytest.raises(GatewayError, match="unreadable answer"):
        MlflowServer(f"http://{host}").find({PACKAGE_TAG: ARN})


@pytest.mark.parametrize(
    "said", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"]
)
def test_what_is_no_answer_in_http_may_pass_by_itself(said: bytes):
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def speak() -> None:
            caller, _ = listening.accept()
            with caller:
                caller.recv(65536)
                caller.sendall(said)

        thread = threading.Thread(target=speak)
        thread.start()
        with pytest.raises(TransientError):
            MlflowServer(f"http://127.0.0.1:{listening.getsockname()[1]}").run("1")
        thread.join()


class Crowded:
    """MLflow with many pages of experiments, one of which has the run; it notes what it is asked."""

    def __init__(self, pages: int) -> None:
        self.pages = pages
        self.asked: list[str] = []

    def answer(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        operation = path.rpartition("mlflow/")[2]
        self.asked.append(operation)
        if operation == "experiments/search":
            page = int(body.get("page_token", 0))
            following = {"next_page_token": str(page + 1)} if page + 1 < self.pages else {}
            return {"experiments": [{"experiment_id": f"e{page}"}], **following}
        started = {"e0": 100, f"e{self.pages - 1}": 200}
        runs = [
            {"info": {"run_id": f"run-{i}", "experiment_id": i, "start_time": started[i]}}
            for i in body["experiment_ids"]
            if i in started
        ]
        return {"runs": runs}


@contextmanager
def crowded(pages: int) -> Iterator[tuple[Crowded, MlflowServer]]:
    server = Crowded(pages)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told = json.dumps(server.answer(self.path, body)).encode()
            self.send_response(200)
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            pass

    with listening_to(Handler) as host:
        yield server, MlflowServer(f"http://{host}")


def test_the_newest_run_is_found_in_whatever_page_of_experiments_it_is():
    with crowded(3) as (_, mlflow):
        found = mlflow.find({PACKAGE_TAG: ARN})
    assert found is not None
    assert found.id == "run-e2"


def test_experiments_are_listed_once_for_versions_that_are_compared():
    with crowded(1) as (server, mlflow):
        mlflow.find({PACKAGE_TAG: ARN})
        mlflow.find({PACKAGE_TAG: f"{ARN}0"})
    assert server.asked == ["experiments/search", "runs/search", "runs/search"]


def test_more_experiments_than_can_be_looked_through_are_said():
    with crowded(11) as (_, mlflow), pytest.raises(GatewayError, match="more than 10,000 experiments"):
        mlflow.find({PACKAGE_TAG: ARN})


def test_credentials_of_the_address_are_sent_and_never_shown():
    seen: list[dict[str, str]] = []
    document = {"run": {"info": {"run_id": "1", "experiment_id": "2"}, "data": {}}}
    with answering(200, json.dumps(document).encode(), seen) as host:
        run = MlflowServer(f"http://anna:p%40ss@{host}/").run("1")
        MlflowServer(f"http://anna:p%40ss@{host}/", token="t0ken").run("1")
    assert run is not None
    assert run.url == f"http://{host}/#/experiments/2/runs/1"
    assert [headers["Authorization"] for headers in seen] == ["Basic YW5uYTpwQHNz", "Bearer t0ken"]
