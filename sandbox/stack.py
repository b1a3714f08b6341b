"""Everything at once: Redis, both stand-ins, the bot and the workers, each as the separate process that it is in production."""

from __future__ import annotations

import contextlib
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from types import TracebackType

from sandbox.aws.driver import AwsDriver
from sandbox.redis import RedisServer
from sandbox.slack.driver import SlackDriver

HERE = Path(__file__).parent
QUEUES = ("urgent", "ticks", "slow", "tells", "rounds", "checks")
SAMPLE_FLEET = HERE / "fleet.yaml"
COMPANY_FLEET = HERE / "company.yaml"
MANIFEST = HERE.parent / "manifest.yaml"

BOT_TOKEN, APP_TOKEN, SIGNING_SECRET = "xoxb-sandbox", "xapp-sandbox", "sandbox-signing-secret"
START_SECONDS = 60.0
STOP_SECONDS = 10.0


class DidNotStart(Exception):
    """A process ended, or said nothing, before it was ready."""


@dataclass
class Process:
    """One of our processes: started, killed, started again."""

    name: str
    command: list[str]
    environment: Mapping[str, str]
    log: Path
    announces: str | None = None
    """Its first line of output says this and then an address."""
    running: subprocess.Popen[bytes] | None = None
    said: str = ""

    def start(self) -> str:
        """Start it; returns what it announced."""
        with self.log.open("ab") as log:
            stdout = subprocess.PIPE if self.announces else log
            # A session of its own, so that Ctrl-C in a terminal is ours alone, and `kill_hard` reaches its children too.
            self.running = subprocess.Popen(
                self.command, env=dict(self.environment), stdout=stdout, stderr=log, start_new_session=True
            )
        if self.announces:
            self.said = self._first_line().removeprefix(self.announces).strip()
        return self.said

    def _first_line(self) -> str:
        assert self.running is not None
        assert self.running.stdout is not None
        ready, _, _ = select.select([self.running.stdout], [], [], START_SECONDS)
        line = self.running.stdout.readline().decode() if ready else ""
        if not line.startswith(self.announces or ""):
            raise DidNotStart(f"{self.name} said {line!r}; its log is {self.log}")
        return line

    def is_running(self) -> bool:
        """Whether it is alive."""
        return self.running is not None and self.running.poll() is None

    def stop(self) -> int | None:
        """SIGTERM, and SIGKILL for what does not listen; returns the exit status."""
        if self.running is None:
            return None
        if self.running.poll() is None:
            self.running.terminate()
            try:
                self.running.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
        return self._forget()

    def kill(self) -> None:
        """SIGKILL to this process alone."""
        if self.running is not None and self.running.poll() is None:
            os.kill(self.running.pid, signal.SIGKILL)
            self.running.wait()

    def _forget(self) -> int | None:
        assert self.running is not None
        status = self.running.returncode
        if self.running.stdout is not None:
            self.running.stdout.close()
        self.running = None
        return status


@dataclass
class Options:
    """How the stack is put together."""

    fleet: Path = SAMPLE_FLEET
    estate: str = "sample"
    """What stands in AWS at the beginning: `sample`, `company` or `thousand`."""
    folder: Path | None = None
    """Where logs and Redis's files go; None makes a new one."""
    speed: float = 90.0
    """How much faster than AWS the stand-in is: 90 makes six minutes four seconds."""
    manifest: Path | None = MANIFEST
    """What the app may do in Slack: the scopes and events that people install it with; None: everything."""
    traffic: float = 10.0
    """How much more traffic than AWS's sample endpoints have: watches of seconds need requests enough to be judged."""
    delivery: str = "socket"
    rate_limits: str = "real"
    slack_port: int = 0
    aws_port: int = 0
    bot_port: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)


class Stack:
    """The whole of it. As a context manager it starts and stops everything."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        # Unix socket paths are short, so the folder is one directly below the system's temporary one.
        self.folder = self.options.folder or Path(mkdtemp(prefix="endpoint-bot-"))
        self.redis = RedisServer(self.folder)
        self.bot_port = self.options.bot_port or free_port()
        self.metrics_port = free_port()
        self.processes: dict[str, Process] = {}
        self.slack: SlackDriver
        self.aws: AwsDriver

    def __enter__(self) -> Stack:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything, in the order in which it is needed."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.redis.start()
        try:
            self._start_stand_ins()
            self._start_ours()
        except BaseException:
            self.stop()
            raise

    def _start_stand_ins(self) -> None:
        o = self.options
        aws = [sys.executable, "-m", "sandbox.aws", "--port", str(o.aws_port), "--speed", str(o.speed)]
        aws += ["--traffic", str(o.traffic), "--estate", o.estate]
        self.aws = AwsDriver(self._start("aws", aws, {}, "aws stand-in on "))
        slack = [
            *(sys.executable, "-m", "sandbox.slack", "--port", str(o.slack_port), "--delivery", o.delivery),
            *("--request-url", f"http://127.0.0.1:{self.bot_port}/slack/events", "--signing-secret", SIGNING_SECRET),
            *("--bot-token", BOT_TOKEN, "--app-token", APP_TOKEN, "--rate-limits", o.rate_limits),
        ]
        slack += ["--manifest", str(o.manifest)] if o.manifest is not None else []
        self.slack = SlackDriver(self._start("slack", slack, {}, "slack stand-in on "))

    def _start_ours(self) -> None:
        self._start("bot", [sys.executable, "-m", "bot"], self.environment())
        self._start("workers", [sys.executable, "-m", "workers"], self.environment())

    def _start(
        self, name: str, command: list[str], environment: Mapping[str, str], announces: str | None = None
    ) -> str:
        process = Process(
            name=name,
            command=command,
            environment={**os.environ, "PYTHONUNBUFFERED": "1", **environment},
            log=self.folder / f"{name}.log",
            announces=announces,
        )
        self.processes[name] = process
        return process.start()

    def environment(self) -> dict[str, str]:
        """What bot and workers, and a terminal beside them, find in their environment."""
        socket_mode = {"SLACK_APP_TOKEN": APP_TOKEN} if self.options.delivery == "socket" else {}
        return {
            "SLACK_BOT_TOKEN": BOT_TOKEN,
            "SLACK_SIGNING_SECRET": SIGNING_SECRET,
            "SLACK_API_URL": f"{self.slack.url}/api/",
            **socket_mode,
            "REDIS_URL": self.redis.url,
            "FLEET_FILE": str(self.options.fleet),
            "HOST": "127.0.0.1",
            "PORT": str(self.bot_port),
            "METRICS_PORT": str(self.metrics_port),
            "AWS_ENDPOINT_URL": self.aws.url,
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "sandbox",
            "AWS_SECRET_ACCESS_KEY": "sandbox",
            **self.options.environment,
        }

    def wait_until_ready(self, timeout: float = START_SECONDS) -> None:
        """Wait until the bot is connected to Slack and every worker has started."""
        deadline = time.monotonic() + timeout
        while not (self._log_has("bot", self._listening()) and self._workers_are_up()):
            dead = [p.name for p in self.processes.values() if not p.is_running()]
            if dead or time.monotonic() > deadline:
                raise DidNotStart(f"{', '.join(dead) or 'something'} did not get ready; the logs are in {self.folder}")
            time.sleep(0.05)

    def _listening(self) -> str:
        return "connected by Socket Mode" if self.options.delivery == "socket" else "listening on port"

    def _log_has(self, name: str, words: str) -> bool:
        return words in self.processes[name].log.read_text()

    def _workers_are_up(self) -> bool:
        import redis

        client = redis.Redis.from_url(self.redis.url)
        try:
            return int(client.scard("rq:workers") or 0) >= len(QUEUES)
        finally:
            client.close()

    def worker_pid(self, role: str) -> int:
        """The process that plays a role of `python -m workers` now: pump, metrics, or one of QUEUES."""
        said = re.findall(rf"worker {role} is process (\d+)", self.processes["workers"].log.read_text())
        return int(said[-1])

    def kill_everything_of_ours(self) -> None:
        """SIGKILL to the bot, the supervisor, and all their children, as when a machine loses power."""
        for name in ("bot", "workers"):
            running = self.processes[name].running
            assert running is not None
            for pid in [running.pid, *descendants(running.pid)]:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            running.wait()

    def empty_redis(self) -> None:
        """FLUSHALL: everything that the bot knew is gone."""
        import redis

        client = redis.Redis.from_url(self.redis.url)
        try:
            client.flushall()
        finally:
            client.close()

    def restart(self, name: str) -> None:
        """Start a process again that was killed or stopped."""
        self.processes[name].start()

    def stop(self) -> None:
        """Stop everything, ours first, Redis last."""
        for name in ("workers", "bot", "slack", "aws"):
            if name in self.processes:
                self.processes[name].stop()
        self.redis.stop()


def descendants(pid: int) -> list[int]:
    """The processes below a process, as /proc shows them; sessions of their own do not hide them."""
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError, ValueError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            parents.setdefault(int(fields[1]), []).append(int(folder.name))
    found, waiting = [], [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
