"""The experiment tracker in which models were evaluated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Run:
    """One run: its last value of every metric, and where people can look at it."""

    id: str
    name: str = ""
    url: str | None = None
    metrics: Mapping[str, float] = field(default_factory=dict)


class Experiments(Protocol):
    """MLflow's tracking server. Raises TransientError when it does not answer, GatewayError when it refuses."""

    def run(self, run_id: str) -> Run | None:
        """The run of that id; None if there is none, or it was deleted."""
        ...

    def find(self, tags: Mapping[str, str]) -> Run | None:
        """The newest run that has all of these tags; None if there is none."""
        ...
