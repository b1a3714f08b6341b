"""The way over a bridge: a config in between that runs the old variant and the new one side by side.

Two UpdateEndpoint calls and one move of weights lead over it. On the bridge the old fleet still serves, so going back takes
seconds: the weights move back before anything else does.
"""

import math
from collections.abc import Mapping
from datetime import datetime

from bot.domain.calls import UpdateCall
from bot.domain.endpoint import Snapshot
from bot.domain.model import Value
from bot.domain.verdict import Comparison, Verdict

_PRECISION = 1e-6
"""SageMaker keeps weights in single precision."""


class BridgePlan(Value):
    """The config in between. In the plan of a rollback: the one that the endpoint is left standing on."""

    config: str
    variant: str
    """The variant that serves now, and whose name the new fleet bears in the end."""
    next_variant: str
    share: float
    """Percent of the endpoint's traffic that the new variant begins with."""
    weight: float
    """The old variant's live weight before, which the new one takes over."""

    @property
    def over(self) -> Mapping[str, float]:
        """The weights with which the new variant serves and the old one only stands by."""
        return {self.variant: 0.0, self.next_variant: self.weight}

    @property
    def back(self) -> Mapping[str, float]:
        """The weights with which the old variant serves as it did before."""
        return {self.variant: self.weight, self.next_variant: 0.0}


class Bridge(Value):
    """How far the way over a bridge is. Each call is written down before it is made."""

    created: bool = False
    """Whether the config in between exists."""
    call: UpdateCall | None = None
    """UpdateEndpoint to the bridge."""
    crossed_at: datetime | None = None
    """When the endpoint was seen InService on the bridge: both variants serve from then on."""
    comparison: Comparison | None = None
    """The old variant (before) against the new one (after), over the same time."""
    verdict: Verdict | None = None
    """The latest judgement on it."""
    shift: UpdateCall | None = None
    """UpdateEndpointWeightsAndCapacities: over, or for a rollback back."""
    shifted_at: datetime | None = None
    """When the weights were seen to be as they shall be."""
    shift_refused: str = ""
    """Why SageMaker would not move the weights back; then only the previous config brings them."""


def has_weights(snapshot: Snapshot, wanted: Mapping[str, float]) -> bool:
    """Whether these variants have these weights now."""
    shown = {v.name: v.weight for v in snapshot.variants}
    return all(_same(shown.get(name), weight) for name, weight in wanted.items())


def _same(shown: float | None, wanted: float) -> bool:
    return shown is not None and math.isclose(shown, wanted, rel_tol=_PRECISION, abs_tol=_PRECISION)
