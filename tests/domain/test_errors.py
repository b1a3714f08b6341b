"""What errors say, to people and to operators."""

import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest

from bot.domain import errors
from bot.domain.errors import (
    AccessDenied,
    AlarmsMissing,
    EndpointBusy,
    EndpointLocked,
    GatewayError,
    IllegalTransition,
    InvariantError,
    NotAllowed,
    NotDeclared,
    NotSubscribed,
    PlanDrifted,
    QuotaExceeded,
    ResourceBusy,
    ResourceExists,
    ResourceMissing,
    RevisionConflict,
    RolloutBotError,
    SlackRefused,
    StalePlan,
    StoreUnavailable,
    TransientError,
    UnknownName,
    UnknownRollout,
    UsageError,
    UserError,
)
from bot.domain.plan import Difference

CALL = {"operation": "CreateModel", "code": "ValidationException", "request_id": "req-1", "message": "No."}
SINCE = datetime(2026, 11, 22, 8, 5, tzinfo=timezone(timedelta(hours=1)))

EVERY_ERROR = [
    RolloutBotError("It went wrong.", detail="r-1"),
    UserError("No."),
    UsageError("No.", nearest=("a", "b"), usage="u", example="e"),
    UnknownName("endpoint", "x", ("y",)),
    NotDeclared("notebook"),
    NotAllowed("You may not.", actor="U0ANNA"),
    EndpointBusy(endpoint="a", rollout_id="r-1", requester="U0ANNA", since=SINCE, state="watching"),
    EndpointLocked(endpoint="a", holder="U0ANNA", reason="load test", since=SINCE, until=None, now=SINCE),
    StalePlan("r-1", "The endpoint was changed."),
    AlarmsMissing(["bot-a"]),
    PlanDrifted([Difference(path="Endpoint config", before="a", after="b")]),
    UnknownRollout("r-1", ("r-2",)),
    TransientError("UpdateEndpoint", "the answer was lost", outcome_unknown=True, retry_after=timedelta(seconds=3)),
    GatewayError("CreateModel", "ValidationException", "req-1", "No."),
    ResourceMissing("endpoint", "a", **CALL),
    ResourceExists("model", "a", **CALL),
    ResourceBusy("a", **CALL),
    QuotaExceeded("ml.g5.2xlarge for endpoint usage", limit=8, used=7, asked=2, **CALL),
    NotSubscribed("acme-stt", **CALL),
    AccessDenied(**CALL),
    SlackRefused("chat.update", "message_not_found"),
    StoreUnavailable(detail="redis://h"),
    InvariantError("r-1 lost its plan"),
    IllegalTransition("succeeded → planning"),
    RevisionConflict("r-1: expected 3, found 4"),
]


def test_examples_cover_every_error_that_exists():
    defined = {
        value for value in vars(errors).values() if isinstance(value, type) and issubclass(value, RolloutBotError)
    }
    assert {type(error) for error in EVERY_ERROR} == defined


def test_tree_in_the_docstring_names_every_error():
    assert errors.__doc__ is not None
    assert all(type(error).__name__ in errors.__doc__ for error in EVERY_ERROR)


@pytest.mark.parametrize("error", EVERY_ERROR, ids=lambda error: type(error).__name__)
def test_error_survives_pickling(error):
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), str(back), vars(back)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize("error", EVERY_ERROR, ids=lambda error: type(error).__name__)
def test_error_has_words_for_people(error):
    assert error.user_message
    assert str(error).startswith(error.user_message)


def test_operator_sees_the_request_id_and_people_do_not():
    error = GatewayError("CreateModel", "ValidationException", "req-1", "No.")
    assert "req-1" in str(error)
    assert error.user_message == "AWS refused CreateModel with ValidationException: No."


def test_refusal_without_words_or_id_still_reads_well():
    error = GatewayError("CreateModel", "ValidationException")
    assert str(error) == (
        "AWS refused CreateModel with ValidationException. [CreateModel ValidationException, request unknown]"
    )


def test_busy_endpoint_names_its_holder_since_when_in_utc_and_the_way_out():
    busy = EndpointBusy(endpoint="a", rollout_id="r-1", requester="U0ANNA", since=SINCE, state="watching")
    assert busy.user_message == (
        "a is being changed already: rollout r-1 of <@U0ANNA>, since 2026-11-22 07:05 UTC, is watching. "
        "Nothing was started. Wait until it has ended, or stop it with: cancel r-1"
    )
    assert busy.since.astimezone(UTC) == SINCE


def test_locked_endpoint_names_who_and_why_how_old_and_how_to_lift_it():
    known = {"holder": "U0ANNA", "reason": "load test", "since": SINCE, "now": SINCE + timedelta(hours=3)}
    locked = EndpointLocked(endpoint="a", until=SINCE + timedelta(hours=26), **known)
    assert locked.user_message == (
        "a is locked by <@U0ANNA>, 3 h ago, until Mon 2026-11-23 09:05 UTC: “load test”. Nothing was changed. "
        "Ask <@U0ANNA>, or lift it with: unlock a"
    )
    frozen = EndpointLocked(endpoint=None, until=None, **known)
    assert frozen.user_message == (
        "Everything is frozen by <@U0ANNA>, 3 h ago: “load test”. Nothing was changed. "
        "Ask <@U0ANNA>, or lift it with: thaw"
    )


def test_unknown_name_is_answered_with_the_nearest_or_with_a_hint():
    assert UnknownName("endpoint", "x", ("y", "z")).user_message == "There is no endpoint “x”. Did you mean y or z?"
    assert UnknownName("endpoint", "x", hint="See status.").user_message == "There is no endpoint “x”. See status."
    assert UnknownName("endpoint", "x").user_message == "There is no endpoint “x”."


def test_unknown_rollout_says_where_ids_are_found():
    assert "stands on its card" in UnknownRollout("r-9").user_message
    assert UnknownRollout("r-9", ("r-8",)).user_message.endswith("Did you mean r-8?")


def test_stale_plan_tells_what_moved_if_that_is_known():
    assert "The endpoint was changed." in StalePlan("r-1", "The endpoint was changed.").user_message
    assert StalePlan("r-1").user_message.startswith("This plan has moved on. Your click changed nothing.")


def test_lost_answer_is_told_apart_from_a_refused_question():
    assert "may have been carried out" in TransientError("UpdateEndpoint", "x", outcome_unknown=True).user_message
    assert "may have been carried out" not in TransientError("UpdateEndpoint", "x").user_message


def test_store_away_names_the_store_and_says_that_nothing_was_started():
    assert "Redis" in StoreUnavailable().user_message
    assert "Nothing was started" in StoreUnavailable().user_message


def test_our_own_bugs_are_never_shown_verbatim():
    error = RevisionConflict("r-1: expected 3, found 4")
    assert "expected 3" not in error.user_message
    assert "expected 3" in str(error)


def test_nobody_is_named_when_the_actor_is_unknown():
    assert str(NotAllowed("You may not.")) == "You may not."
