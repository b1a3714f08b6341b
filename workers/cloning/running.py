"""Which version a variant runs: one rule for everybody who asks."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.endpoint import ConfigRecord, ModelPackage, ModelRecord
from bot.domain.fleet import EndpointSpec
from bot.domain.managing.ranks import belongs
from workers.cloning.containers import package_of
from workers.cloning.live import LiveEndpoint


@dataclass(frozen=True)
class RunningPackage:
    """The package that a variant's model is made of."""

    arn: str
    """As the registry spells it, or as the model names it where the registry does not know it."""
    package: ModelPackage | None
    """None where nothing more is known of it."""


def model_of(config: ConfigRecord, variant: str) -> str | None:
    """The name of the model that a production or shadow variant runs; None where there is no such variant, or it runs no model."""
    variants = (*config.variants(), *config.document.get("ShadowProductionVariants", ()))
    return next((v.get("ModelName") for v in variants if v["VariantName"] == variant), None)


def package_behind(
    spec: EndpointSpec, model: ModelRecord | None, packages: Mapping[str, ModelPackage]
) -> RunningPackage | None:
    """The package that a model is made of; None where it is made of none, or is gone.

    Of a pipeline it is the one of the declared group or track; where none is, the first that is known.

    Args:
        spec: The endpoint in the fleet file.
        model: The model.
        packages: Those that are known, by ARN.
    """
    containers = [c for c in model.containers() if c.get("ModelPackageName")] if model is not None else []
    found = [(package_of(container, packages), str(container["ModelPackageName"])) for container in containers]
    named = [RunningPackage(package.arn if package is not None else name, package) for package, name in found]
    declared = [one for one in named if belongs(spec, one.arn)]
    known = [one for one in named if one.package is not None]
    return next(iter(declared or known or named), None)


def running_package(live: LiveEndpoint, spec: EndpointSpec, variant: str | None = None) -> RunningPackage | None:
    """The package that a variant of an endpoint runs, or else the declared one; None where that is none, or its model is gone."""
    model = live.models.get(model_of(live.config, variant or spec.variant) or "")
    return package_behind(spec, model, live.packages)
