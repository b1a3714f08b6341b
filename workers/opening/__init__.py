"""Opens rollouts: what people type, what nobody typed, and the ways back. What each becomes is the engine's."""

from workers.opening.asked import Opening
from workers.opening.back import WaysBack, begun, superseded_text
from workers.opening.common import make_way
from workers.opening.finding import MAY_BE_ROLLED_BACK, last_on
from workers.opening.unasked import OpeningUnasked, Unprompted

__all__ = [
    "MAY_BE_ROLLED_BACK",
    "Opening",
    "OpeningUnasked",
    "Unprompted",
    "WaysBack",
    "begun",
    "last_on",
    "make_way",
    "superseded_text",
]
