"""How a watch is held: what the fleet file's `watch` comes to for one rollout, and what people did about it since."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from bot.domain.checks import CheckPlan
from bot.domain.model import Value
from bot.domain.signals import EndpointKind, Role, Signal, roles_of

AutoRollback = Literal["off", "hard", "all"]
"""When the bot rolls back by itself: never, on a crossed limit, or on every confirmed REGRESSED."""


class WatchPlan(Value):
    """How the watch is held, from the fleet file's `watch`."""

    duration: timedelta
    warm_up: timedelta
    metric_period: timedelta
    baseline: timedelta
    kind: EndpointKind = "realtime"
    inference_components: tuple[str, ...] = ()
    """Judged by their own metrics in place of the variants'; empty for endpoints without."""
    roles: Mapping[Signal, Role] = {}
    """What the fleet file says about single signals."""
    tolerance: float = 0.10
    """A relative rise that nobody minds: 0.1 is ten percent."""
    tolerance_ms: float = 2.0
    """A rise of a latency in ms that nobody minds; what counts has risen by more than both."""
    auto_rollback: AutoRollback = "hard"
    alarms: tuple[str, ...] = ()
    """Existing CloudWatch alarms that mean REGRESSED when they go off during the watch."""
    check: CheckPlan | None = None
    error_rate_ceiling: float | None = None
    mid_stream_error_rate_ceiling: float | None = None
    p50_ceiling_ms: float | None = None
    p90_ceiling_ms: float | None = None
    p99_ceiling_ms: float | None = None

    @property
    def streaming(self) -> bool:
        """Whether callers hold bidirectional streams open."""
        return self.kind == "streaming"

    @property
    def judged(self) -> Mapping[Signal, Role]:
        """The signals of this endpoint with their roles, muted ones included."""
        return roles_of(self.kind, self.roles)


class Extension(Value):
    """Somebody had the watch go on for longer."""

    actor: str
    at: datetime
    by: timedelta
    caused_by: str = ""


class Restraint(StrEnum):
    """Why the bot leaves a regressed fleet where it is, and asks people instead."""

    ACCEPTED = "accepted"  # somebody took it upon themselves
    SWITCHED_OFF = "switched_off"  # `auto_rollback: off`
    NO_LIMIT_CROSSED = "no_limit_crossed"  # `auto_rollback: hard`, and this is a statistical finding
    NOT_GRAVE = "not_grave"  # only signals that are not critical are worse, or the old fleet was above the same limit
    NO_WAY_BACK = "no_way_back"  # the plan said that no rollback could undo this change
    TWICE_IN_A_ROW = "twice_in_a_row"  # the last rollback was the bot's own too, and no person was involved since


class Acceptance(Value):
    """Somebody took a REGRESSED upon themselves: the bot rolls back no more for this rollout."""

    actor: str
    at: datetime
    reason: str = ""
    caused_by: str = ""
