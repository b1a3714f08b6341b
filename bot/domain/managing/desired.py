"""From what differs to the change that ends it: a version, and whatever else the fleet file says and the endpoint does not run."""

from typing import Any

from bot.domain.autoscale import AutoscaleAsk
from bot.domain.board import Standing
from bot.domain.commands import Change
from bot.domain.declared import declared_scaling
from bot.domain.fleet import EndpointSpec
from bot.domain.plan import Difference
from bot.domain.scaling_drift import is_about_autoscaling

_ENVIRONMENT, _SERVERLESS = "environment.", "serverless."
_OF_THE_VERSION = frozenset({"model_package_group", "track"})
"""Something else runs than a version of the declared source: a version ends that."""


def desired_change(spec: EndpointSpec, standing: Standing, package_arn: str | None) -> Change | None:
    """The change that brings an endpoint to what the fleet file says; None where an update could change nothing.

    Args:
        spec: What the fleet file says.
        standing: What runs, and where it differs from the file.
        package_arn: The version that shall run; None leaves the one that does.
    """
    asked: dict[str, Any] = {}
    for difference in standing.drift:
        match _asked_by(spec, difference):
            case (member, "", value):
                asked[member] = value
            case (member, key, value):
                asked[member] = {**asked.get(member, {}), key: value}
    if package_arn is not None and not is_same_package(package_arn, standing.running_package):
        asked["package"] = package_arn
    return Change(**asked) if asked else None  # a change that says nothing would ask for the newest version


def settings_brought(spec: EndpointSpec, standing: Standing) -> tuple[Difference, ...]:
    """Where it differs in what such a change brings beside a version."""
    return tuple(d for d in standing.drift if _asked_by(spec, d) is not None)


def desired_autoscaling(spec: EndpointSpec, standing: Standing) -> AutoscaleAsk | None:
    """What brings its autoscaling to what the fleet file says; None where it is so, or where there are no instances to scale."""
    state = next((v for v in standing.snapshot.variants if v.name == spec.variant), None) if standing.snapshot else None
    if spec.autoscaling is None or state is None or state.desired_count is None:
        return None
    if not any(is_about_autoscaling(difference) for difference in standing.drift):
        return None
    return AutoscaleAsk(variant=spec.variant, wanted=declared_scaling(spec).of(spec.variant))


def beyond_change(spec: EndpointSpec, standing: Standing) -> tuple[Difference, ...]:
    """Where it differs in what no rollout of the bot's changes, such as its variants and their weights."""
    is_scaled = desired_autoscaling(spec, standing) is not None

    def is_changed(difference: Difference) -> bool:
        if is_scaled and (is_about_autoscaling(difference) or difference.path == "instance_count"):
            return True  # with its limits, autoscaling brings the count between them
        return difference.path in _OF_THE_VERSION or _asked_by(spec, difference) is not None

    return tuple(d for d in standing.drift if not is_changed(d))


def is_same_package(one: str | None, other: str | None) -> bool:
    """Whether two ARNs name the same version. SageMaker does not mind their case."""
    return one is not None and other is not None and one.casefold() == other.casefold()


def _asked_by(spec: EndpointSpec, difference: Difference) -> tuple[str, str, object] | None:
    """The member of a Change that a difference comes down to, what of it (a variable, a part of the size), and the file's value.

    Values are taken from the file, not from the difference: there, those that look like secrets are masked.
    """
    path = difference.path
    if path.startswith(_ENVIRONMENT):
        key = path.removeprefix(_ENVIRONMENT)
        return ("env", key, spec.environment[key]) if key in spec.environment else None
    if path.startswith(_SERVERLESS) and spec.serverless is not None:
        key = path.removeprefix(_SERVERLESS)
        return ("serverless", key, value) if (value := getattr(spec.serverless, key, None)) is not None else None
    if path == "instance_type" and spec.instance_type is not None:
        return ("instance_type", "", spec.instance_type)
    if path == "execution_role" and spec.execution_role is not None:
        return "execution_role", "", spec.execution_role
    if path == "instance_count" and spec.instance_count is not None and spec.autoscaling is None:
        return ("count", "", spec.instance_count)  # where autoscaling is declared, the count is its own to mend
    return None
