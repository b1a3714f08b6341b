"""What the manager does about one endpoint: every state of the board, every policy, and what stands in the way."""

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.records import (
    ANNA,
    BEN,
    CURRENT,
    ENDPOINT,
    a_plan,
    a_snapshot,
    a_verdict,
    approved_by,
    at,
    opened,
    rollback_at,
)
from fakes.waves import a_member, a_wave

from bot.domain.board import BoardState, OutsideChange, Standing, deleted_words
from bot.domain.commands import Change
from bot.domain.endpoint import EndpointStatus
from bot.domain.fleet import EndpointSpec
from bot.domain.hold import Hold, HoldKind
from bot.domain.lock import Lock
from bot.domain.managing import (
    ByWave,
    Move,
    Nothing,
    Open,
    Proposal,
    Situation,
    Tried,
    Upstream,
    Why,
    Withdraw,
    decide,
)
from bot.domain.managing.moves import SETTLED
from bot.domain.managing.proposals import signature_of, wanted_of
from bot.domain.phases import BOT_ACTOR, Kind, Phase, Reason
from bot.domain.plan import Difference
from bot.domain.rollout import Rollout
from bot.domain.rollout_parts import CountChange, Transition
from bot.domain.serverless import ServerlessSize
from bot.domain.verdict import VerdictKind
from bot.domain.watchplan import Acceptance
from bot.domain.wave import MemberState, WaveApproval, WaveReason, WaveState

V3, V4, V5 = (f"arn:aws:sagemaker:us-east-1:123456789012:model-package/sentiment/{n}" for n in (3, 4, 5))
STAGING = "sentiment-staging"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
BIGGER = Difference(path="instance_type", before="ml.m5.xlarge", after="ml.m5.2xlarge")


def a_spec(policy: str = "auto", **fields: Any) -> EndpointSpec:
    declared = {"name": ENDPOINT, "model_package_group": "sentiment", "approval": {"users": [BEN]}, "policy": policy}
    return EndpointSpec.model_validate({**declared, **fields})


def label(arn: str | None) -> str:
    return f"sentiment version {arn[-1]}" if arn else ""


def a_standing(
    state: BoardState = BoardState.OUT_OF_DATE, running: str | None = V3, newest: str | None = V4, **fields: Any
) -> Standing:
    is_there = state is not BoardState.NOT_DEPLOYED
    known = {
        "endpoint": ENDPOINT,
        "state": state,
        "snapshot": a_snapshot() if is_there else None,
        "running_package": running if is_there else None,
        "running": label(running) if is_there else "",
        "newest_package": newest,
        "newest": label(newest),
    }
    return Standing(**{**known, **fields})


def decided(
    policy: str = "auto", standing: Standing | None = None, *, spec: EndpointSpec | None = None, **situation: Any
) -> Move:
    return decide(spec or a_spec(policy), standing or a_standing(), Situation(**situation), NOW)


def why(move: Move) -> Why:
    assert isinstance(move, Nothing), move
    return move.why


def the_bots(rollout: Rollout) -> Rollout:
    first = Transition(phase=Phase.PLANNING, reason=Reason.REQUESTED, at=NOW - HOUR, actor=BOT_ACTOR)
    return rollout.with_(requester=BOT_ACTOR, approvals=(), transitions=(first, *rollout.transitions[1:]))


def a_bots_plan(change: Change, **fields: Any) -> Rollout:
    return the_bots(at(Phase.AWAITING_APPROVAL, change=change)).with_(approval_needed=False, **fields)


def a_hold(kind: HoldKind = HoldKind.HELD, package: str | None = V4, **fields: Any) -> Hold:
    content = {"kind": kind, "endpoint": ENDPOINT, "since": NOW, "actor": BEN, "reason": "load test"}
    return Hold(**{**content, "package_arn": package, **fields})


def by_person() -> Hold:
    return a_hold(HoldKind.BY_PERSON, None)


def tried(
    phase: Phase, reason: Reason, *, ago: timedelta, attempt: int = 1, actor: str = BEN, change: Change | None = None
) -> Tried:
    """The change to version 4 was proposed, and that became of it."""
    wanted = wanted_of(ENDPOINT, Kind.UPDATE, change or Change(package=V4))
    proposal = Proposal(
        endpoint=ENDPOINT,
        signature=signature_of(wanted, CURRENT),
        wanted=wanted,
        rollout_id="rtried23",
        attempt=attempt,
        at=NOW - ago,
    )
    end = Transition(phase=phase, reason=reason, at=NOW - ago, actor=actor)
    rollout = opened(id="rtried23").with_(phase=phase, transitions=(*opened().transitions, end), requester=BOT_ACTOR)
    return Tried(proposal, rollout)


# What is brought, and by whose leave


def test_under_auto_a_newer_approved_version_is_brought_without_a_click():
    move = decided()
    assert isinstance(move, Open)
    assert (move.kind, move.change, move.without_click) == (Kind.UPDATE, Change(package=V4), True)
    assert move.reason == "sentiment version 4 is approved"


def test_under_ask_the_same_plan_waits_for_a_click():
    move = decided("ask")
    assert isinstance(move, Open)
    assert not move.without_click


@pytest.mark.parametrize("wave", [None, "sentiment"])
def test_what_a_person_syncs_needs_approval_even_under_auto(wave: str | None):
    move = decided("auto", asked_by=ANNA, wave=wave)
    assert isinstance(move, Open | ByWave)
    assert not move.without_click


@pytest.mark.parametrize("approval_needed", [True, False])
def test_a_sync_leaves_the_bots_own_plan_for_the_same_alone(approval_needed: bool):
    own = a_bots_plan(Change(package=V4)).with_(approval_needed=approval_needed)
    for outside in (None, an_outside_change()):
        assert why(decided(standing=a_standing(outside=outside), active=(own,), asked_by=ANNA)) is Why.PROPOSED


def test_under_manual_the_board_says_it_and_nothing_else_happens():
    assert why(decided("manual")) is Why.BY_POLICY


def test_what_the_file_says_about_settings_comes_with_the_version_in_one_change():
    spec = a_spec(instance_type="ml.m5.2xlarge")
    move = decided(spec=spec, standing=a_standing(BoardState.DRIFTED, drift=(BIGGER,)))
    assert isinstance(move, Open)
    assert move.change == Change(package=V4, instance_type="ml.m5.2xlarge")
    assert move.reason == "sentiment version 4 is approved, and the fleet file says something else than what runs"


def test_drift_from_the_file_is_brought_back_where_the_version_is_right():
    spec = a_spec(instance_type="ml.m5.2xlarge")
    move = decided(spec=spec, standing=a_standing(BoardState.DRIFTED, V4, V4, drift=(BIGGER,)))
    assert isinstance(move, Open)
    assert move.change == Change(instance_type="ml.m5.2xlarge")
    assert move.without_click


def test_what_no_rollout_changes_is_reported():
    shifted = Difference(path="weight of B", before="50 %", after="10 %")
    move = decided(standing=a_standing(BoardState.DRIFTED, V4, V4, drift=(shifted,)))
    assert isinstance(move, Nothing)
    assert move.why is Why.BEYOND_UPDATES
    assert move.text.startswith("no rollout changes weight of B: set the weights in AWS")


@pytest.mark.parametrize("asked_by", [None, ANNA])
@pytest.mark.parametrize(
    ("situation", "expected"),
    [
        ({"lock": Lock(id="l1", subject="*", holder=BEN, reason="peak day", since=NOW)}, Why.LOCKED),
        ({"in_wave": a_wave(package_arn=V3, needs_approval=False)}, Why.IN_WAVE),
        ({"active": (opened(),)}, Why.BUSY),
        ({"holds": (by_person(),)}, Why.HELD),
        ({}, Why.BEYOND_UPDATES),
    ],
)
def test_alarms_wait_as_rollouts_do(situation: dict[str, Any], expected: Why, asked_by: str | None):
    louder = Difference(path="alarms.p99_ms", before="800 ms", after="2000 ms")
    standing = a_standing(BoardState.DRIFTED, V4, V4, drift=(louder,))
    assert why(decided(standing=standing, asked_by=asked_by, **situation)) is expected


def test_alarms_wait_until_the_tags_are_read_unless_somebody_asks():
    louder = Difference(path="alarms.p99_ms", before="800 ms", after="2000 ms")
    standing = a_standing(BoardState.DRIFTED, V4, V4, drift=(louder,))
    assert why(decided(standing=standing, is_read=False)) is Why.UNREAD
    assert why(decided(standing=standing, is_read=False, asked_by=ANNA)) is Why.BEYOND_UPDATES


SCALED = {"min": 2, "max": 8, "target": 200.0}
LIMIT = Difference(path="autoscaling.max", before="12", after="8")
OUT_OF_LIMITS = Difference(path="instance_count", before="12", after="2 to 8")


def scaling_differs(**fields: Any) -> Move:
    standing = a_standing(BoardState.DRIFTED, V4, V4, drift=(LIMIT,), autoscaling_doubt=fields.pop("doubt", ""))
    return decided(spec=a_spec(fields.pop("policy", "auto"), autoscaling=SCALED), standing=standing, **fields)


def test_autoscaling_that_the_file_says_otherwise_is_brought_without_a_click():
    move = scaling_differs()
    assert isinstance(move, Open)
    assert (move.kind, move.change, move.without_click) == (Kind.AUTOSCALE, Change(), True)
    assert move.autoscale is not None
    assert move.autoscale.wanted is not None
    assert (move.autoscale.wanted.minimum, move.autoscale.wanted.maximum) == (2, 8)
    assert move.reason == "the fleet file says another autoscaling: 2 to 8 instances"


def test_an_endpoint_that_nothing_can_be_cloned_from_comes_with_the_next_step():
    lost = a_standing(BoardState.UNPATCHABLE, problem=deleted_words("endpoint config", ["c3"]))
    move = decided(standing=lost)
    assert isinstance(move, Nothing)
    assert move.why is Why.NEEDS_PERSON
    assert move.text.startswith("it serves on, but the endpoint config c3 was deleted")
    assert move.text.endswith("create a config by hand and update the endpoint to it, once.")


LOUDER = Difference(path="alarms.p99_ms", before=None, after="800 ms")


def test_alarms_beside_autoscaling_come_after_it_and_beside_a_version_with_it():
    scaling = a_standing(BoardState.DRIFTED, V4, V4, drift=(LIMIT, LOUDER))
    move = decided(spec=a_spec(autoscaling=SCALED), standing=scaling)
    assert isinstance(move, Open)
    assert move.kind is Kind.AUTOSCALE
    assert move.reason.endswith(f"; its alarms, which differ too, are set after that (sync {ENDPOINT}), without a plan")
    version = decided(standing=a_standing(BoardState.DRIFTED, drift=(LOUDER,)))
    assert isinstance(version, Open)
    assert "alarms" not in version.reason  # its rollout sets them


@pytest.mark.parametrize("policy", ["ask", "auto"])
def test_autoscaling_that_was_changed_by_hand_is_asked_about(policy: str):
    move = scaling_differs(policy=policy, doubt="its autoscaling was changed outside the bot, noticed today")
    assert isinstance(move, Open)
    assert not move.without_click
    assert ("asks because its autoscaling was changed outside the bot" in move.reason) is (policy == "auto")


def test_manual_leaves_autoscaling_to_people_until_one_asks():
    assert why(scaling_differs(policy="manual")) is Why.BY_POLICY
    assert isinstance(scaling_differs(policy="manual", asked_by=ANNA), Open)


def test_autoscaling_that_somebody_had_put_back_is_asked_about_until_the_file_says_another():
    first = scaling_differs()
    assert isinstance(first, Open)
    undone = at(Phase.SUCCEEDED, kind=Kind.AUTOSCALE, autoscale=first.autoscale, id="rundone2")
    exact = first.autoscale.model_copy(update={"is_exact": True, "wanted": None}) if first.autoscale else None
    back = at(
        Phase.SUCCEEDED, kind=Kind.AUTOSCALE, autoscale=exact, parent_id="rundone2", requester=ANNA, id="rback234"
    )
    again = scaling_differs(past=(back, undone))
    assert isinstance(again, Open)
    assert "put it back to what it was in rollout rback234" in again.reason
    other = undone.with_(autoscale=exact)
    assert isinstance(scaling_differs(past=(back, other)), Open)
    assert scaling_differs(past=(back, other)).without_click  # type: ignore[union-attr]


def test_a_plan_of_the_bots_for_the_same_autoscaling_stands_and_for_another_gives_way():
    first = scaling_differs(policy="ask")
    assert isinstance(first, Open)
    own = the_bots(at(Phase.AWAITING_APPROVAL, change=None)).with_(kind=Kind.AUTOSCALE, autoscale=first.autoscale)
    assert why(scaling_differs(policy="ask", active=(own,))) is Why.PROPOSED
    exact = first.autoscale.model_copy(update={"is_exact": True}) if first.autoscale else None
    move = scaling_differs(policy="ask", active=(own.with_(autoscale=exact),))
    assert isinstance(move, Open)
    assert move.replaces == own.id


def test_a_version_comes_before_autoscaling_and_says_so():
    standing = a_standing(BoardState.DRIFTED, drift=(LIMIT, OUT_OF_LIMITS))
    move = decided(spec=a_spec(autoscaling=SCALED), standing=standing)
    assert isinstance(move, Open)
    assert (move.kind, move.change) == (Kind.UPDATE, Change(package=V4))
    assert (
        f"its autoscaling, which differs too, comes after that with a plan of its own (sync {ENDPOINT})" in move.reason
    )


def test_an_autoscaling_rollout_hides_nobody_who_left_a_version():
    left = at(Phase.SUCCEEDED, plan=a_plan(left_package=V4), requester=ANNA)
    scaled = at(Phase.SUCCEEDED, kind=Kind.AUTOSCALE, requester=BOT_ACTOR, id="rscaled2")
    move = decided(past=(scaled, left))
    assert isinstance(move, Open)
    assert not move.without_click


@pytest.mark.parametrize(("running", "newest"), [(V4, V3), (V4, V4)])
def test_no_version_is_brought_that_does_not_come_later(running: str, newest: str):
    assert why(decided(standing=a_standing(running=running, newest=newest))) in (Why.NOT_NEWER, Why.AS_DECLARED)


def test_a_version_of_another_track_is_never_newer_by_itself():
    packages = [f"arn:aws:sagemaker:us-east-1:865070037744:model-package/stt-{n}" for n in "ab"]
    spec = a_spec(model_package_group=None, track=packages)
    elsewhere = "arn:aws:sagemaker:us-east-1:865070037744:model-package/other-1"
    on_track = decided(spec=spec, standing=a_standing(running=packages[0], newest=packages[1]))
    off_track = decided(spec=spec, standing=a_standing(running=elsewhere, newest=packages[1]))
    assert isinstance(on_track, Open)
    assert on_track.without_click
    assert isinstance(off_track, Open)
    assert not off_track.without_click
    assert "is no version of its track" in off_track.reason


def test_where_it_is_not_known_what_runs_people_are_asked():
    move = decided(standing=a_standing(running=None))
    assert isinstance(move, Open)
    assert not move.without_click


def test_without_an_approved_version_there_is_nothing_to_bring():
    assert why(decided(standing=a_standing(newest=None))) is Why.NO_VERSION


# Outside changes, and what people chose


def an_outside_change(config: str = CURRENT) -> OutsideChange:
    return OutsideChange(config=config, at=NOW - HOUR, actor="arn:aws:iam::1:user/zoe")


def test_what_was_changed_outside_the_bot_is_never_silently_overwritten():
    spec = a_spec(instance_type="ml.m5.2xlarge")
    standing = a_standing(BoardState.DRIFTED, V4, V4, drift=(BIGGER,), outside=an_outside_change())
    move = decided(spec=spec, standing=standing)
    assert isinstance(move, Open)
    assert not move.without_click
    assert "it was changed outside the bot by arn:aws:iam::1:user/zoe" in move.reason


def test_an_outside_change_that_the_bot_has_replaced_since_asks_nobody():
    move = decided(standing=a_standing(outside=an_outside_change("an-earlier-config")))
    assert isinstance(move, Open)
    assert move.without_click


def a_persons(change: Change, left: str | None = None, **fields: Any) -> Rollout:
    plan = a_plan(left_package=left)
    return at(Phase.SUCCEEDED, change=change, plan=plan, requester=ANNA).with_(**fields)


def test_a_version_that_somebody_left_on_purpose_is_not_brought_back_without_asking():
    downgraded = a_persons(Change(version=3), left=V4)
    move = decided(past=(downgraded,))
    assert isinstance(move, Open)
    assert not move.without_click
    assert f"<@{ANNA}> left sentiment version 4 for another version in rollout rabc2345" in move.reason


def test_a_version_that_somebody_went_back_past_is_not_brought_without_asking():
    move = decided(past=(a_persons(Change(version=3), left=V5),))
    assert isinstance(move, Open)
    assert not move.without_click
    assert f"asks because <@{ANNA}> went back past sentiment version 4 in rollout rabc2345" in move.reason


def test_what_is_set_later_hides_nobody_who_left_a_version():
    downgraded = a_persons(Change(version=3), left=V4, id="rleft234")
    since = (
        a_persons(Change(env={"WORKERS": "4"})),
        a_persons(Change(), kind=Kind.SCALE, count_change=CountChange(variant="AllTraffic", count=4)),
        rollback_at(Phase.ROLLED_BACK, requester=ANNA),
        the_bots(a_persons(Change(instance_type="ml.m5.2xlarge"))),
    )
    for later in since:
        move = decided(past=(later, downgraded))
        assert isinstance(move, Open)
        assert "in rollout rleft234" in move.reason


@pytest.mark.parametrize("since", [{"left": V4}, {"left": V3, "requester": BOT_ACTOR}])
def test_whoever_changed_the_version_last_is_heeded(since: dict[str, Any]):
    downgraded = a_persons(Change(version=3), left=V5, id="rleft234")
    move = decided(standing=a_standing(running=V3, newest=V5), past=(a_persons(Change(), **since), downgraded))
    assert isinstance(move, Open)
    assert move.without_click


def test_a_persons_promotion_does_not_keep_later_versions_away():
    move = decided(standing=a_standing(running=V4, newest=V5), past=(a_persons(Change(version=4), left=V3),))
    assert isinstance(move, Open)
    assert move.without_click


@pytest.mark.parametrize(
    ("chosen", "declared", "drift"),
    [
        ({"change": Change(instance_type="ml.m5.xlarge")}, {"instance_type": "ml.m5.2xlarge"}, BIGGER),
        (
            {"change": None, "count_change": CountChange(variant="AllTraffic", count=4)},
            {"instance_count": 2},
            Difference(path="instance_count", before="4", after="2"),
        ),
        (
            {"change": Change(unset=("WORKERS",))},
            {"environment": {"WORKERS": "2"}},
            Difference(path="environment.WORKERS", before=None, after="2"),
        ),
        (
            {"change": Change(serverless=ServerlessSize(max_concurrency=5))},
            {"kind": "serverless", "serverless": {"memory_mb": 2048, "max_concurrency": 10}},
            Difference(path="serverless.max_concurrency", before="5", after="10"),
        ),
    ],
)
def test_a_setting_that_somebody_chose_is_not_set_back_without_asking(
    chosen: dict[str, Any], declared: dict[str, Any], drift: Difference
):
    spec, standing = a_spec(**declared), a_standing(BoardState.DRIFTED, V4, V4, drift=(drift,))
    move = decided(spec=spec, standing=standing, past=(a_persons(Change()).with_(**chosen),))
    assert isinstance(move, Open)
    assert not move.without_click
    assert "set it so on purpose" in move.reason
    other = decided(spec=spec, standing=standing, past=(a_persons(Change(version=4)),))
    assert isinstance(other, Open)
    assert other.without_click


# States


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (BoardState.UNKNOWN, Why.UNKNOWN),
        (BoardState.UPDATING, Why.UPDATING),
        (BoardState.TESTING, Why.TESTING),
        (BoardState.UNPATCHABLE, Why.NEEDS_PERSON),
        (BoardState.UNMANAGED, Why.BY_POLICY),
        (BoardState.UP_TO_DATE, Why.AS_DECLARED),
    ],
)
def test_states_in_which_an_endpoint_is_left_alone_even_if_somebody_asks(state: BoardState, expected: Why):
    assert why(decided(standing=a_standing(state))) is expected
    assert why(decided(standing=a_standing(state), asked_by=ANNA)) is expected


@pytest.mark.parametrize("policy", ["auto", "ask"])
def test_an_endpoint_that_is_gone_is_created_only_after_a_click(policy: str):
    move = decided(policy, a_standing(BoardState.NOT_DEPLOYED))
    assert isinstance(move, Open)
    assert (move.kind, move.change, move.without_click) == (Kind.CREATE, Change(package=V4), False)


def test_a_newly_declared_endpoint_is_created_by_itself_under_auto():
    move = decided(standing=a_standing(BoardState.NOT_DEPLOYED), is_newcomer=True)
    assert isinstance(move, Open)
    assert move.without_click
    assert move.reason == "the fleet file declares it: create it with sentiment version 4"


def test_what_somebody_tore_down_stays_down_until_somebody_asks():
    torn_down = at(Phase.SUCCEEDED, kind=Kind.TEARDOWN, requester=ANNA)
    assert why(decided(standing=a_standing(BoardState.NOT_DEPLOYED), past=(torn_down,))) is Why.TORN_DOWN
    asked = decided(standing=a_standing(BoardState.NOT_DEPLOYED), past=(torn_down,), asked_by=ANNA)
    assert isinstance(asked, Open)


def a_failed(status: EndpointStatus = EndpointStatus.FAILED, **fields: Any) -> Standing:
    return a_standing(BoardState.FAILED, snapshot=a_snapshot(status), **fields)


def test_a_failed_endpoint_is_recreated_only_after_a_click_whatever_the_policy():
    move = decided(standing=a_failed())
    assert isinstance(move, Open)
    assert (move.kind, move.without_click) == (Kind.CREATE, False)


def test_a_failed_endpoint_whose_newest_version_is_held_is_recreated_with_what_ran():
    move = decided(standing=a_failed(), holds=(a_hold(HoldKind.QUARANTINED),))
    assert isinstance(move, Open)
    assert move.change == Change(package=V3)
    none_left = decided(standing=a_failed(), holds=(a_hold(), a_hold(package=V3)))
    assert why(none_left) is Why.VERSION_HELD


def test_a_failed_endpoint_whose_version_was_rejected_since_is_recreated_with_the_newest_approved_one():
    move = decided(standing=a_failed(running=V4, newest=V3, is_approved=False))
    assert isinstance(move, Open)
    assert move.change == Change(package=V3)
    assert "sentiment version 4 is not approved" in move.reason


@pytest.mark.parametrize("status", [EndpointStatus.UPDATE_ROLLBACK_FAILED, EndpointStatus.OUT_OF_SERVICE])
def test_a_mix_of_configs_is_left_to_people(status: EndpointStatus):
    assert why(decided(standing=a_failed(status))) is Why.NEEDS_PERSON


def test_a_revoked_version_gives_way_to_a_newer_one_under_auto_only():
    revoked = a_standing(BoardState.REVOKED, V3, V4)
    move = decided(standing=revoked)
    assert isinstance(move, Open)
    assert move.without_click
    assert move.reason.startswith("sentiment version 3 is not approved")
    assert why(decided("ask", revoked)) is Why.BY_POLICY


@pytest.mark.parametrize(("policy", "asked_by"), [("auto", None), ("ask", None), ("manual", ANNA)])
def test_nothing_is_brought_to_an_endpoint_in_an_ab_test_whose_version_was_revoked(policy: str, asked_by: str | None):
    tested = a_standing(BoardState.REVOKED, V3, V4, is_trial=True)
    move = decided(policy, tested, asked_by=asked_by)
    assert isinstance(move, Nothing)
    assert move.why is Why.TESTING
    assert move.text == (
        "two versions are compared on it, and sentiment version 3 is not approved; nothing is brought to it until a person ends that: "
        "ab finish sentiment-prod --keep A, or --keep B"
    )


@pytest.mark.parametrize("newest", [V3, None])
def test_a_revoked_version_never_gives_way_to_an_older_one(newest: str | None):
    for asked_by in (None, ANNA):
        assert why(decided(standing=a_standing(BoardState.REVOKED, V4, newest), asked_by=asked_by)) is Why.REVOKED


@pytest.mark.parametrize(
    ("newest", "advice"),
    [
        (V3, "to go to sentiment version 3: promote sentiment-prod --version 3"),
        (None, "approve a version that may run, or go back: rollback sentiment-prod"),
    ],
)
def test_of_a_revoked_version_that_stays_it_is_said_what_to_do(newest: str | None, advice: str):
    move = decided(standing=a_standing(BoardState.REVOKED, V4, newest), asked_by=ANNA)
    assert isinstance(move, Nothing)
    assert move.text.startswith("it is REVOKED: sentiment version 4 is not approved, and ")
    assert move.text.endswith(advice)


def test_what_an_update_leaves_as_it_is_stands_in_its_reason():
    shifted = Difference(path="weight of B", before="50 %", after="10 %")
    move = decided(standing=a_standing(BoardState.DRIFTED, drift=(shifted,)))
    assert isinstance(move, Open)
    assert move.reason.startswith("sentiment version 4 is approved; weight of B stays 50 % (set the weights in AWS")


@pytest.mark.parametrize("follows", [None, {"endpoint": STAGING, "soak": "1h"}])
def test_an_outside_change_that_no_update_brings_back_is_said_with_what_to_do(follows: dict[str, str] | None):
    outside = a_standing(BoardState.DRIFTED, V4, V4, outside=an_outside_change())
    move = decided(spec=a_spec(follows=follows), standing=outside, asked_by=ANNA)
    assert isinstance(move, Nothing)
    assert move.why is Why.BEYOND_UPDATES
    assert "changed outside the bot by arn:aws:iam::1:user/zoe" in move.text
    assert "rollback sentiment-prod --to CONFIG" in move.text
    assert ("it follows sentiment-staging" in move.text) is (follows is not None)


@pytest.mark.parametrize("wave", [None, "sentiment"])
def test_after_the_store_was_emptied_people_are_asked(wave: str | None):
    move = decided(wave=wave, is_forgotten=True)
    assert isinstance(move, Open | ByWave)
    assert not move.without_click
    assert move.reason.endswith("; asks because what was decided about it before was lost with the store")


# Holds, locks, and what is under way


@pytest.mark.parametrize("asked_by", [None, ANNA])
@pytest.mark.parametrize("kind", [HoldKind.HELD, HoldKind.QUARANTINED])
def test_a_version_that_is_held_is_never_brought(kind: HoldKind, asked_by: str | None):
    assert why(decided(holds=(a_hold(kind),), asked_by=asked_by)) is Why.VERSION_HELD


def test_a_hold_of_one_version_keeps_neither_the_next_nor_the_files_settings_away():
    assert isinstance(decided(standing=a_standing(newest=V5), holds=(a_hold(),)), Open)
    spec = a_spec(instance_type="ml.m5.2xlarge")
    settings = decided(spec=spec, standing=a_standing(BoardState.HELD, drift=(BIGGER,)), holds=(a_hold(),))
    assert isinstance(settings, Open)
    assert settings.change == Change(instance_type="ml.m5.2xlarge")


def test_an_endpoint_that_somebody_holds_is_left_alone():
    move = decided(holds=(by_person(),))
    assert why(move) is Why.HELD
    assert isinstance(move, Nothing)
    assert move.text == f"<@{BEN}> holds it: load test"


def test_a_lock_or_a_freeze_is_waited_for():
    lock = Lock(id="l1", subject=ENDPOINT, holder=BEN, reason="load test", since=NOW)
    assert why(decided(lock=lock)) is Why.LOCKED


def test_until_the_holds_that_tags_tell_of_are_known_only_people_bring_something():
    assert why(decided(is_read=False)) is Why.UNREAD
    assert isinstance(decided(is_read=False, asked_by=ANNA), Open)


@pytest.mark.parametrize("phase", [p for p in Phase if opened().with_(phase=p).is_active])
def test_somebodys_plan_or_rollout_is_never_superseded(phase: Phase):
    assert why(decided(active=(opened().with_(phase=phase),))) is Why.BUSY


def test_a_plan_of_the_bots_that_somebody_approved_is_left_to_people():
    approved = a_bots_plan(Change(package=V3), approvals=approved_by(BEN))
    assert why(decided(active=(approved,))) is Why.BUSY


def test_what_is_proposed_already_is_not_proposed_again():
    assert why(decided(active=(a_bots_plan(Change(package=V4)),))) is Why.PROPOSED


def test_a_newer_version_takes_the_place_of_the_bots_own_waiting_plan():
    older = a_bots_plan(Change(package=V4))
    move = decided(standing=a_standing(newest=V5), active=(older,))
    assert isinstance(move, Open)
    assert move.replaces == older.id


def test_a_plan_of_a_wave_is_left_to_its_wave():
    assert why(decided(active=(a_bots_plan(Change(package=V3), wave_id="w1"),))) is Why.BUSY


@pytest.mark.parametrize(
    ("standing", "situation"),
    [
        (a_standing(BoardState.UP_TO_DATE, V4, V4), {}),
        (a_standing(), {"holds": (by_person(),)}),
        (a_standing(), {"holds": (a_hold(),)}),
        (a_standing(newest=None), {}),
    ],
)
def test_a_plan_of_the_bots_that_nobody_wants_any_more_is_taken_back(standing: Standing, situation: dict[str, Any]):
    own = a_bots_plan(Change(package=V4))
    move = decided(standing=standing, active=(own,), **situation)
    assert isinstance(move, Withdraw)
    assert move.rollout_id == own.id
    assert move.nothing.why in SETTLED


@pytest.mark.parametrize("state", [BoardState.UNKNOWN, BoardState.UPDATING, BoardState.TESTING])
def test_a_plan_of_the_bots_stays_while_nothing_can_be_told(state: BoardState):
    assert isinstance(decided(standing=a_standing(state), active=(a_bots_plan(Change(package=V4)),)), Nothing)


# Waves


def test_an_endpoint_of_a_wave_is_changed_by_the_wave_only():
    move = decided(wave="sentiment")
    assert isinstance(move, ByWave)
    assert (move.wave, move.package_arn, move.label, move.without_click) == ("sentiment", V4, label(V4), True)


def test_an_endpoint_of_a_wave_that_does_not_exist_is_created_by_itself():
    assert isinstance(decided(standing=a_standing(BoardState.NOT_DEPLOYED), wave="sentiment"), Open)


def test_nothing_is_brought_beside_a_wave_that_is_under_way():
    assert why(decided(wave="sentiment", in_wave=a_wave(package_arn=V3, needs_approval=False))) is Why.IN_WAVE


def test_a_wave_of_the_bots_that_only_asks_gives_way_to_a_newer_version():
    asks = {"requester": BOT_ACTOR, "needs_approval": True, "package_arn": V3}
    assert isinstance(decided(wave="sentiment", in_wave=a_wave(**asks)), ByWave)


@pytest.mark.parametrize(
    "other",
    [
        {"requester": ANNA},
        {"approvals": (WaveApproval(actor=ANNA, at=NOW),)},
        {"package_arn": V4},
        {"package_arn": None},
        {"name": "another"},
    ],
)
def test_any_other_wave_keeps_its_endpoints(other: dict[str, Any]):
    asks = a_wave(**{"requester": BOT_ACTOR, "needs_approval": True, "package_arn": V3, **other})
    assert why(decided(wave="sentiment", in_wave=asks)) is Why.IN_WAVE


# Staging before production


def a_follower(soak: str = "24h", policy: str = "auto") -> EndpointSpec:
    return a_spec(policy, follows={"endpoint": STAGING, "soak": soak})


def upstream(
    running: str = V4,
    *,
    since: timedelta | None = 2 * DAY,
    state: BoardState = BoardState.UP_TO_DATE,
    past: tuple[Rollout, ...] | None = None,
    holds: tuple[Hold, ...] = (),
) -> Upstream:
    standing = a_standing(state, running, V5, running_since=NOW - since if since is not None else None)
    return Upstream(standing, holds, (proof(),) if past is None else past)


def proof(phase: Phase = Phase.SUCCEEDED, verdict: VerdictKind = VerdictKind.PASS, **fields: Any) -> Rollout:
    return at(phase, plan=a_plan(package_arn=V4), verdict=a_verdict(verdict), **fields)


def test_a_version_that_has_soaked_upstream_follows_even_if_a_newer_one_is_approved():
    move = decided(spec=a_follower(), standing=a_standing(newest=V5), upstream=upstream())
    assert isinstance(move, Open)
    assert (move.change, move.without_click) == (Change(package=V4), True)


@pytest.mark.parametrize("since", [timedelta(hours=23), None])
def test_a_version_is_not_brought_before_it_has_soaked(since: timedelta | None):
    assert why(decided(spec=a_follower(), upstream=upstream(since=since))) is Why.SOAKING


@pytest.mark.parametrize(
    "found",
    [
        None,
        upstream(state=BoardState.REVOKED),
        upstream(state=BoardState.NOT_DEPLOYED),
        upstream(holds=(a_hold(),)),
        upstream(holds=(by_person(),)),
        upstream(past=(proof(verdict=VerdictKind.REGRESSED),)),
        upstream(past=(proof(Phase.ROLLED_BACK),)),
    ],
)
def test_what_did_not_do_well_upstream_does_not_follow(found: Upstream | None):
    assert why(decided(spec=a_follower(), upstream=found)) is Why.UPSTREAM


@pytest.mark.parametrize("state", [BoardState.UPDATING, BoardState.TESTING, BoardState.UNKNOWN])
def test_a_plan_that_waits_is_not_taken_back_while_its_upstream_only_scales(state: BoardState):
    own = a_bots_plan(Change(package=V4)).with_(approval_needed=True)
    move = decided("ask", spec=a_follower(), upstream=upstream(state=state), active=(own,))
    assert why(move) not in SETTLED


def test_a_plan_that_waits_is_not_taken_back_while_its_upstream_compares_two_versions_one_of_them_revoked():
    own, tested = a_bots_plan(Change(package=V4)).with_(approval_needed=True), upstream(state=BoardState.REVOKED)
    tested = replace(tested, standing=tested.standing.model_copy(update={"is_trial": True}))
    move = decided("ask", spec=a_follower(), upstream=tested, active=(own,))
    assert isinstance(move, Nothing)
    assert (move.why, move.text) == (Why.TESTING, "it follows sentiment-staging, which is testing now")


@pytest.mark.parametrize(
    "past",
    [
        (proof(verdict=VerdictKind.INCONCLUSIVE),),
        (proof(verdict=VerdictKind.REGRESSED, acceptance=Acceptance(actor=BEN, at=NOW)),),
    ],
)
def test_what_was_inconclusive_or_accepted_upstream_follows(past: tuple[Rollout, ...]):
    assert isinstance(decided(spec=a_follower(), upstream=upstream(past=past)), Open)


def test_a_version_of_which_no_rollout_is_known_upstream_needs_a_click():
    another = at(Phase.SUCCEEDED, plan=a_plan(package_arn=V3))
    for past in ((), (another,)):
        move = decided(spec=a_follower(), upstream=upstream(past=past))
        assert isinstance(move, Open)
        assert not move.without_click


def test_settings_of_the_file_wait_for_no_upstream():
    spec = a_follower().model_copy(update={"instance_type": "ml.m5.2xlarge"})
    move = decided(spec=spec, standing=a_standing(BoardState.DRIFTED, drift=(BIGGER,)), upstream=None)
    assert isinstance(move, Open)
    assert move.change == Change(instance_type="ml.m5.2xlarge")


# What was tried before


NEVER = None


@pytest.mark.parametrize(
    ("phase", "reason", "attempt", "again"),
    [
        (Phase.REJECTED, Reason.REJECTED_BY_APPROVER, 1, NEVER),
        (Phase.CANCELLED, Reason.CANCELLED_BY_PERSON, 1, NEVER),
        (Phase.NEEDS_HUMAN, Reason.UPDATE_FAILED, 1, NEVER),
        (Phase.ROLLED_BACK_BY_AWS, Reason.ABORTED, 1, NEVER),
        (Phase.CANCELLED, Reason.SUPERSEDED, 1, DAY),
        (Phase.EXPIRED, Reason.APPROVAL_EXPIRED, 1, DAY),
        (Phase.EXPIRED, Reason.APPROVAL_EXPIRED, 9, DAY),
        (Phase.BLOCKED, Reason.PREFLIGHT_BLOCKED, 1, HOUR),
        (Phase.BLOCKED, Reason.PREFLIGHT_BLOCKED, 3, 4 * HOUR),
        (Phase.FAILED, Reason.AWS_REFUSED, 2, 2 * HOUR),
        (Phase.FAILED, Reason.AWS_REFUSED, 40, DAY),
        (Phase.ROLLED_BACK, Reason.ROLLBACK_LANDED, 1, HOUR),
        (Phase.ROLLED_BACK_BY_AWS, Reason.AWS_ROLLED_BACK, 1, HOUR),
    ],
)
def test_what_did_not_come_about_is_tried_again_after_a_while_or_never(
    phase: Phase, reason: Reason, attempt: int, again: timedelta | None
):
    def after(ago: timedelta) -> Move:
        return decided(proposed=(tried(phase, reason, ago=ago, attempt=attempt),))

    if again is NEVER:
        assert why(after(365 * DAY)) is Why.REFUSED
    else:
        assert why(after(again - timedelta(seconds=1))) is Why.LATER
        move = after(again)
        assert isinstance(move, Open)
        assert move.attempt == attempt + 1
    assert isinstance(decided(proposed=(tried(phase, reason, ago=timedelta(0), attempt=attempt),), asked_by=ANNA), Open)


def test_what_the_bot_took_back_itself_may_come_at_once():
    taken_back = tried(Phase.CANCELLED, Reason.NO_LONGER_WANTED, ago=timedelta(0), actor=BOT_ACTOR)
    assert isinstance(decided(proposed=(taken_back,)), Open)


def tried_by_wave(state: WaveState, reason: WaveReason, member: MemberState = MemberState.WAITING) -> Tried:
    begun = a_wave(a_member(ENDPOINT, state=member))
    wave = begun if state is WaveState.ABORTED else begun.to(WaveState.RUNNING, WaveReason.APPROVED, NOW - DAY, BEN)
    ended = wave.to(state, reason, NOW - HOUR, BEN)
    proposal = tried(Phase.EXPIRED, Reason.APPROVAL_EXPIRED, ago=HOUR).proposal
    return Tried(proposal.model_copy(update={"wave_id": wave.id, "rollout_id": ""}), wave=ended)


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        (WaveReason.ABORTED_BY_PERSON, Why.REFUSED),
        (WaveReason.SUPERSEDED, Why.LATER),
        (WaveReason.CHANNEL_UNREACHABLE, Why.LATER),
    ],
)
def test_only_a_wave_that_somebody_aborted_is_a_no(reason: WaveReason, expected: Why):
    assert why(decided(proposed=(tried_by_wave(WaveState.ABORTED, reason),))) is expected


def test_what_a_wave_brought_and_differs_as_before_is_not_brought_again():
    done = tried_by_wave(WaveState.FINISHED, WaveReason.ALL_DONE, MemberState.DONE)
    elsewhere = a_standing(snapshot=a_snapshot(config="made-by-the-wave"))
    move = decided(standing=elsewhere, proposed=(done,))
    assert why(move) is Why.NO_EFFECT
    assert isinstance(move, Nothing)
    assert move.text.startswith("wave ")


def test_a_no_is_about_this_version_on_this_config_and_nothing_else():
    no = tried(Phase.REJECTED, Reason.REJECTED_BY_APPROVER, ago=HOUR)
    assert isinstance(decided(standing=a_standing(newest=V5), proposed=(no,)), Open)
    elsewhere = a_standing(snapshot=a_snapshot(config="another-config"))
    assert isinstance(decided(standing=elsewhere, proposed=(no,)), Open)


def test_settings_that_were_rolled_back_come_no_more_while_they_are_held():
    spec, change = a_spec(instance_type="ml.m5.2xlarge"), Change(instance_type="ml.m5.2xlarge")
    standing = a_standing(BoardState.DRIFTED, V4, V4, drift=(BIGGER,))
    back = tried(Phase.ROLLED_BACK, Reason.ROLLBACK_LANDED, ago=30 * DAY, change=change)
    hold = a_hold(package=None, content_hash="0123456789abcdef", rollout_id="rtried23")
    assert why(decided(spec=spec, standing=standing, proposed=(back,), holds=(hold,))) is Why.REFUSED
    assert isinstance(decided(spec=spec, standing=standing, proposed=(back,)), Open)


def test_what_succeeded_and_changed_nothing_is_not_brought_in_a_loop():
    done = tried(Phase.SUCCEEDED, Reason.WATCH_OVER, ago=HOUR)
    differs_still = a_standing(snapshot=a_snapshot(config="sentiment-v4-r1"))
    assert why(decided(standing=differs_still, proposed=(done,))) is Why.NO_EFFECT
    moved_back = a_standing(outside=an_outside_change())
    move = decided(standing=moved_back, proposed=(done,))
    assert isinstance(move, Open)
    assert not move.without_click


def test_a_proposal_that_was_never_opened_is_opened():
    lost = Tried(tried(Phase.EXPIRED, Reason.APPROVAL_EXPIRED, ago=HOUR).proposal, None)
    assert isinstance(decided(proposed=(lost,)), Open)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (None, Why.LATER),
        (WaveState.FINISHED, Why.LATER),
        (WaveState.EXPIRED, Why.LATER),
        (WaveState.REJECTED, Why.REFUSED),
        (WaveState.ABORTED, Why.REFUSED),
    ],
)
def test_a_wave_is_proposed_once_a_day_at_most_and_never_after_a_no(state: WaveState | None, expected: Why):
    known = tried(Phase.EXPIRED, Reason.APPROVAL_EXPIRED, ago=HOUR).proposal
    known = known.model_copy(update={"rollout_id": "", "wave_id": "wabc2345"})
    wave = a_wave().model_copy(update={"state": state}) if state is not None else None
    assert why(decided(wave="sentiment", proposed=(Tried(known, wave=wave),))) is expected


# Totality


@pytest.mark.parametrize(
    ("state", "policy", "asked_by"), list(product(BoardState, ("auto", "ask", "manual"), (None, ANNA)))
)
def test_every_state_leads_to_a_move_and_none_without_a_click_unless_the_policy_is_auto(
    state: BoardState, policy: str, asked_by: str | None
):
    for held_by, lock, wave in product(((), (a_hold(),), (by_person(),)), (None, "lock"), (None, "sentiment")):
        standing = a_failed() if state is BoardState.FAILED else a_standing(state)
        stands = Lock(id="l1", subject="*", holder=BEN, reason="audit", since=NOW) if lock else None
        move = decide(
            a_spec(policy), standing, Situation(holds=held_by, lock=stands, wave=wave, asked_by=asked_by), NOW
        )
        if isinstance(move, Nothing):
            assert move.text
            continue
        assert isinstance(move, Open | ByWave)
        assert not stands
        assert by_person() not in held_by
        assert not held_by or move.change.package != V4
        assert not move.without_click or (policy == "auto" and asked_by is None)
        assert policy != "manual" or asked_by is not None


def test_a_rollback_of_a_persons_is_what_left_the_endpoint_as_it_is():
    rolled_back = rollback_at(Phase.ROLLED_BACK, requester=ANNA).with_(plan=a_plan(left_package=V4))
    move = decided(past=(rolled_back, at(Phase.ROLLED_BACK)))
    assert isinstance(move, Open)
    assert not move.without_click
