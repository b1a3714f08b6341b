from datetime import timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from judging_worlds import BEGINNING, MINUTE

from workers.judging import dense

COUNT = 12
points = st.lists(st.tuples(st.integers(-3, COUNT + 3), st.floats(0, 1e6)), max_size=30)


def placed(some: list[tuple[int, float]]) -> np.ndarray:
    return dense([(BEGINNING + place * MINUTE, value) for place, value in some], BEGINNING, MINUTE, COUNT)


@given(points, st.randoms(use_true_random=False))
def test_order_of_arrival_does_not_matter(some, random):
    shuffled = list(some)
    random.shuffle(shuffled)
    np.testing.assert_array_equal(placed(some), placed(shuffled))


@given(points)
def test_a_point_that_is_told_twice_counts_once(some):
    np.testing.assert_array_equal(placed(some), placed(some + some))


def test_missing_periods_are_not_zero():
    assert np.isnan(placed([(3, 5.0)])).sum() == COUNT - 1
    assert placed([(3, 5.0)])[3] == 5.0


def test_a_datapoint_that_was_added_to_later_stands_as_it_is_now():
    assert placed([(0, 7.0), (0, 4.0)])[0] == 7.0


def test_a_point_within_a_period_belongs_to_it():
    found = dense([(BEGINNING + timedelta(seconds=90), 1.0)], BEGINNING, MINUTE, 3)
    assert found[1] == 1.0
