"""Endpoints that are created and deleted, in every phase that their threads can tell."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal

from bot.domain.cost import cost_of
from bot.domain.endpoint import EndpointStatus
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.plan import Difference, Finding, Level, Plan
from bot.domain.rollout import Rollout
from bot.domain.saga import ScalingMode, ScalingSaga
from bot.domain.strategy import Strategy
from fakes.clock import NOW
from fakes.facts import SCALED
from fakes.records import BEN, CARL, CURRENT, ENDPOINT, TARGET, a_call, a_plan, a_snapshot, approved_by, at

WEEK = timedelta(days=7)
FEE = cost_of((), (), None, None, {}).model_copy(update={"per_hour_after": Decimal("0.46")})
IN_USE = Finding(
    check="traffic",
    level=Level.WARNING,
    text="IT IS IN USE: 1,204,331 requests came in the last 7 days.",
    next_step="Whoever sends them gets errors as soon as it is gone. Make sure that they know.",
)


def a_creation_plan(**fields: object) -> Plan:
    differences = (
        Difference(path="AllTraffic.model.ModelPackageName", before=None, after="…/sentiment/4"),
        Difference(path="AllTraffic.InstanceType", before=None, after="ml.m5.xlarge"),
        Difference(path="AllTraffic.InitialInstanceCount", before=None, after="2"),
    )
    return a_plan(
        **{
            "current_config": "",
            "current_label": "nothing",
            "differences": differences,
            "kept": (),
            "findings": (Finding(check="name_is_free", level=Level.OK, text=f"There is no {ENDPOINT} yet."),),
            "strategy": Strategy(reason="SageMaker starts the instances."),
            "scaling": SCALED,
            "cost": FEE,
            "new_models": {"": TARGET},
            **fields,
        }
    )


def a_teardown_plan(**fields: object) -> Plan:
    return a_plan(
        **{
            "target_config": "",
            "target_label": "nothing",
            "new_models": {},
            "differences": (Difference(path="Endpoint", before=f"{ENDPOINT} on {CURRENT}", after=None),),
            "kept": (f"Its config {CURRENT} and its models. For 7 d, deploy {ENDPOINT} restores it as it is now.",),
            "findings": (IN_USE,),
            "strategy": Strategy(reason="SageMaker ends all instances. Requests fail from that moment on."),
            "scaling": SCALED,
            "scaling_mode": ScalingMode.DEREGISTER,
            "restore_window": WEEK,
            "irreversible": (f"{ENDPOINT} is a production endpoint.",),
            "cost": FEE.model_copy(update={"per_hour_before": Decimal("0.46"), "per_hour_after": Decimal(0)}),
            **fields,
        }
    )


def creation(phase: Phase, **fields: object) -> Rollout:
    """A creation in that phase, which has called nothing unless `fields` say so."""
    plan = fields.pop("plan", None) or (None if phase is Phase.PLANNING else a_creation_plan())
    return at(phase, **{"kind": Kind.CREATE, "plan": plan, "update": None, "snapshot": None, **fields})


def teardown(phase: Phase, **fields: object) -> Rollout:
    """A teardown in that phase, which has called nothing unless `fields` say so."""
    plan = None if phase is Phase.PLANNING else a_teardown_plan()
    known = {
        "kind": Kind.TEARDOWN,
        "plan": plan,
        "update": None,
        "snapshot": None,
        "reason": "No longer used",
        "quorum": 2,
    }
    return at(phase, **{**known, **fields})


CREATING = a_snapshot(EndpointStatus.CREATING, TARGET)
TAKEN = ScalingSaga(mode=ScalingMode.DEREGISTER, targets=SCALED.targets, intended_at=NOW, taken_at=NOW)
CALLED = a_call(accepted_at=NOW)


def _done(rollout: Rollout, reason: Reason, **fields: object) -> Rollout:
    return rollout.to(Phase.SUCCEEDED, reason, NOW + timedelta(minutes=6), "bot", cutover_at=NOW, **fields)


def _failed(rollout: Rollout, reason: Reason, note: str, **fields: object) -> Rollout:
    return rollout.to(Phase.FAILED, reason, NOW + timedelta(minutes=6), "aws", note, **fields)


SICK = (
    "SageMaker could not create the endpoint. SageMaker says: The primary container for production variant AllTraffic did not pass "
    "the ping health check."
)
RESTORE = a_creation_plan(
    is_restore=True, new_models={}, target_config=CURRENT, kept=(f"The config that it ran, {CURRENT}, and its models.",)
)

LIFE_STORIES: Mapping[str, Rollout] = {
    "creation planning": creation(Phase.PLANNING),
    "creation waiting": creation(Phase.AWAITING_APPROVAL),
    "creation rejected": creation(Phase.REJECTED),
    "creation expired": creation(Phase.EXPIRED),
    "creation preparing": creation(Phase.PREPARING, models_created=True),
    "creation of a failed one": creation(Phase.UPDATING, plan=a_creation_plan(current_config=CURRENT)),
    "creation under way": creation(Phase.UPDATING, update=CALLED, snapshot=CREATING),
    "creation failed": _failed(
        creation(Phase.UPDATING, update=CALLED, snapshot=a_snapshot(EndpointStatus.FAILED, TARGET)),
        Reason.CREATION_FAILED,
        SICK,
    ),
    "creation refused": _failed(creation(Phase.UPDATING), Reason.AWS_REFUSED, "The quota is used up."),
    "created": _done(creation(Phase.UPDATING, update=CALLED), Reason.CREATED, scaling=TAKEN),
    "created and scaled": _done(
        creation(Phase.UPDATING, update=CALLED),
        Reason.CREATED,
        scaling=TAKEN.model_copy(update={"restored_at": NOW}),
    ),
    "restore waiting": creation(Phase.AWAITING_APPROVAL, plan=RESTORE),
    "restore done": _done(creation(Phase.UPDATING, plan=RESTORE, update=CALLED), Reason.CREATED),
    "teardown planning": teardown(Phase.PLANNING),
    "teardown waiting": teardown(Phase.AWAITING_APPROVAL),
    "teardown cancelled": teardown(Phase.CANCELLED),
    "teardown preparing": teardown(Phase.PREPARING, approvals=approved_by(BEN, CARL)),
    "teardown under way": teardown(
        Phase.UPDATING, update=CALLED, scaling=TAKEN, snapshot=a_snapshot(EndpointStatus.DELETING)
    ),
    "teardown refused": _failed(
        teardown(Phase.UPDATING, scaling=TAKEN), Reason.AWS_REFUSED, "AWS refused DeleteEndpoint with AccessDenied."
    ),
    "torn down": _done(teardown(Phase.UPDATING, update=CALLED, scaling=None), Reason.TORN_DOWN),
}
"""By a name that says what is special about it."""
