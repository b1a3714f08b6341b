"""Rollouts that change nothing but autoscaling, in every state that people are told of."""

from decimal import Decimal
from typing import Any

from bot.domain.autoscale import AutoscaleAsk, scaling_differences
from bot.domain.cost import BilledVariant, cost_of
from bot.domain.phases import Kind, Phase
from bot.domain.plan import AutoscalePlan
from bot.domain.rollout import Rollout
from bot.domain.scaling import ScalableTarget
from bot.domain.strategy import Strategy
from fakes.records import ANNA, BEN, CURRENT, ENDPOINT, NOW, a_call, a_plan, approved_by, at
from fakes.surroundings import a_target

BEFORE = a_target(ENDPOINT, minimum=1, maximum=4)
AFTER = a_target(ENDPOINT, minimum=2, maximum=8)
HOW = "The instances that run stay; Application Auto Scaling is told other limits and what to hold."
LABEL = "sentiment version 3"


def autoscaling(
    phase: Phase,
    *,
    before: ScalableTarget | None = BEFORE,
    after: ScalableTarget | None = AFTER,
    is_exact: bool = False,
    **fields: Any,
) -> Rollout:
    """Other autoscaling, at some point of its story."""
    change = AutoscalePlan(variant="AllTraffic", before=before, after=after)
    one = BilledVariant(name="AllTraffic", instance_types=("ml.m5.xlarge",), count=2)
    plan = a_plan(
        target_config=CURRENT,
        current_label=LABEL,
        target_label=LABEL,
        new_models={},
        kept=("Its scheduled actions: mornings.",),
        differences=scaling_differences(before, after),
        autoscale=change,
        strategy=Strategy(reason=HOW),
        cost=cost_of((one,), (one,), None, None, {"ml.m5.xlarge": Decimal("0.23")}),
    )
    ask = AutoscaleAsk(variant="AllTraffic", wanted=after, is_exact=is_exact)
    there = {} if phase is Phase.PLANNING else {"plan": plan}
    gone = {"comparison": None, "verdict": None, "autoscale": ask, "kind": Kind.AUTOSCALE}
    return at(phase, **{**there, **gone, **fields})


ASKED = {"approvals": approved_by(BEN), "update": a_call(accepted_at=NOW)}
DONE = {**ASKED, "cutover_at": NOW}
AUTOSCALES = {
    "autoscaling asked for": autoscaling(Phase.PLANNING),
    "autoscaling waiting": autoscaling(Phase.AWAITING_APPROVAL),
    "autoscaling to be set up": autoscaling(Phase.AWAITING_APPROVAL, before=None),
    "autoscaling about to begin": autoscaling(Phase.PREPARING, approvals=approved_by(BEN)),
    "autoscaling under way": autoscaling(Phase.UPDATING, **ASKED),
    "autoscaling set": autoscaling(Phase.SUCCEEDED, **DONE),
    "autoscaling set up": autoscaling(Phase.SUCCEEDED, before=None, **DONE),
    "autoscaling set and put back": autoscaling(Phase.SUCCEEDED, superseded_by="rback234", **DONE),
    "autoscaling put back": autoscaling(
        Phase.SUCCEEDED, before=AFTER, after=BEFORE, is_exact=True, requester=ANNA, approval_needed=False, **DONE
    ),
    "autoscaling taken off again": autoscaling(
        Phase.SUCCEEDED, before=AFTER, after=None, is_exact=True, requester=ANNA, approval_needed=False, **DONE
    ),
    "autoscaling refused": autoscaling(Phase.FAILED, note="Application Auto Scaling refused it.", **ASKED),
    "autoscaling cancelled": autoscaling(Phase.CANCELLED, note="x"),
}
