"""RQ as this project uses it: six queues, JSON only, and a closed list of jobs.

The only place with dotted job names. RQ's default serializer is pickle, which would let whoever can write to Redis run code;
JSON does not stop them from naming any importable function, so `AllowedJob` runs the listed ones and nothing else.
"""

from enum import StrEnum
from typing import Any

from redis import Redis
from redis.client import Pipeline
from rq import Queue as RQQueue
from rq.exceptions import NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer


class QueueName(StrEnum):
    """One worker process each: RQ loses a job that dies between two queues of one worker."""

    URGENT = "urgent"  # clicks, rollbacks, commands that open or stop something
    TICKS = "ticks"  # rollouts going on
    SLOW = "slow"  # plans, boards, charts
    TELLS = "tells"  # Slack messages: a slow Slack must not hold up a rollout
    ROUNDS = "rounds"  # what comes round again and again: the census, the manager
    CHECKS = "checks"  # other people's programs, which may take half an hour: nothing else waits behind them


class JobName(StrEnum):
    """Every job there is, by the dotted name that RQ imports. A test resolves each one."""

    RUN_ERRAND = "workers.jobs.run_errand"
    ADVANCE = "workers.jobs.advance"
    ADVANCE_MANY = "workers.jobs.advance_many"
    TELL = "workers.jobs.tell"
    RUN_CHECK = "workers.jobs.run_check"
    RUN_ROUND = "workers.jobs.run_round"


JOB_TIMEOUT_SECONDS = 120
FAILURE_TTL_SECONDS = 24 * 3600


class AllowedJob(Job):
    """A job that runs only what `JobName` lists, and no callbacks."""

    @property
    def func(self) -> Any:
        if self.func_name not in set(JobName):
            raise PermissionError(f"job {self.id} names {self.func_name!r}, which is not one of ours")
        return super().func

    @property
    def success_callback(self) -> None:
        return None

    @property
    def failure_callback(self) -> None:
        return None

    @property
    def stopped_callback(self) -> None:
        return None


def queue(name: QueueName, connection: Redis) -> RQQueue:
    """The queue of that name."""
    return RQQueue(str(name), connection=connection, serializer=JSONSerializer, job_class=AllowedJob)


def enqueue(
    name: QueueName,
    job: JobName,
    *args: str | int,
    job_id: str,
    connection: Redis,
    pipeline: Pipeline | None = None,
    timeout_seconds: int = JOB_TIMEOUT_SECONDS,
) -> None:
    """Put a job into a queue, with `pipeline` as part of that transaction.

    The same id may be queued twice; every job of ours finds out from the store whether there is anything left to do.
    """
    queue(name, connection).enqueue_call(
        str(job),
        args=args,
        job_id=job_id,
        timeout=timeout_seconds,
        result_ttl=0,
        failure_ttl=FAILURE_TTL_SECONDS,
        description=f"{job.name.lower()} {' '.join(map(str, args))}",
        pipeline=pipeline,
    )


def is_under_way(job_id: str, connection: Redis) -> bool:
    """Whether a job of that id waits or runs; one that failed does neither."""
    try:
        job = AllowedJob.fetch(job_id, connection=connection, serializer=JSONSerializer)
    except NoSuchJobError:
        return False
    return job.get_status(refresh=False) is not JobStatus.FAILED
