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
