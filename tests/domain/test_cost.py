"""What a change costs while it runs and afterwards."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.cost import (
    BilledVariant,
    Cost,
    billed_variants,
    cost_of,
    cost_sentence,
    instance_types_of,
    running_cost_sentence,
)
from bot.domain.sizes import StepSize
from bot.domain.strategy import Strategy, StrategyType

BAKE = timedelta(minutes=10)
ALL_AT_ONCE = Strategy()
BAKED = Strategy(bake=BAKE)
CANARY = Strategy(type=StrategyType.CANARY, size=StepSize(unit="percent", value=10), bake=BAKE)
ROLLING = Strategy(type=StrategyType.ROLLING, size=StepSize(unit="percent", value=25), bake=BAKE)
TWO_VARIANT = Strategy(type=StrategyType.TWO_VARIANT, size=StepSize(unit="percent", value=10), bake=BAKE)

PRICES = {"ml.g5.2xlarge": Decimal("1.515"), "ml.g5.xlarge": Decimal("1.408"), "ml.m5.xlarge": Decimal("0.23")}
HALF_AN_HOUR = timedelta(minutes=30)


def fleet(*variants):
    return tuple(BilledVariant(name=f"v{i}", instance_types=types, count=n) for i, (types, n) in enumerate(variants))


TWO_G5 = fleet((("ml.g5.2xlarge",), 2))


@pytest.mark.parametrize(
    ("strategy", "extra_of", "extra"),
    [
        (None, "nothing", "0"),
        (ALL_AT_ONCE, "nothing", "0"),
        (BAKED, "a second fleet", "3.03"),
        (CANARY, "a second fleet", "3.03"),
        (TWO_VARIANT, "a second fleet", "3.03"),
        (ROLLING, "one batch more", "1.515"),
    ],
)
def test_second_fleet_is_billed_when_traffic_moves_in_steps_or_bakes(strategy, extra_of, extra):
    cost = cost_of(
        TWO_G5, fleet((("ml.g5.2xlarge",), 4)) if strategy is ROLLING else TWO_G5, strategy, HALF_AN_HOUR, PRICES
    )
    assert cost.extra_of == extra_of
    assert cost.extra_per_hour == Decimal(extra)
    assert cost.extra_during == Decimal(extra) / 2


def test_fleet_is_read_from_the_config_with_live_counts_and_shadow_variants():
    config = {
        "ProductionVariants": [
            {"VariantName": "a", "InstanceType": "ml.g5.xlarge", "InitialInstanceCount": 1},
            {
                "VariantName": "b",
                "InstancePools": [{"InstanceType": "ml.g5.xlarge"}, {"InstanceType": "ml.g5.2xlarge"}],
            },
            {"VariantName": "c", "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}},
        ],
        "ShadowProductionVariants": [{"VariantName": "s", "InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 3}],
    }
    billed = billed_variants(config, {"a": 6})
    assert [(v.name, v.instance_types, v.count) for v in billed] == [
        ("a", ("ml.g5.xlarge",), 6),
        ("b", ("ml.g5.xlarge", "ml.g5.2xlarge"), 1),
        ("c", (), 0),
        ("s", ("ml.m5.xlarge",), 3),
    ]
    assert instance_types_of(billed, TWO_G5) == ("ml.g5.2xlarge", "ml.g5.xlarge", "ml.m5.xlarge")
    assert [v.count for v in billed_variants(config)] == [1, 1, 0, 3]


def test_instance_pools_are_counted_at_their_dearest_type():
    cost = cost_of(TWO_G5, fleet((("ml.g5.xlarge", "ml.g5.2xlarge"), 2)), BAKED, HALF_AN_HOUR, PRICES)
    assert cost.per_hour_after == Decimal("3.03")
    assert cost.is_upper_bound
    assert "Instance pools are counted at their dearest type." in cost_sentence(cost)


def test_one_type_without_a_price_makes_the_whole_unknown_and_is_named():
    cost = cost_of(TWO_G5, fleet((("ml.g5.2xlarge",), 2), (("ml.p9.large",), 1)), BAKED, HALF_AN_HOUR, PRICES)
    assert (cost.extra_during, cost.per_hour_before, cost.per_hour_after) == (None, Decimal("3.03"), None)
    assert cost_sentence(cost) == (
        "What a second fleet costs during the update is not known; afterwards $3.03 → unknown an hour. "
        "No price is known for ml.p9.large."
    )


@pytest.mark.parametrize(
    ("current", "target", "strategy", "duration", "sentence"),
    [
        (
            TWO_G5,
            fleet((("ml.g5.2xlarge",), 4)),
            CANARY,
            timedelta(minutes=12),
            "$1.21 for about 12 minutes of a second fleet; afterwards $3.03 → $6.06 an hour.",
        ),
        (
            TWO_G5,
            TWO_G5,
            ALL_AT_ONCE,
            HALF_AN_HOUR,
            "Nothing extra during the update; afterwards $3.03 an hour as before.",
        ),
        (
            TWO_G5,
            TWO_G5,
            CANARY,
            None,
            "$3.03 an hour for a second fleet, as long as the update takes; afterwards $3.03 an hour as before.",
        ),
        (
            TWO_G5,
            fleet((("ml.g5.2xlarge",), 900)),
            ROLLING,
            timedelta(hours=3),
            "$1,022.62 for about 3 hours of one batch more; afterwards $3.03 → $1,363.50 an hour.",
        ),
        (
            fleet((("ml.m5.xlarge",), 1)),
            fleet((("ml.m5.xlarge",), 1)),
            BAKED,
            timedelta(seconds=40),
            "Under $0.01 for about 1 minute of a second fleet; afterwards $0.23 an hour as before.",
        ),
        (
            fleet((("ml.p9.large",), 1)),
            fleet((("ml.p9.large",), 2)),
            ALL_AT_ONCE,
            HALF_AN_HOUR,
            "Nothing extra during the update; the price per hour is not known. No price is known for ml.p9.large.",
        ),
        (
            fleet(((), 0)),
            fleet(((), 0)),
            BAKED,
            HALF_AN_HOUR,
            "Nothing extra during the update; afterwards $0.00 an hour as before. "
            "Serverless capacity is billed by use and not in these numbers.",
        ),
    ],
)
def test_cost_reads_as_a_sentence(current, target, strategy, duration, sentence):
    assert cost_sentence(cost_of(current, target, strategy, duration, PRICES)) == sentence


def test_serverless_capacity_costs_no_instances_and_what_is_kept_warm_is_said_to_be_billed():
    def sentence(**size: int) -> str:
        variant = {"VariantName": "a", "ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5, **size}}
        return running_cost_sentence(
            cost_of((), billed_variants({"ProductionVariants": [variant]}), None, None, PRICES)
        )

    assert sentence() == ("No instances are billed. Serverless capacity is billed by use and not in these numbers.")
    assert sentence(ProvisionedConcurrency=2) == (
        "No instances are billed. Serverless capacity is billed by use, and its provisioned concurrency for every hour, used or "
        "not; neither is in these numbers."
    )


def test_price_of_a_marketplace_product_is_said_to_be_missing():
    cost = cost_of(TWO_G5, TWO_G5, ALL_AT_ONCE, HALF_AN_HOUR, PRICES)
    assert cost_sentence(cost, is_marketplace=True).endswith("The AWS Marketplace product's own price comes on top.")


FLEETS = st.lists(
    st.builds(
        BilledVariant,
        name=st.just("v"),
        instance_types=st.lists(st.sampled_from([*PRICES, "ml.p9.large"]), max_size=3).map(tuple),
        count=st.integers(0, 1000),
    ),
    max_size=3,
)
STRATEGIES = st.sampled_from([None, ALL_AT_ONCE, BAKED, CANARY, ROLLING, TWO_VARIANT])
DURATIONS = st.none() | st.timedeltas(timedelta(seconds=1), timedelta(hours=8))


@given(FLEETS, FLEETS, STRATEGIES, DURATIONS)
@example([], [BilledVariant(name="v", instance_types=("ml.m5.xlarge",), count=0)], ROLLING, None)
def test_costs_are_exact_never_negative_and_never_more_than_a_second_fleet(current, target, strategy, duration):
    cost = cost_of(current, target, strategy, duration, PRICES)
    amounts = (cost.extra_during, cost.extra_per_hour, cost.per_hour_before, cost.per_hour_after)
    assert all(amount is None or amount >= 0 for amount in amounts)
    if cost.per_hour_after is not None:
        assert cost.extra_per_hour is not None
        assert cost.extra_per_hour <= cost.per_hour_after
    assert cost_sentence(cost)


@given(FLEETS, FLEETS, STRATEGIES, DURATIONS)
def test_cost_survives_being_stored(current, target, strategy, duration):
    cost = cost_of(current, target, strategy, duration, PRICES)
    assert Cost.model_validate_json(cost.model_dump_json()) == cost
