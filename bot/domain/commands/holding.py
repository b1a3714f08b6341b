"""What keeps changes away: from one endpoint or from all, by people or only by themselves."""

from typing import Literal

from bot.domain.commands.typed import Text, TimeWords
from bot.domain.model import Value
from bot.domain.names import EndpointWord


class Lock(Value):
    """No change of an endpoint, until it is unlocked or the time is over."""

    name: Literal["lock"] = "lock"
    endpoint: EndpointWord
    until: TimeWords | None = None
    reason: Text


class Unlock(Value):
    """Lift a lock of one's own, or ask for somebody else's to be broken."""

    name: Literal["unlock"] = "unlock"
    endpoint: EndpointWord


class Freeze(Value):
    """No change of any endpoint."""

    name: Literal["freeze"] = "freeze"
    until: TimeWords | None = None
    reason: Text


class Thaw(Value):
    """Lift the freeze, as unlock lifts a lock."""

    name: Literal["thaw"] = "thaw"


class Hold(Value):
    """No automation for an endpoint: no version is brought to it but by a person."""

    name: Literal["hold"] = "hold"
    endpoint: EndpointWord
    reason: Text


class Unhold(Value):
    """Lift what holds an endpoint or a version of it."""

    name: Literal["unhold"] = "unhold"
    endpoint: EndpointWord
