"""What import-linter cannot see: dotted names, buttons and their listeners, help, and two habits."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import fakeredis
import pytest
from redis import Redis
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from bot.domain.commands import COMMANDS
from bot.domain.errand import Click, Form
from bot.grammar import SLACK_PREFIX, TERMINAL_PREFIX, help_text
from bot.listeners.actions import CLICKS
from bot.listeners.forms import FORMS
from bot.listeners.home import HOME_ACTIONS
from bot.messages.ids import COMMAND_PLACES, ActionId, CallbackId
from bot.queue import AllowedJob, JobName, QueueName, enqueue, is_under_way, queue

ROOT = Path(__file__).parent.parent
OURS = sorted(p for folder in ("bot", "workers") for p in (ROOT / folder).rglob("*.py"))


@pytest.fixture
def redis() -> Iterator[Redis]:
    with fakeredis.FakeStrictRedis(server=fakeredis.FakeServer()) as client:
        yield client


@pytest.mark.parametrize("name", list(JobName))
def test_every_job_name_is_a_function_of_the_workers(name: JobName) -> None:
    module, _, function = name.rpartition(".")
    assert callable(getattr(importlib.import_module(module), function))


def test_every_function_among_the_jobs_has_a_name_or_is_a_handler() -> None:
    module = ast.parse((ROOT / "workers" / "jobs.py").read_text())
    functions = {f"workers.jobs.{node.name}" for node in module.body if isinstance(node, ast.FunctionDef)}
    assert functions - {str(name) for name in JobName} == {"workers.jobs.crashed", "workers.jobs.killed"}


def a_job(redis: Redis, func_name: str) -> Job:
    job = AllowedJob.create(func_name, args=("x",), connection=redis, serializer=JSONSerializer)
    return AllowedJob.fetch(job.id, connection=redis, serializer=JSONSerializer) if job.save() is None else job


@pytest.mark.parametrize("name", list(JobName))
def test_our_jobs_run(redis: Redis, name: JobName) -> None:
    assert a_job(redis, name).func.__name__ == name.rpartition(".")[2]


@pytest.mark.parametrize(
    "name", ["os.system", "subprocess.call", "workers.jobs.crashed", "workers.wiring.parts", "builtins.eval", "", "."]
)
def test_whoever_can_write_to_redis_cannot_name_another_function(redis: Redis, name: str) -> None:
    with pytest.raises(PermissionError, match="not one of ours"):
        _ = a_job(redis, name).func


def test_no_callback_smuggled_into_a_job_runs(redis: Redis) -> None:
    job = a_job(redis, JobName.TELL)
    names = dict.fromkeys(("success_callback_name", "failure_callback_name", "stopped_callback_name"), "os.system")
    redis.hset(job.key, mapping=names)
    smuggled = AllowedJob.fetch(job.id, connection=redis, serializer=JSONSerializer)
    assert smuggled.success_callback is smuggled.failure_callback is smuggled.stopped_callback is None


@pytest.mark.parametrize("name", list(QueueName))
def test_jobs_are_json_and_their_results_are_not_kept(redis: Redis, name: QueueName) -> None:
    enqueue(name, JobName.ADVANCE, "rabc2345", 3, job_id="advance-rabc2345-3", connection=redis)
    (job,) = queue(name, redis).jobs
    assert isinstance(job, AllowedJob)
    assert (job.args, job.result_ttl, job.timeout) == (["rabc2345", 3], 0, 120)
    assert job.serializer is JSONSerializer


def test_a_job_that_failed_is_not_under_way_any_more(redis: Redis) -> None:
    assert not is_under_way("advance-rabc2345-3", redis)
    job = a_job(redis, JobName.ADVANCE)
    assert is_under_way(job.id, redis)
    for status, under_way in ((JobStatus.STARTED, True), (JobStatus.FAILED, False)):
        job.set_status(status)
        assert is_under_way(job.id, redis) is under_way


def test_every_button_has_a_listener_and_every_listener_a_button() -> None:
    assert {*CLICKS, ActionId.BREAK_LOCK, *COMMAND_PLACES, *HOME_ACTIONS} == set(ActionId)
    assert set(CLICKS.values()) == set(Click)
    assert len(set(CLICKS.values())) == len(CLICKS)


def test_every_modal_has_a_listener_and_every_listener_a_modal() -> None:
    assert set(FORMS) == set(CallbackId)
    assert set(FORMS.values()) == set(Form)
    assert len(set(FORMS.values())) == len(FORMS)


def command_names() -> list[str]:
    schema = COMMANDS.json_schema()
    return sorted(schema["discriminator"]["mapping"])


@pytest.mark.parametrize("prefix", [SLACK_PREFIX, TERMINAL_PREFIX])
@pytest.mark.parametrize("name", command_names())
def test_every_command_is_in_the_help_and_has_help(name: str, prefix: str) -> None:
    assert re.search(rf"\b{name}\b", str(help_text(None, prefix=prefix)))
    assert name in str(help_text(name, prefix=prefix))


@pytest.mark.parametrize("name", command_names())
def test_every_command_is_in_the_readme(name: str) -> None:
    assert re.search(rf"\b{name}\b", (ROOT / "README.md").read_text())


def handlers_of(path: Path) -> Iterator[str]:
    """What the `except` clauses of a module name; bare ones as `Exception`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ExceptHandler):
            yield ast.unparse(node.type) if node.type is not None else "Exception"


def test_nothing_catches_everything() -> None:
    """Bolt's error listener and RQ's exception handler are handed every exception; nobody else takes one."""
    greedy = [p.name for p in OURS for caught in handlers_of(p) if re.search(r"\b(Base)?Exception\b", caught)]
    assert greedy == []


@pytest.mark.parametrize("path", OURS, ids=[str(p.relative_to(ROOT)) for p in OURS])
def test_nothing_sleeps(path: Path) -> None:
    calls = [ast.unparse(n.func) for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
    assert not any(call.endswith("sleep") for call in calls)


def test_no_action_id_is_spelled_twice() -> None:
    for path in OURS:
        if path.name != "ids.py":
            assert not any(f'"{action}"' in path.read_text() for action in (*ActionId, *CallbackId)), path


def test_the_process_entry_points_are_those_of_the_procfile() -> None:
    commands = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines() if ": " in line)
    assert commands["bot"].endswith("python -m bot")
    assert commands["worker"].endswith("python -m workers")
