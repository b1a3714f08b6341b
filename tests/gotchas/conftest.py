"""The engine over fakes, as the workers' own tests have it."""

from collections.abc import Iterator

import pytest
from fakes.engine import Engine


@pytest.fixture
def engine() -> Iterator[Engine]:
    made = Engine()
    yield made
    made.close()
