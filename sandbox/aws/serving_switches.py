"""The scenarios about what a watch sees: versions that serve worse, other traffic, and what CloudWatch tells of it."""

from __future__ import annotations

from .switch import Switch

SERVING_SWITCHES = (
    Switch(
        "slower-version",
        "Slower version",
        "The new fleet's latency is multiplied by `factor`.",
        "update",
        {"factor": 1.5},
    ),
    Switch(
        "slower-tail",
        "Slower tail",
        "The slowest requests of the new fleet, a `share` of all, take `factor` times as long; the others do not.",
        "update",
        {"factor": 2.0, "share": 0.05},
    ),
    Switch(
        "unsteady-version",
        "Unsteady version",
        "The new fleet is as fast on average, but slower and faster by turns: its latency has another lognormal factor "
        "of sigma `swing` every `seconds`.",
        "update",
        {"swing": 0.3, "seconds": 60},
    ),
    Switch(
        "slowing-version",
        "Slowing version",
        "The new fleet becomes slower little by little, by `factor` within `seconds` of its first request.",
        "update",
        {"factor": 1.5, "seconds": 600.0},
    ),
    Switch(
        "slower-cold-starts",
        "Slower cold starts",
        "Setting up the new serverless fleet takes `factor` times as long.",
        "update",
        {"factor": 2.0},
    ),
    Switch(
        "erroring-version",
        "Erroring version",
        "A share (`ratio`) of the new fleet's requests fails: 5xx, or broken streams.",
        "update",
        {"ratio": 0.05},
    ),
    Switch("no-traffic", "No traffic", "Nobody calls the endpoint.", "standing"),
    Switch(
        "load-shift",
        "Load shift",
        "The endpoint is called `factor` times as often; 0.5 is half as often.",
        "standing",
        {"factor": 2.0},
    ),
    Switch(
        "client-errors",
        "Clients' errors",
        "Callers send what they should not: a share (`ratio`) of the requests more than usual ends in a 4xx.",
        "standing",
        {"ratio": 0.2},
    ),
    Switch(
        "no-config-metrics",
        "No metrics by config",
        "CloudWatch does not tell an endpoint's configs apart.",
        "standing",
    ),
    Switch(
        "metric-delay", "Late metrics", "CloudWatch's datapoints arrive `seconds` late.", "standing", {"seconds": 120.0}
    ),
    Switch(
        "alarm-rings",
        "An alarm rings",
        "An alarm that exists (`alarm`, or if empty every one that the bot did not make) is in state ALARM.",
        "standing",
        {"alarm": ""},
    ),
    Switch(
        "error-burst",
        "Burst of errors",
        "Out of the requests of the next `seconds`, `errors` fail, whichever version serves: 5xx, or broken streams.",
        "event",
        {"errors": 7, "seconds": 60.0},
        needs_endpoint=True,
    ),
)
