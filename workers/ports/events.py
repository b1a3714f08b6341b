"""What SageMaker tells by itself, through EventBridge and a queue: hints that something changed, never what it is now."""

from collections.abc import Iterable
from typing import Protocol

from bot.domain.model import Value


class Event(Value):
    """One message of the queue. The same one may come several times, and one change may cause several."""

    receipt: str
    """By this it is struck off the queue."""
    id: str = ""
    """EventBridge's own; empty where the message is not an event that anybody here understands."""
    endpoint: str = ""
    """The endpoint that changed."""
    package_arn: str = ""
    """The version of the registry that changed."""
    region: str = ""


class Events(Protocol):
    """A queue with events of SageMaker."""

    def receive(self) -> tuple[Event, ...]:
        """What is there now, ten messages at most. What is not struck off comes again."""
        ...

    def strike_off(self, events: Iterable[Event]) -> None:
        """These were heard."""
        ...
