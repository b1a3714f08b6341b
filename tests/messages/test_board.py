"""The fleet board: what needs attention first, in words, within Slack's limits, with buttons that type commands."""

import json
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.reading import labels_of, words_of
from fakes.records import BEN, a_snapshot, at, opened
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.domain.board import BoardState, OutsideChange, Standing
from bot.domain.commands import COMMANDS, Command, Deploy, Promote, Rollback, Status, Sync
from bot.domain.endpoint import EndpointStatus
from bot.domain.errand import CommandValue
from bot.domain.hold import Hold, HoldKind
from bot.domain.lock import EVERYTHING
from bot.domain.phases import Phase
from bot.domain.plan import Difference
from bot.domain.rows import in_order
from bot.messages.blocks import Message
from bot.messages.board import PAGE, Fleetwide, render_board
from bot.messages.rows import ROW_LIMIT
from sandbox.slack.blocks.catalog import MESSAGE
from sandbox.slack.blocks.rules import is_too_long, problems_in

HOUR = timedelta(hours=1)


def standing(endpoint: str, state: BoardState = BoardState.UP_TO_DATE, **fields: Any) -> Standing:
    return Standing(endpoint=endpoint, state=state, **fields)


def board(*rows: Standing, asked: Status | None = None, **over: Any) -> Message:
    return render_board(in_order(rows), Fleetwide(**{"now": NOW, "total": len(rows), **over}), asked)


def row_of(row: Standing, **over: Any) -> str:
    lines = words_of(board(row, **over)).splitlines()
    return next(line for line in lines if line.startswith(f"{row.endpoint}: "))


def buttons_of(message: Message) -> dict[str, dict[str, Any]]:
    """The buttons of rows, by their labels."""
    found = [block["accessory"] for block in message.blocks if "accessory" in block]
    return {button["text"]["text"]: button for button in found}


def command_of(button: dict[str, Any]) -> Command:
    return CommandValue.model_validate_json(button["value"]).command


class NoFiles:
    def usable(self, reference: dict[str, Any]) -> Any:
        return None


def test_the_board_begins_with_what_needs_attention() -> None:
    message = board(
        standing("a", running="v3"),
        standing("b", BoardState.OUT_OF_DATE, running="v3", newest="v4"),
        standing("c", BoardState.UNKNOWN, problem="AWS did not answer."),
        active=[at(Phase.WATCHING, endpoint="b")],
    )
    assert message.text == "Fleet: 1 needs attention · 1 out of date · 1 up to date"
    assert words_of(message) == (
        "Fleet: 3 endpoints · 1 needs attention · 1 out of date · 1 up to date\n\n"
        "c: UNKNOWN · AWS did not answer.\n\n"
        "b: OUT_OF_DATE · runs v3 · newest is v4 · rollout rabc2345 is watching\n\n"
        "a: UP_TO_DATE · runs v3\n\n"
        "UNKNOWN: AWS did not tell; the row says why.\nOUT_OF_DATE: promote brings the newest version."
    )


def test_a_row_names_the_rollout_whose_turn_it_is_and_counts_who_waits() -> None:
    row, first = standing("a", BoardState.UPDATING), at(Phase.UPDATING, endpoint="a")
    waiting = [opened(id=f"rnext{n}22", endpoint="a", queued_behind=first.id) for n in range(2)]
    assert row_of(row, active=[first, waiting[0]]).endswith("rollout rabc2345 is updating · 1 more waits behind it")
    assert row_of(row, active=[first, *waiting]).endswith("rollout rabc2345 is updating · 2 more wait behind it")


def test_a_row_says_where_it_differs_from_the_fleet_file_and_who_changed_it() -> None:
    drift = (
        Difference(path="instance_type", before="ml.m5.large", after="ml.m5.xlarge"),
        Difference(path="instance_count", before="2", after="3"),
    )
    outside = OutsideChange(config="by-hand", at=NOW - 2 * HOUR, actor="alice")
    told = row_of(standing("a", BoardState.DRIFTED, drift=drift, outside=outside))
    assert "differs from the fleet file: instance_type: ml.m5.large → ml.m5.xlarge, 1 more" in told
    assert told.endswith("changed outside the bot by alice 2 h ago")
    long = (Difference(path="environment.PROMPT", before="a" * 90, after="b" * 90),)
    assert row_of(standing("a", BoardState.DRIFTED, drift=long)).endswith("the fleet file: environment.PROMPT")


def test_a_row_says_what_waits_for_approval_what_it_costs_and_that_nobody_calls_it() -> None:
    told = row_of(
        standing(
            "a",
            running="v3",
            pending=("v4", "v5", "v6", "v7"),
            hourly=Decimal("1.2"),
            idle_since=NOW - timedelta(days=9),
            seen_at=NOW - timedelta(minutes=12),
        )
    )
    assert told == (
        "a: UP_TO_DATE · runs v3 · waiting for approval: v4, v5, v6 and 1 more · no request for 9 d · $1.20/h · "
        "seen 12 min ago"
    )


def test_the_newest_version_is_told_with_how_long_it_has_been_there() -> None:
    row = standing("a", BoardState.OUT_OF_DATE, running="v3", newest="v4", newest_since=NOW - timedelta(days=3))
    assert row_of(row) == "a: OUT_OF_DATE · runs v3 · newest is v4, since 3 d"


def test_what_does_not_fit_into_a_row_is_left_out_whole_and_that_is_said() -> None:
    hold = Hold(kind=HoldKind.BY_PERSON, endpoint="a", since=NOW, actor=BEN, reason="r" * 300)
    crowded = standing("a", BoardState.HELD, running="v" * 330, holds=(hold,), hourly=Decimal(3))
    told = row_of(crowded, locks={"a": f"locked by <@{BEN}> 3 h ago: x"})
    assert told.endswith("$3.00/h · more in full") or told.endswith("3 h ago: x · more in full")
    assert "held by" not in told


def test_costs_are_summed_as_far_as_they_are_known() -> None:
    rows = [standing("a", hourly=Decimal("1204.5")), standing("b", hourly=Decimal("0.256"))]
    assert "2 up to date · $1,204.76 an hour\n" in words_of(board(*rows)) + "\n"
    assert "$1,204.76 an hour for the 2 endpoints of known price" in words_of(board(*rows, standing("c")))
    assert "an hour" not in words_of(board(standing("c")))


def test_the_age_of_what_is_shown_is_that_of_the_oldest_row_which_does_not_say_so_itself() -> None:
    def seen(seconds: int) -> dict[str, Any]:
        return {"seen_at": NOW - timedelta(seconds=seconds), "registry_at": NOW - timedelta(seconds=2 * seconds)}

    words = words_of(board(standing("a", **seen(5)), standing("b", **seen(20)), standing("c", **seen(400))))
    assert "Asked SageMaker 20 s ago and the registry 40 s ago." in words
    older = {**seen(20), "looked_at": NOW - timedelta(minutes=9)}
    assert "40 s ago. Configs, models and autoscaling were looked at up to 9 min ago." in words_of(
        board(standing("a", **older))
    )
    assert "Asked SageMaker 10 min ago and the registry 20 min ago." in words_of(board(standing("a", **seen(600))))


def test_trouble_with_the_fleet_file_stands_above_the_rows() -> None:
    assert "fleet.yaml has mistakes & is not used" in words_of(
        board(standing("a"), trouble="fleet.yaml has mistakes & is not used")
    )


@pytest.mark.parametrize(
    ("row", "label", "command"),
    [
        (standing("a", BoardState.OUT_OF_DATE, running="v3", newest="v4"), "Promote", Promote(endpoint="a")),
        (standing("a", BoardState.REVOKED, running="v3", newest="v4"), "Promote", Promote(endpoint="a")),
        (standing("a", BoardState.REVOKED, running="v3", newest="v3"), "Roll back", Rollback(endpoint="a")),
        (standing("a", BoardState.DRIFTED), "Sync", Sync(endpoint="a")),
        (standing("a", BoardState.NOT_DEPLOYED), "Deploy", Deploy(endpoint="a")),
        (
            standing("a", BoardState.FAILED, snapshot=a_snapshot(EndpointStatus.FAILED)),
            "Create anew",
            Deploy(endpoint="a"),
        ),
    ],
)
def test_a_row_offers_what_its_state_calls_for_and_asks_before(row: Standing, label: str, command: Command) -> None:
    button = buttons_of(board(row))[label]
    assert command_of(button) == command
    assert "a" in button["confirm"]["title"]["text"]
    locked = buttons_of(board(row, locks={"a": "locked by x"}))
    assert list(locked) == ["Details"]
    at_it = buttons_of(board(row, active=[at(Phase.UPDATING, endpoint="a")]))
    assert command_of(at_it["Details"]) == Status(endpoint="a")


@pytest.mark.parametrize("state", [BoardState.UP_TO_DATE, BoardState.UNMANAGED])
def test_a_row_that_calls_for_nothing_has_no_button(state: BoardState) -> None:
    assert buttons_of(board(standing("a", state))) == {}


def test_a_failed_endpoint_was_to_run_its_version_and_one_in_a_mix_runs_it() -> None:
    never_began = standing("a", BoardState.FAILED, running="v3", snapshot=a_snapshot(EndpointStatus.FAILED))
    mixed = standing("b", BoardState.FAILED, running="v3", snapshot=a_snapshot(EndpointStatus.UPDATE_ROLLBACK_FAILED))
    assert "was to run v3" in row_of(never_began)
    assert "· runs v3" in row_of(mixed)


@pytest.mark.parametrize("state", [BoardState.HELD, BoardState.QUARANTINED, BoardState.UNKNOWN, BoardState.FAILED])
def test_where_only_a_person_can_tell_what_to_do_a_closer_look_is_offered(state: BoardState) -> None:
    assert list(buttons_of(board(standing("a", state)))) == ["Details"]


def test_of_an_ab_test_with_a_revoked_version_a_closer_look_is_offered() -> None:
    tested = standing("a", BoardState.REVOKED, running="v3", newest="v4", is_trial=True)
    assert list(buttons_of(board(tested))) == ["Details"]


def test_a_long_board_comes_in_pages_that_take_each_others_place() -> None:
    rows = [standing(f"e{i:03}") for i in range(60)]
    first, second, last = (board(*rows, asked=Status(page=page)) for page in (1, 2, 9))
    assert "Page 1 of 3; --page 2 shows the next." in words_of(first)
    assert (labels_of(first), labels_of(second), labels_of(last)) == (
        ["Next page"],
        ["Previous page", "Next page"],
        ["Previous page"],
    )
    assert "e024" in words_of(first)
    assert "e025" not in words_of(first)
    assert "Page 3 of 3." in words_of(last)
    (steering,) = [block for block in second.blocks if block["type"] == "actions"]
    values = [CommandValue.model_validate_json(button["value"]) for button in steering["elements"]]
    assert [(value.command, value.in_place) for value in values] == [(Status(page=1), True), (Status(page=3), True)]


def test_rows_that_were_chosen_say_by_what_and_lead_back_to_the_whole_fleet() -> None:
    asked = Status.model_validate(
        {"states": ["HELD", "DRIFTED"], "owner": "<@U0ANNA>", "policy": "ask", "group": "sent"}
    )
    message = board(standing("a", BoardState.HELD), asked=asked, total=24)
    assert words_of(message).startswith(
        "Fleet: 1 of 24 endpoints (held or drifted, owned by @U0ANNA, policy ask, group sent) · 1 needs attention"
    )
    assert labels_of(message) == ["Whole fleet"]
    assert words_of(board(asked=Status(endpoint="sent*", owner="me"), total=24)).startswith(
        "Fleet: 0 of 24 endpoints (sent*, yours)"
    )


def test_who_has_a_long_board_may_look_at_what_needs_attention_only() -> None:
    rows = [standing("bad", BoardState.HELD), *(standing(f"e{i}") for i in range(PAGE))]
    message = board(*rows)
    assert labels_of(message) == ["Next page", "Only what needs attention"]
    (steering,) = [block for block in message.blocks if block["type"] == "actions"]
    assert command_of(steering["elements"][1]) == Status(states=(BoardState.HELD,))


def crowded(index: int, state: BoardState, text: str) -> Standing:
    return standing(
        f"{'e' * 58}{index:04}",
        state,
        running=text,
        newest=f"{text}!",
        problem=text,
        drift=(Difference(path=text or "p", before=text, after=None),),
        outside=OutsideChange(config="c", at=NOW, actor=text),
        pending=(text, text),
        hourly=Decimal(1),
        seen_at=NOW - HOUR,
        idle_since=NOW - HOUR,
        holds=(Hold(kind=HoldKind.BY_PERSON, endpoint="a", since=NOW, actor=BEN, reason=text),),
    )


@settings(deadline=None, max_examples=30)
@given(
    st.sampled_from([0, 1, 24, 26, 1000]),
    st.lists(st.sampled_from(BoardState), min_size=1),
    st.text(max_size=80) | st.sampled_from(["<!channel>" * 9, "&" * 99, "`*_~" * 20]),
    st.integers(1, 41),
)
def test_slack_takes_a_board_of_any_size(size: int, states: Sequence[BoardState], text: str, page: int) -> None:
    rows = [crowded(i, states[i % len(states)], text) for i in range(size)]
    locks = {rows[0].endpoint: f"locked by <@{BEN}> 3 h ago: x"} if rows else {}
    message = board(*rows, asked=Status(page=page), locks=locks, trouble=text)
    sent = json.loads(json.dumps(message.blocks))
    assert problems_in(sent, MESSAGE, NoFiles()) == []
    assert not is_too_long(sent)
    assert 0 < len(message.text) <= 4000
    assert all(len(line) <= ROW_LIMIT + 40 for line in words_of(message).splitlines() if line.startswith("eeee"))
    assert "<!channel>" not in json.dumps(sent)
    for button in buttons_of(message).values():
        assert COMMANDS.validate_python(command_of(button))


def test_a_freeze_stands_above_all_rows() -> None:
    message = board(standing("a"), locks={EVERYTHING: "frozen by x"})
    assert words_of(message).startswith("Fleet: 1 endpoint · 1 up to date\nEverything is frozen by x\n")


def test_a_row_of_a_held_newest_version_offers_the_one_that_follows() -> None:
    arn = "arn:aws:sagemaker:us-east-1:123456789012:model-package/sentiment/4"
    row = standing("a", BoardState.OUT_OF_DATE, newest="v4", newest_package=arn, passed_over=("v5",))
    assert "newest is v4; v5 held" in words_of(board(row))
    assert arn in str(board(row).blocks)


def test_a_row_whose_alarms_alone_differ_offers_to_set_them_at_once() -> None:
    drift = (Difference(path="alarms.p99_ms", before=None, after="800 ms"),)
    shown = board(standing("a", BoardState.DRIFTED, drift=drift))
    assert "mended by hand" not in words_of(shown)
    words = buttons_of(shown)["Sync"]["confirm"]["text"]["text"]
    assert words == "The alarms of a are set as the fleet file says, at once and without an approval."


def test_a_row_says_what_of_its_drift_is_to_be_mended_by_hand() -> None:
    drift = (
        Difference(path="variants", before="A, B", after="A"),
        Difference(path="instance_type", before="x", after="y"),
    )
    some = words_of(board(standing("a", BoardState.DRIFTED, drift=drift, by_hand=("variants",))))
    assert "variants by hand, sync brings the rest" in some
    all_of_it = board(standing("a", BoardState.DRIFTED, drift=drift[:1], by_hand=("variants",)))
    assert "to be mended by hand" in words_of(all_of_it)
    assert list(buttons_of(all_of_it)) == ["Details"]
