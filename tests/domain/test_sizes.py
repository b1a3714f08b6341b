"""Sizes and bakes as people write them."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from bot.domain.sizes import Size, StepSize, TypedSize, check_bake, check_size


class Written(BaseModel):
    """One size of each sort."""

    in_file: Size | None = None
    typed: TypedSize | None = None


def percent(value: int) -> StepSize:
    return StepSize(unit="percent", value=value)


def instances(value: int) -> StepSize:
    return StepSize(unit="instances", value=value)


@pytest.mark.parametrize(
    ("size", "fleet", "some"),
    [
        (percent(10), 4, 1),
        (percent(25), 4, 1),
        (percent(26), 4, 2),
        (percent(50), 3, 2),
        (percent(1), 1, 1),
        (percent(10), 0, 1),
        (instances(3), 8, 3),
    ],
)
def test_a_percentage_is_rounded_up_to_whole_instances(size: StepSize, fleet: int, some: int) -> None:
    assert size.of(fleet) == some


@given(st.integers(1, 100), st.integers(1, 1_000))
def test_a_share_of_a_fleet_is_at_least_one_instance_and_less_than_one_too_many(share: int, fleet: int) -> None:
    some = percent(share).of(fleet)
    assert 1 <= some <= fleet
    assert 0 <= 100 * some - share * fleet < 100


def test_a_command_may_give_a_number_as_text_and_a_file_may_not() -> None:
    assert Written.model_validate({"typed": "3"}).typed == instances(3)
    with pytest.raises(ValidationError, match="“3” is no size"):
        Written.model_validate({"in_file": "3"})


@pytest.mark.parametrize("wrong", ["", "0", "x", "10 percent", "1000%", "-1", "٣", 0, True, 2.5, None])
def test_anything_else_is_no_size(wrong: object) -> None:
    with pytest.raises(ValidationError):
        Written.model_validate({"typed": wrong if wrong is not None else []})


@given(st.builds(StepSize, unit=st.sampled_from(["percent", "instances"]), value=st.integers(1, 999)))
def test_a_size_travels_as_json(size: StepSize) -> None:
    for sizes in (Written(typed=size), Written(in_file=size)):
        assert Written.model_validate_json(sizes.model_dump_json()) == sizes


@pytest.mark.parametrize(
    ("strategy", "size", "said"),
    [
        ("all-at-once", percent(10), "means nothing for all-at-once"),
        ("canary", percent(51), "must be from 1% to 50% for canary"),
        ("linear", percent(9), "must be from 10% to 50% for linear"),
        ("rolling", percent(4), "must be from 5% to 50% for rolling"),
        ("two-variant", percent(100), "must be from 1% to 99% for two-variant"),
        ("two-variant", instances(1), "must be a percentage of the traffic"),
    ],
)
def test_a_size_that_no_fleet_could_make_right_is_refused(strategy: str, size: StepSize, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        check_size(strategy, size)


def test_the_limits_themselves_are_allowed() -> None:
    for strategy, (low, high) in {"canary": (1, 50), "linear": (10, 50), "rolling": (5, 50)}.items():
        check_size(strategy, percent(low))
        check_size(strategy, percent(high))
        check_size(strategy, instances(7))
    check_bake(timedelta(hours=1))
    with pytest.raises(ValueError, match="at most 1h"):
        check_bake(timedelta(hours=1, seconds=1))
