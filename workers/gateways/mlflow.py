"""MLflow over the REST API that every tracking server since 2.0 serves: MLflow's own client would bring a hundred megabytes."""

import json
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from http import HTTPStatus
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import SplitResult, unquote, urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from bot.domain.errors import GatewayError, TransientError
from workers.ports import Run

PATIENCE = timedelta(seconds=5)
"""For one answer. Whoever compares versions gives up after the first that does not come, and never fails for want of it."""

LARGEST_ANSWER = 4_000_000
PAGE = 1000
"""Experiments that one answer lists, and that one search looks through."""

MOST_PAGES = 10
LISTED_FOR = timedelta(seconds=10)
"""How long the list of experiments is good for: two versions that are compared are looked for in the same ones."""

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
        self._listed: tuple[float, Sequence[Sequence[str]]] | None = None

    def run(self, run_id: str) -> Run | None:
        """The run of that id; None if there is none, or it was deleted."""
        answer = self._ask("runs/get", query={"run_id": run_id})
        with _reading("runs/get"):
            if answer is None or answer["run"]["info"].get("lifecycle_stage") == "deleted":
                return None
            return self._run(answer["run"])

    def find(self, tags: Mapping[str, str]) -> Run | None:
        """The newest run that has all of these tags, in whatever experiment; None if there is none."""
        wanted = " and ".join(f"tags.`{_quotable(k)}` = '{_quotable(v)}'" for k, v in tags.items())
        newest = {"filter": wanted, "max_results": 1, "order_by": ["attributes.start_time DESC"]}
        answers = [self._ask("runs/search", body={"experiment_ids": ids, **newest}) for ids in self._experiments()]
        with _reading("runs/search"):
            found = [run for answer in answers if answer is not None for run in answer.get("runs", ())]
            newest_first = sorted(found, key=lambda run: int(run["info"].get("start_time", 0)), reverse=True)
            return self._run(newest_first[0]) if newest_first else None

    def _experiments(self) -> Sequence[Sequence[str]]:
        """The ids of all experiments, page by page."""
        now = time.monotonic()
        if self._listed is not None and now - self._listed[0] < LISTED_FOR.total_seconds():
            return self._listed[1]
        pages, token = list[list[str]](), None
        while token is not None or not pages:
            if len(pages) == MOST_PAGES:
                raise GatewayError(
                    "MLflow experiments/search",
                    "too many",
                    user_message=(
                        f"MLflow has more than {MOST_PAGES * PAGE:,} experiments, too many to look for the run of a version: "
                        "let the version name it in its property mlflow.run_id."
                    ),
                )
            more: dict[str, str] = {"page_token": token} if token is not None else {}
            answer = self._ask("experiments/search", body={"max_results": PAGE, **more})
            with _reading("experiments/search"):
                answer = {} if answer is None else answer
                pages.append([experiment["experiment_id"] for experiment in answer.get("experiments", ())])
                token = answer.get("next_page_token") or None
        self._listed = now, [page for page in pages if page]
        return self._listed[1]

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
                    if _is_own_word(error):
                        return None
                    raise _not_there(operation) from error
                if error.code in _PASSES_BY_ITSELF:
                    raise TransientError(operation, f"HTTP {error.code}") from error
                raise _refused(operation, str(error.code)) from error
        except (URLError, OSError, HTTPException) as error:
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


@contextmanager
def _reading(path: str) -> Iterator[None]:
    """Around what takes an answer apart: JSON of another shape comes from something else than MLflow."""
    try:
        yield
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _refused(f"MLflow {path}", "unreadable answer") from error


def _is_own_word(error: HTTPError) -> bool:
    """Whether a 404 is MLflow's own; a wrong path, or another server at its address, answers 404 to everything."""
    try:
        said = json.loads(error.read(LARGEST_ANSWER))
    except (ValueError, OSError, HTTPException):
        return False
    return isinstance(said, Mapping) and said.get("error_code") == "RESOURCE_DOES_NOT_EXIST"


def _not_there(operation: str) -> GatewayError:
    return GatewayError(
        operation,
        "404",
        user_message="No MLflow answers at the address in MLFLOW_TRACKING_URI (404); whoever operates the bot can mend it.",
    )


def _refused(operation: str, code: str) -> GatewayError:
    return GatewayError(operation, code, user_message=f"MLflow refused to tell ({code}).")


def _quotable(text: str) -> str:
    """MLflow's filters know no escapes, so what would end the quotes is left out; then nothing is found, and nothing else is."""
    return text.replace("'", "").replace("`", "").replace("\\", "")
