"""The engine over fakes."""

from collections.abc import Iterator

import pytest
from fakes.counted import CountedFleet
from fakes.engine import Engine


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()


@pytest.fixture
def fleet() -> Iterator[CountedFleet]:
    made = CountedFleet()
    yield made
    made.close()
