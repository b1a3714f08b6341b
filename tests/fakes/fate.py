"""What may become of a side effect, for walks through everything that can happen."""

from enum import Enum, auto


class Fate(Enum):
    """What becomes of one side effect."""

    DONE = auto()
    THROTTLED = auto()
    LOST_AFTERWARDS = auto()
    """It was carried out; the answer never came."""
    LOST_BEFORE = auto()
    """It never reached SageMaker, which nobody can tell."""
    REFUSED = auto()
    DIED_BEFORE = auto()
    """The process died: nothing of the tick after its decision was saved."""
    DIED_AFTERWARDS = auto()
