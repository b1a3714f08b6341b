"""A real MLflow tracking server on loopback, over SQLite in a folder of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from sandbox.stack import free_port

START_SECONDS = 60.0


class Tracking:
    """What a training pipeline does with MLflow, over its REST API."""

    def __init__(self, url: str) -> None:
        self.url = url

    def experiment(self, name: str) -> str:
        return str(self._post("experiments/create", name=name)["experiment_id"])

    def logged(self, experiment: str, name: str, metrics: Mapping[str, float], **tags: str) -> str:
        """A finished run with these metrics; returns its id."""
        started = self._post("runs/create", experiment_id=experiment, run_name=name, start_time=int(time.time() * 1000))
        run_id = str(started["run"]["info"]["run_id"])
        logged = [{"key": k, "value": v, "timestamp": 1, "step": 0} for k, v in metrics.items()]
        tagged = [{"key": k.replace("__", "."), "value": v} for k, v in tags.items()]
        self._post("runs/log-batch", run_id=run_id, metrics=logged, tags=tagged)
        self._post("runs/update", run_id=run_id, status="FINISHED")
        return run_id

    def delete(self, run_id: str) -> None:
        self._post("runs/delete", run_id=run_id)

    def _post(self, path: str, **body: Any) -> dict[str, Any]:
        request = Request(f"{self.url}/api/2.0/mlflow/{path}", json.dumps(body).encode())
        request.add_header("Content-Type", "application/json")
        with urlopen(request, timeout=20) as answer:
            found: dict[str, Any] = json.loads(answer.read())
            return found


@contextmanager
def serving(folder: Path) -> Iterator[Tracking]:
    """Start it, wait until it is healthy, and stop it with everything that it started."""
    port = free_port()
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", f"sqlite:///{folder / 'mlflow.db'}", "--no-serve-artifacts"),
    ]
    quiet = {"MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "mlflow.log").open("wb") as log:
        server = subprocess.Popen(
            command, env={**os.environ, **quiet}, stdout=log, stderr=log, cwd=folder, start_new_session=True
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_until_healthy(url, server, folder / "mlflow.log")
            yield Tracking(url)
        finally:
            os.killpg(server.pid, signal.SIGTERM)
            try:
                server.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(server.pid, signal.SIGKILL)
                server.wait()


def _wait_until_healthy(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            with urlopen(f"{url}/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"MLflow did not start:\n{log.read_text()[-3000:]}") from None
            time.sleep(0.2)
