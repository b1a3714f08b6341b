"""Whether a change could be undone, told before anybody approves it."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.readiness import PackageState, Readiness, ReadinessLevel, ReturnQuota, assess, quota_of_return

GREEN, AMBER, RED = ReadinessLevel.GREEN, ReadinessLevel.AMBER, ReadinessLevel.RED


def quota(limit=8, used=4, needed=2):
    return ReturnQuota(instance_type="ml.g5.2xlarge", limit=limit, used=used, needed=needed)


def test_way_back_is_open_when_everything_that_it_needs_is_there():
    readiness = assess(
        "stt-v1",
        models={"stt-v1": True},
        packages=[PackageState(label="acme-stt-en-v1")],
        quotas=[quota()],
        expected=timedelta(minutes=12),
    )
    assert readiness.level is GREEN
    assert readiness.reasons == ()
    assert readiness.headline == "The way back is open: to stt-v1, in about 12 minutes."


@pytest.mark.parametrize(
    ("given", "level", "reason"),
    [
        ({"config_exists": False}, RED, "The config stt-v1 was deleted."),
        ({"config_exists": None}, AMBER, "Whether the config stt-v1 is still there could not be told."),
        ({"models": {"m": False}}, RED, "Its model m was deleted."),
        ({"models": {"m": None}}, AMBER, "Whether its model m is still there could not be told."),
        (
            {"packages": [PackageState(label="acme v1", is_subscribed=False)]},
            RED,
            "The account is not subscribed to acme v1 any more.",
        ),
        (
            {"packages": [PackageState(label="acme v1", is_subscribed=None)]},
            AMBER,
            "Whether the account is subscribed to acme v1 could not be told.",
        ),
        (
            {"packages": [PackageState(label="sentiment version 3", is_deployable=False)]},
            AMBER,
            "sentiment version 3 is not Approved and Completed, so SageMaker may refuse it.",
        ),
        (
            {"packages": [PackageState(label="sentiment version 3", is_deployable=None)]},
            AMBER,
            "Whether sentiment version 3 may still be deployed could not be told.",
        ),
        ({"quotas": [quota(used=7)]}, RED, "The way back needs 2 ml.g5.2xlarge beside 7 in use, of 8."),
        (
            {"quotas": [quota(used=None)]},
            AMBER,
            "The way back needs 2 ml.g5.2xlarge beside an unknown number in use, of 8.",
        ),
        (
            {"quotas": [quota(limit=None)]},
            AMBER,
            "The way back needs 2 ml.g5.2xlarge beside 4 in use, of an unknown quota.",
        ),
        (
            {"quotas": [quota(limit=1, used=None)]},
            RED,
            "The way back needs 2 ml.g5.2xlarge beside an unknown number in use, of 1.",
        ),
        (
            {"irreversible": ["SageMaker turns serverless capacity into instances, and never back."]},
            RED,
            "SageMaker turns serverless capacity into instances, and never back.",
        ),
        ({"rolled_back_from": "r7"}, RED, "stt-v1 is itself what rollout r7 was rolled back from."),
    ],
)
def test_what_closes_or_clouds_the_way_back_is_said(given, level, reason):
    readiness = assess("stt-v1", **{"models": {}, **given})
    assert readiness.level is level
    assert readiness.reasons == (reason,)


def test_quota_that_is_just_enough_is_enough():
    assert assess("c", models={}, quotas=[quota(limit=6, used=4, needed=2)]).level is GREEN


def test_instance_type_that_the_way_back_does_not_start_is_no_matter():
    readiness = assess("c", models={}, quotas=[quota(limit=None, needed=0)])
    assert readiness.level is GREEN
    assert readiness.return_quota == ()


@pytest.mark.parametrize(
    ("current", "target", "used_then", "needed"),
    [(2, 2, 6, 2), (2, 4, 8, 2), (2, 0, 4, 2), (0, 3, 9, 0)],  # the same, more, another type instead, a new type
)
def test_way_back_is_counted_from_what_runs_after_the_change(current, target, used_then, needed):
    found = quota_of_return("ml.g5.2xlarge", limit=9, used=6, current=current, target=target)
    assert (found.used, found.needed) == (used_then, needed)


def test_use_that_nobody_counted_stays_unknown_after_the_change():
    assert quota_of_return("ml.g5.2xlarge", limit=9, used=None, current=2, target=2).used is None


@pytest.mark.parametrize(
    ("level", "expected", "headline"),
    [
        (GREEN, None, "The way back is open: to c."),
        (AMBER, timedelta(minutes=1), "The way back is not certain: to c, in about 1 minute."),
        (RED, timedelta(minutes=1), "There is no way back as things are."),
    ],
)
def test_headline_says_the_state_in_words(level, expected, headline):
    assert Readiness(level=level, to_config="c", expected=expected).headline == headline


def test_worst_reason_stands_first():
    readiness = assess("c", config_exists=None, models={"a": None, "b": False})
    assert readiness.level is RED
    assert readiness.reasons == (
        "Its model b was deleted.",
        "Whether the config c is still there could not be told.",
        "Whether its model a is still there could not be told.",
    )


MAYBE = st.sampled_from([True, False, None])


@given(
    st.dictionaries(st.text("abc", min_size=1, max_size=2), MAYBE, max_size=4),
    st.lists(st.builds(PackageState, label=st.just("p"), is_deployable=MAYBE, is_subscribed=MAYBE), max_size=2),
    st.lists(
        st.builds(quota, st.none() | st.integers(0, 9), st.none() | st.integers(0, 9), st.integers(0, 9)), max_size=3
    ),
    MAYBE,
)
def test_level_is_that_of_the_worst_reason(models, packages, quotas, config_exists):
    readiness = assess("c", config_exists=config_exists, models=models, packages=packages, quotas=quotas)
    assert (readiness.level is GREEN) == (not readiness.reasons)
    closed = (
        config_exists is False
        or False in models.values()
        or any(p.is_subscribed is False for p in packages)
        or any(q.needed and q.level is RED for q in quotas)
    )
    assert (readiness.level is RED) == closed
