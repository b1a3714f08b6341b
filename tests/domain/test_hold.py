"""What is held after which end, and what lifts it: the manager must never redeploy what is known to be bad."""

from typing import Any

import pytest
from fakes.clock import NOW
from fakes.records import ANNA, BEN, a_plan, a_verdict, at, opened, rollback_at

from bot.domain.hold import Hold, HoldKind, hold_after, lifts, may_lift
from bot.domain.phases import Kind, Phase, Reason
from bot.domain.rollout import Rollout
from bot.domain.verdict import VerdictKind
from bot.domain.version import Version
from bot.domain.watchplan import Acceptance

GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package/sentiment"
V4 = {"package_arn": f"{GROUP}/4", "content_hash": "hash4", "rank": 4}
NO_CAPACITY = (
    "SageMaker says: Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity error."
)
NO_QUOTA = (
    "The account-level service limit 'ml.g5.xlarge for endpoint usage' is 1 Instances, with current utilization of 1 "
)


def of_v4(phase: Phase, **fields: Any) -> Rollout:
    return at(phase, plan=a_plan(**V4), **fields)


def ended(
    phase: Phase, reason: Reason, note: str = "", actor: str = "bot", *, start: Phase, **fields: Any
) -> Hold | None:
    before = of_v4(start, **fields)
    return hold_after(before, before.to(phase, reason, NOW, actor, note))


def went_back(reason: Reason, actor: str, note: str = "", **fields: Any) -> Hold | None:
    before = of_v4(Phase.WATCHING, **fields).to(Phase.ROLLING_BACK, reason, NOW, actor, note)
    return hold_after(before, before.to(Phase.ROLLED_BACK, Reason.ROLLBACK_LANDED, NOW, actor))


def held(**fields: Any) -> Hold:
    given = {"kind": HoldKind.HELD, "since": NOW, "actor": BEN, "reason": "slow", "endpoint": "sentiment-prod"}
    return Hold(**{**given, **V4, **fields})


def success(verdict: VerdictKind = VerdictKind.PASS, accepted: bool = False, **version: Any) -> Rollout:
    acceptance = Acceptance(actor=BEN, at=NOW) if accepted else None
    plan = a_plan(**{"content_hash": "other", **version})
    return at(Phase.SUCCEEDED, plan=plan, verdict=a_verdict(verdict), acceptance=acceptance)


# What is held


@pytest.mark.parametrize(
    ("reason", "actor"),
    [
        (Reason.ROLLBACK_REQUESTED, BEN),
        (Reason.ROLLBACK_QUEUED, ANNA),
        (Reason.WATCH_REGRESSED, "bot"),
        (Reason.BAKE_REGRESSED, "bot"),
    ],
)
def test_a_version_that_was_rolled_back_is_held_whoever_did_it(reason: Reason, actor: str) -> None:
    hold = went_back(reason, actor, "p50 +29 %.")
    assert hold == held(actor=actor, reason="p50 +29 %.", label="sentiment version 4", rollout_id="rabc2345")


def test_the_evidence_is_the_reason_where_the_person_gave_none() -> None:
    worse = a_verdict(VerdictKind.REGRESSED)
    hold = went_back(Reason.ROLLBACK_REQUESTED, BEN, last_look=worse)
    assert hold is not None
    assert hold.reason == worse.evidence
    fine = went_back(Reason.ROLLBACK_REQUESTED, BEN, last_look=a_verdict())
    assert fine is not None
    assert fine.reason == ""


def test_a_version_that_sagemaker_rolled_back_is_quarantined_with_its_words() -> None:
    words = "SageMaker says: The ping health check failed."
    hold = ended(Phase.ROLLED_BACK_BY_AWS, Reason.AWS_ROLLED_BACK, words, "aws", start=Phase.UPDATING)
    assert hold is not None
    assert (hold.kind, hold.actor, hold.reason) == (HoldKind.QUARANTINED, "aws", words)


@pytest.mark.parametrize("reason", [Reason.UPDATE_FAILED, Reason.UPDATE_ROLLBACK_FAILED])
def test_a_version_that_broke_the_endpoint_is_quarantined(reason: Reason) -> None:
    hold = ended(Phase.NEEDS_HUMAN, reason, "The endpoint is Failed.", start=Phase.UPDATING)
    assert hold is not None
    assert hold.kind is HoldKind.QUARANTINED


@pytest.mark.parametrize(
    ("refused", "is_held"),
    [
        ("create_models", True),
        ("create_config", True),
        ("call_update", True),
        ("create_alarms", False),
        ("take_scaling", False),
        ("", False),
    ],
)
def test_what_sagemaker_refused_is_quarantined_if_it_was_about_the_version(refused: str, is_held: bool) -> None:
    words = "The value is not supported."
    hold = ended(Phase.FAILED, Reason.AWS_REFUSED, words, start=Phase.PREPARING, refused=refused)
    assert (hold is not None) is is_held


@pytest.mark.parametrize("note", [NO_CAPACITY, NO_QUOTA])
@pytest.mark.parametrize(
    ("phase", "reason", "start"),
    [
        (Phase.ROLLED_BACK_BY_AWS, Reason.AWS_ROLLED_BACK, Phase.UPDATING),
        (Phase.FAILED, Reason.AWS_REFUSED, Phase.UPDATING),
    ],
)
def test_that_aws_has_no_instances_is_no_versions_fault(note: str, phase: Phase, reason: Reason, start: Phase) -> None:
    assert ended(phase, reason, note, start=start, refused="call_update") is None


@pytest.mark.parametrize(
    ("phase", "reason", "start"),
    [
        (Phase.ROLLED_BACK_BY_AWS, Reason.ABORTED, Phase.UPDATING),
        (Phase.FAILED, Reason.AWS_UNREACHABLE, Phase.UPDATING),
        (Phase.FAILED, Reason.ENDPOINT_DRIFTED, Phase.PREPARING),
        (Phase.FAILED, Reason.PLAN_DRIFTED, Phase.PREPARING),
        (Phase.NEEDS_HUMAN, Reason.ENDPOINT_DRIFTED, Phase.WATCHING),
        (Phase.NEEDS_HUMAN, Reason.ENDPOINT_GONE, Phase.WATCHING),
        (Phase.CANCELLED, Reason.CANCELLED_BY_PERSON, Phase.PREPARING),
        (Phase.SUCCEEDED, Reason.WATCH_OVER, Phase.WATCHING),
    ],
)
def test_other_ends_say_nothing_about_the_version(phase: Phase, reason: Reason, start: Phase) -> None:
    assert ended(phase, reason, "x", start=start, refused="call_update") is None


def test_a_bridge_that_could_not_be_left_by_its_second_update_is_quarantined_not_held() -> None:
    hold = went_back(Reason.AWS_ROLLED_BACK, "bot", "SageMaker says: The ping health check failed.")
    assert hold is not None
    assert hold.kind is HoldKind.QUARANTINED
    assert went_back(Reason.AWS_ROLLED_BACK, "bot", NO_CAPACITY) is None


def test_a_hold_is_written_once_however_often_the_end_is_saved() -> None:
    over = at(Phase.ROLLED_BACK)
    assert hold_after(over, over) is None
    assert hold_after(None, over) is None, "read from tags, after the store was lost"


@pytest.mark.parametrize("kind", [Kind.SCALE])
def test_other_counts_hold_no_version(kind: Kind) -> None:
    before = of_v4(Phase.UPDATING, kind=kind)
    assert hold_after(before, before.to(Phase.ROLLED_BACK_BY_AWS, Reason.AWS_ROLLED_BACK, NOW, "aws")) is None


def test_a_version_that_nothing_tells_from_others_is_not_held() -> None:
    before = at(Phase.WATCHING, plan=a_plan(content_hash="")).to(
        Phase.ROLLING_BACK, Reason.ROLLBACK_REQUESTED, NOW, BEN
    )
    assert hold_after(before, before.to(Phase.ROLLED_BACK, Reason.ROLLBACK_LANDED, NOW, BEN)) is None


def test_a_way_back_past_its_rollout_holds_what_it_left() -> None:
    before = rollback_at(Phase.ROLLING_BACK, leaves=Version(**V4, label="sentiment version 4"), parent_id=None)
    landed = before.to(Phase.ROLLED_BACK, Reason.ROLLBACK_LANDED, NOW, "bot")
    hold = hold_after(before, landed)
    assert hold is not None
    assert (hold.kind, hold.actor, hold.package_arn) == (HoldKind.HELD, BEN, V4["package_arn"])
    assert hold_after(before, before.to(Phase.FAILED, Reason.ROLLBACK_FAILED, NOW, "bot")) is None


def test_a_way_back_of_a_rollout_leaves_the_holding_to_that_one() -> None:
    before = rollback_at(Phase.ROLLING_BACK)
    assert hold_after(before, before.to(Phase.ROLLED_BACK, Reason.ROLLBACK_LANDED, NOW, "bot")) is None


# What it is about


def test_a_version_is_known_by_its_package_or_else_by_its_content() -> None:
    assert held().is_about(Version(**{**V4, "content_hash": "another environment"}))
    assert not held().is_about(Version(**{**V4, "package_arn": f"{GROUP}/5"}))
    assert held(package_arn=None).is_about(Version(content_hash="hash4"))
    assert not held(package_arn=None).is_about(Version(content_hash="hash5", package_arn=f"{GROUP}/4"))
    assert not held(content_hash="").is_about(Version())


def test_a_hold_on_other_settings_does_not_name_the_version_that_stays() -> None:
    same = {"package_arn": None, "current_label": "sentiment version 3", "target_label": "sentiment version 3"}
    before = at(Phase.WATCHING, plan=a_plan(**{**V4, **same, "rank": None})).to(
        Phase.ROLLING_BACK, Reason.WATCH_REGRESSED, NOW, "bot"
    )
    hold = hold_after(before, before.to(Phase.ROLLED_BACK, Reason.ROLLBACK_LANDED, NOW, "bot"))
    assert hold is not None
    assert hold.label == "A change of the settings of sentiment version 3"
    assert not hold.is_about(Version(package_arn=f"{GROUP}/3", content_hash="another"))


def test_a_hold_on_the_endpoint_is_about_every_version() -> None:
    assert held(kind=HoldKind.BY_PERSON, package_arn=None, content_hash="").is_about(Version(**V4))


# What lifts it


@pytest.mark.parametrize(
    ("version", "is_lifted"),
    [
        ({"package_arn": f"{GROUP}/5", "rank": 5}, True),
        ({"package_arn": f"{GROUP}/4", "rank": 4}, True),
        ({"package_arn": f"{GROUP}/3", "rank": 3}, False),
        ({"package_arn": None, "rank": None}, False),
        ({"package_arn": "arn:aws:sagemaker:us-east-1:1:model-package/elsewhere/9", "rank": None}, False),
    ],
)
def test_only_the_version_itself_or_a_later_one_lifts_a_hold(version: dict[str, Any], is_lifted: bool) -> None:
    assert lifts(held(), success(**version)) is is_lifted


def test_a_hold_on_content_outside_of_the_group_is_lifted_by_the_next_success() -> None:
    assert lifts(held(rank=None, package_arn=None), success(package_arn=f"{GROUP}/3", rank=3))


def test_what_a_person_holds_is_lifted_by_a_person() -> None:
    by_person = held(kind=HoldKind.BY_PERSON, package_arn=None, content_hash="", rank=None)
    assert not lifts(by_person, success(package_arn=f"{GROUP}/9", rank=9))


@pytest.mark.parametrize(
    ("verdict", "accepted", "is_good"),
    [
        (VerdictKind.PASS, False, True),
        (VerdictKind.INCONCLUSIVE, False, True),
        (VerdictKind.REGRESSED, False, False),
        (VerdictKind.REGRESSED, True, True),
    ],
)
def test_only_a_rollout_that_ended_well_or_was_accepted_lifts_anything(
    verdict: VerdictKind, accepted: bool, is_good: bool
) -> None:
    assert may_lift(at(Phase.WATCHING), success(verdict, accepted)) is is_good


def test_accepting_after_the_end_lifts_and_does_so_once() -> None:
    worse, accepted = success(VerdictKind.REGRESSED), success(VerdictKind.REGRESSED, accepted=True)
    assert may_lift(worse, accepted)
    assert not may_lift(accepted, accepted.with_(child_id="rchild22"))


def test_what_was_read_from_tags_lifts_nothing() -> None:
    assert not may_lift(None, success())
    assert not may_lift(opened(), at(Phase.WATCHING))
