"""Servers in the place of an app that takes its payloads over HTTP, and the stand-in that sends them."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs
from wsgiref.simple_server import WSGIRequestHandler

from slack_sdk.signature import SignatureVerifier

from sandbox.slack.driver import SlackDriver
from sandbox.slack.process import running_slack

SECRET = "a-signing-secret"


class Quiet(WSGIRequestHandler):
    """Writes no access log."""

    def log_message(self, *_: Any) -> None: ...


@dataclass
class Requests:
    """A server that keeps what it was sent and answers as told."""

    status: int = 200
    body: bytes = b""
    wait_seconds: float = 0
    received: list[tuple[dict[str, str], str]] = field(default_factory=list)

    def payload(self) -> dict[str, Any]:
        """The last interaction that came."""
        return dict(json.loads(parse_qs(self.received[-1][1])["payload"][0]))

    def are_signed_with(self, secret: str) -> bool:
        """Whether each of them bears Slack's signature, which only the secret can make."""
        verifier = SignatureVerifier(secret)
        return all(
            verifier.is_valid(body, headers["X-Slack-Request-Timestamp"], headers["X-Slack-Signature"])
            for headers, body in self.received
        )


@contextmanager
def raw_server(requests: Requests) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            requests.received.append((dict(self.headers.items()), body))
            time.sleep(requests.wait_seconds)
            self.send_response(requests.status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            with contextlib.suppress(BrokenPipeError):  # a late answer finds nobody
                self.wfile.write(requests.body)

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with served(server):
        yield f"http://127.0.0.1:{server.server_port}/slack/events"


@contextmanager
def served(server: Any) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def http_slack(request_url: str) -> Iterator[SlackDriver]:
    delays = ("--event-retry-delays", "0,0.1,0.1")
    with running_slack(
        "--delivery", "http", "--request-url", request_url, "--signing-secret", SECRET, *delays
    ) as slack:
        yield slack
