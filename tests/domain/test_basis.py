"""What voids a plan, fact by fact, and what does not."""

import random
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.facts import CALM, ROLLBACK, SCALED, SUSPENDED, UPDATE, a_config, a_package, a_target
from fakes.records import BEN, CURRENT, TARGET, a_comparison, a_plan, a_verdict, approved_by, at
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.alarms import Alarm, AlarmState
from bot.domain.basis import basis_of, drift, fingerprint_of
from bot.domain.bridge import BridgePlan
from bot.domain.cost import Cost
from bot.domain.endpoint import ApprovalStatus, VariantState
from bot.domain.merits import Merits, Score, compare
from bot.domain.phases import Phase
from bot.domain.plan import AutoscalePlan, Difference, Finding, Level, Plan
from bot.domain.preflight import MOVING, CheckName, Facts
from bot.domain.preflight.facts import Image
from bot.domain.readiness import Readiness, ReadinessLevel, ReturnQuota
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Abort, CountChange, Redraw, Retry
from bot.domain.saga import ScalingMode, ScalingSaga
from bot.domain.scaling import Scaling
from bot.domain.sizes import StepSize
from bot.domain.strategy import Strategy, StrategyType
from bot.domain.trial import TrialPlan

MODELS = {"m": "1111", "n": "2222"}
ALARM = Alarm(name="errors", metric="Invocation5XXErrors", threshold=5, state=AlarmState.OK)
VARIANTS = (
    VariantState(name="AllTraffic", desired_count=2, current_count=2, weight=1.0),
    VariantState(name="Blue", desired_count=3, current_count=3, weight=0.5),
)
CANARY = Strategy(
    type=StrategyType.CANARY,
    size=StepSize(unit="percent", value=10),
    bake=timedelta(minutes=10),
    alarms=("errors",),
)
FULL = replace(
    UPDATE,
    snapshot=UPDATE.snapshot.model_copy(update={"variants": VARIANTS}),
    scaling=SCALED,
    strategy=CANARY,
    standing_alarms={"errors": ALARM},
    images=(Image(variant="AllTraffic", specified="app:1", digest="sha256:aa", stays=True),),
)


def a_plan_of(facts: Facts, content: str = "draft", models: dict[str, str] = MODELS, **fields: Any) -> Plan:
    basis = basis_of(facts, content_hash=content, model_hashes=models)
    return a_plan(**{"basis": basis, "findings": (), "fingerprint": fingerprint_of(basis, ()), **fields})


def snapshot(**fields: Any) -> Facts:
    return replace(FULL, snapshot=FULL.snapshot.model_copy(update=fields))


def variant(name: str, **fields: Any) -> Facts:
    return snapshot(variants=tuple(v.model_copy(update=fields) if v.name == name else v for v in VARIANTS))


def scaled(**fields: Any) -> Facts:
    return replace(FULL, scaling=Scaling(targets=(a_target(**fields),)))


def strategy(**fields: Any) -> Facts:
    return replace(FULL, strategy=CANARY.model_copy(update=fields))


def alarm(**fields: Any) -> Facts:
    return replace(FULL, standing_alarms={"errors": ALARM.model_copy(update=fields)})


CONFIG = f"Content of config {CURRENT}"
MOVED: list[tuple[str, Facts, list[str]]] = [
    ("another endpoint", snapshot(arn="arn:aws:sagemaker:eu-west-1:1:endpoint/x"), ["Endpoint"]),
    ("another config", replace(FULL, current_config=a_config("other", "AllTraffic")), ["Endpoint config"]),
    ("a config made anew", replace(FULL, current_config=a_config(CURRENT, "AllTraffic", VolumeSizeInGB=9)), [CONFIG]),
    ("another package", replace(FULL, package=a_package(arn="arn:v9")), ["Model package"]),
    (
        "an approval taken back",
        replace(FULL, package=a_package(approval=ApprovalStatus.REJECTED)),
        ["Approval of sentiment version 4"],
    ),
    ("a package that failed", replace(FULL, package=a_package(status="Failed")), ["Status of sentiment version 4"]),
    (
        "another image behind the tag",
        replace(FULL, images=(replace(FULL.images[0], digest="sha256:bb"),)),
        ["Image digest of AllTraffic"],
    ),
    (
        "an image that cannot be told",
        replace(FULL, images=(replace(FULL.images[0], digest=None),)),
        ["Image digest of AllTraffic"],
    ),
    ("a lower limit of scaling", scaled(minimum=1), ["Autoscaling of AllTraffic"]),
    ("a higher limit of scaling", scaled(maximum=99), ["Autoscaling of AllTraffic"]),
    ("a scaling policy less", scaled(policies=()), ["Autoscaling of AllTraffic"]),
    ("a scheduled action less", scaled(scheduled=()), ["Autoscaling of AllTraffic"]),
    (
        "scaling that somebody suspended",
        scaled(document={"MinCapacity": 2, "MaxCapacity": 8, "SuspendedState": SUSPENDED}),
        ["Autoscaling of AllTraffic"],
    ),
    (
        "scaling that is no more",
        replace(FULL, scaling=Scaling()),
        ["Autoscaling of AllTraffic", "Instances of AllTraffic"],
    ),
    (
        "scaling that cannot be told",
        replace(FULL, scaling=None),
        ["Autoscaling of AllTraffic", "Autoscaling", "Instances of AllTraffic"],
    ),
    (
        "scaling of one more variant",
        replace(FULL, scaling=Scaling(targets=(*SCALED.targets, a_target(variant="Blue")))),
        ["Instances of Blue", "Autoscaling of Blue"],
    ),
    ("a count by hand", variant("Blue", desired_count=9), ["Instances of Blue"]),
    ("a weight by hand", variant("Blue", weight=0.75), ["Weight of Blue"]),
    ("a weight that cannot be told", variant("Blue", weight=None), ["Weight of Blue"]),
    ("a variant less", snapshot(variants=VARIANTS[:1]), ["Instances of Blue", "Weight of Blue"]),
    ("another strategy", strategy(type=StrategyType.LINEAR), ["Strategy"]),
    ("another share", strategy(size=StepSize(unit="percent", value=20)), ["Strategy"]),
    ("another bake", strategy(bake=timedelta(minutes=11)), ["Strategy"]),
    ("one alarm less", strategy(alarms=()), ["Alarm errors"]),
    ("an alarm that is more patient", alarm(threshold=500.0), ["Alarm errors"]),
    ("an alarm about something else", alarm(metric="Invocations"), ["Alarm errors"]),
    ("an alarm that is gone", replace(FULL, standing_alarms={}), ["Alarm errors"]),
    ("an alarm that cannot be told", replace(FULL, standing_alarms=None), ["Alarm errors"]),
]


@pytest.mark.parametrize(("facts", "paths"), [m[1:] for m in MOVED], ids=[m[0] for m in MOVED])
def test_what_moved_is_exactly_what_is_told(facts: Facts, paths: list[str]) -> None:
    before, after = a_plan_of(FULL), a_plan_of(facts)
    assert [d.path for d in drift(before, after)] == paths
    assert before.fingerprint != after.fingerprint
    assert all(d.before != d.after for d in drift(before, after))
    assert sorted(d.path for d in drift(after, before)) == sorted(paths)


def test_a_model_that_was_made_anew_is_told_without_its_hash() -> None:
    moved = drift(a_plan_of(FULL), a_plan_of(FULL, content="other", models={**MODELS, "m": "9999"}))
    assert moved == (Difference(path="Content of model m", before="as in the plan", after="something else"),)


def test_another_draft_alone_is_told_too() -> None:
    (moved,) = drift(a_plan_of(FULL), a_plan_of(FULL, content="other"))
    assert (moved.path, moved.before) == ("What would be created", "as in the plan")


def test_a_rollback_rests_on_the_config_that_it_goes_to() -> None:
    before = a_plan_of(ROLLBACK, content="")
    made_anew = replace(ROLLBACK, target_config=a_config(TARGET, "AllTraffic", VolumeSizeInGB=9))
    assert [d.path for d in drift(before, a_plan_of(made_anew, content=""))] == [f"Content of config {TARGET}"]
    assert drift(before, a_plan_of(replace(ROLLBACK, target_config=None), content="")) != ()


MOVES_BY_NATURE: list[tuple[str, Facts]] = [
    ("instances arrive", variant("Blue", current_count=1)),
    ("autoscaling does its work", variant("AllTraffic", desired_count=7, current_count=5)),
    ("the alarm's state", alarm(state=AlarmState.ALARM, state_reason="now", since=NOW)),
    ("the endpoint was touched", snapshot(last_modified=NOW, failure_reason="old", observed_at=NOW)),
    ("traffic", replace(FULL, traffic=CALM.model_copy(update={"now_per_minute": 1.0}))),
    ("open streams", replace(FULL, connections=12.0)),
    ("the window", replace(FULL, opens_at=NOW)),
    ("past durations", replace(FULL, past_durations=(timedelta(minutes=3),))),
    ("the case of an ARN", replace(FULL, package=a_package(arn="ARN:V4"))),
]


@pytest.mark.parametrize("facts", [m[1] for m in MOVES_BY_NATURE], ids=[m[0] for m in MOVES_BY_NATURE])
def test_what_moves_by_nature_voids_nothing(facts: Facts) -> None:
    before, after = a_plan_of(FULL), a_plan_of(facts)
    assert drift(before, after) == ()
    assert before.fingerprint == after.fingerprint


# Findings

LEVELS = (None, Level.OK, Level.WARNING, Level.BLOCKER)


def found(check: CheckName, level: Level | None, text: str = "So it is.") -> tuple[Finding, ...]:
    return () if level is None else (Finding(check=check, level=level, text=text),)


def judged(check: CheckName, level: Level | None, text: str = "So it is.") -> Plan:
    findings = found(check, level, text)
    return a_plan_of(FULL, findings=findings, fingerprint=fingerprint_of(a_plan_of(FULL).basis, findings))


@pytest.mark.parametrize("check", list(CheckName))
@pytest.mark.parametrize("before", LEVELS)
@pytest.mark.parametrize("after", LEVELS)
def test_only_what_got_worse_voids_a_plan_and_never_what_moves_by_nature(
    check: CheckName, before: Level | None, after: Level | None
) -> None:
    weight = {None: 0, Level.OK: 0, Level.WARNING: 1, Level.BLOCKER: 2}
    got_worse = weight[after] > weight[before] and check not in MOVING
    moved = drift(judged(check, before, "As before."), judged(check, after, "Now."))
    assert (len(moved) == 1) is got_worse
    if got_worse:
        assert moved == (Difference(path="Preflight", before="As before." if before else None, after="Now."),)


def test_another_wording_voids_nothing() -> None:
    before, after = judged(CheckName.QUOTA, Level.WARNING, "3 in use"), judged(CheckName.QUOTA, Level.WARNING, "4")
    assert drift(before, after) == ()
    assert before.fingerprint == after.fingerprint


@pytest.mark.parametrize("check", sorted(MOVING))
def test_what_moves_by_nature_is_not_in_the_fingerprint(check: CheckName) -> None:
    assert judged(check, Level.WARNING).fingerprint == judged(check, None).fingerprint


# Order


def shuffled(content: Any, seed: int) -> Any:
    """The same JSON as AWS may list it another time."""
    order = random.Random(seed)
    if isinstance(content, dict):
        items = [(k, shuffled(v, seed)) for k, v in content.items()]
        order.shuffle(items)
        return dict(items)
    if isinstance(content, list | tuple):
        items = [shuffled(v, seed) for v in content]
        order.shuffle(items)
        return items
    return content


@given(st.integers(min_value=0, max_value=10_000))
def test_the_order_in_which_aws_lists_things_means_nothing(seed: int) -> None:
    many = a_config(CURRENT, "A", "B", "C")
    policies = tuple({"PolicyName": name, "Alarms": [1, 2]} for name in ("p", "q", "r"))
    scaling = Scaling(targets=(a_target(policies=policies),))
    facts = replace(FULL, current_config=many, scaling=scaling)
    document = shuffled(many.document, seed)
    rules = shuffled([dict(p) for p in policies], seed)
    again = replace(
        facts,
        current_config=many.model_copy(update={"document": document}),
        scaling=Scaling(targets=(a_target(policies=tuple(rules)),)),
    )
    assert drift(a_plan_of(facts), a_plan_of(again)) == ()
    assert a_plan_of(facts).fingerprint == a_plan_of(again).fingerprint


# The record


def a_full_plan() -> Plan:
    readiness = Readiness(
        level=ReadinessLevel.AMBER,
        to_config=CURRENT,
        reasons=("Something.",),
        expected=timedelta(minutes=12),
        return_quota=(ReturnQuota(instance_type="ml.m5.xlarge", limit=4, used=None, needed=2),),
    )
    return a_plan_of(
        FULL,
        findings=found(CheckName.QUOTA, Level.WARNING),
        returns_to=CURRENT,
        autoscale=AutoscalePlan(variant="AllTraffic", before=None, after=SCALED.targets[0]),
        package_arn="arn:v4",
        strategy=CANARY,
        steps=("1 of 2 instances first.",),
        deployment={"BlueGreenUpdatePolicy": {"TerminationWaitInSeconds": 600}},
        alarms=(ALARM.model_copy(update={"period": timedelta(minutes=1)}),),
        kept_alarms=(ALARM.model_copy(update={"name": "kept"}),),
        dropped_alarms=("no longer wanted",),
        scaling=SCALED,
        scaling_mode=ScalingMode.DEREGISTER,
        traffic=CALM,
        connections=3.0,
        opens_at=NOW,
        bridge=BridgePlan(config="bridge", variant="A", next_variant="A-next", share=10.0, weight=1.0),
        weights_from_config=True,
        trial=TrialPlan(a="A", b="A-b", weight=1.0, share=10.0),
        cost=Cost(
            extra_during=Decimal("0.10"),
            extra_per_hour=Decimal("0.4600"),
            extra_of="a second fleet",
            duration=timedelta(minutes=12),
            per_hour_before=Decimal("0.46"),
            per_hour_after=None,
        ),
        readiness=readiness,
        irreversible=("From serverless to instances.",),
        content_hash="0123",
        left_package="arn:aws:sagemaker:us-east-1:123456789012:model-package/sentiment/3",
        rank=4,
        merits=compare(
            Merits(label="three", scores={"f1": Score(value=0.9, source="MLflow")}, run_url="https://mlflow.example/3"),
            Merits(label="four", scores={"f1": Score(value=0.8, source="registry")}, problems=("MLflow was silent.",)),
            {"f1": "higher"},
        ),
        expected_duration=timedelta(minutes=12),
        restore_window=timedelta(days=7),
        is_restore=True,
    )


def test_a_plan_with_everything_in_it_survives_the_store() -> None:
    plan = a_full_plan()
    unset = {name for name in Plan.model_fields if getattr(plan, name) in (None, (), {}, "", False)}
    assert unset <= {"is_marketplace", "counts_from_config"}, "fill in what is new"
    again = Plan.model_validate_json(plan.model_dump_json())
    assert again == plan
    assert drift(plan, again) == ()
    assert fingerprint_of(again.basis, again.findings) == fingerprint_of(plan.basis, plan.findings)


def test_a_record_with_everything_in_it_survives_the_store() -> None:
    saga = ScalingSaga(
        mode=ScalingMode.DEREGISTER, targets=SCALED.targets, intended_at=NOW, attempts=2, taken_at=NOW, gave_up="x"
    )
    rollout = at(
        Phase.UPDATING,
        plan=a_full_plan(),
        scaling=saga,
        redraws=(Redraw(at=NOW, differences=(Difference(path="x", before=None, after="1"),), approvals_lost=(BEN,)),),
        approvals=approved_by(BEN),
        abort=Abort(actor=BEN, at=NOW, tripped_at=NOW),
        retry=Retry(count=1, due=NOW),
        count_change=CountChange(variant="AllTraffic", count=3),
        busy_since=NOW,
        scheduled_for=NOW,
        comparison=a_comparison(),
        verdict=a_verdict(),
    )
    again = Rollout.model_validate_json(rollout.model_dump_json())
    assert again == rollout
    assert again.scaling is not None
    assert again.scaling.targets == SCALED.targets
