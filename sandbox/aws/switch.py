"""What a scenario is to those who switch it on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True)
class Switch:
    """One scenario that can be switched on.

    Attributes:
        name: What callers use.
        title: What the panel shows.
        description: What will happen, in a sentence.
        kind: `update` shapes updates (the next one or all), `standing` holds until it is cleared, `event` happens at once.
        params: Parameters with their defaults.
        needs_endpoint: Whether an endpoint must be named.
    """

    name: str
    title: str
    description: str
    kind: Literal["update", "standing", "event"]
    params: dict[str, Any] = field(default_factory=dict)
    needs_endpoint: bool = False
