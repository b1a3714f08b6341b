"""The values of a trial: weights for a share, what a config tells, when to look again, and what follows from a verdict."""

from datetime import timedelta

import pytest
from fakes.clock import NOW
from fakes.records import WATCH, a_comparison, a_snapshot, a_verdict
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.endpoint import ConfigRecord, VariantState
from bot.domain.trial import (
    LONGEST_BETWEEN_LOOKS,
    TRIAL_TAG,
    TrialPlan,
    TrialWatch,
    is_confirmed_worse,
    is_look_due,
    length_to_judge_by,
    looked_at,
    requests_needed,
    share_of,
    trial_on,
    until_next_look,
    weights_for,
    why_left_to_people,
)
from bot.domain.verdict import Verdict, VerdictKind
from bot.domain.watchplan import AutoRollback

TRIAL = TrialPlan(a="A", b="A-b", weight=1.0, share=10)
PERIOD = timedelta(minutes=1)
WORSE = a_verdict(VerdictKind.REGRESSED)


def a_watch(**fields: object) -> TrialWatch:
    return TrialWatch(**{"since": NOW, "share": 10.0, **fields})


def a_config(
    *, tag: str | None = "A-b", production: dict[str, float], shadow: dict[str, float] | None = None
) -> ConfigRecord:
    def variants(weights: dict[str, float]) -> list[dict[str, object]]:
        return [{"VariantName": name, "InitialVariantWeight": weight} for name, weight in weights.items()]

    document: dict[str, object] = {"ProductionVariants": variants(production)}
    if shadow:
        document["ShadowProductionVariants"] = variants(shadow)
    return ConfigRecord(name="c", arn="", document=document, tags={TRIAL_TAG: tag} if tag else {})


def shown(**weights: float) -> object:
    states = tuple(VariantState(name=n.replace("_", "-"), weight=w) for n, w in weights.items())
    return a_snapshot().model_copy(update={"variants": states})


@given(st.integers(0, 100), st.floats(0.01, 100))
def test_the_weights_for_a_share_give_that_share(share: int, weight: float) -> None:
    trial = TRIAL.model_copy(update={"weight": weight})
    weights = weights_for(trial, share)
    assert share_of(weights, trial) == pytest.approx(share)
    assert all(value >= 0 for value in weights.values())
    assert share == 100 or weights["A"] == weight, "A has its own weight when B is gone"


def test_what_a_config_tells_of_the_trial_on_it() -> None:
    found = trial_on(a_config(production={"A": 2.0, "A-b": 1.0}), shown(A=2.0, A_b=2.0))
    assert found == TrialPlan(a="A", b="A-b", weight=2.0, share=50)


def test_a_shadow_is_told_by_where_its_variant_stands() -> None:
    found = trial_on(a_config(production={"A": 2.0}, shadow={"A-b": 0.5}), shown(A=2.0))
    assert found == TrialPlan(a="A", b="A-b", weight=2.0, share=25, shadow=True)


@pytest.mark.parametrize(
    "config",
    [
        a_config(tag=None, production={"A": 1.0, "A-b": 1.0}),
        a_config(tag="gone", production={"A": 1.0}),
        a_config(production={"A": 1.0, "A-b": 1.0, "C": 1.0}),
        a_config(production={"A-b": 1.0}),
    ],
    ids=["no tag", "no such variant", "a third variant", "B alone"],
)
def test_what_is_no_trial_of_ours_is_none(config: ConfigRecord) -> None:
    assert trial_on(config, shown(A=1.0)) is None


@pytest.mark.parametrize(
    ("age", "wait"),
    [
        (timedelta(0), PERIOD),
        (timedelta(minutes=20), PERIOD),
        (timedelta(hours=2), timedelta(minutes=6)),
        (timedelta(days=3), LONGEST_BETWEEN_LOOKS),
    ],
)
def test_the_longer_a_trial_has_run_the_less_often_it_is_looked_at(age: timedelta, wait: timedelta) -> None:
    now = NOW + age
    assert until_next_look(a_watch(), PERIOD, now) == wait
    assert is_look_due(a_watch(), PERIOD, now)
    assert not is_look_due(a_watch(looked_at=now), PERIOD, now)
    # By then it is a little older still, and so a look is due a little later.
    assert is_look_due(a_watch(looked_at=now), PERIOD, now + wait * 1.1)


@given(st.timedeltas(timedelta(0), timedelta(days=30)))
def test_the_judge_is_told_a_length_that_only_doubles(age: timedelta) -> None:
    length = length_to_judge_by(age, WATCH)
    assert length >= max(age, WATCH.duration)
    assert length <= max(2 * age, WATCH.duration)


def seen(watch: TrialWatch, verdict: Verdict, minutes: int) -> TrialWatch:
    comparison = a_comparison()
    window = comparison.after.window.model_copy(update={"end": NOW + timedelta(minutes=minutes)})
    after = comparison.after.model_copy(update={"window": window})
    return looked_at(watch, comparison.model_copy(update={"after": after}), verdict, NOW)


def test_two_looks_at_newer_numbers_confirm_a_worse_b() -> None:
    once = seen(a_watch(), WORSE, 1)
    assert not is_confirmed_worse(once)
    assert not is_confirmed_worse(seen(once, WORSE, 1)), "the same numbers twice confirm nothing"
    assert is_confirmed_worse(seen(once, WORSE, 2))
    assert not is_confirmed_worse(seen(seen(once, a_verdict(), 2), WORSE, 3)), "not in a row"


def test_a_crossed_limit_needs_no_second_look() -> None:
    assert is_confirmed_worse(seen(a_watch(), WORSE.model_copy(update={"is_hard": True}), 1))


@pytest.mark.parametrize(
    ("policy", "is_hard", "may_act", "shadow", "is_left"),
    [
        ("hard", True, True, False, False),
        ("all", False, True, False, False),
        ("hard", False, True, False, True),
        ("off", True, True, False, True),
        ("all", True, False, False, True),
        ("all", True, True, True, True),
    ],
)
def test_when_the_bot_takes_the_traffic_of_b_away(
    policy: AutoRollback, is_hard: bool, may_act: bool, shadow: bool, is_left: bool
) -> None:
    watch = seen(a_watch(), WORSE.model_copy(update={"is_hard": is_hard, "may_act": may_act}), 1)
    plan = WATCH.model_copy(update={"auto_rollback": policy})
    assert (why_left_to_people(watch, plan, shadow=shadow) is not None) is is_left


def test_how_many_more_requests_it_takes_follows_from_how_many_come() -> None:
    unsure = a_verdict(VerdictKind.INCONCLUSIVE).model_copy(update={"more_needed": timedelta(minutes=30)})
    watch = a_watch(verdict=unsure, comparison=a_comparison())
    comparison = watch.comparison
    assert comparison is not None
    assert comparison.after.requests is not None
    window = comparison.after.window
    expected = comparison.after.requests * (timedelta(minutes=30) / (window.end - window.start))
    assert requests_needed(watch) == pytest.approx(expected)
    assert requests_needed(a_watch()) is None
    assert requests_needed(a_watch(verdict=a_verdict(), comparison=a_comparison())) is None
