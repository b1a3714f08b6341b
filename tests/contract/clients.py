"""Boto3 clients that answer from a script checked against botocore's service model, and clients for a local address."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.stub import Stubber

NOW = datetime(2026, 11, 22, 7, 0, tzinfo=UTC)


SESSION = boto3.session.Session()  # shared, because reading SageMaker's service model takes longer than most tests


def make_client(service: str, *, read_timeout: float = 1, **options: Any) -> Any:
    return SESSION.client(
        service,
        region_name="us-east-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        config=Config(
            retries={"total_max_attempts": 1},
            connect_timeout=2,
            read_timeout=read_timeout,
            proxies={},
            parameter_validation=True,
        ),
        **options,
    )


@contextmanager
def scripted(service: str) -> Iterator[tuple[Any, Stubber]]:
    """A client and its script; every scripted answer must have been asked for."""
    client = make_client(service)
    with Stubber(client) as script:
        yield client, script
        script.assert_no_pending_responses()


def clock() -> datetime:
    return NOW
