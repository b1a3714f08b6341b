"""The states of the fleet board, and how they are read when somebody types one."""

from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator

from bot.domain.names import quoted


class BoardState(StrEnum):
    """How an endpoint stands. Sorted by how much attention it needs, most first."""

    FAILED = "FAILED"  # SageMaker serves nothing, or a mix of configs
    UNPATCHABLE = (
        "UNPATCHABLE"  # its config or a model was deleted: AWS cannot replace its instances, nor can we go back to it
    )
    REVOKED = "REVOKED"  # the version that runs is not Approved
    UNKNOWN = "UNKNOWN"  # AWS did not answer
    NOT_DEPLOYED = "NOT_DEPLOYED"  # declared, but there is no such endpoint
    QUARANTINED = "QUARANTINED"  # SageMaker refused the newest version that may follow, so automation leaves it alone
    HELD = "HELD"  # the newest version that may follow was rolled back, or somebody holds the endpoint
    DRIFTED = "DRIFTED"  # it was changed outside the bot, or differs from the fleet file
    UPDATING = "UPDATING"  # SageMaker or a rollout is at work on it
    TESTING = "TESTING"  # two versions run side by side, as an A/B test or as a shadow
    OUT_OF_DATE = "OUT_OF_DATE"  # a newer version may follow
    UP_TO_DATE = "UP_TO_DATE"  # it runs the newest version that may follow
    UNMANAGED = "UNMANAGED"  # it exists, and is not in the fleet file

    @property
    def words(self) -> str:
        """`out of date`, within a sentence."""
        return self.value.replace("_", " ").lower()

    @property
    def needs_attention(self) -> bool:
        """Whether a person has to look at it: nothing else will put it right."""
        return self in _NEED_ATTENTION


_NEED_ATTENTION = frozenset(
    {
        BoardState.FAILED,
        BoardState.UNPATCHABLE,
        BoardState.REVOKED,
        BoardState.UNKNOWN,
        BoardState.NOT_DEPLOYED,
        BoardState.QUARANTINED,
        BoardState.HELD,
        BoardState.DRIFTED,
    }
)


def _read_state(typed: object) -> object:
    if not isinstance(typed, str):
        return typed
    name = typed.strip().upper().replace("-", "_").replace(" ", "_")
    if name in set(BoardState):
        return BoardState(name)
    raise ValueError(f"{quoted(typed)} is no state of the board: there are {', '.join(BoardState)}")


TypedState = Annotated[BoardState, BeforeValidator(_read_state)]
"""A state as people type it: `out of date`, `out-of-date` and `OUT_OF_DATE` are the same."""
