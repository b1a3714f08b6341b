"""Preflight by tables: what each check finds, and what it says to do about it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from fakes.clock import NOW
from fakes.facts import (
    ATTEMPT,
    BUSY,
    CALM,
    MARKETPLACE_ARN,
    ROLLBACK,
    SCALE,
    UPDATE,
    a_config,
    a_marketplace_package,
    a_package,
    a_spec,
    found,
)
from fakes.records import BEN, CURRENT, TARGET, a_snapshot

from bot.domain.conversion import Conversion
from bot.domain.endpoint import BUSY_STATUSES, ApprovalStatus, EndpointStatus
from bot.domain.hold import Hold, HoldKind
from bot.domain.phases import Kind
from bot.domain.plan import Level
from bot.domain.preflight import CHECKS, MOVING, CheckName, Facts, irreversible_reasons, readiness_of, run_preflight
from bot.domain.preflight.facts import QuotaNeed
from bot.domain.readiness import ReadinessLevel
from bot.domain.strategy import FleetShape, VariantShape
from bot.domain.traffic import TrafficOutlook


def test_a_sound_change_is_ok_throughout_and_reads_in_order() -> None:
    findings = run_preflight(UPDATE)
    assert [f.check for f in findings] == ["in_service", "variant_names", "version_status", "traffic", "way_back"]
    assert {f.level for f in findings} == {Level.OK}


def test_every_check_answers_under_its_own_name() -> None:
    assert len(CHECKS) == len(set(CHECKS))
    assert set(CheckName) >= MOVING


def test_nothing_to_change_is_said_first() -> None:
    first = run_preflight(replace(UPDATE, differences=()))[0]
    assert (first.check, first.level) == ("something_changes", Level.BLOCKER)
    assert "something_changes" not in found(ROLLBACK)
    assert "something_changes" not in found(SCALE)


@pytest.mark.parametrize("status", list(EndpointStatus))
@pytest.mark.parametrize("facts", [UPDATE, ROLLBACK, SCALE])
def test_only_an_endpoint_in_service_may_be_changed(status: EndpointStatus, facts: Facts) -> None:
    finding = found(replace(facts, snapshot=a_snapshot(status)))["in_service"]
    assert status.value in finding.text
    if status is EndpointStatus.IN_SERVICE:
        assert finding.level is Level.OK
    elif status is EndpointStatus.UPDATE_ROLLBACK_FAILED and facts is ROLLBACK:
        assert finding.level is Level.WARNING
    else:
        assert finding.level is Level.BLOCKER
        assert ("Ask again when" in finding.next_step) is (status in BUSY_STATUSES)


def test_maintenance_by_aws_is_told_apart_from_an_update() -> None:
    maintenance = found(replace(UPDATE, snapshot=a_snapshot(EndpointStatus.SYSTEM_UPDATING)))["in_service"]
    assert "AWS does maintenance on it" in maintenance.text
    assert maintenance.next_step == "Ask again when it is InService; status sentiment-prod tells."
    update = found(replace(UPDATE, snapshot=a_snapshot(EndpointStatus.UPDATING, pending="other-config")))["in_service"]
    assert update.text == "The endpoint is Updating, to the config other-config."


def test_variants_keep_their_names() -> None:
    finding = found(replace(UPDATE, target_config=a_config(TARGET, "AllTraffic", "Extra")))["variant_names"]
    assert finding.level is Level.BLOCKER
    assert "AllTraffic now, AllTraffic, Extra in the target config" in finding.text


def test_the_fleet_file_must_name_a_variant_that_is_there() -> None:
    finding = found(replace(UPDATE, spec=a_spec(variant="Main")))["declared_variant"]
    assert finding.text == "The fleet file names the variant Main, but the endpoint has AllTraffic."
    assert "declared_variant" not in found(replace(SCALE, spec=a_spec(variant="Main")))


@pytest.mark.parametrize(
    ("fields", "level", "words"),
    [
        ({}, Level.OK, "sentiment version 4 is Approved and Completed."),
        ({"approval": ApprovalStatus.REJECTED}, Level.BLOCKER, "is Rejected, not Approved"),
        ({"approval": ApprovalStatus.PENDING}, Level.BLOCKER, "is PendingManualApproval, not Approved"),
        ({"status": "InProgress"}, Level.BLOCKER, "is InProgress, not Completed"),
        ({"approval": None}, Level.OK, "Marketplace packages have no approval state"),
    ],
)
def test_a_version_must_be_completed_and_approved(fields: dict[str, Any], level: Level, words: str) -> None:
    finding = found(replace(UPDATE, package=a_package(**fields)))["version_status"]
    assert finding.level is level
    assert words in finding.text


def test_a_change_of_settings_asks_nothing_about_versions() -> None:
    assert not {"version_status", "track", "instance_type"} & found(replace(UPDATE, package=None)).keys()


STT_2, STT_3 = (
    f"arn:aws:sagemaker:us-east-1:865070037744:model-package/stt-en-v{n}-0123456789abcdef0123456789abcdef"
    for n in (2, 3)
)
NAMED_TRACK = a_spec(track=(STT_2,), track_pattern="stt-en-v*", model_package_group=None)


def test_a_package_whose_name_is_of_the_track_may_follow_before_it_is_listed() -> None:
    unlisted = a_marketplace_package(arn=STT_3)
    assert found(replace(UPDATE, spec=NAMED_TRACK, package=unlisted))["track"].level is Level.OK


@pytest.mark.parametrize(
    "arn", [STT_3.replace("-en-", "-fr-"), STT_3.replace("865070037744", "111122223333")], ids=["name", "seller"]
)
def test_a_package_of_another_name_or_seller_is_of_another_track_and_refused(arn: str) -> None:
    finding = found(replace(UPDATE, spec=NAMED_TRACK, package=a_marketplace_package(arn=arn)))["track"]
    assert finding.level is Level.BLOCKER
    assert "called stt-en-v*" in finding.text


def test_a_package_of_another_product_than_what_runs_is_said_to_be_that() -> None:
    spec = a_spec(track=(STT_2,), model_package_group=None)
    runs = a_marketplace_package(arn=STT_2, product_id="prod-en")
    for product, is_other in (("prod-fr", True), ("prod-en", False)):
        facts = replace(
            UPDATE, spec=spec, running=(runs,), package=a_marketplace_package(arn=STT_3, product_id=product)
        )
        finding = found(facts)["track"]
        assert finding.level is Level.WARNING
        assert ("another Marketplace product" in finding.text) is is_other


def test_a_package_off_the_track_is_a_warning() -> None:
    spec = a_spec(track=(MARKETPLACE_ARN,), model_package_group=None)
    assert found(replace(UPDATE, spec=spec))["track"].level is Level.WARNING
    assert "track" not in found(replace(UPDATE, spec=spec, package=a_package(arn=MARKETPLACE_ARN)))


def test_a_package_that_the_track_lists_with_capitals_is_on_it() -> None:
    spec = a_spec(track=(STT_2.replace("stt-en", "STT-en"),), model_package_group=None)
    assert "track" not in found(replace(UPDATE, spec=spec, package=a_marketplace_package(arn=STT_2)))


@pytest.mark.parametrize(
    ("supported", "level"),
    [((), None), (("ml.m5.xlarge",), Level.OK), (("ml.g5.xlarge", "ml.g5.2xlarge"), Level.BLOCKER)],
)
def test_the_instance_type_must_be_supported(supported: tuple[str, ...], level: Level | None) -> None:
    finding = found(replace(UPDATE, package=a_package(instance_types=supported))).get("instance_type")
    assert (finding and finding.level) == level


def test_nothing_is_said_of_instance_types_where_there_are_none() -> None:
    facts = replace(UPDATE, package=a_package(instance_types=("ml.g5.xlarge",)), instance_types=frozenset())
    assert "instance_type" not in found(facts)


@pytest.mark.parametrize(
    ("facts", "level", "words"),
    [
        (UPDATE, Level.OK, f"The way back is there: config {CURRENT}"),
        (replace(UPDATE, models={"m": False}), Level.WARNING, "the model m was deleted"),
        (replace(UPDATE, models={"m": False, "a": False}), Level.WARNING, "the models a, m were deleted"),
        (ROLLBACK, Level.OK, f"The config {TARGET} and its models exist."),
        (replace(ROLLBACK, target_config=None), Level.BLOCKER, f"The config {TARGET} was deleted"),
        (replace(ROLLBACK, models={"m": False}), Level.BLOCKER, "is there, but its model m was deleted"),
        (replace(ROLLBACK, models={"m": False, "a": False}), Level.BLOCKER, "its models a, m were deleted"),
    ],
)
def test_the_way_back_is_looked_at_before_it_is_needed(facts: Facts, level: Level, words: str) -> None:
    finding = found(facts)["way_back"]
    assert finding.level is level
    assert words in finding.text


def test_a_change_of_counts_needs_no_way_back() -> None:
    assert "way_back" not in found(replace(SCALE, models={"m": False}))


def test_types_that_a_package_supports_are_listed_in_part() -> None:
    many = tuple(f"ml.g5.{n}xlarge" for n in (2, 4, 8, 12, 16, 24, 48))
    finding = found(replace(UPDATE, package=a_package(instance_types=many)))["instance_type"]
    assert finding.next_step.endswith("ml.g5.24xlarge and 1 more.")


@pytest.mark.parametrize(
    ("is_subscribed", "level", "words"),
    [
        (True, Level.OK, "This AWS account is subscribed to stt-v1."),
        (False, Level.BLOCKER, "This AWS account is not subscribed to stt-v1."),
        (None, Level.WARNING, "could not be told"),
    ],
)
def test_a_marketplace_package_needs_a_subscription(is_subscribed: bool | None, level: Level, words: str) -> None:
    finding = found(replace(UPDATE, package=a_marketplace_package(), is_subscribed=is_subscribed))["subscription"]
    assert finding.level is level
    assert words in finding.text


@pytest.mark.parametrize("facts", [UPDATE, ROLLBACK])
def test_nothing_is_said_of_subscriptions_where_none_is_needed(facts: Facts) -> None:
    assert "subscription" not in found(facts)


REVOKED = a_package(arn="arn:v3", version=3, approval=ApprovalStatus.REJECTED)


@pytest.mark.parametrize(
    ("facts", "next_step"),
    [
        (UPDATE, "This change leaves it; a rollback would bring it back. Keep that in mind."),
        (replace(UPDATE, package=None), "This change keeps it running. Promote an approved version instead."),
        (replace(UPDATE, package=REVOKED), "This change keeps it running. Promote an approved version instead."),
        (SCALE, "This change keeps it running. Promote an approved version instead."),
    ],
)
def test_a_running_version_that_lost_its_approval_is_told(facts: Facts, next_step: str) -> None:
    finding = found(replace(facts, running=(REVOKED,)))["running_version"]
    assert finding.text == "What runs now is not approved: sentiment version 3 is Rejected."
    assert (finding.level, finding.next_step) == (Level.WARNING, next_step)


def test_nothing_is_said_of_a_running_version_that_may_run() -> None:
    assert "running_version" not in found(replace(UPDATE, running=(a_package(), a_marketplace_package())))
    assert "running_version" not in found(replace(ROLLBACK, running=(REVOKED,)))


@pytest.mark.parametrize(
    ("facts", "conversion", "level", "words"),
    [
        (UPDATE, Conversion.REALTIME_TO_SERVERLESS, Level.BLOCKER, "SageMaker refuses to turn the instances"),
        (
            ROLLBACK,
            Conversion.REALTIME_TO_SERVERLESS,
            Level.BLOCKER,
            "There is no way back: sentiment-v4 is serverless",
        ),
        (UPDATE, Conversion.SERVERLESS_TO_REALTIME, Level.WARNING, "IRREVERSIBLE: SageMaker turns serverless capacity"),
    ],
)
def test_a_conversion_is_refused_or_irreversible(
    facts: Facts, conversion: Conversion, level: Level, words: str
) -> None:
    finding = found(replace(facts, conversion=conversion))["conversion"]
    assert finding.level is level
    assert finding.text.startswith(words)


@pytest.mark.parametrize(("quorum", "words"), [(1, "It takes 1 approval, "), (2, "It takes 2 approvals, ")])
def test_what_cannot_be_undone_says_how_many_must_agree(quorum: int, words: str) -> None:
    finding = found(replace(UPDATE, conversion=Conversion.SERVERLESS_TO_REALTIME, quorum=quorum))["conversion"]
    assert finding.next_step.startswith(words)


def test_reasons_why_nothing_leads_back() -> None:
    assert irreversible_reasons(UPDATE) == ()
    both = replace(UPDATE, conversion=Conversion.SERVERLESS_TO_REALTIME, models={"m": False})
    assert irreversible_reasons(both) == (
        "SageMaker turns serverless capacity into instances, and never back.",
        "Of the present config, the model m was deleted, so it cannot be deployed again.",
    )
    refused = replace(UPDATE, conversion=Conversion.REALTIME_TO_SERVERLESS)
    assert irreversible_reasons(refused) == ()
    assert irreversible_reasons(replace(both, kind=ROLLBACK.kind)) == (
        "SageMaker turns serverless capacity into instances, and never back.",
    )
    assert irreversible_reasons(replace(both, kind=Kind.SCALE)) == ()


@pytest.mark.parametrize(
    ("approvers", "quorum", "words"),
    [
        (0, 1, "It takes 1 approval, and nobody besides the requester may approve it."),
        (1, 2, "It takes 2 approvals, and only 1 person besides the requester may approve it."),
        (2, 3, "It takes 3 approvals, and only 2 people besides the requester may approve it."),
    ],
)
def test_a_plan_that_nobody_can_approve_is_blocked(approvers: int, quorum: int, words: str) -> None:
    finding = found(replace(UPDATE, approvers=approvers, quorum=quorum))["approvers"]
    assert (finding.level, finding.text) == (Level.BLOCKER, words)


@pytest.mark.parametrize("approvers", [None, 2, 3])
def test_nothing_is_said_of_a_quorum_that_can_be_had(approvers: int | None) -> None:
    assert "approvers" not in found(replace(UPDATE, approvers=approvers, quorum=2))


def test_outside_its_windows_a_change_waits() -> None:
    finding = found(replace(UPDATE, opens_at=NOW.replace(day=23, hour=9)))["change_window"]
    assert finding.level is Level.WARNING
    assert finding.next_step == "After approval the change waits until they open: Mon 23 Nov 09:00 UTC."


def test_what_failed_before_is_told_and_left_to_a_person() -> None:
    finding = found(replace(UPDATE, failed_before=ATTEMPT))["failed_before"]
    assert finding.level is Level.WARNING
    assert finding.text == (
        "This was tried before: rollout rbad2345 ended as “failed” on Sat 21 Nov 08:00 UTC. Quota too small."
    )
    assert finding.next_step == "Approve it only if the cause is mended."
    assert "failed_before" not in found(replace(ROLLBACK, failed_before=ATTEMPT))


def test_what_the_manager_tried_before_is_said_to_come_again_until_somebody_stops_it() -> None:
    finding = found(replace(UPDATE, failed_before=replace(ATTEMPT, comes_again=True)))["failed_before"]
    assert finding.next_step == (
        "Approve it only if the cause is mended. The manager brings the same again by itself, in an hour at first and then less often, "
        "until somebody rejects its plan or holds the endpoint."
    )


def a_hold(kind: HoldKind = HoldKind.HELD, **fields: object) -> Hold:
    given = {"endpoint": "sentiment-prod", "since": NOW, "actor": BEN, "reason": "p50 +29 %.", "rollout_id": "rbad2345"}
    return Hold.model_validate({**given, "kind": kind, "package_arn": "arn:v4", **fields})


@pytest.mark.parametrize(
    ("hold", "text"),
    [
        (
            a_hold(),
            f"This version is held since Sun 22 Nov 08:00 UTC: <@{BEN}> rolled it back in rollout rbad2345: p50 +29 %.",
        ),
        (
            a_hold(actor="bot"),
            "This version is held since Sun 22 Nov 08:00 UTC: the bot rolled it back in rollout rbad2345: p50 +29 %.",
        ),
        (
            a_hold(reason=""),
            f"This version is held since Sun 22 Nov 08:00 UTC: <@{BEN}> rolled it back in rollout rbad2345.",
        ),
        (
            a_hold(actor="bot", rollout_id=None, wave_id="wbad2345", reason="Wave wbad2345 stopped at intent-us."),
            "This version is held since Sun 22 Nov 08:00 UTC, and was never brought here: Wave wbad2345 stopped at intent-us.",
        ),
        (
            a_hold(HoldKind.QUARANTINED, actor="aws", reason="The image is no valid one."),
            "This version is quarantined since Sun 22 Nov 08:00 UTC: rollout rbad2345 failed at it: The image is no valid one.",
        ),
    ],
)
def test_what_is_held_or_quarantined_is_told_and_left_to_a_person(hold: Hold, text: str) -> None:
    finding = found(replace(UPDATE, holds=(hold,)))["holds"]
    assert (finding.level, finding.text) == (Level.WARNING, text)
    assert finding.next_step == "Approve it only if the cause is mended. If it ends well, it is held no more."
    for facts in (ROLLBACK, SCALE):
        assert "holds" not in found(replace(facts, holds=(hold,)))


def test_whoever_holds_the_endpoint_is_worth_asking() -> None:
    by_person = a_hold(HoldKind.BY_PERSON, package_arn=None, rollout_id=None, reason="tests until Friday")
    finding = found(replace(UPDATE, holds=(by_person,)))["holds"]
    assert finding.text == f"<@{BEN}> holds this endpoint since Sun 22 Nov 08:00 UTC: tests until Friday."
    assert finding.next_step == f"Ask <@{BEN}> before you approve it."
    both = found(replace(UPDATE, holds=(by_person, a_hold())))["holds"]
    assert both.text.startswith("This version is held since")
    assert "holds this endpoint" in both.text


def test_a_hold_and_the_failure_that_it_is_about_are_not_told_twice() -> None:
    assert "failed_before" not in found(replace(UPDATE, holds=(a_hold(),), failed_before=ATTEMPT))
    other = a_hold(rollout_id="relse234")
    assert "failed_before" in found(replace(UPDATE, holds=(other,), failed_before=ATTEMPT))


def test_nobody_rolls_back_to_what_was_rolled_back_from() -> None:
    finding = found(replace(ROLLBACK, rolled_back_from=ATTEMPT))["rolled_back_from"]
    assert finding.level is Level.BLOCKER
    assert finding.text.startswith(f"{TARGET} is what rollout rbad2345 was rolled back from on Sat 21 Nov 08:00 UTC.")
    assert "rollback sentiment-prod --to CONFIG" in finding.next_step
    assert "rolled_back_from" not in found(replace(SCALE, rolled_back_from=ATTEMPT))


def test_an_update_from_what_was_rolled_back_from_has_no_way_back() -> None:
    facts = replace(UPDATE, rolled_back_from=ATTEMPT)
    assert "rolled_back_from" not in found(facts)
    readiness = readiness_of(facts)
    assert readiness is not None
    assert readiness.level is ReadinessLevel.RED
    assert any("is itself what rollout rbad2345 was rolled back from" in reason for reason in readiness.reasons)


@pytest.mark.parametrize(
    ("traffic", "level", "words"),
    [
        (CALM, Level.OK, "Now is no busy time: 100 requests a minute now"),
        (BUSY, Level.WARNING, "Now is a busy time: 950 requests a minute now"),
        (BUSY.model_copy(update={"next_quiet_at": None}), Level.WARNING, "Now is a busy time"),
        (TrafficOutlook(), Level.WARNING, "How much traffic there is now is not known"),
        (None, Level.WARNING, "How much traffic there is could not be told."),
    ],
)
def test_traffic_now_is_held_against_the_usual(traffic: TrafficOutlook | None, level: Level, words: str) -> None:
    finding = found(replace(UPDATE, traffic=traffic))["traffic"]
    assert finding.level is level
    assert finding.text.startswith(words)
    assert "traffic" not in found(replace(ROLLBACK, traffic=traffic))


@pytest.mark.parametrize(
    ("connections", "level", "words"),
    [
        (40.0, Level.OK, "At least 40 streams are open. They stay on the old instances for up to 30 minutes"),
        (0.0, Level.OK, "No stream was open in the last minutes."),
        (None, Level.WARNING, "How many streams are open is not known."),
    ],
)
def test_open_streams_and_their_drain_are_told(connections: float | None, level: Level, words: str) -> None:
    finding = found(replace(UPDATE, spec=a_spec(kind="streaming"), connections=connections))["connections"]
    assert finding.level is level
    assert finding.text.startswith(words)


def test_nothing_is_said_of_streams_where_there_are_none() -> None:
    assert "connections" not in found(replace(UPDATE, connections=3.0))
    assert "connections" not in found(replace(SCALE, spec=a_spec(kind="streaming")))


def test_a_way_back_that_lacks_nothing_is_ready() -> None:
    minutes = tuple(timedelta(minutes=m) for m in (10, 12, 40))
    readiness = readiness_of(replace(UPDATE, past_durations=minutes, running=(a_package(arn="arn:v3"),)))
    assert readiness is not None
    assert (readiness.level, readiness.reasons, readiness.to_config) == (ReadinessLevel.GREEN, (), CURRENT)
    assert readiness.expected == timedelta(minutes=12)


@pytest.mark.parametrize(
    ("facts", "level", "reason"),
    [
        (replace(UPDATE, models={"m": False}), ReadinessLevel.RED, "Its model m was deleted."),
        (
            replace(UPDATE, conversion=Conversion.SERVERLESS_TO_REALTIME),
            ReadinessLevel.RED,
            "SageMaker turns serverless",
        ),
        (
            replace(UPDATE, running=(REVOKED,)),
            ReadinessLevel.AMBER,
            "sentiment version 3 is not Approved and Completed",
        ),
        (
            replace(UPDATE, running=(a_marketplace_package(),), package=a_marketplace_package(), is_subscribed=None),
            ReadinessLevel.AMBER,
            "Whether the account is subscribed to stt-v1 could not be told.",
        ),
        (
            replace(UPDATE, running=(a_marketplace_package(product_id="p1"),), is_subscribed=True),
            ReadinessLevel.AMBER,
            "Whether the account is subscribed to stt-v1 could not be told.",
        ),
        (
            replace(UPDATE, running=(a_marketplace_package(),), package=None, is_subscribed=False),
            ReadinessLevel.RED,
            "The account is not subscribed to stt-v1 any more.",
        ),
    ],
)
def test_what_stands_in_the_way_back_is_said(facts: Facts, level: ReadinessLevel, reason: str) -> None:
    readiness = readiness_of(facts)
    assert readiness is not None
    assert readiness.level is level
    assert readiness.reasons[0].startswith(reason)


BATCHES = FleetShape(
    kind="realtime",
    variants=(VariantShape(name="AllTraffic", instances=4, instance_types=frozenset({"ml.g5.xlarge"})),),
)


@pytest.mark.parametrize(
    ("shape", "after"),
    [
        (BATCHES, 10),  # batch by batch on the way there, yet the whole fleet at once on the way back
        (None, 7),
    ],
)
def test_the_way_back_needs_the_whole_present_fleet_beside_the_new_one(shape: FleetShape | None, after: int) -> None:
    need = QuotaNeed(instance_type="ml.g5.xlarge", limit=20, used=10, extra=1, return_extra=4)
    readiness = readiness_of(replace(UPDATE, quota=(need,), shape=shape))
    assert readiness is not None
    assert [(q.used, q.needed, q.level) for q in readiness.return_quota] == [(after, 4, ReadinessLevel.GREEN)]


@pytest.mark.parametrize("facts", [ROLLBACK, SCALE])
def test_what_is_itself_a_way_back_has_no_block_for_one(facts: Facts) -> None:
    assert readiness_of(facts) is None
