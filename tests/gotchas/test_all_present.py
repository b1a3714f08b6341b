"""Every known way in which an endpoint update goes wrong has at least one test of its own."""

import re
from pathlib import Path

KNOWN = 27


def test_every_known_gotcha_has_a_test_that_bears_its_number() -> None:
    sources = "\n".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    tested = {int(number) for number in re.findall(r"^def test_gotcha_([0-9]{2})_", sources, re.MULTILINE)}
    assert tested == set(range(1, KNOWN + 1))
