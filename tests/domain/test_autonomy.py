"""What the bot may do without a person."""

from itertools import product

import pytest
from fakes.clock import NOW
from fakes.records import ANNA, BEN, WATCH, a_plan, a_verdict, approved_by, at, rollback_at

from bot.domain.autonomy import may_go_back_alone, restraint_on
from bot.domain.phases import AWS_ACTOR, BOT_ACTOR, Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.verdict import Verdict, VerdictKind
from bot.domain.watchplan import Acceptance, Extension, Restraint

OWN = rollback_at(Phase.ROLLED_BACK, requester=BOT_ACTOR)


def regressed(*, is_hard: bool = False, may_act: bool = True) -> Verdict:
    return a_verdict(VerdictKind.REGRESSED).model_copy(update={"is_hard": is_hard, "may_act": may_act})


def watched(policy: str, **fields: object) -> Rollout:
    return at(Phase.WATCHING, watch=WATCH.model_copy(update={"auto_rollback": policy}), **fields)


def by_the_bot() -> Rollout:
    """A rollout that nobody asked for or approved, as a policy of `auto` makes them."""
    rollout = at(Phase.WATCHING, requester=BOT_ACTOR, approvals=())
    steps = tuple(step.model_copy(update={"actor": BOT_ACTOR}) for step in rollout.transitions)
    return rollout.with_(transitions=steps)


@pytest.mark.parametrize(("policy", "is_hard"), list(product(("off", "hard", "all"), (True, False))))
def test_the_fleet_file_says_how_far_the_bot_goes_by_itself(policy: str, is_hard: bool) -> None:
    expected = {
        ("off", True): Restraint.SWITCHED_OFF,
        ("off", False): Restraint.SWITCHED_OFF,
        ("hard", False): Restraint.NO_LIMIT_CROSSED,
    }
    found = restraint_on(watched(policy), regressed(is_hard=is_hard), may_go_back_alone=True)
    assert found is expected.get((policy, is_hard))


def test_what_is_not_grave_is_left_to_people() -> None:
    mild = regressed(is_hard=True, may_act=False)
    assert restraint_on(watched("all"), mild, may_go_back_alone=True) is Restraint.NOT_GRAVE


def test_what_somebody_accepted_stays() -> None:
    accepted = watched("all", acceptance=Acceptance(actor=BEN, at=NOW))
    assert restraint_on(accepted, regressed(is_hard=True), may_go_back_alone=True) is Restraint.ACCEPTED


def test_a_change_that_no_rollback_can_undo_is_left_to_people() -> None:
    one_way = watched("all", plan=a_plan(irreversible=("The model model-v3 was deleted.",)))
    found = restraint_on(one_way, regressed(is_hard=True), may_go_back_alone=True)
    assert found is Restraint.NO_WAY_BACK


def test_a_second_time_in_a_row_is_left_to_people() -> None:
    found = restraint_on(watched("all"), regressed(is_hard=True), may_go_back_alone=False)
    assert found is Restraint.TWICE_IN_A_ROW


def test_the_first_time_needs_nobody() -> None:
    assert may_go_back_alone(by_the_bot(), [])
    assert may_go_back_alone(by_the_bot(), [at(Phase.SUCCEEDED), at(Phase.ROLLED_BACK)])


def test_after_a_rollback_of_its_own_the_bot_needs_a_person() -> None:
    assert not may_go_back_alone(by_the_bot(), [at(Phase.SUCCEEDED), OWN])
    assert may_go_back_alone(by_the_bot(), [rollback_at(Phase.ROLLED_BACK, requester=BEN), OWN])


def test_another_bad_version_is_taken_back_too_for_the_first_is_held():
    def of(package: str) -> Rollout:
        return by_the_bot().with_(plan=a_plan(package_arn=package))

    first = of("sentiment/4").with_(phase=Phase.ROLLED_BACK)
    assert may_go_back_alone(of("sentiment/5").with_(id="rnext234"), [OWN, first])
    assert not may_go_back_alone(of("sentiment/4").with_(id="rnext234"), [OWN, first])


def test_a_way_back_that_led_nowhere_does_not_count() -> None:
    assert may_go_back_alone(by_the_bot(), [rollback_at(Phase.FAILED, requester=BOT_ACTOR)])


@pytest.mark.parametrize(
    "fields",
    [
        {"requester": ANNA},
        {"approvals": approved_by(BEN)},
        {"extensions": (Extension(actor=BEN, at=NOW, by=WATCH.duration),)},
    ],
)
def test_a_person_who_asked_approved_or_had_it_watched_for_longer_is_enough(fields: dict[str, object]) -> None:
    assert may_go_back_alone(by_the_bot().with_(**fields), [OWN])


def test_a_person_who_pressed_any_button_is_enough() -> None:
    pressed = by_the_bot().to(Phase.SUCCEEDED, Reason.WATCH_OVER, NOW, BOT_ACTOR)
    pressed = pressed.to(Phase.WATCHING, Reason.WATCH_RESUMED, NOW, BEN)
    assert may_go_back_alone(pressed, [OWN])


@pytest.mark.parametrize("who", [BOT_ACTOR, AWS_ACTOR, "terminal:ops"])
def test_a_script_is_no_person(who: str) -> None:
    assert not may_go_back_alone(by_the_bot().with_(requester=who), [OWN])
