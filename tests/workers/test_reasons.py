"""A rejection acts at once; why is asked afterwards, and whatever becomes of the question, the rejection stands."""

import pytest
from fakes.engine import Engine
from fakes.failing import lost, throttled
from fakes.messenger import Posted
from fakes.records import ANNA, BEN, CARL

from bot.domain.errand import Click, FormContext
from bot.domain.errors import SlackRefused
from bot.domain.phases import Phase
from bot.messages.ids import InputId

TOO_LATE = SlackRefused("views.open", "expired_trigger_id")


def told(engine: Engine, user: str) -> str:
    return "\n".join(text for who, text in engine.slack.whispers if who == user)


def rejected(engine: Engine, by: str = BEN) -> str:
    rollout_id = engine.promote()
    engine.press("Reject", by=by, delivery="trigger reject")
    engine.tell()
    assert engine.phase(rollout_id) is Phase.REJECTED
    return rollout_id


def ending(engine: Engine) -> Posted:
    return engine.slack.shown("ending")


def test_one_press_rejects_and_then_the_rejecter_is_asked_why(engine: Engine) -> None:
    rollout_id = rejected(engine)
    ((trigger_id, view),) = engine.slack.views
    assert trigger_id == "trigger reject"
    card = engine.slack.shown("card")
    context = FormContext(rollout_id=rollout_id, channel_id=card.channel, thread_ts=card.ts)
    assert FormContext.model_validate_json(view["private_metadata"]) == context


def test_the_reason_is_read_in_the_thread_in_the_history_and_the_button_goes(engine: Engine) -> None:
    rejected(engine)
    assert list(ending(engine).buttons) == ["Add a reason"]
    engine.submit({InputId.REASON: "too risky today\nwait for Monday"}, by=BEN)
    engine.tell()
    assert ending(engine).words.startswith("Rejected by @U0BEN:\n> too risky today\n> wait for Monday")
    assert ending(engine).buttons == {}
    assert "Rejected by @U0BEN: too risky today wait for Monday, " in engine.slack.shown("plan").words
    assert "@U0BEN said no; the thread says why." in engine.slack.shown("card").words
    assert "rejected (“too risky today wait for Monday”)" in engine.ask("history")


@pytest.mark.parametrize("values", [{}, {InputId.REASON: "  "}])
def test_a_form_that_is_sent_empty_changes_nothing(engine: Engine, values: dict[InputId, str]) -> None:
    rollout_id = rejected(engine)
    before = engine.rollout(rollout_id)
    engine.submit(values, by=BEN)
    engine.tell()
    assert engine.rollout(rollout_id) == before
    assert list(ending(engine).buttons) == ["Add a reason"]
    assert engine.slack.whispers == []


@pytest.mark.parametrize("trouble", [TOO_LATE, throttled("views.open"), lost("views.open")])
def test_a_form_that_slack_does_not_open_costs_the_rejection_nothing(engine: Engine, trouble: Exception) -> None:
    engine.slack.fail("open_view", trouble)
    rejected(engine)
    assert engine.slack.count("open_view") == 1
    assert engine.slack.whispers == []
    assert list(ending(engine).buttons) == ["Add a reason"]


def test_the_reason_can_be_added_later(engine: Engine) -> None:
    engine.slack.fail("open_view", TOO_LATE)
    rejected(engine)
    engine.press("Add a reason", by=BEN)
    engine.submit({InputId.REASON: "too risky"}, by=BEN)
    engine.tell()
    assert "> too risky" in ending(engine).words


def test_nobody_else_gives_the_rejecters_reason(engine: Engine) -> None:
    rollout_id = rejected(engine)
    engine.press("Add a reason", by=CARL)
    assert "Only <@U0BEN>, who rejected this, can say why." in told(engine, CARL)
    assert len(engine.slack.views) == 1
    engine.submit({InputId.REASON: "I speak for Ben"}, by=ANNA)
    assert "Only <@U0BEN>, who rejected this, can say why." in told(engine, ANNA)
    assert engine.rollout(rollout_id).approvals[-1].reason == ""


def test_a_second_reason_is_refused_and_the_first_one_stays(engine: Engine) -> None:
    rollout_id = rejected(engine)
    button = ending(engine).buttons["Add a reason"]
    engine.submit({InputId.REASON: "too risky"}, by=BEN)
    engine.submit({InputId.REASON: "on second thoughts"}, by=BEN)
    engine.tell()
    assert "stands in the thread already" in told(engine, BEN)
    assert engine.rollout(rollout_id).approvals[-1].reason == "too risky"
    engine.click(Click.ADD_REASON, button["value"], by=BEN, on=ending(engine))
    assert len(engine.slack.views) == 1


def test_a_late_press_of_the_button_is_answered(engine: Engine) -> None:
    rejected(engine)
    for trouble in (TOO_LATE, throttled("views.open")):
        engine.slack.whispers.clear()
        engine.slack.fail("open_view", trouble)
        engine.press("Add a reason", by=BEN)
        assert "Slack did not open the form in time. Nothing was changed; press Add a reason again." in told(
            engine, BEN
        )


def test_an_errand_that_is_run_again_after_the_form_was_opened_says_nothing(engine: Engine) -> None:
    rejected(engine)
    engine.slack.fail("open_view", SlackRefused("views.open", "exchanged_trigger_id"))
    engine.press("Add a reason", by=BEN)
    assert engine.slack.whispers == []


def test_the_same_form_delivered_twice_is_kept_once(engine: Engine) -> None:
    rollout_id = rejected(engine)
    for _ in range(2):
        engine.submit({InputId.REASON: "too risky"}, by=BEN, delivery="view V1")
    assert engine.rollout(rollout_id).approvals[-1].reason == "too risky"
    assert engine.slack.whispers == []


def test_a_store_that_was_emptied_keeps_no_reason_and_says_so(engine: Engine) -> None:
    rejected(engine)
    shown = ending(engine)
    engine.redis.flushall()
    engine.press("Add a reason", by=BEN, on=shown)
    engine.submit({InputId.REASON: "too risky"}, by=BEN)
    assert told(engine, BEN).count("Your reason was not kept; write it into the thread.") == 2


def test_a_requester_who_rejects_is_asked_too(engine: Engine) -> None:
    rejected(engine, by=ANNA)
    engine.submit({InputId.REASON: "wrong version"}, by=ANNA)
    engine.tell()
    assert ending(engine).words.startswith("Rejected by @U0ANNA:\n> wrong version")
