"""What a draft is cloned from."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.domain.endpoint import ConfigRecord, ModelPackage, ModelRecord, Snapshot


@dataclass(frozen=True)
class LiveEndpoint:
    """Everything that a draft is cloned from, as SageMaker showed it."""

    snapshot: Snapshot
    config: ConfigRecord
    models: Mapping[str, ModelRecord]
    """By name: the models that the config runs, those of instance pools and shadow variants included, as far as they exist."""
    packages: Mapping[str, ModelPackage]
    """By ARN: the model packages that these models were made from."""


def models_named_by(config: ConfigRecord) -> tuple[str, ...]:
    """Every model that a config names, each once: of variants, of their instance pools, of shadow variants."""
    variants = (*config.variants(), *config.document.get("ShadowProductionVariants", ()))
    pools = (pool for variant in variants for pool in variant.get("InstancePools", ()))
    names = (*(variant.get("ModelName") for variant in variants), *(pool.get("ModelNameOverride") for pool in pools))
    return tuple(dict.fromkeys(name for name in names if name))
