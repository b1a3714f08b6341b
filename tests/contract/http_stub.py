"""A local HTTP server that answers from a list of behaviours and remembers what it was asked."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Asked:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What the server does: answers, hangs up after reading the request, or keeps silent until the server stops.

    An answer that `is_cut` ends in the middle of its body: with `is_silent` it stalls there, else the server hangs up.
    """

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    hangs_up: bool = False
    is_silent: bool = False
    is_cut: bool = False


Responder = Callable[[Asked], Answer]


@dataclass
class Stub:
    url: str
    asked: list[Asked]

    def paths(self) -> list[str]:
        return [request.path for request in self.asked]


@contextmanager
def serving(respond: Responder) -> Iterator[Stub]:
    asked: list[Asked] = []
    stopping = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            request = Asked(self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            asked.append(request)
            answer = respond(request)
            if answer.is_silent and not answer.is_cut:
                stopping.wait(10)
            if (answer.hangs_up or answer.is_silent) and not answer.is_cut:
                self.close_connection = True
                return
            content = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body or {}).encode()
            self.send_response(answer.status)
            for name, value in {"Content-Type": "application/json", **answer.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if answer.is_cut:
                self.wfile.write(content[: len(content) // 2])
                stopping.wait(10 if answer.is_silent else 0)
                self.close_connection = True
            elif self.command != "HEAD":
                self.wfile.write(content)

        do_GET = do_HEAD = do_POST

        def log_message(self, *_: Any) -> None:
            """Keep the test output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Stub(f"http://127.0.0.1:{server.server_address[1]}", asked)
    finally:
        stopping.set()
        server.shutdown()
        thread.join()
        server.server_close()


def always(answer: Answer) -> Responder:
    return lambda _: answer
