"""CloudWatch alarms: those that people name, those that stand beside an endpoint, and those that a rollout makes for itself."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.domain.alarms import Alarm


class Alarms(Protocol):
    """CloudWatch alarms of one account and region. Only names that begin with `bot-` are ever written."""

    def describe(self, names: Sequence[str]) -> Mapping[str, Alarm]:
        """The alarms of these names, with their states; names that do not exist are missing from the answer."""
        ...

    def kept(self) -> tuple[Alarm, ...]:
        """Every alarm that the bot keeps beside an endpoint, be the endpoint gone or not."""
        ...

    def create(self, alarm: Alarm, tags: Mapping[str, str]) -> None:
        """Create it; an alarm of that name with the same rule is success. Raises ResourceExists for another rule."""
        ...

    def put(self, alarm: Alarm, tags: Mapping[str, str]) -> None:
        """Create it, or give the one of that name this rule and these people to tell; tags are of new ones only."""
        ...

    def delete(self, names: Sequence[str]) -> None:
        """Delete them; gone already is fine."""
        ...

    def trip(self, name: str, reason: str) -> None:
        """Set it to ALARM by hand, until CloudWatch evaluates it again. Raises ResourceMissing(kind="alarm")."""
        ...
