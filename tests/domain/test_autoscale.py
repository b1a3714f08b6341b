"""Other autoscaling: what is asked for put into what is there, the difference, what an approver is told, and the engine's steps."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fakes.autoscales import AFTER, BEFORE, autoscaling
from fakes.clock import NOW
from fakes.facts import UPDATE
from fakes.records import BEN, ENDPOINT, a_call, a_snapshot
from fakes.surroundings import a_target
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.autoscale import AutoscaleAsk, intended, scaling_differences
from bot.domain.declared import POLICY_NAME, declared_scaling
from bot.domain.fleet import EndpointSpec
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.plan import AutoscalePlan, Level
from bot.domain.preflight.autoscaling import autoscaling_findings, count_within
from bot.domain.reconcile import Action, Observation, decide
from bot.domain.scaling import ScalableTarget, Scaling
from bot.domain.scaling_drift import autoscaling_drift

CONCURRENT = "SageMakerVariantConcurrentRequestsPerModelHighResolution"


def a_spec(**scaling: Any) -> EndpointSpec:
    declared = {"min": 2, "max": 8, "target": 200.0, **scaling}
    return EndpointSpec.model_validate(
        {"name": ENDPOINT, "model_package_group": "sentiment", "approval": {"users": [BEN]}, "autoscaling": declared}
    )


def an_ask(spec: EndpointSpec | None = None) -> AutoscaleAsk:
    return AutoscaleAsk(variant="AllTraffic", wanted=declared_scaling(spec or a_spec()).of("AllTraffic"))


def drift(spec: EndpointSpec, target: ScalableTarget | None) -> dict[str, tuple[str | None, str | None]]:
    scaling = Scaling(targets=(target,) if target is not None else ())
    return {d.path: (d.before, d.after) for d in autoscaling_drift(spec.autoscaling, scaling, "AllTraffic")}


def unscheduled(**fields: Any) -> ScalableTarget:
    return a_target(ENDPOINT, **fields).model_copy(update={"scheduled": ()})


# what it comes to


def test_limits_and_the_value_that_is_held_are_the_files_and_the_rest_stays() -> None:
    after = intended(an_ask(), unscheduled(minimum=1, maximum=6))
    assert after is not None
    assert (after.minimum, after.maximum) == (2, 8)
    assert [p["PolicyName"] for p in after.policies] == ["keep-70"]
    assert after.tracked == (("SageMakerVariantInvocationsPerInstance", 200.0),)


def test_a_policy_of_another_metric_gives_way_where_nothing_holds_the_declared_one() -> None:
    there = unscheduled(minimum=2, maximum=8)
    after = intended(an_ask(a_spec(metric=CONCURRENT)), there)
    assert after is not None
    assert after.tracked == ((CONCURRENT, 200.0),)
    assert [p["PolicyName"] for p in after.policies] == [POLICY_NAME]
    assert {d.path for d in scaling_differences(there, after)} == {
        f"autoscaling.policy {POLICY_NAME}",
        "autoscaling.policy keep-70",
    }


def test_step_policies_and_scheduled_actions_are_left_alone() -> None:
    step = {"PolicyName": "steps", "PolicyType": "StepScaling"}
    there = a_target(ENDPOINT).model_copy(update={"policies": (step,)})
    after = intended(an_ask(), there)
    assert after is not None
    assert step in after.policies
    assert after.scheduled == there.scheduled


def test_a_limit_that_a_scheduled_action_set_is_no_drift_and_stays() -> None:
    in_the_morning = a_target(ENDPOINT, minimum=3, maximum=6)
    spec = a_spec(target=70.0)
    assert drift(spec, in_the_morning) == {}
    after = intended(an_ask(spec), in_the_morning)
    assert after is not None
    assert (after.minimum, after.maximum) == (3, 6)


def test_autoscaling_that_stands_still_is_drift_and_goes_on() -> None:
    still = unscheduled(minimum=2, maximum=8, SuspendedState={"DynamicScalingInSuspended": True})
    assert drift(a_spec(target=70.0), still) == {"autoscaling.suspended": ("scaling in", "nothing")}
    after = intended(an_ask(a_spec(target=70.0)), still)
    assert drift(a_spec(target=70.0), after) == {}


def test_the_way_back_is_to_the_letter() -> None:
    assert intended(AutoscaleAsk(variant="AllTraffic", wanted=BEFORE, is_exact=True), AFTER) == BEFORE
    assert intended(AutoscaleAsk(variant="AllTraffic", wanted=None, is_exact=True), AFTER) is None


targets = st.builds(
    lambda low, more, suspended, value, has_policy, has_action: unscheduled(
        minimum=low, maximum=low + more, SuspendedState={"DynamicScalingOutSuspended": suspended}
    ).model_copy(
        update={
            "policies": tuple(_held(p, value) for p in a_target(ENDPOINT).policies) if has_policy else (),
            "scheduled": a_target(ENDPOINT).scheduled if has_action else (),
        }
    ),
    st.integers(0, 5),
    st.integers(0, 5),
    st.booleans(),
    st.sampled_from([50.0, 200.0]),
    st.booleans(),
    st.booleans(),
)


def _held(policy: Any, value: float) -> Any:
    key = "TargetTrackingScalingPolicyConfiguration"
    return {**policy, key: {**policy[key], "TargetValue": value}}


@given(
    there=st.none() | targets, metric=st.sampled_from([None, CONCURRENT]), low=st.integers(1, 4), more=st.integers(0, 4)
)
def test_whatever_is_there_nothing_differs_from_the_file_afterwards(
    there: ScalableTarget | None, metric: str | None, low: int, more: int
) -> None:
    spec = a_spec(min=low, max=low + more, **({"metric": metric} if metric else {}))
    after = intended(an_ask(spec), there)
    assert after is not None
    left = drift(spec, after)
    is_squeezed = after.maximum == after.minimum  # a scheduled minimum above the file's maximum
    assert not left or (is_squeezed and set(left) == {"autoscaling.max"})
    assert scaling_differences(after, intended(an_ask(spec), after)) == ()


# what an approver is told


def findings(
    before: ScalableTarget | None, after: ScalableTarget | None, **fields: Any
) -> dict[str, tuple[Level, str]]:
    facts = replace(UPDATE, kind=Kind.AUTOSCALE, differences=scaling_differences(before, after), **fields)
    change = AutoscalePlan(variant="AllTraffic", before=before, after=after)
    return {f.check: (f.level, f.text) for f in autoscaling_findings(facts, change)}


def test_a_maximum_below_what_runs_is_a_warning() -> None:
    level, text = findings(BEFORE, unscheduled(minimum=1, maximum=1), snapshot=a_snapshot())["autoscaling"]
    assert level is Level.WARNING
    assert "takes 1 away at once" in text


def test_a_minimum_above_what_runs_says_what_is_added() -> None:
    level, text = findings(BEFORE, unscheduled(minimum=5, maximum=8), snapshot=a_snapshot())["autoscaling"]
    assert level is Level.WARNING
    assert "adds 3 at once" in text


def test_limits_around_what_runs_are_well() -> None:
    level, text = findings(BEFORE, AFTER, snapshot=a_snapshot())["autoscaling"]
    assert (level, text) == (Level.OK, "AllTraffic runs 2 instances, which stay, and scales from 2 to 8 instances.")


def test_what_is_so_already_needs_no_approval() -> None:
    assert findings(AFTER, AFTER)["something_changes"][0] is Level.BLOCKER


def test_policies_that_are_deleted_are_named() -> None:
    after = intended(an_ask(a_spec(metric=CONCURRENT)), BEFORE)
    assert "keep-70" in findings(BEFORE, after)["scaling_target"][1]


@pytest.mark.parametrize(("now", "then"), [(1, 2), (2, 2), (5, 5), (9, 8)])
def test_a_count_is_moved_between_the_limits(now: int, then: int) -> None:
    assert count_within(AFTER, now) == then


# the engine


def test_it_is_asked_for_once_and_done_when_it_shows() -> None:
    begun = decide(autoscaling(Phase.PREPARING), Observation(snapshot=a_snapshot()), NOW)
    assert begun.action is Action.SET_AUTOSCALING
    seen = Observation(snapshot=a_snapshot(), scaling=Scaling(targets=(AFTER,)))
    done = decide(autoscaling(Phase.UPDATING, update=a_call(accepted_at=NOW)), seen, NOW).rollout
    assert (done.phase, done.last.reason) == (Phase.SUCCEEDED, Reason.AUTOSCALING_SET)


@pytest.mark.parametrize(("attempts", "action"), [(1, Action.SET_AUTOSCALING), (5, None)])
def test_what_does_not_show_is_asked_for_again_and_not_for_ever(attempts: int, action: Action | None) -> None:
    seen = Observation(snapshot=a_snapshot(), scaling=Scaling(targets=(BEFORE,)))
    asked = autoscaling(Phase.UPDATING, update=a_call(accepted_at=NOW, attempts=attempts))
    decision = decide(asked, seen, NOW + timedelta(minutes=5))
    assert decision.action is action
    if action is None:
        assert decision.rollout.phase is Phase.FAILED
        assert "autoscaling.min 1" in decision.rollout.last.note
