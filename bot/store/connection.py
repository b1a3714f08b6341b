"""Redis connections, and the one place where its errors become ours."""

from collections.abc import Iterator
from contextlib import contextmanager

import redis
from redis.backoff import ExponentialBackoff
from redis.exceptions import BusyLoadingError, ConnectionError, ReadOnlyError, ResponseError, TimeoutError
from redis.retry import Retry

from bot.domain.errors import StoreUnavailable

CONNECT_TIMEOUT_SECONDS = 1.0
ANSWER_TIMEOUT_SECONDS = 1.0  # twice, and there is still time to say so inside the 3 s in which Slack wants an answer


def connect(url: str, *, blocking_seconds: float = 0.0) -> redis.Redis:
    """A client that gives up quickly and tries each command at most twice.

    redis-py's default of ten tries would outlast Slack's three seconds. A second try helps against a connection that went
    stale while idle; every write of ours is either idempotent or a transaction guarded by a revision.

    Args:
        url: redis://, rediss:// or unix://.
        blocking_seconds: how long blocking commands may block, on top of the answer timeout.
    """
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=CONNECT_TIMEOUT_SECONDS,
        socket_timeout=ANSWER_TIMEOUT_SECONDS + blocking_seconds,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.2, base=0.05), 1),
    )


@contextmanager
def store_errors() -> Iterator[None]:
    """Translate "Redis cannot be used now" into StoreUnavailable; programming errors stay what they are."""
    try:
        yield
    except (ConnectionError, TimeoutError, BusyLoadingError, ReadOnlyError) as exc:
        raise StoreUnavailable(detail=f"{type(exc).__name__}: {exc}") from exc
    except ResponseError as exc:
        if str(exc).startswith(("MISCONF", "OOM", "CLUSTERDOWN", "MASTERDOWN", "NOREPLICAS")):
            raise StoreUnavailable(detail=str(exc)) from exc
        raise


def text(value: object) -> str:
    """A reply of Redis as text; our connections do not decode, because RQ needs them raw."""
    return value.decode() if isinstance(value, bytes) else str(value)
