"""Programs as child processes: an environment and a folder of their own, bounded output, and an end in any case."""

import os
import re
import select
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from bot.domain.checks import MOST_OUTPUT, NEVER_PASSED
from bot.domain.durations import say_duration
from workers.cloning import MASK, masked
from workers.gateways import leash
from workers.ports import Ended, Program

LEASH = Path(leash.__file__)
ALWAYS_PASSED = ("PATH", "LANG", "TZ")
RESULT_VARIABLE = "CHECK_RESULT"
MOST_READ = 16 * 1024
"""Bytes of output that are held while it runs: the last ones, however much there is."""
MOST_REPORTED = 64 * 1024
"""Bytes of its JSON file that are read; a longer one is none."""
LOOK_SECONDS = 1.0
"""How often it is asked whether anybody still wants the result."""
END_SECONDS = 10.0
"""How long killing may take."""
SHORTEST_SECRET = 6

_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|.)|\r(?=\n)")


@dataclass(frozen=True)
class Subprocesses:
    """`ports.Programs` over child processes of this one, with `environ` as the workers' environment."""

    environ: Mapping[str, str]

    def run(self, program: Program, is_wanted: Callable[[], bool]) -> Ended:
        """Run it in a folder of its own. It is killed at its time-out, and as soon as nobody wants its result any more."""
        with TemporaryDirectory(prefix=leash.FOLDER_PREFIX, ignore_cleanup_errors=True) as folder:
            report = Path(folder) / "result.json"
            passed = {name: self.environ[name] for name in _names(program) if name in self.environ}
            own = {"HOME": folder, "TMPDIR": folder, RESULT_VARIABLE: str(report)}
            with _leashed(program.command, folder, {**passed, **program.variables, **own}) as held:
                stopped = held.follow(program.timeout.total_seconds(), is_wanted)
            told = held.told.decode(errors="replace")
            exit_status, problem = (None, _why_stopped(stopped, program)) if stopped else _how_it_ended(told, program)
            return Ended(exit_status, problem, _readable(held.output, passed), _read_report(report))


@dataclass
class _Held:
    """A program under way: its output so far, and at its end what the leash told."""

    process: "subprocess.Popen[bytes]"
    output: bytes = b""
    told: bytes = b""

    def follow(self, timeout: float, is_wanted: Callable[[], bool]) -> str:
        """Read its output until it ends; returns why it has to be stopped, or nothing."""
        deadline = time.monotonic() + timeout
        next_look = time.monotonic() + LOOK_SECONDS
        while (now := time.monotonic()) < deadline:
            if now >= next_look:
                if not is_wanted():
                    return "unwanted"
                next_look = now + LOOK_SECONDS
            if not self.read(min(deadline, next_look) - now):
                return ""
        return "timeout"

    def read(self, patience: float) -> bool:
        """Take in what it printed; False at its end."""
        assert self.process.stdout is not None
        ready, _, _ = select.select([self.process.stdout], [], [], max(0.0, patience))
        if not ready:
            return True
        chunk = os.read(self.process.stdout.fileno(), MOST_READ)
        self.output = (self.output + chunk)[-MOST_READ:]
        return bool(chunk)


@contextmanager
def _leashed(command: tuple[str, ...], folder: str, environment: Mapping[str, str]) -> Iterator[_Held]:
    """The program on its leash; at the end of the block, or of this process, it is dead."""
    alive, let_go = os.pipe()
    told, tell = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "-I", "-S", str(LEASH), str(alive), str(tell), *command],
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=(alive, tell),
        start_new_session=True,  # whoever kills our own group must not kill the leash before its program
    )
    held = _Held(process)
    os.close(alive)
    os.close(tell)
    try:
        yield held
    finally:
        os.close(let_go)
        deadline = time.monotonic() + END_SECONDS
        while (left := deadline - time.monotonic()) > 0 and held.read(left):
            pass
        _end(process)
        held.told = os.read(told, 1024)
        os.close(told)


def _end(process: "subprocess.Popen[bytes]") -> None:
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    finally:
        assert process.stdout is not None
        process.stdout.close()


def _names(program: Program) -> tuple[str, ...]:
    return tuple(name for name in (*ALWAYS_PASSED, *program.passed) if name not in NEVER_PASSED)


def _why_stopped(stopped: str, program: Program) -> str:
    if stopped == "timeout":
        return f"It took longer than {say_duration(program.timeout)} and was stopped."
    return "It was stopped: nobody wants its result any more."


def _how_it_ended(told: str, program: Program) -> tuple[int | None, str]:
    how, _, what = told.partition(" ")
    match how:
        case "exit":
            return int(what), ""
        case "signal":
            return None, f"It was ended by {signal.Signals(int(what)).name}."
        case "error":
            return None, f"{program.command[0]} could not be started: {what}."
    return None, "How it ended could not be told."


def _read_report(path: Path) -> bytes | None:
    """What it wrote, if that is a plain file: it may have put anything there."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        return os.read(descriptor, MOST_REPORTED) if stat.S_ISREG(os.fstat(descriptor).st_mode) else None
    finally:
        os.close(descriptor)


def _readable(output: bytes, passed: Mapping[str, str]) -> str:
    """The end of the output as people may read it, from the beginning of a line where there is one."""
    text = _ESCAPES.sub("", output.decode(errors="replace"))
    for name, value in passed.items():
        if len(value) >= SHORTEST_SECRET and masked(name, value) == MASK:
            text = text.replace(value, MASK)
    text = "\n".join(masked("", line) for line in text.split("\n"))
    text = "".join(c if c.isprintable() or c in "\n\t" else "·" for c in text).strip()
    if len(text) <= MOST_OUTPUT:
        return text
    kept = text[-MOST_OUTPUT:]
    _, newline, lines = kept.partition("\n")
    return lines if newline and lines else kept
