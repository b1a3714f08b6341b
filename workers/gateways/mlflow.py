"""MLflow over the REST API that every tracking server since 2.0 serves: MLflow's own client would bring a hundred megabytes."""

import json
from base64 import b64encode
from collections.abc import Mapping
from datetime import timedelta
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from bot.domain.errors import GatewayError, TransientError
from workers.ports import Run

PATIENCE = timedelta(seconds=5)
"""For one answer: a plan waits for two of them at most, and never fails for want of them."""

LARGEST_ANSWER = 4_000_000
MOST_EXPERIMENTS = 1000

_PASSES_BY_ITSELF = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.INTERNAL_SERVER_ERROR,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


class _NoRedirects(HTTPRedirectHandler):
    """A redirect would carry the credentials elsewhere."""

    def redirect_request(self, *_: Any) -> None:
        return None


class MlflowServer:
    """`ports.Experiments` of one tracking server."""

    def __init__(self, uri: str, token: str | None = None) -> None:
        """Take the server's address; a user and password may stand in it.

        Args:
            uri: `https://mlflow.example.com`, as in MLFLOW_TRACKING_URI.
            token: A bearer token, as in MLFLOW_TRACKING_TOKEN; it goes before a user and password.
        """
        parts = urlsplit(uri.rstrip("/"))
        self._base = _without_credentials(parts)
        self._headers = {"Accept": "application/json", **_authorization(parts, token)}
        self._opener = build_opener(_NoRedirects)

    def run(self, run_id: str) -> Run | None:
        """The run of that id; None if there is none, or it was deleted."""
        answer = self._ask("runs/get", query={"run_id": run_id})
        if answer is None or answer["run"]["info"].get("lifecycle_stage") == "deleted":
            return None
        return self._run(answer["run"])

    def find(self, tags: Mapping[str, str]) -> Run | None:
        """The newest run that has all of these tags, in whatever experiment; None if there is none."""
        experiments = self._ask("experiments/search", body={"max_results": MOST_EXPERIMENTS}) or {}
        ids = [e["experiment_id"] for e in experiments.get("experiments", ())]
        wanted = " and ".join(f"tags.`{_quotable(k)}` = '{_quotable(v)}'" for k, v in tags.items())
        if not ids:
            return None
        body = {"experiment_ids": ids, "filter": wanted, "max_results": 1, "order_by": ["attributes.start_time DESC"]}
        runs = (self._ask("runs/search", body=body) or {}).get("runs", ())
        return self._run(runs[0]) if runs else None

    def _run(self, document: Mapping[str, Any]) -> Run:
        info, data = document["info"], document.get("data", {})
        return Run(
            id=info["run_id"],
            name=info.get("run_name", ""),
            url=f"{self._base}/#/experiments/{info['experiment_id']}/runs/{info['run_id']}",
            metrics={m["key"]: float(m["value"]) for m in data.get("metrics", ())},
        )

    def _ask(
        self, path: str, *, query: Mapping[str, str] | None = None, body: Mapping[str, Any] | None = None
    ) -> dict[str, Any] | None:
        """The answer's JSON; None where MLflow knows no such thing."""
        url = f"{self._base}/api/2.0/mlflow/{path}" + (f"?{urlencode(query)}" if query else "")
        data = json.dumps(body).encode() if body is not None else None
        headers = {**self._headers, **({"Content-Type": "application/json"} if data else {})}
        request = Request(url, data=data, headers=headers)
        operation = f"MLflow {path}"
        try:
            with self._opener.open(request, timeout=PATIENCE.total_seconds()) as answer:
                found: dict[str, Any] = json.loads(answer.read(LARGEST_ANSWER))
                return found
        except HTTPError as error:
            with error:
                if error.code == HTTPStatus.NOT_FOUND:
                    return None
                if error.code in _PASSES_BY_ITSELF:
                    raise TransientError(operation, f"HTTP {error.code}") from error
                raise _refused(operation, str(error.code)) from error
        except (URLError, OSError) as error:
            raise TransientError(operation, "no answer") from error
        except ValueError as error:
            raise _refused(operation, "unreadable answer") from error


def _without_credentials(parts: SplitResult) -> str:
    host = parts.hostname or ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}{f':{parts.port}' if parts.port else ''}{parts.path}"


def _authorization(parts: SplitResult, token: str | None) -> dict[str, str]:
    if token is not None:
        return {"Authorization": f"Bearer {token}"}
    if parts.username is None:
        return {}
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}


def _refused(operation: str, code: str) -> GatewayError:
    return GatewayError(operation, code, user_message=f"MLflow refused to tell ({code}).")


def _quotable(text: str) -> str:
    """MLflow's filters know no escapes, so what would end the quotes is left out; then nothing is found, and nothing else is."""
    return text.replace("'", "").replace("`", "").replace("\\", "")
