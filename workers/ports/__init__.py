"""What the workers need from the world, as small Protocols. The gateways implement them; tests pass fakes.

Every method may raise `TransientError` (throttled, timed out, unreachable) or `GatewayError` (the vendor refused); the
docstrings name what else.
"""

from workers.ports.alarms import Alarms
from workers.ports.artifacts import Artifacts
from workers.ports.capacity import Prices, Quotas, Usage
from workers.ports.endpoints import Endpoints
from workers.ports.events import Event, Events
from workers.ports.experiments import Experiments, Run
from workers.ports.leftovers import Leftovers
from workers.ports.market import Catalog, Subscriptions
from workers.ports.metrics import Floats, Measure, Metrics, Series, Subject, Want
from workers.ports.programs import Ended, Program, Programs
from workers.ports.registry import Registry
from workers.ports.scaling import Autoscaling
from workers.ports.slack import Messenger
from workers.ports.time import Clock, Memory
from workers.ports.trail import Deed, Trail

__all__ = [
    "Alarms",
    "Artifacts",
    "Autoscaling",
    "Catalog",
    "Clock",
    "Deed",
    "Ended",
    "Endpoints",
    "Event",
    "Events",
    "Experiments",
    "Floats",
    "Leftovers",
    "Measure",
    "Memory",
    "Messenger",
    "Metrics",
    "Prices",
    "Program",
    "Programs",
    "Quotas",
    "Registry",
    "Run",
    "Series",
    "Subject",
    "Subscriptions",
    "Trail",
    "Usage",
    "Want",
]
