"""Plans with everything that a plan can say."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from bot.domain.cost import Cost
from bot.domain.plan import Difference, Finding, Level, Plan
from bot.domain.readiness import Readiness, ReadinessLevel, ReturnQuota
from bot.domain.scaling import Scaling
from bot.domain.sizes import StepSize
from bot.domain.strategy import Strategy, StrategyType
from bot.domain.traffic import TrafficOutlook
from fakes.clock import NOW
from fakes.records import CURRENT, a_plan

QUIET = TrafficOutlook(
    now_per_minute=1200.0,
    usual_per_minute=1100.0,
    busiest_per_minute=4000.0,
    next_quiet_at=NOW.replace(hour=3) + timedelta(days=1),
    quiet_per_minute=90.0,
)
COST = Cost(
    extra_during=Decimal("1.41"),
    extra_per_hour=Decimal("7.05"),
    extra_of="a second fleet",
    duration=timedelta(minutes=12),
    per_hour_before=Decimal("3.04"),
    per_hour_after=Decimal("6.08"),
)
READY = Readiness(
    level=ReadinessLevel.GREEN,
    to_config=CURRENT,
    expected=timedelta(minutes=12),
    return_quota=(ReturnQuota(instance_type="ml.g5.2xlarge", limit=20, used=6, needed=4),),
)
NO_RETURN = Readiness(
    level=ReadinessLevel.RED,
    to_config=CURRENT,
    reasons=("SageMaker turns serverless capacity into instances, and never back.",),
)
UNSURE = READY.model_copy(
    update={
        "level": ReadinessLevel.AMBER,
        "reasons": ("Whether the account is subscribed to stt-v1 could not be told.",),
        "expected": None,
    }
)


def passed(*names: str) -> tuple[Finding, ...]:
    """Checks that found nothing wrong."""
    return tuple(Finding(check=name, level=Level.OK, text=f"All is well with {name}.") for name in names)


def a_full_plan(**fields: Any) -> Plan:
    """A canary of four GPU instances, with a warning, its cost, its traffic, and a way back."""
    quota = Finding(
        check="running_version",
        level=Level.WARNING,
        text="What runs now is not approved: sentiment version 3 is Rejected.",
        next_step="This change leaves it; a rollback would bring it back. Keep that in mind.",
    )
    values = {
        "differences": (
            Difference(path="AllTraffic.model.PrimaryContainer.Environment.WORKERS", before="2", after="4"),
            Difference(path="AllTraffic.InitialInstanceCount", before="2", after="4"),
            Difference(path="AllTraffic.model.PrimaryContainer.ModelPackageName", before="3", after="4"),
        ),
        "findings": (*passed("in_service", "variant_names", "version_status", "quota", "traffic", "way_back"), quota),
        "strategy": Strategy(
            type=StrategyType.CANARY,
            size=StepSize(unit="percent", value=25),
            bake=timedelta(minutes=10),
            reason="The fleet file says so.",
        ),
        "steps": (
            "The whole new fleet of 4 instances starts beside the old one.",
            "1 of 4 instances takes 25 % of the traffic for 10 minutes, then the rest.",
        ),
        "scaling": Scaling(targets=()),
        "traffic": QUIET,
        "cost": COST,
        "readiness": READY,
        "expected_duration": timedelta(minutes=12),
    }
    return a_plan(**{**values, **fields})
