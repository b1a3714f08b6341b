"""A thousand endpoints of fifty models: what the census, the board and the manager are measured on."""

from __future__ import annotations

from datetime import timedelta

from .clock import Clock
from .fleet import add_config, add_endpoint, add_group, add_model, variant_of
from .scenarios import ScenarioBook
from .world import Region, Settings, World

GROUPS, ENDPOINTS_OF_EACH = 50, 20

YOUNG = timedelta(hours=1)
"""Their age: whoever asks a thousand endpoints for a week of requests has this stand-in draw them for minutes, and it answers
nobody else meanwhile."""


def thousand_world(settings: Settings, clock: Clock) -> World:
    """Fifty groups of three versions, the last of which waits for approval; twenty endpoints run the second of each."""
    world = World(settings, clock)
    world.scenarios = ScenarioBook(world)
    home = world.home()
    for number in range(GROUPS):
        group = f"task-{number:02}"
        approvals = ["Approved", "Approved", "PendingManualApproval"]
        add_group(home, group, approvals, {"auc": ("0.90", "0.91", "0.92")}, ["ml.m5.large"])
        for place in range(ENDPOINTS_OF_EACH):
            _serve(home, group, f"{group}-{place:02}")
    return world


def _serve(home: Region, group: str, name: str) -> None:
    add_model(home, f"{name}-v2", {"ModelPackageName": f"{home.arn('model-package', group)}/2"})
    variant = variant_of(f"{name}-v2", InstanceType="ml.m5.large", InitialInstanceCount=1)
    add_endpoint(home, name, add_config(home, f"{name}-config-v2", [variant]), {"team": group}, YOUNG)
