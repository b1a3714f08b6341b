"""What was found out about an endpoint and the change that is asked for. Gathered before any check runs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bot.domain.endpoint import ConfigRecord, ModelPackage, Snapshot
from bot.domain.fleet import EndpointSpec
from bot.domain.plan import Difference, Finding
from bot.domain.rollout import Kind


@dataclass(frozen=True)
class Facts:
    """What was found out about an endpoint and the change that is asked for."""

    spec: EndpointSpec
    kind: Kind
    snapshot: Snapshot
    current_config: ConfigRecord
    target_config: ConfigRecord | None
    """The draft of an update; for a rollback the config as it stands, None if it is gone."""
    target_config_name: str
    differences: tuple[Difference, ...] = ()
    package: ModelPackage | None = None
    """What shall run, where the change names a package."""
    models: Mapping[str, bool] = field(default_factory=dict)
    """Whether each model that the way back needs (for a rollback: the way there) still exists."""
    instance_types: frozenset[str] = frozenset()
    """Of the target config."""


Check = Callable[[Facts], Finding | None]
