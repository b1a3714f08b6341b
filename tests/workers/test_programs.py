"""Real programs on a real leash: nothing reaches them that should not, and nothing of them is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.checks import MOST_OUTPUT
from workers.gateways.programs import LEASH, Subprocesses
from workers.ports import Ended, Program

ROOT = Path(__file__).parents[2]
ENVIRON = {
    "PATH": os.environ["PATH"],
    "LANG": "C.UTF-8",
    "SLACK_BOT_TOKEN": "xoxb-ours",
    "REDIS_URL": "redis://:ours@localhost",
    "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "GOLDEN_AUDIO": "s3://golden/audio",
    "COMPANY": "unmentioned",
}


def python(source: str) -> tuple[str, ...]:
    return (sys.executable, "-I", "-S", "-c", source)


def run(
    *command: str,
    timeout: float = 20,
    passed: tuple[str, ...] = (),
    is_wanted: Callable[[], bool] = lambda: True,
    variables: Mapping[str, str] | None = None,
) -> Ended:
    program = Program(command, timedelta(seconds=timeout), variables or {"CHECK_TIME": "after"}, passed)
    return Subprocesses(ENVIRON).run(program, is_wanted)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_for(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def test_the_exit_status_and_what_it_printed_are_told() -> None:
    ended = run("sh", "-c", "echo golden audio; echo differs >&2; exit 3")
    assert (ended.exit_status, ended.problem) == (3, "")
    assert ended.output == "golden audio\ndiffers"
    assert ended.report is None


def test_it_sees_nothing_of_the_workers_environment_but_what_is_named() -> None:
    names = ("GOLDEN_AUDIO", "SLACK_BOT_TOKEN", "NOT_SET")
    ended = run(
        *python(
            "import json, os; print(os.getcwd()); json.dump(dict(os.environ), open(os.environ['CHECK_RESULT'], 'w'))"
        ),
        passed=names,
    )
    assert ended.report is not None
    found = json.loads(ended.report)
    folder = ended.output.splitlines()[-1]
    assert found.pop("LC_CTYPE", "C.UTF-8") == "C.UTF-8"
    assert found == {
        "PATH": ENVIRON["PATH"],
        "LANG": "C.UTF-8",
        "GOLDEN_AUDIO": "s3://golden/audio",
        "CHECK_TIME": "after",
        "HOME": folder,
        "TMPDIR": folder,
        "CHECK_RESULT": f"{folder}/result.json",
    }
    assert not Path(folder).exists()


def test_what_it_is_told_about_itself_cannot_be_overlaid_by_the_environment() -> None:
    ended = Subprocesses({**ENVIRON, "CHECK_TIME": "never"}).run(
        Program(("sh", "-c", "echo $CHECK_TIME"), timedelta(seconds=20), {"CHECK_TIME": "before"}, ("CHECK_TIME",)),
        lambda: True,
    )
    assert ended.output == "before"


def test_a_secret_that_it_was_given_is_not_repeated() -> None:
    secret = ENVIRON["AWS_SECRET_ACCESS_KEY"]
    ended = run("sh", "-c", 'echo "got <$AWS_SECRET_ACCESS_KEY> of $GOLDEN_AUDIO"', passed=tuple(ENVIRON))
    assert ended.output == "got <••••> of s3://golden/audio"
    assert secret not in repr(ended)


def test_a_line_that_looks_like_a_secret_is_hidden() -> None:
    ended = run("sh", "-c", "echo authorization: Bearer abcdefghijkl; echo fine")
    assert ended.output == "••••\nfine"


@pytest.mark.parametrize(
    "source",
    [
        "import time; print('begun', flush=True); time.sleep(600)",
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('begun', flush=True); time.sleep(600)",
    ],
    ids=["asleep", "deaf to SIGTERM"],
)
def test_at_its_time_out_it_is_killed_and_its_output_kept(source: str) -> None:
    began = time.monotonic()
    ended = run(*python(source), timeout=3)
    assert (ended.exit_status, ended.output) == (None, "begun")
    assert ended.problem == "It took longer than 3 seconds and was stopped."
    assert time.monotonic() - began < 20


FORKS = """
import os, time
first = os.getpid()
for depth in range(2):
    if os.fork() == 0 and {leaves}:
        os.setsid()
print(os.getpid(), flush=True)
time.sleep(0.5 if {ends} and os.getpid() == first else 600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to the leash")
@pytest.mark.parametrize("leaves", [False, True], ids=["in its group", "in sessions of their own"])
@pytest.mark.parametrize("ends", [False, True], ids=["at its time-out", "at its end"])
def test_what_it_forks_dies_with_it(leaves: bool, ends: bool) -> None:
    ended = run(*python(FORKS.format(leaves=leaves, ends=ends)), timeout=4)
    assert ended.exit_status == (0 if ends else None)
    pids = {int(line) for line in ended.output.split()}
    assert len(pids) == 4
    assert not [pid for pid in pids if is_running(pid)]


def test_a_flood_of_output_keeps_its_end_only() -> None:
    ended = run(*python("for n in range(400_000): print(f'line {n}')"))
    assert ended.exit_status == 0
    assert len(ended.output) <= MOST_OUTPUT
    lines = ended.output.splitlines()
    assert lines[-1] == "line 399999"
    assert all(line.startswith("line ") for line in lines)


def test_a_flood_without_an_end_is_stopped_in_time() -> None:
    assert "longer than 1 second" in run(*python("while True: print('x' * 1000)"), timeout=1).problem


def test_output_is_text_whatever_it_prints() -> None:
    ended = run(*python(r"import os; os.write(1, b'\xff\x00\x1b[31mred\x1b[0m\x07 done\r\n')"))
    assert ended.output == "�·red· done"


@pytest.mark.parametrize("command", ["no-such-program", "/", "/dev/null", "result.json"])
def test_what_cannot_be_started_is_told(command: str) -> None:
    ended = run(command)
    assert ended.exit_status is None
    assert ended.problem.startswith(f"{command} could not be started: ")


def test_who_kills_it_is_told() -> None:
    assert run("sh", "-c", "kill -SEGV $$").problem == "It was ended by SIGSEGV."


@pytest.mark.parametrize(
    "leaves", ["os.mkfifo(path)", "os.symlink('/etc/passwd', path)", "os.mkdir(path)"], ids=["fifo", "link", "folder"]
)
def test_a_result_that_is_no_file_is_none(leaves: str) -> None:
    ended = run(*python(f"import os; path = os.environ['CHECK_RESULT']; {leaves}"))
    assert (ended.exit_status, ended.report) == (0, None)


def test_it_is_stopped_when_nobody_wants_it_any_more() -> None:
    ended = run("sleep", "600", timeout=60, is_wanted=lambda: False)
    assert ended.problem == "It was stopped: nobody wants its result any more."


WORKER = """
import sys
from datetime import timedelta
from workers.gateways.programs import Subprocesses
from workers.ports import Program
command = (sys.executable, "-I", "-S", "-c", sys.argv[2])
Subprocesses({"PATH": "/usr/bin:/bin"}).run(Program(command, timedelta(minutes=5), {"WHERE": sys.argv[1]}), lambda: True)
"""
PROGRAM = """
import os, time
if os.fork() == 0:
    os.setsid()
with open(os.environ["WHERE"], "a") as file:
    print(os.getpid(), file=file)
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to the leash")
def test_nothing_of_it_survives_a_worker_that_is_killed(tmp_path: Path) -> None:
    where, environment = tmp_path / "pids", {"PYTHONPATH": str(ROOT), "TMPDIR": str(tmp_path)}
    worker = subprocess.Popen([sys.executable, "-c", WORKER, str(where), PROGRAM], env=environment)
    try:
        wait_for(lambda: where.exists() and len(where.read_text().splitlines()) == 2, "the program and its child")
    finally:
        os.kill(worker.pid, signal.SIGKILL)
        worker.wait()
    pids = [int(line) for line in where.read_text().split()]
    wait_for(lambda: not any(map(is_running, pids)), f"the end of {pids}")
    wait_for(lambda: not list(tmp_path.glob("endpoint-check-*")), "its folder to be removed")


def test_the_leash_needs_nothing_but_an_interpreter() -> None:
    imports = [line.split()[1] for line in LEASH.read_text().splitlines() if line.startswith(("import ", "from "))]
    assert set(imports) <= set(sys.stdlib_module_names)
