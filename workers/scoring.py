"""What is known about versions: their metrics, from the registry and from MLflow. What cannot be told is said, and stops nothing."""

import json
import logging
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.endpoint import ModelPackage
from bot.domain.errors import GatewayError, TransientError
from bot.domain.fleet import EndpointSpec
from bot.domain.merits import MeritComparison, Merits, Score, compare
from workers.ports import Experiments, Run
from workers.world import World

log = logging.getLogger(__name__)

RUN_ID = "mlflow.run_id"
"""The property of a version that names its MLflow run."""

PACKAGE_TAG = "sagemaker.model_package_arn"
"""The tag of an MLflow run that names its version, where the version does not name its run."""

METRIC_PREFIX = "metric."

_SILENT = "MLflow did not answer, so its metrics are not known."


@dataclass(frozen=True)
class Scoring:
    """Asks the registry and MLflow."""

    world: World

    def compared(self, spec: EndpointSpec, first: ModelPackage, second: ModelPackage) -> MeritComparison:
        """Two versions side by side, as both were described by the registry in full."""
        tracker = _Tracker(self.world.experiments)
        return compare(self._merits(spec, first, tracker), self._merits(spec, second, tracker), spec.model_metrics)

    def _merits(self, spec: EndpointSpec, package: ModelPackage, tracker: "_Tracker") -> Merits:
        """One version. Where both tell a metric of the same name, MLflow, which holds the run itself, is believed."""
        run, problem = tracker.run_of(package)
        scores = {
            name: Score(value=value, source="registry") for name, value in self._registered(spec, package).items()
        }
        if run is not None:
            tracked = {name: value for name, value in run.metrics.items() if math.isfinite(value)}
            scores |= {name: Score(value=value, source="MLflow") for name, value in tracked.items()}
        return Merits(
            label=package.label,
            scores=scores,
            run_url=run.url if run is not None else None,
            run_name=run.name if run is not None else "",
            problems=(problem,) if problem else (),
        )

    def _registered(self, spec: EndpointSpec, package: ModelPackage) -> dict[str, float]:
        """What the registry itself says: the model quality report, and properties over it."""
        found = dict(self._reported(spec, package))
        for key, text in package.properties.items():
            if key.startswith(METRIC_PREFIX) and (value := _number(text)) is not None:
                found[key.removeprefix(METRIC_PREFIX)] = value
        return found

    def _reported(self, spec: EndpointSpec, package: ModelPackage) -> Iterator[tuple[str, float]]:
        if package.quality_report is None:
            return
        try:
            text = self.world.aws(spec).artifacts.text(package.quality_report)
            report = json.loads(text) if text is not None else {}
        except (TransientError, GatewayError, ValueError) as exc:
            log.info("the quality report of %s cannot be read: %s", package.label, exc)
            return
        yield from _values(report)


@dataclass
class _Tracker:
    """MLflow during one comparison: once it did not answer, nobody waits for it again."""

    experiments: Experiments | None
    is_silent: bool = False

    def run_of(self, package: ModelPackage) -> tuple[Run | None, str]:
        """The MLflow run of a version, and why it is not known, if something is wrong."""
        if self.experiments is None:
            return None, ""
        if self.is_silent:
            return None, _SILENT
        run_id = package.properties.get(RUN_ID)
        try:
            found = self.experiments.run(run_id) if run_id else self.experiments.find({PACKAGE_TAG: package.arn})
        except TransientError as exc:
            log.info("the run of %s cannot be told: %s", package.label, exc)
            self.is_silent = True
            return None, _SILENT
        except GatewayError as exc:
            log.warning("the run of %s cannot be told: %s", package.label, exc)
            return None, f"{exc.user_message} Its metrics are not known."
        if found is None and run_id:
            return None, f"{package.label} names the MLflow run {run_id}, and MLflow has no such run."
        return found, ""


def _values(report: Any) -> Iterator[tuple[str, float]]:
    """SageMaker's model quality report: `{"…_metrics": {NAME: {"value": 0.9, "standard_deviation": …}}}`, at any depth."""
    if not isinstance(report, Mapping):
        return
    for name, content in report.items():
        if not isinstance(content, Mapping):
            continue
        value = _number(content.get("value"))
        if value is not None:
            yield str(name), value
        else:
            yield from _values(content)


def _number(said: object) -> float | None:
    if isinstance(said, bool) or not isinstance(said, int | float | str):
        return None
    try:
        value = float(said)
    except ValueError:
        return None
    return value if math.isfinite(value) else None
