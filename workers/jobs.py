"""RQ's entry points, and nothing else: each hands its JSON arguments to what `wiring` built for this process."""

from types import TracebackType

from rq.job import Job

from bot.queue import JobName
from workers.wiring import parts


def run_errand(errand_id: str) -> None:
    """Somebody typed or pressed something."""
    parts().desk.run(errand_id)


def advance(rollout_id: str, revision: int) -> None:
    """One tick of a rollout."""
    parts().reconciler.tick(rollout_id, revision)


def advance_many(*ticks: str) -> None:
    """Ticks of several rollouts, each as `rollout_id:revision`: one job, because many are due at once."""
    for tick in ticks:
        rollout_id, _, revision = tick.partition(":")
        advance(rollout_id, int(revision))


def tell(rollout_id: str) -> None:
    """Bring a rollout's thread up to date."""
    parts().notifier.tell(rollout_id)


def run_check(rollout_id: str, time: str, attempt: int) -> None:
    """The check command of a rollout, before its update or after it."""
    parts().checking.run(rollout_id, time, attempt)


def run_round(name: str) -> None:
    """One of the rounds: the census, the manager."""
    parts().rounds.run(name)


def killed(job: Job, *how: object) -> None:
    """RQ's handler for a job whose process was killed. Whatever is due is tried again anyway; a check command is not due anywhere."""
    if job.func_name == JobName.RUN_CHECK:
        parts().checking.lost(*job.args)


def crashed(job: Job, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> bool:
    """RQ's exception handler: what nobody foresaw. The entry stays due, so it is tried again; after a few times people are told."""
    match job.func_name:
        case JobName.ADVANCE:
            parts().reconciler.crashed(str(job.args[0]), error)
        case JobName.ADVANCE_MANY:
            parts().one_by_one(job.args)
        case JobName.RUN_ERRAND:
            parts().desk.crashed(str(job.args[0]), error)
        case JobName.RUN_CHECK:
            parts().checking.lost(*job.args)
    return True
