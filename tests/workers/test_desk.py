"""Questions and their answers: in Slack, in a thread, in a terminal."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fakes.account import UPDATING
from fakes.engine import CHANNEL, FLEET, Engine, a_model
from fakes.failing import lost, throttled
from fakes.records import ANNA, BEN, CARL, CURRENT, ENDPOINT
from fakes.surroundings import a_target

from bot.domain.endpoint import EndpointStatus
from bot.domain.errand import ReplyTo
from bot.domain.errors import AccessDenied, SlackRefused, UnknownName, UsageError
from bot.domain.phases import Phase
from bot.queue import QueueName


def test_the_board_shows_what_runs_and_what_may_follow(engine: Engine) -> None:
    assert engine.ask("status").startswith(
        f"Fleet: 1 endpoint · 1 out of date\n\n"
        f"{ENDPOINT}: OUT_OF_DATE · runs sentiment version 3 · newest is sentiment version 5, since 5 d"
        " · waiting for approval: sentiment version 6\n\n"
        "OUT_OF_DATE: promote brings the newest version."
    )


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (throttled("DescribeEndpoint"), "UNKNOWN · DescribeEndpoint got no answer that counts: throttled."),
        (
            AccessDenied(operation="DescribeEndpoint", code="AccessDenied"),
            "UNKNOWN · The bot's AWS role is not allowed",
        ),
    ],
)
def test_what_aws_does_not_tell_is_said_and_not_left_out(engine: Engine, error: Exception, words: str) -> None:
    engine.endpoints.fail("describe", *[error] * 5)
    assert words in engine.ask("status")


def test_an_endpoint_that_does_not_exist_is_not_deployed(engine: Engine) -> None:
    engine.endpoints.endpoint = "another"
    assert f"{ENDPOINT}: NOT_DEPLOYED" in engine.ask("status")


def test_an_endpoint_whose_config_is_gone_says_so(engine: Engine) -> None:
    engine.endpoints.configs.clear()
    assert f"UNPATCHABLE · It serves on, but the endpoint config {CURRENT} was deleted" in engine.ask("status")


def test_a_registry_that_is_away_hides_nothing_of_the_endpoint(engine: Engine) -> None:
    engine.registry.fail("list_versions", *[throttled("ListModelPackages")] * 5)
    answer = engine.ask(f"status {ENDPOINT}")
    assert "Runs sentiment version 3." in answer
    assert "ListModelPackages got no answer" in answer


def test_an_endpoint_in_full(engine: Engine) -> None:
    rollout_id = engine.promoted()
    answer = engine.ask(f"status {ENDPOINT}")
    assert "SageMaker says InService, on config " in answer
    assert "AllTraffic: 2 of 2 × ml.m5.xlarge" in answer
    assert "No change of it is under way." in answer
    assert "sentiment version 3 → sentiment version 4: succeeded (PASS)" in answer
    assert rollout_id in answer


def test_while_it_is_changed_the_board_says_by_which_rollout(engine: Engine) -> None:
    engine.endpoints.plays([UPDATING] * 50)
    rollout_id = engine.promote()
    engine.press("Approve", by=BEN)
    assert f"{ENDPOINT}: UPDATING" in engine.ask("status")
    assert f"rollout {rollout_id} is updating" in engine.ask("status")
    assert f"Rollout {rollout_id} of @{ANNA} is updating." in engine.ask(f"status {ENDPOINT}")


def test_status_says_what_scales_an_endpoint_or_that_aws_does_not_tell(engine: Engine) -> None:
    engine.autoscaling.targets = {"AllTraffic": a_target(ENDPOINT)}
    assert "AllTraffic: 1 to 6 instances, SageMakerVariantInvocationsPerInstance held at 70" in engine.ask(
        f"status {ENDPOINT}"
    )
    engine.autoscaling.fail("read", throttled("DescribeScalableTargets"))
    assert "Unknown: AWS did not tell." in engine.ask(f"status {ENDPOINT}")


def test_who_waits_behind_whom_is_said_on_the_card_the_board_and_in_status(engine: Engine) -> None:
    engine.endpoints.plays([UPDATING] * 200)
    first = engine.promote()
    engine.press("Approve", by=BEN)
    second = engine.promote(5, by=CARL)
    engine.tell()
    assert f"Behind it waits: {second} of @{CARL}" in engine.slack.posted[0].words
    assert f"rollout {first} is updating · 1 more waits behind it" in engine.ask("status")
    in_full = engine.ask(f"status {ENDPOINT}")
    assert (
        f"Rollout {first} of @{ANNA} is updating.\nRollout {second} of @{CARL} waits behind rollout {first}." in in_full
    )
    engine.type(f"cancel {second}", by=CARL)
    engine.tell()
    assert "Behind it" not in engine.slack.posted[0].words


def test_history_tells_past_rollouts(engine: Engine) -> None:
    assert engine.ask("history") == "No rollout is known."
    rollout_id = engine.promote()
    assert "awaiting approval" in engine.ask("history")
    assert rollout_id in engine.ask(f"history {ENDPOINT}")


def test_a_plan_asks_for_nothing_and_keeps_nothing(engine: Engine) -> None:
    answer = engine.ask(f"plan {ENDPOINT} --version 4")
    assert answer.startswith(f"Plan for {ENDPOINT}: sentiment version 3 → sentiment version 4")
    assert engine.store.rollouts.recent() == ()
    assert engine.slack.posted == []


def test_what_a_thread_asks_is_answered_in_the_thread(engine: Engine) -> None:
    engine.type("status", reply=ReplyTo(user_id=ANNA, channel_id=CHANNEL, thread_ts="5.5"))
    (posted,) = engine.slack.posted
    assert (posted.channel, posted.thread_ts) == (CHANNEL, "5.5")


def test_who_cannot_be_told_of_a_freeze_for_long_is_not_told_that_nothing_was_changed(engine: Engine) -> None:
    engine.slack.fail("respond", *[lost("response_url")] * 6)
    engine.type('freeze --reason "incident 7"', by=BEN)
    engine.play(
        lambda: len(engine.slack.responses) > 0 and "response_url got no answer" in engine.slack.responses[-1][1]
    )
    told = engine.slack.responses[-1][1]
    assert told.endswith("How far it came is not known: look at status before you try again.")
    assert "Nothing was changed" not in told
    assert "Everything is frozen" in engine.ask(f"promote {ENDPOINT} --version 4")


def test_a_pattern_that_fits_nothing_is_answered_as_a_pattern(engine: Engine) -> None:
    answer = engine.ask("status zzz-*")
    assert answer == "There is no endpoint that is called like “zzz-*”. status shows all that there are."


def test_a_refusal_in_a_thread_is_seen_by_that_person_only(engine: Engine) -> None:
    reply = ReplyTo(user_id=ANNA, channel_id=CHANNEL, thread_ts="5.5")
    engine.type("cancel rxxxxxxx", reply=reply)
    ((who, text),) = engine.slack.whispers
    assert (who, "There is no rollout" in text) == (ANNA, True)


def test_unknown_names_never_reach_a_worker(engine: Engine) -> None:
    with pytest.raises(UnknownName, match="Did you mean sentiment-prod"):
        engine.type("status sentiment-prd")
    with pytest.raises(UsageError):
        engine.type("promot sentiment-prod")
    assert engine.next_due() is None


def test_a_terminal_gets_the_answer_and_its_exit_status() -> None:
    engine = Engine(FLEET.replace("region: us-east-1", f"region: us-east-1\n  channel: {CHANNEL}"))
    try:
        assert engine.terminal("status").exit_status == 0
        assert engine.terminal("cancel rxxxxxxx").exit_status == 2
        assert engine.terminal(f"plan {ENDPOINT} --version 7").exit_status == 1
        nothing = engine.terminal(f"plan {ENDPOINT} --version 3")
        assert (nothing.exit_status, "nothing to change" in nothing.text) == (0, True)
        opened = engine.terminal(f"promote {ENDPOINT}")
        assert opened.rollout_id is not None
        assert engine.phase(opened.rollout_id) is Phase.AWAITING_APPROVAL
        assert "*" not in opened.text
    finally:
        engine.close()


def test_a_terminal_needs_a_channel_to_tell_the_story_in(engine: Engine) -> None:
    answer = engine.terminal(f"promote {ENDPOINT}")
    assert answer.exit_status == 1
    assert "has no channel in the fleet file" in answer.text
    assert "Nothing was started." in answer.text


EXPIRED = SlackRefused("response_url", "expired_url")
NOT_THERE = SlackRefused("chat.postEphemeral", "not_in_channel")


def test_an_answer_that_came_too_late_for_its_response_url_is_given_to_that_person_all_the_same(engine: Engine) -> None:
    engine.slack.fail("respond", EXPIRED)
    engine.type("status")
    ((who, text),) = engine.slack.whispers
    assert (who, text.startswith("Fleet: ")) == (ANNA, True)


def test_a_refusal_that_came_too_late_for_its_response_url_is_given_to_that_person_all_the_same(engine: Engine) -> None:
    engine.slack.fail("respond", EXPIRED)
    engine.type("cancel rxxxxxxx")
    ((who, text),) = engine.slack.whispers
    assert (who, "There is no rollout" in text) == (ANNA, True)


def test_news_for_all_that_came_too_late_for_their_response_url_stand_in_the_channel(engine: Engine) -> None:
    engine.slack.fail("respond", EXPIRED)
    engine.type('freeze --reason "incident 7"', by=BEN)
    (posted,) = engine.slack.posted
    assert posted.channel == CHANNEL
    assert "incident 7" in posted.words


def test_where_the_bot_may_not_speak_a_late_answer_is_a_direct_message(engine: Engine) -> None:
    engine.slack.fail("respond", EXPIRED)
    engine.slack.fail("whisper", NOT_THERE)
    engine.type("status")
    (posted,) = engine.slack.posted
    assert (posted.channel, posted.words.startswith("Fleet: 1 endpoint")) == (ANNA, True)


def test_an_answer_that_slack_refuses_everywhere_ends_the_errand(engine: Engine) -> None:
    engine.slack.fail("respond", EXPIRED, EXPIRED)
    engine.slack.fail("whisper", NOT_THERE, NOT_THERE)
    engine.slack.fail("post", *[SlackRefused("chat.postMessage", "channel_not_found")] * 2)
    engine.type("status")
    assert engine.next_due() is None
    assert engine.crashes == []


def test_an_answer_that_slack_cannot_take_now_is_given_later(engine: Engine) -> None:
    engine.slack.fail("respond", throttled("response_url"))
    engine.type("status")
    engine.play(lambda: bool(engine.slack.responses))
    assert len(engine.slack.responses) == 1


def without_workers(engine: Engine, minutes: int, what: Callable[[], object]) -> None:
    """Something is typed or pressed, and the next worker runs only that much later."""
    engine.workers_are_busy = set(QueueName)
    what()
    engine.clock.tick(timedelta(minutes=minutes))
    engine.workers_are_busy = set()
    engine.settle()


def test_an_approval_that_no_worker_took_for_long_does_not_count_and_the_approver_hears_of_it(engine: Engine) -> None:
    rollout_id = engine.promote()
    without_workers(engine, 31, lambda: engine.press("Approve", by=BEN))
    assert engine.phase(rollout_id) is Phase.AWAITING_APPROVAL
    (said,) = [p for p in engine.slack.posted if p.channel == BEN]
    assert said.words == (
        f"The Approve that you pressed on rollout {rollout_id} of {ENDPOINT} 31 min ago was not done: the bot's workers did not run "
        "until now, and meanwhile things may have changed. Nothing was changed by it. Look at status, and ask again if it is still "
        "wanted."
    )
    engine.press("Approve", by=BEN)
    assert engine.phase(rollout_id) is not Phase.AWAITING_APPROVAL


def test_a_command_that_no_worker_took_for_long_is_told_without_its_options(engine: Engine) -> None:
    without_workers(engine, 90, lambda: engine.type(f"promote {ENDPOINT} --version 4 --env PLAIN=hunter2"))
    (said,) = engine.slack.posted
    assert said.words.startswith(f"The promote {ENDPOINT} that you asked for 1 h 30 min ago was not done")
    assert engine.store.rollouts.recent() == ()


def test_a_freeze_that_no_worker_took_for_long_holds_all_the_same(engine: Engine) -> None:
    without_workers(engine, 90, lambda: engine.type('freeze --reason "incident 7"', by=BEN))
    assert "incident 7" in engine.slack.responses[-1][1]
    assert "Everything is frozen" in engine.ask(f"promote {ENDPOINT} --version 4")


def test_who_cannot_be_told_at_once_that_it_was_too_late_is_told_later_and_it_stays_undone(engine: Engine) -> None:
    rollout_id = engine.promote()
    engine.slack.fail("post", throttled("chat.postMessage"))
    without_workers(engine, 31, lambda: engine.press("Approve", by=BEN))
    engine.play(lambda: any(p.channel == BEN for p in engine.slack.posted), limit=timedelta(minutes=5))
    assert [p.channel for p in engine.slack.posted].count(BEN) == 1
    assert engine.rollout(rollout_id).approvals == ()


def test_an_errand_that_somebody_is_at_is_left_to_them(engine: Engine) -> None:
    with engine.store.due.hold("errand", "e1", timedelta(seconds=10)):
        engine.parts.desk.run("e1")
    assert engine.slack.calls == []


@pytest.mark.parametrize("status", list(EndpointStatus))
def test_every_status_has_a_place_on_the_board(engine: Engine, status: EndpointStatus) -> None:
    engine.endpoints.status = status
    assert engine.ask("status").startswith("Fleet: 1 endpoint")


def test_what_is_called_by_no_package_is_called_by_its_image_or_model(engine: Engine) -> None:
    image = {"PrimaryContainer": {"Image": "1.dkr.ecr.us-east-1.amazonaws.com/stt:7"}}
    engine.endpoints.models["model-v3"] = a_model().model_copy(update={"document": image})
    assert "Runs stt:7." in engine.ask(f"status {ENDPOINT}")
    engine.endpoints.models["model-v3"] = a_model().model_copy(update={"document": {"PrimaryContainer": {}}})
    assert "Runs model-v3." in engine.ask(f"status {ENDPOINT}")
    engine.endpoints.models.clear()
    assert "Runs model-v3." in engine.ask(f"status {ENDPOINT}")
