"""Which rows of the board somebody asked to see."""

import pytest
from fakes.facts import a_spec

from bot.domain.board import Standing
from bot.domain.commands import Status
from bot.domain.rows import chosen
from bot.domain.states import BoardState

SHARED = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/abalonemodels"
SPECS = {
    "named": a_spec(name="named", model_package_group="AbaloneModels"),
    "shared": a_spec(name="shared", model_package_group=SHARED),
    "other": a_spec(name="other", model_package_group="AbaloneModels-2"),
}
ROWS = [Standing(endpoint=name, state=BoardState.UP_TO_DATE) for name in (*SPECS, "undeclared")]


@pytest.mark.parametrize("group", ["AbaloneModels", "abalonemodels", SHARED])
def test_a_group_is_found_however_the_file_and_the_person_spell_it(group: str) -> None:
    assert [row.endpoint for row in chosen(ROWS, SPECS, Status(group=group), "U0ANNA")] == ["named", "shared"]
