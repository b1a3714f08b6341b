"""Which state the board shows of an endpoint of which several are true at once."""

from collections.abc import Callable
from dataclasses import dataclass

from bot.domain.endpoint import EndpointStatus
from bot.domain.hold import HoldKind
from bot.domain.states import BoardState

_BROKEN = frozenset({EndpointStatus.FAILED, EndpointStatus.OUT_OF_SERVICE, EndpointStatus.UPDATE_ROLLBACK_FAILED})


@dataclass(frozen=True)
class Facts:
    """What decides the state of an endpoint."""

    status: EndpointStatus | None
    """None: there is no such endpoint."""
    is_declared: bool = True
    """It stands in the fleet file."""
    is_known: bool = True
    """AWS told about it, and not too long ago."""
    is_patchable: bool = True
    """Its config and all its models exist."""
    is_approved: bool = True
    """The version that runs is Approved, or of a kind that nobody approves."""
    has_rollout: bool = False
    """A rollout is at work on it."""
    is_trial: bool = False
    is_current: bool = True
    """It runs the newest version that may follow, or none may."""
    has_drift: bool = False
    """It was changed outside the bot, or differs from the fleet file."""
    held_by: frozenset[HoldKind] = frozenset()
    """What keeps automation from bringing the newest version to it."""

    @property
    def is_busy(self) -> bool:
        """Whether a rollout or SageMaker is at work on it."""
        return self.has_rollout or self.status not in (None, EndpointStatus.IN_SERVICE)


RULES: tuple[tuple[BoardState, Callable[[Facts], bool]], ...] = (
    (BoardState.UNMANAGED, lambda f: not f.is_declared),
    (BoardState.UNKNOWN, lambda f: not f.is_known),
    # 1. What keeps it from serving, or from being mended, counts whatever else goes on.
    (BoardState.FAILED, lambda f: f.status in _BROKEN),
    (BoardState.UNPATCHABLE, lambda f: not f.is_patchable),
    # 2. Whatever is judged of a version or a setting may be put right by what is under way: it is judged when that is over.
    (BoardState.UPDATING, lambda f: f.is_busy),
    (BoardState.NOT_DEPLOYED, lambda f: f.status is None),
    # 3. What people have to decide on comes before what they know, because they did it.
    (BoardState.REVOKED, lambda f: not f.is_approved),
    (BoardState.TESTING, lambda f: f.is_trial),
    (BoardState.HELD, lambda f: HoldKind.BY_PERSON in f.held_by),
    # 4. A hold on a version says nothing once that version runs.
    (BoardState.QUARANTINED, lambda f: not f.is_current and HoldKind.QUARANTINED in f.held_by),
    (BoardState.HELD, lambda f: not f.is_current and HoldKind.HELD in f.held_by),
    (BoardState.DRIFTED, lambda f: f.has_drift),
    (BoardState.OUT_OF_DATE, lambda f: not f.is_current),
    (BoardState.UP_TO_DATE, lambda f: True),
)
"""The first that applies is shown."""


def state_of(facts: Facts) -> BoardState:
    """The state of an endpoint."""
    return next(state for state, applies in RULES if applies(facts))
