"""Commands and changes as values."""

import pytest
from pydantic import ValidationError

from bot.domain.commands import COMMANDS, Change, Promote, Rollback, Status
from bot.domain.problems import problem_of
from bot.domain.states import BoardState


@pytest.mark.parametrize(
    ("change", "wants_newest"),
    [
        (Change(), True),
        (Change(version="latest"), True),
        (Change(version="latest", count=2), True),
        (Change(version=4), False),
        (Change(instance_type="ml.m5.large"), False),
        (Change(env={"A": "1"}), False),
        (Change(unset=("A",)), False),
    ],
)
def test_only_asking_for_nothing_or_for_latest_means_the_newest_version(change, wants_newest):
    assert change.wants_newest is wants_newest


def test_variable_that_is_unset_twice_is_unset_once():
    assert Change(unset=("B", "A", "B")).unset == ("B", "A")


@pytest.mark.parametrize(
    "wrong",
    [
        {"version": 0},
        {"version": True},
        {"version": "1" * 10},
        {"count": 0},
        {"instance_type": "m5.large"},
        {"package": "arn:aws:sagemaker:us-east-1:1:model-package/x"},
        {"package": "arn:aws:sagemaker:us-east-1:123456789012:model-package/x/0"},
        {"image": "two words"},
        {"image": "x" * 256},
        {"env": {"A": "x" * 1025}},
        {"env": {"A-B": "x"}},
        {"unset": ["1A"]},
        {"env": {"A": "1"}, "unset": ["A"]},
        {"strategy": "canary"},
    ],
)
def test_impossible_change_is_refused(wrong):
    with pytest.raises(ValidationError):
        Change.model_validate(wrong)


def test_command_is_known_by_its_name():
    assert COMMANDS.validate_python({"name": "promote", "endpoint": "a"}) == Promote(endpoint="a")


def test_command_that_does_not_exist_is_refused():
    with pytest.raises(ValidationError):
        COMMANDS.validate_python({"name": "destroy", "endpoint": "a"})


def test_command_cannot_be_changed_after_it_was_read():
    with pytest.raises(ValidationError):
        Promote(endpoint="a").endpoint = "b"


def test_rollback_needs_an_endpoint_or_a_rollout():
    with pytest.raises(ValidationError, match="name the endpoint, or the rollout"):
        Rollback()


def test_rollback_with_a_wrong_endpoint_is_told_about_the_endpoint_only():
    with pytest.raises(ValidationError) as caught:
        Rollback(endpoint="two words")
    assert [problem_of(error) for error in caught.value.errors()] == ["“two words” cannot be an endpoint's name"]


def test_problem_that_we_never_raise_keeps_pydantics_words():
    with pytest.raises(ValidationError) as caught:
        COMMANDS.validate_json("{")
    assert "Invalid JSON" in problem_of(caught.value.errors()[0])


@pytest.mark.parametrize("typed", ["out of date", "out-of-date", "OUT_OF_DATE", "Out_Of_Date"])
def test_a_state_of_the_board_is_read_however_it_is_written(typed: str):
    assert Status.model_validate({"states": [typed, "OUT_OF_DATE"]}).states == (BoardState.OUT_OF_DATE,)


@pytest.mark.parametrize(
    ("typed", "owner"), [("<@U0ANNA>", "U0ANNA"), ("<@U0ANNA|anna>", "U0ANNA"), ("U0ANNA", "U0ANNA"), ("ME", "me")]
)
def test_an_owner_is_mentioned_named_by_id_or_oneself(typed: str, owner: str):
    assert Status.model_validate({"owner": typed}).owner == owner


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ({"states": ["broken"]}, "“broken” is no state of the board: there are FAILED, "),
        ({"owner": "@anna"}, "“@anna” is nobody: mention somebody"),
        ({"page": "0"}, "“0” is no page"),
        ({"endpoint": "stt-prod", "page": 2}, "name one endpoint, or choose rows of the board: not both"),
        ({"endpoint": "stt-prod", "states": ["HELD"]}, "name one endpoint, or choose rows"),
    ],
)
def test_rows_of_the_board_that_cannot_be_chosen_are_refused(said: dict[str, object], problem: str):
    with pytest.raises(ValidationError) as refused:
        Status.model_validate(said)
    assert problem in str(refused.value)


def test_a_pattern_asks_for_rows_and_a_name_for_one_endpoint():
    assert Status().is_board
    assert Status(endpoint="sentiment-*", page=2).is_board
    assert not Status(endpoint="sentiment-prod").is_board


@pytest.mark.parametrize("said", [{"states": [3]}, {"owner": 3}, {"policy": 3}, {"page": 0}])
def test_rows_that_are_chosen_by_no_text_at_all_are_refused(said: dict[str, object]):
    with pytest.raises(ValidationError):
        Status.model_validate(said)


def test_several_states_may_be_named_at_once():
    assert Status(states=("held,drifted", "HELD")).states == (BoardState.HELD, BoardState.DRIFTED)
