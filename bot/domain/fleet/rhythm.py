"""The fleet file's `timing`, `retry` and `manager`: when the bot looks, and what it does by itself. The docstrings are the schema's."""

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from bot.domain.durations import Duration, Wait
from bot.domain.fleet.values import Block, WholeNumber
from bot.domain.names import QueueUrl


class Timing(Block):
    """How often the bot looks."""

    poll: Wait = timedelta(seconds=15)
    """How often a running update is looked at."""
    settle: Wait = timedelta(seconds=10)
    """How long SageMaker is given to make a new model or config visible before it is asked again."""


class WorkerTiming(Timing):
    """How often the bot looks, and the workers' own rhythm, which is the same for all endpoints."""

    sweep: Wait = timedelta(seconds=10)
    """How often the workers look for rollouts that lost their next tick."""
    lease: Wait = timedelta(seconds=10)
    """How long a worker that died keeps others from taking over its duties."""


class Retry(Block):
    """What may be tried again without a person: nothing but an update for which AWS had no capacity."""

    capacity_attempts: Annotated[WholeNumber, Field(ge=0, le=20)] = 0
    """How often an approved update is tried again; lacks of GPU capacity come in waves."""
    wait: Wait = timedelta(minutes=5)
    """How long before each try."""


class Manager(Block):
    """The endpoint manager: without this block the bot does nothing that nobody asked for."""

    every: Wait = timedelta(minutes=1)
    """How often it compares what runs with what shall run, and acts."""
    census: Wait = timedelta(seconds=30)
    """How often it looks at all endpoints and at the registry."""
    queue: QueueUrl | None = None
    """URL of an SQS queue with SageMaker's EventBridge events: hints that something changed, so that nobody waits for the next look."""
    restore_window: Duration = timedelta(days=7)
    """How long configs and models of a deleted endpoint, and others that nothing needs, stay before gc may delete them."""
