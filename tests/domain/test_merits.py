"""Two versions by their metrics."""

import pytest

from bot.domain.merits import Effect, Merits, Score, compare, direction_of


def merits(label: str = "v", *problems: str, **scores: float) -> Merits:
    said = {name: Score(value=value, source="MLflow") for name, value in scores.items()}
    return Merits(label=label, scores=said, problems=problems)


def effects(first: Merits, second: Merits, **declared: str) -> dict[str, Effect]:
    return {m.name: m.effect for m in compare(first, second, declared).merits}


def test_the_fleet_file_says_which_way_is_better():
    first, second = merits(throughput=10, cost=2), merits(throughput=11, cost=3)
    assert effects(first, second, throughput="higher", cost="lower") == {
        "throughput": Effect.BETTER,
        "cost": Effect.WORSE,
    }


def test_what_nobody_declared_and_no_name_tells_has_only_changed():
    assert effects(merits(zeta=1), merits(zeta=2)) == {"zeta": Effect.CHANGED}


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("accuracy", "higher"),
        ("val_loss", "lower"),
        ("test/WER", "lower"),
        ("f1-macro", "higher"),
        ("validation_f1_macro", "higher"),
        ("lossless", None),
        ("accuracy_parity_gap", None),
    ],
)
def test_common_names_tell_which_way_is_better(name: str, direction: str | None):
    assert direction_of(name, {}) == direction


def test_what_is_declared_wins_over_the_name():
    assert direction_of("accuracy", {"accuracy": "lower"}) == "lower"


def test_what_is_worse_comes_first():
    first = merits(accuracy=0.9, wer=0.08, auc=0.8, gone=1, same=2)
    second = merits(accuracy=0.91, wer=0.09, auc=0.7, new=1, same=2)
    assert list(effects(first, second)) == ["auc", "wer", "accuracy", "same", "gone", "new"]


def test_equal_values_are_the_same_however_they_were_computed():
    assert effects(merits(auc=0.1 + 0.2), merits(auc=0.3)) == {"auc": Effect.SAME}


def test_a_problem_of_both_is_said_once():
    down = "MLflow did not answer."
    assert compare(merits("a", down), merits("b", down, "No run."), {}).problems == (down, "No run.")
