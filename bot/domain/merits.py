"""What two versions of a model are worth, metric by metric: which is better, as far as it is known which way is better.

Metrics come from the registry (properties `metric.NAME` of a version, or its model quality report) and from MLflow. They describe
training and evaluation; how a version serves is what the watch is for.
"""

import math
import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Literal

from bot.domain.model import Value

Direction = Literal["higher", "lower"]
"""Which way a metric is better."""

_SAME = 1e-9

_HIGHER = frozenset(
    {
        "accuracy",
        "auc",
        "auprc",
        "auroc",
        "bleu",
        "f1",
        "f1_score",
        "map",
        "ndcg",
        "precision",
        "r2",
        "recall",
        "rouge_l",
    }
)
_LOWER = frozenset(
    {"cer", "error", "error_rate", "latency", "log_loss", "loss", "mae", "mape", "mse", "perplexity", "rmse", "wer"}
)
_AROUND = re.compile(r"^(?:test|val|validation|eval|holdout)[_./-]|[_./-](?:test|val|macro|micro|weighted|mean)$")


class Effect(StrEnum):
    """What the second version does to a metric."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same"
    CHANGED = "changed"  # which way is better was not said
    ONLY_FIRST = "only_first"
    ONLY_SECOND = "only_second"


class Score(Value):
    """A metric of one version, and who says so."""

    value: float
    source: Literal["registry", "MLflow"]


class Merits(Value):
    """What is known about one version."""

    label: str
    scores: Mapping[str, Score] = {}
    run_url: str | None = None
    """Its MLflow run."""
    run_name: str = ""
    problems: tuple[str, ...] = ()
    """Why something is not known, in sentences."""


class Merit(Value):
    """One metric of both versions."""

    name: str
    first: float | None
    second: float | None
    effect: Effect


class MeritComparison(Value):
    """Two versions side by side."""

    first: Merits
    second: Merits
    merits: tuple[Merit, ...]

    @property
    def problems(self) -> tuple[str, ...]:
        """Why something is not known about either of them, each said once."""
        return tuple(dict.fromkeys((*self.first.problems, *self.second.problems)))


def direction_of(name: str, declared: Mapping[str, Direction]) -> Direction | None:
    """Which way a metric is better: as the fleet file says, or else as its name is commonly meant; None where nobody knows."""
    if name in declared:
        return declared[name]
    plain = name.lower().replace("-", "_")
    while (shorter := _AROUND.sub("", plain)) != plain:
        plain = shorter
    if plain in _HIGHER:
        return "higher"
    return "lower" if plain in _LOWER else None


def compare(first: Merits, second: Merits, declared: Mapping[str, Direction]) -> MeritComparison:
    """Metric by metric: what is worse comes first, then what is better, then the rest; each by name."""
    names = sorted({*first.scores, *second.scores})
    merits = [_merit(name, first.scores.get(name), second.scores.get(name), declared) for name in names]
    return MeritComparison(first=first, second=second, merits=tuple(sorted(merits, key=_weight)))


def _merit(name: str, first: Score | None, second: Score | None, declared: Mapping[str, Direction]) -> Merit:
    before, after = first.value if first else None, second.value if second else None
    return Merit(name=name, first=before, second=after, effect=_effect(before, after, direction_of(name, declared)))


def _effect(before: float | None, after: float | None, direction: Direction | None) -> Effect:
    if before is None or after is None:
        return Effect.ONLY_SECOND if before is None else Effect.ONLY_FIRST
    if math.isclose(before, after, rel_tol=_SAME, abs_tol=_SAME):
        return Effect.SAME
    if direction is None:
        return Effect.CHANGED
    return Effect.BETTER if (after > before) == (direction == "higher") else Effect.WORSE


_ORDER = (Effect.WORSE, Effect.BETTER, Effect.CHANGED, Effect.SAME, Effect.ONLY_FIRST, Effect.ONLY_SECOND)


def _weight(merit: Merit) -> int:
    return _ORDER.index(merit.effect)
