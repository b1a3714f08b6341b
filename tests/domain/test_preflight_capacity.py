"""Preflight of quotas: what stands, what is needed, and what to do where it does not fit."""

from dataclasses import replace

import pytest
from fakes.facts import ROLLBACK, SCALE, UPDATE, a_config, found
from fakes.records import CURRENT, TARGET

from bot.domain.plan import Level
from bot.domain.preflight import Facts
from bot.domain.preflight.facts import QuotaNeed
from bot.domain.strategy import FleetShape, Strategy, StrategyType, VariantShape

GPU = "ml.g5.2xlarge"
FOUR = FleetShape(kind="realtime", variants=(VariantShape(name="AllTraffic", instances=4),))


def needing(limit: int | None, used: int | None, extra: int = 4, kind: str = GPU) -> QuotaNeed:
    return QuotaNeed(instance_type=kind, limit=limit, used=used, extra=extra)


def quota_of(facts: Facts, *needs: QuotaNeed) -> tuple[Level, str, str]:
    finding = found(replace(facts, quota=needs))["quota"]
    return finding.level, finding.text, finding.next_step


def test_what_fits_is_said_with_its_numbers() -> None:
    level, text, _ = quota_of(UPDATE, needing(20, 12))
    assert level is Level.OK
    assert text.startswith("12 of 20 ml.g5.2xlarge in use; the update needs 4 more.")


@pytest.mark.parametrize(("kind", "is_scarce"), [(GPU, True), ("ml.inf2.xlarge", True), ("ml.m5.xlarge", False)])
def test_a_quota_for_accelerators_is_no_promise(kind: str, is_scarce: bool) -> None:
    _, text, _ = quota_of(UPDATE, needing(20, 12, kind=kind))
    assert ("A quota is no promise" in text) is is_scarce


@pytest.mark.parametrize(
    ("need", "level", "words"),
    [
        (needing(16, 12), Level.OK, "12 of 16 ml.g5.2xlarge in use; the update needs 4 more."),
        (needing(15, 12), Level.BLOCKER, "12 of 15 ml.g5.2xlarge in use; the update needs 4 more."),
        (needing(0, 0), Level.BLOCKER, "0 of 0 ml.g5.2xlarge in use; the update needs 4 more."),
        (needing(3, None), Level.BLOCKER, "The quota of ml.g5.2xlarge is 3, and how many are in use is not known; "),
        (needing(9, None), Level.WARNING, "The quota of ml.g5.2xlarge is 9, and how many are in use is not known; "),
        (needing(None, 12), Level.WARNING, "12 ml.g5.2xlarge in use, of a quota that is not known; "),
        (needing(None, None), Level.WARNING, "Neither the quota of ml.g5.2xlarge nor how many are in use is known; "),
    ],
)
def test_a_quota_suffices_or_not_or_is_unknown(need: QuotaNeed, level: Level, words: str) -> None:
    said, text, _ = quota_of(UPDATE, need)
    assert said is level
    assert words in text


def test_only_what_is_too_small_is_named() -> None:
    level, text, step = quota_of(UPDATE, needing(5, 4), needing(100, 0, kind="ml.m5.xlarge"), needing(None, None))
    assert level is Level.BLOCKER
    assert "ml.m5.xlarge" not in text
    assert step == "Ask AWS Service Quotas for at least 8 for “ml.g5.2xlarge for endpoint usage”, or free some."


def test_types_of_which_no_more_are_needed_are_left_out() -> None:
    assert "quota" not in found(replace(UPDATE, quota=(needing(0, 0, extra=0),)))


@pytest.mark.parametrize("change", [UPDATE, SCALE])
def test_zero_quota_rungs_of_a_pool_are_to_be_dropped(change: Facts) -> None:
    pools = [{"InstanceType": GPU, "Priority": 1}, {"InstanceType": "ml.p5.48xlarge", "Priority": 2}]
    pooled = replace(
        change,
        current_config=a_config(CURRENT, "AllTraffic", InstanceType=None, InstancePools=pools),
        target_config=a_config(TARGET, "AllTraffic", InstanceType=None, InstancePools=pools)
        if change is UPDATE
        else None,
    )
    level, _, step = quota_of(pooled, needing(20, 4), needing(0, 0, kind="ml.p5.48xlarge"))
    assert level is Level.BLOCKER
    assert step.startswith("Drop ml.p5.48xlarge from the instance pools: SageMaker checks the quota of every type")


@pytest.mark.parametrize(
    ("facts", "is_proposed"),
    [
        (replace(UPDATE, shape=FOUR), True),
        (UPDATE, False),
        (replace(UPDATE, shape=replace(FOUR, is_marketplace=True)), False),
        (replace(UPDATE, shape=replace(FOUR, variants=(VariantShape(name="AllTraffic"),))), False),
        (replace(UPDATE, shape=FOUR, strategy=Strategy(type=StrategyType.ROLLING)), False),
        (replace(SCALE, shape=FOUR), False),
    ],
)
def test_rolling_is_proposed_only_where_it_can_be_had(facts: Facts, is_proposed: bool) -> None:
    _, _, step = quota_of(facts, needing(5, 4))
    assert ("--strategy rolling" in step) is is_proposed


def test_a_count_of_ours_never_stands_in_the_way_back() -> None:
    level, text, _ = quota_of(ROLLBACK, needing(5, 4))
    assert level is Level.WARNING
    assert text.endswith("SageMaker may refuse the way back and leave the endpoint as it is.")


def test_a_change_of_counts_speaks_of_itself() -> None:
    assert "the change needs 4 more." in quota_of(SCALE, needing(20, 4))[1]
