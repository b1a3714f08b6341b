"""The HTTP face: Slack's events, health, readiness and metrics, as one WSGI app under a production server."""

import io
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, make_wsgi_app
from redis import Redis
from redis.exceptions import RedisError
from slack_bolt import App
from slack_bolt.adapter.wsgi import SlackRequestHandler
from slack_sdk.signature import SignatureVerifier
from waitress.server import create_server

from bot.app import Identity
from bot.settings import Settings
from bot.signatures import LARGEST_BODY, UNREADABLE, Refusal, refusal

log = logging.getLogger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiApp = Callable[[Environ, StartResponse], Iterable[bytes]]

EVENTS_PATH = "/slack/events"
READY_FOR_SECONDS = 5.0
"""How long an answer of Slack counts for readiness: probes come often, and auth.test is rate limited."""

THREADS = 16

CUT_OFF = 64 * 1024 * 1024
"""Waitress cuts the connection of whoever sends more than this; up to here an oversized body gets its answer."""

_MISSHAPEN = (AttributeError, LookupError, TypeError, ValueError)
"""What digging in a payload that lacks members, or has them of another type, raises. A listener's own failures never come this
far: Bolt hands them to `answer_error`."""


class BotMetrics:
    """Counters of this process, and whether the fleet file has no mistakes at the time of a scrape."""

    def __init__(self, fleet_file_is_ok: Callable[[], bool] = lambda: True) -> None:
        self.registry = CollectorRegistry()
        fleet_file = Gauge(
            "endpoint_bot_fleet_file_ok", "Whether the fleet file has no mistakes.", registry=self.registry
        )
        fleet_file.set_function(fleet_file_is_ok)
        self.requests = Counter(
            "endpoint_bot_slack_requests", "POSTs of Slack by outcome.", ["outcome"], registry=self.registry
        )
        self.seconds = Histogram(
            "endpoint_bot_slack_request_seconds",
            "Time until Slack got its acknowledgement; it waits for 3 s.",
            buckets=(0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0),
            registry=self.registry,
        )


class Probes:
    """Whether this process may be sent traffic."""

    def __init__(self, connection: Redis, identity: Identity, now: Callable[[], float] = time.monotonic) -> None:
        self._redis = connection
        self._identity = identity
        self._now = now
        self._slack_until = float("-inf")

    def problems(self) -> list[str]:
        """What is missing, in words; empty when ready."""
        found = []
        try:
            self._redis.ping()
        except RedisError:
            found.append("Redis cannot be reached")
        if self._now() >= self._slack_until:
            if self._identity.is_reachable():
                self._slack_until = self._now() + READY_FOR_SECONDS
            else:
                found.append("Slack cannot be reached")
        return found


def make_wsgi(app: App, settings: Settings, probes: Probes, metrics: BotMetrics) -> WsgiApp:
    """All paths. In Socket Mode the events path is absent: nothing unsigned gets in."""
    show_metrics: WsgiApp = make_wsgi_app(metrics.registry)
    events = _events(app, settings, metrics) if not settings.socket_mode else None

    def wsgi(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if path == EVENTS_PATH and events is not None:
            if method == "POST":
                return events(environ, start_response)
            return _say(start_response, "405 Method Not Allowed", "Slack POSTs here.")
        if method in ("GET", "HEAD"):
            if path == "/healthz":
                return _say(start_response, "200 OK", "ok")
            if path == "/readyz":
                problems = probes.problems()
                return _say(
                    start_response, "503 Service Unavailable" if problems else "200 OK", "; ".join(problems) or "ready"
                )
            if path == "/metrics":
                return show_metrics(environ, start_response)
        return _say(start_response, "404 Not Found", "Not found.")

    return wsgi


def _events(app: App, settings: Settings, metrics: BotMetrics) -> WsgiApp:
    assert settings.slack_signing_secret is not None
    verifier = SignatureVerifier(settings.slack_signing_secret.get_secret_value())
    bolt: WsgiApp = SlackRequestHandler(app, path=EVENTS_PATH)

    def events(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        began = time.monotonic()
        body = environ["wsgi.input"].read(LARGEST_BODY + 1)
        found = (
            refusal(body, _headers(environ), verifier)
            if len(body) <= LARGEST_BODY
            else Refusal("400 Bad Request", "Too large.")
        )
        if found is not None:
            metrics.requests.labels("refused").inc()
            return _say(start_response, found.status, found.why)
        environ = {**environ, "wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(len(body))}
        try:
            answer = bolt(environ, start_response)
        except _MISSHAPEN:
            log.warning("signed, but of a shape that Slack never sends", exc_info=True)
            metrics.requests.labels("refused").inc()
            return _say(start_response, UNREADABLE.status, UNREADABLE.why)
        metrics.requests.labels("taken").inc()
        metrics.seconds.observe(time.monotonic() - began)
        return answer

    return events


def _headers(environ: Environ) -> dict[str, str]:
    headers = {
        k.removeprefix("HTTP_").replace("_", "-").lower(): v for k, v in environ.items() if k.startswith("HTTP_")
    }
    return {**headers, "content-type": environ.get("CONTENT_TYPE", "")}


def _say(start_response: StartResponse, status: str, text: str) -> Iterable[bytes]:
    start_response(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{text}\n".encode()]


class HttpServer:
    """Waitress in a thread of ours, so that the process can wait for its signal and then stop in good order."""

    def __init__(self, wsgi: WsgiApp, host: str, port: int) -> None:
        self._server = create_server(
            wsgi, host=host, port=port, threads=THREADS, ident="", max_request_body_size=CUT_OFF
        )

    def serve(self) -> None:
        """Serve until `close` is called from another thread."""
        self._server.run()

    def close(self) -> None:
        """Stop listening; what is being answered is answered."""
        self._server.close()
