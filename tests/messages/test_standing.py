"""One endpoint in full: what runs, what scales it, who is at it, who waits, and what was before."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.engine import a_package
from fakes.facts import SUSPENDED, a_target
from fakes.reading import labels_of, words_of
from fakes.records import BEN, ENDPOINT, a_snapshot, at, opened, rollback_at
from fakes.stories import STORIES

from bot.domain.board import BoardState, OutsideChange, Standing, in_turn
from bot.domain.endpoint import ApprovalStatus, EndpointStatus
from bot.domain.fleet import parse_fleet
from bot.domain.hold import Hold, HoldKind
from bot.domain.phases import Phase
from bot.domain.plan import Difference
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import Retry
from bot.domain.saga import ScalingMode, ScalingSaga
from bot.domain.scaling import Scaling
from bot.messages.board import Fleetwide, render_board
from bot.messages.standing import InFull, render_standing

SCALES = "AllTraffic: 2 to 8 instances, SageMakerVariantInvocationsPerInstance held at 200, 1 scheduled action"


def a_standing(**fields: Any) -> Standing:
    return Standing(
        **{
            "endpoint": ENDPOINT,
            "state": BoardState.UP_TO_DATE,
            "snapshot": a_snapshot(),
            "scaling": Scaling(),
            **fields,
        }
    )


def a_saga(mode: ScalingMode = ScalingMode.SUSPEND, **fields: Any) -> ScalingSaga:
    return ScalingSaga(mode=mode, targets=(a_target(),), intended_at=NOW, attempts=1, **fields)


def section_of(title: str, *rollouts: Rollout, recent: tuple[Rollout, ...] = (), **fields: Any) -> str:
    words = words_of(render_standing(InFull(a_standing(**fields), recent, rollouts)))
    return words.partition(f"{title}\n")[2].partition("\n\n")[0]


def test_an_endpoint_in_full_says_what_runs_and_who_holds_it() -> None:
    shown = a_standing(
        state=BoardState.OUT_OF_DATE,
        running="v3",
        newest="v4",
        snapshot=a_snapshot(EndpointStatus.IN_SERVICE, reason="Patching failed & stopped"),
        config_lines=("AllTraffic: 2 of 2 × ml.m5.xlarge, model m",),
    )
    words = words_of(render_standing(InFull(shown, [STORIES["succeeded"]], [at(Phase.UPDATING)])))
    assert "Runs v3.\nThe newest version that may follow is v4." in words
    assert "SageMaker says InService, on config sentiment-v3 since 2026-11-19 08:00 UTC." in words
    assert "Its last FailureReason: Patching failed & stopped" in words
    assert "• AllTraffic: 2 of 2 × ml.m5.xlarge, model m" in words
    assert "Rollout rabc2345 of @U0ANNA is updating." in words
    assert "sentiment version 3 → sentiment version 4: succeeded (PASS) · 2026-11-22 07:50 UTC" in words


def test_a_failed_endpoint_was_to_run_its_version() -> None:
    shown = a_standing(state=BoardState.FAILED, running="v3", snapshot=a_snapshot(EndpointStatus.FAILED))
    assert "FAILED\nWas to run v3." in words_of(render_standing(InFull(shown)))


V4 = "arn:aws:sagemaker:us-east-1:123456789012:model-package/sentiment/4"


def test_an_endpoint_on_a_revoked_version_says_who_rejected_it_why_and_what_to_type() -> None:
    shown = a_standing(state=BoardState.REVOKED, running="v5", newest="v4", newest_package=V4)
    rejected = a_package(5, ApprovalStatus.REJECTED).model_copy(
        update={"modified_by": "arn:aws:iam::1:user/zoe", "approval_note": "too many false alarms", "modified_at": NOW}
    )
    words = words_of(render_standing(InFull(shown, revoked=rejected)))
    assert "v5 is not approved. Rejected by zoe (2026-11-22 08:00 UTC): too many false alarms." in words
    assert f"To leave it: promote {ENDPOINT} --version 4 or rollback {ENDPOINT}." in words
    unknown = words_of(render_standing(InFull(a_standing(state=BoardState.REVOKED, running="v5"))))
    assert f"v5 is not approved. SageMaker does not stop it. To leave it: rollback {ENDPOINT}." in unknown


@pytest.mark.parametrize(
    ("by_hand", "told"),
    [
        ((), f"sync {ENDPOINT} brings it back to the fleet file, after approval."),
        (("variants",), "but for variants: of that it says what to do by hand."),
        (("variants", "instance_type"), f"No rollout brings that back; sync {ENDPOINT} says what to do by hand."),
    ],
)
def test_an_endpoint_that_drifted_says_what_sync_brings_and_what_not(by_hand: tuple[str, ...], told: str) -> None:
    drift = tuple(Difference(path=path, before="x", after="y") for path in ("variants", "instance_type"))
    shown = a_standing(state=BoardState.DRIFTED, drift=drift, by_hand=by_hand)
    assert told in words_of(render_standing(InFull(shown)))


@pytest.mark.parametrize(
    ("paths", "by_hand", "told"),
    [
        (("alarms.p99_ms",), (), f"sync {ENDPOINT} sets its alarms as the fleet file says; that takes no approval."),
        (
            ("alarms.p99_ms", "variants"),
            ("variants",),
            f"sync {ENDPOINT} sets its alarms as the fleet file says; that takes no approval. No rollout brings back the rest; "
            "sync says what to do by hand.",
        ),
        (
            ("alarms.p99_ms", "autoscaling"),
            (),
            f"sync {ENDPOINT} brings it back to the fleet file, after approval. Its alarms come after that: type it once more "
            "then; that takes no approval.",
        ),
        (("alarms.p99_ms", "instance_type"), (), f"sync {ENDPOINT} brings it back to the fleet file, after approval."),
        (
            ("alarms.p99_ms", "autoscaling", "variants"),
            ("variants",),
            f"sync {ENDPOINT} brings it back to the fleet file, after approval, but for variants: of that it says what to do by "
            "hand. Its alarms come after that: type it once more then; that takes no approval.",
        ),
    ],
)
def test_alarms_are_nobodys_handwork_whatever_differs_beside_them(
    paths: tuple[str, ...], by_hand: tuple[str, ...], told: str
) -> None:
    drift = tuple(Difference(path=path, before="x", after="y") for path in paths)
    shown = a_standing(state=BoardState.DRIFTED, drift=drift, by_hand=by_hand)
    assert told in words_of(render_standing(InFull(shown)))


def test_where_the_newest_is_held_the_one_that_follows_is_named_with_why() -> None:
    shown = a_standing(state=BoardState.OUT_OF_DATE, running="v3", newest="v4", newest_package=V4, passed_over=("v5",))
    words = words_of(render_standing(InFull(shown)))
    assert "The newest version that may follow is v4, because v5 is held there." in words


def test_who_changed_autoscaling_stands_in_the_full_answer() -> None:
    doubt = "its autoscaling was changed outside the bot, noticed today"
    assert "Its autoscaling was changed outside the bot, noticed today." in words_of(
        render_standing(InFull(a_standing(state=BoardState.DRIFTED, autoscaling_doubt=doubt)))
    )


@pytest.mark.parametrize(("newest", "is_told"), [("v4", True), ("v3", False), ("", False)])
def test_an_endpoint_that_drifted_tells_of_a_newer_version_too(newest: str, is_told: bool) -> None:
    shown = a_standing(state=BoardState.DRIFTED, running="v3", newest=newest)
    words = words_of(render_standing(InFull(shown)))
    assert (f"The newest version that may follow is {newest}." in words) is is_told
    assert ("The newest version" in words) is is_told


def test_an_endpoint_that_nothing_is_known_of_says_why() -> None:
    shown = Standing(endpoint=ENDPOINT, state=BoardState.UNKNOWN, problem="AWS did not answer.")
    assert words_of(render_standing(InFull(shown))) == (
        f"{ENDPOINT}: UNKNOWN\nAWS did not answer.\n\nChanges\nNo change of it is under way."
    )


def test_what_scales_it_is_said_with_its_limits_and_what_it_holds() -> None:
    assert section_of("Autoscaling", scaling=Scaling(targets=(a_target(),))) == f"• {SCALES}"
    steps = a_target(policies=({"PolicyName": "steps"},), scheduled=())
    assert (
        section_of("Autoscaling", scaling=Scaling(targets=(steps,))) == "• AllTraffic: 2 to 8 instances, 1 other policy"
    )
    assert section_of("Autoscaling", scaling=Scaling()) == "Nothing scales it."


def test_that_aws_does_not_tell_what_scales_it_is_not_said_as_nothing() -> None:
    assert section_of("Autoscaling", scaling=None).startswith("Unknown: AWS did not tell.")
    without_config = section_of("Autoscaling", scaling=None, state=BoardState.UNPATCHABLE)
    assert without_config == "Not known: the endpoint config that named its variants was deleted."


@pytest.mark.parametrize(("mode", "how"), [(ScalingMode.SUSPEND, "Suspended"), (ScalingMode.DEREGISTER, "Taken off")])
def test_scaling_that_a_rollout_took_is_shown_as_it_comes_back(mode: ScalingMode, how: str) -> None:
    taker = at(Phase.UPDATING, scaling=a_saga(mode))
    assert section_of("Autoscaling", taker, scaling=Scaling()) == (
        f"• {SCALES}\n{how} for rollout rabc2345, and put back when SageMaker is done."
    )


def test_scaling_that_is_only_meant_to_be_taken_still_scales() -> None:
    about_to = at(Phase.UPDATING, scaling=a_saga().model_copy(update={"attempts": 0}))
    assert section_of("Autoscaling", about_to, scaling=Scaling(targets=(a_target(),))) == f"• {SCALES}"


def test_scaling_that_somebody_else_suspended_is_told_as_that() -> None:
    stopped = a_target(document={"MinCapacity": 2, "MaxCapacity": 8, "SuspendedState": SUSPENDED})
    assert section_of("Autoscaling", scaling=Scaling(targets=(stopped,))).endswith("suspended, but not by the bot")


def test_scaling_that_could_not_be_put_back_is_not_forgotten() -> None:
    failed = at(Phase.SUCCEEDED, scaling=a_saga(gave_up="no such role"))
    left = "Rollout rabc2345 could not put all of it back; its thread says what to do by hand."
    assert section_of("Autoscaling", recent=(failed,), scaling=Scaling()) == left
    assert section_of("Autoscaling", recent=(failed,), scaling=Scaling(targets=(a_target(),))) == f"• {SCALES}\n{left}"


@pytest.mark.parametrize(
    ("rollout", "words"),
    [
        (opened(queued_behind="rfirst22"), "waits behind rollout rfirst22."),
        (at(Phase.AWAITING_APPROVAL), "is awaiting approval, until 2026-11-22 11:50 UTC."),
        (at(Phase.SCHEDULED), "is scheduled and runs 2026-11-22 11:00 UTC."),
        (
            at(Phase.SCHEDULED, stopped_by="the lock of <@U0CARL> (load test)"),
            "is scheduled; it waits for the lock of @U0CARL (load test) to be lifted.",
        ),
        (
            at(Phase.UPDATING, update=None, retry=Retry(count=1, due=NOW + timedelta(minutes=5))),
            "is updating; AWS had no capacity, and the next try begins 2026-11-22 08:05 UTC.",
        ),
        (at(Phase.SUCCEEDED, scaling=a_saga()), "is succeeded; autoscaling is still being put back."),
        (at(Phase.FAILED, alarms_intended=True), "is failed; its alarms are still being deleted."),
        (at(Phase.WATCHING), "is watching."),
    ],
)
def test_a_rollout_that_is_not_over_says_what_it_is_at_or_waits_for(rollout: Rollout, words: str) -> None:
    assert section_of("Changes", rollout) == f"Rollout rabc2345 of @U0ANNA {words}"


def a_hold(kind: HoldKind = HoldKind.HELD, **fields: Any) -> Hold:
    told = {"kind": kind, "endpoint": ENDPOINT, "since": NOW, "actor": BEN, "reason": "too slow", "label": "v4"}
    return Hold(**{**told, **fields})


def test_holds_are_listed_with_who_why_and_how_to_lift_them() -> None:
    holds = (a_hold(HoldKind.BY_PERSON, label=""), a_hold(), a_hold(HoldKind.QUARANTINED, actor="aws"))
    shown = a_standing(state=BoardState.HELD, running="v3", newest="v4", holds=holds)
    words = words_of(render_standing(InFull(shown)))
    assert "The newest version that may follow is v4." in words
    assert "• held by @U0BEN since 2026-11-22 08:00 UTC: too slow" in words
    assert "• v4 is held since 2026-11-22 08:00 UTC; @U0BEN rolled it back: too slow" in words
    assert "• v4 is quarantined since 2026-11-22 08:00 UTC; SageMaker did not take it: too slow" in words
    assert f"To lift them: unhold {ENDPOINT}" in words


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (BoardState.HELD, "held by @U0BEN since 2026-11-22 08:00 UTC: tests"),
        (BoardState.QUARANTINED, "v4 is quarantined since 2026-11-22 08:00 UTC; SageMaker did not take it: too slow"),
        (BoardState.UP_TO_DATE, ""),
    ],
)
def test_a_row_of_the_board_says_why_it_is_held(state: BoardState, told: str) -> None:
    holds = (a_hold(HoldKind.QUARANTINED), a_hold(HoldKind.BY_PERSON, reason="tests"))
    board = render_board([a_standing(state=state, running="v3", newest="v4", holds=holds)], Fleetwide(NOW))
    row = next(line for line in words_of(board).splitlines() if line.startswith(ENDPOINT))
    assert row == f"{ENDPOINT}: {state} · runs v3{f' · {told}' if told else ''}"


def test_windows_are_named_where_there_are_any() -> None:
    words = words_of(render_standing(InFull(a_standing(), windows=["Mon-Fri 09:00-17:00 Europe/Berlin"])))
    assert words.endswith("Approved changes start only in its windows: Mon-Fri 09:00-17:00 Europe/Berlin.")


def test_whose_turn_it_is_comes_first_and_a_rollback_is_told_by_what_it_undoes() -> None:
    undone, rollback = at(Phase.ROLLING_BACK), rollback_at(Phase.ROLLING_BACK)
    later = [opened(id=f"rnext{n}22", now=NOW + timedelta(minutes=n), queued_behind=undone.id) for n in (1, 2)]
    assert [r.id for r in in_turn([*reversed(later), rollback, undone])] == ["rabc2345", "rnext122", "rnext222"]
    waiting = rollback_at(Phase.AWAITING_APPROVAL)
    assert in_turn([waiting]) == (waiting,)


def test_an_endpoint_in_full_says_field_by_field_where_it_differs_and_who_changed_it() -> None:
    shown = a_standing(
        state=BoardState.DRIFTED,
        running="v3",
        pending=("v5", "v6"),
        drift=(
            Difference(path="instance_type", before="ml.m5.large", after="ml.m5.xlarge"),
            Difference(path="environment.WORKERS", before=None, after="4"),
        ),
        outside=OutsideChange(config="by-hand", at=NOW, actor="alice"),
    )
    message = render_standing(InFull(shown))
    words = words_of(message)
    assert "Waiting for approval: v5, v6." in words
    assert "It was changed outside the bot 2026-11-22 08:00 UTC by alice; it is on by-hand since." in words
    assert "Differs from the fleet file\n• instance_type: ml.m5.large → ml.m5.xlarge\n" in words
    assert "environment.WORKERS: " in words
    assert labels_of(message) == ["Sync"]
    assert labels_of(render_standing(InFull(shown, [], [at(Phase.UPDATING)]))) == []
    nobody = a_standing(outside=OutsideChange(config="by-hand", at=NOW))
    assert "08:00 UTC, nobody knows by whom; it is on by-hand since." in words_of(render_standing(InFull(nobody)))


def test_an_endpoint_in_full_says_what_it_costs_and_whether_anybody_calls_it() -> None:
    shown = a_standing(hourly=Decimal("1.5"), idle_since=NOW - timedelta(days=9), seen_at=NOW, registry_at=NOW)
    words = words_of(render_standing(InFull(shown)))
    assert "It costs $1.50 an hour.\nNo request has come since 2026-11-13 08:00 UTC." in words
    assert words.endswith("Asked SageMaker 2026-11-22 08:00 UTC and the registry 2026-11-22 08:00 UTC.")


def test_an_endpoint_in_full_says_how_the_fleet_file_lets_it_change() -> None:
    fleet = parse_fleet(
        f"""
        version: 1
        defaults: {{region: us-east-1, approval: {{users: [{BEN}]}}}}
        endpoints:
          staging: {{model_package_group: sentiment, tier: staging}}
          {ENDPOINT}: {{model_package_group: sentiment, owner: {BEN}, policy: auto, follows: {{endpoint: staging, soak: 2h}}}}
        """,
        "fleet.yaml",
    )
    words = words_of(render_standing(InFull(a_standing(), declared=fleet.endpoint(ENDPOINT))))
    assert "Policy auto, tier production, in us-east-1. @U0BEN answers for it." in words
    assert "It follows staging: a version runs there for 2 h first." in words
    led = InFull(a_standing(), declared=fleet.endpoint(ENDPOINT), is_led_by_stages=True)
    assert "It follows" not in words_of(render_standing(led)), "the stages of its wave decide"
