"""How traffic moves from the current config to the target config, and what SageMaker makes of it.

`choose` settles which strategy it is, `problems` and `cautions` say what stands against it here, `deployment_config` spells it
for UpdateEndpoint, and `steps_of` tells it to an approver. What SageMaker would silently ignore is a problem, never sent.
"""

from bot.domain.strategy.choosing import choose, way_back
from bot.domain.strategy.document import deployment_config
from bot.domain.strategy.limits import Caution, Problem, alarm_period, cautions, problems
from bot.domain.strategy.pace import extra_instances, longest_duration, step_count, waits_of
from bot.domain.strategy.shape import FleetShape, VariantShape, shape_of
from bot.domain.strategy.steps import steps_of
from bot.domain.strategy.values import AskedStrategy, Strategy, StrategyType

__all__ = [
    "AskedStrategy",
    "Caution",
    "FleetShape",
    "Problem",
    "Strategy",
    "StrategyType",
    "VariantShape",
    "alarm_period",
    "cautions",
    "choose",
    "deployment_config",
    "extra_instances",
    "longest_duration",
    "problems",
    "shape_of",
    "step_count",
    "steps_of",
    "waits_of",
    "way_back",
]
