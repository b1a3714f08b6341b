"""The fleet file: which endpoints should exist, and how they may change.

`parse_fleet` is pure and total: it returns a `Fleet`, or raises `FleetFileError` with every mistake and its line. PyYAML is
the one library beyond pydantic that the domain uses, because only the YAML nodes know the lines.
"""

from bot.domain.fleet.alarming import KeptAlarms
from bot.domain.fleet.approving import Approval
from bot.domain.fleet.changing import Follows, Strategy, WavePlan
from bot.domain.fleet.hints import hints
from bot.domain.fleet.reading import parse_fleet
from bot.domain.fleet.relations import led_by_stages
from bot.domain.fleet.rhythm import Manager, Timing, WorkerTiming
from bot.domain.fleet.schema import fleet_schema
from bot.domain.fleet.serving import AsyncInference, Autoscaling, DataCapture, Serverless, Vpc
from bot.domain.fleet.source import FleetFileError, Mistake
from bot.domain.fleet.spec import Defaults, EndpointSpec, Fleet
from bot.domain.fleet.watching import Thresholds, Watch
from bot.domain.fleet.windows import ChangeWindow, are_open, closes_at, next_opening, parse_window
from bot.domain.sizes import StepSize

__all__ = [
    "Approval",
    "AsyncInference",
    "Autoscaling",
    "ChangeWindow",
    "DataCapture",
    "Defaults",
    "EndpointSpec",
    "Fleet",
    "FleetFileError",
    "Follows",
    "KeptAlarms",
    "Manager",
    "Mistake",
    "Serverless",
    "StepSize",
    "Strategy",
    "Thresholds",
    "Timing",
    "Vpc",
    "Watch",
    "WavePlan",
    "WorkerTiming",
    "are_open",
    "closes_at",
    "fleet_schema",
    "hints",
    "led_by_stages",
    "next_opening",
    "parse_fleet",
    "parse_window",
]
