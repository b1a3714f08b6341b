"""Everything a job needs, put together once per process by `wiring` and by tests with fakes."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.fleet import EndpointSpec, Fleet
from bot.store import Store
from workers.ports import (
    Alarms,
    Artifacts,
    Autoscaling,
    Catalog,
    Clock,
    Endpoints,
    Events,
    Experiments,
    Leftovers,
    Messenger,
    Metrics,
    Prices,
    Quotas,
    Registry,
    Subscriptions,
    Trail,
    Usage,
)


@dataclass(frozen=True)
class Aws:
    """The gateways for one account and region."""

    endpoints: Endpoints
    registry: Registry
    metrics: Metrics
    autoscaling: Autoscaling
    alarms: Alarms
    quotas: Quotas
    usage: Usage
    prices: Prices
    subscriptions: Subscriptions
    artifacts: Artifacts
    trail: Trail
    leftovers: Leftovers
    catalog: Catalog


def place_of(spec: EndpointSpec) -> str:
    """The account and region of an endpoint, in words: what is asked there for one endpoint may serve others of it."""
    return f"{spec.role_to_assume or 'own'}:{spec.region or 'own'}"


def at_home_in(region: str | None, fleet: Fleet) -> Fleet:
    """The fleet with the workers' own region wherever the file names none: left out or written out, it is one place."""
    endpoints = {
        name: spec if spec.region is not None else spec.model_copy(update={"region": region})
        for name, spec in fleet.endpoints.items()
    }
    return fleet.model_copy(update={"endpoints": endpoints})


@dataclass(frozen=True)
class World:
    """The store, the fleet file, AWS and Slack, and the time."""

    store: Store
    fleet: Fleet
    aws: Callable[[EndpointSpec], Aws]
    """The gateways for an endpoint's account and region."""
    slack: Messenger
    clock: Clock
    events: Callable[[str], Events] | None = None
    """The queue of that URL, with what SageMaker tells by itself; None where none can be heard."""
    experiments: Experiments | None = None
    """MLflow; None where no server is set."""

    @property
    def lease(self) -> timedelta:
        """How long a dead worker keeps others from taking over."""
        return self.fleet.defaults.timing.lease
