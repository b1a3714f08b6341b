"""Failures that others had with SageMaker, which a plan now blocks or tells before anybody approves it.

The numbers are those of the team's list of failures seen in the wild; each name says what happened to them.
"""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from fakes.facts import (
    ATTEMPT,
    BUSY,
    ROLLBACK,
    SCALE,
    SCALED,
    UPDATE,
    a_config,
    a_marketplace_package,
    a_package,
    found,
    with_instances,
)
from fakes.reading import labels_of, words_of
from fakes.records import CURRENT, TARGET, a_plan, a_snapshot, at

from bot.domain.conversion import Conversion
from bot.domain.endpoint import ApprovalStatus, EndpointStatus
from bot.domain.failure import FailureKind, classify
from bot.domain.phases import Phase
from bot.domain.plan import Finding, Level
from bot.domain.preflight import Facts, irreversible_reasons, readiness_of, run_preflight
from bot.domain.preflight.facts import QuotaNeed
from bot.domain.readiness import ReadinessLevel
from bot.domain.rollout_parts import CountChange
from bot.domain.saga import ScalingMode
from bot.messages.plan import render_plan


def as_approvers_read_it(facts: Facts) -> str:
    """The words of the plan's message."""
    plan = a_plan(
        differences=facts.differences,
        findings=run_preflight(facts),
        scaling=facts.scaling,
        scaling_mode=facts.scaling_mode,
        irreversible=irreversible_reasons(facts),
        readiness=readiness_of(facts),
    )
    return words_of(render_plan(at(Phase.AWAITING_APPROVAL, plan=plan)))


def levels(findings: Mapping[str, Finding]) -> Mapping[str, Level]:
    return {name: finding.level for name, finding in findings.items()}


def test_gotcha_04_the_plan_says_which_live_counts_survive() -> None:
    finding = found(replace(UPDATE, snapshot=with_instances(6)))["kept_counts"]
    assert finding.text.endswith("AllTraffic keeps 6 instances, where its config says 2.")


def test_gotcha_05_the_plan_says_that_autoscaling_is_removed_and_put_back() -> None:
    words = as_approvers_read_it(replace(UPDATE, scaling=SCALED, scaling_mode=ScalingMode.DEREGISTER))
    assert "SageMaker refuses this change while autoscaling is registered." in words
    assert "policies and scheduled actions are saved, removed for the update, and put back afterwards" in words
    assert "AllTraffic: 2 to 8 instances, policy hold-200, scheduled action mornings" in words


def test_gotcha_07_an_update_at_the_peak_is_told_to_scale_out_first() -> None:
    facts = replace(UPDATE, scaling=SCALED, traffic=BUSY, snapshot=with_instances(4))
    words = as_approvers_read_it(facts)
    assert "The endpoint is busy now, and AllTraffic cannot scale out while the update runs." in words
    assert "Or scale out first: scale sentiment-prod --count 6." in words
    proposed = replace(
        SCALE, scaling=SCALED, snapshot=with_instances(4), count_change=CountChange(variant="AllTraffic", count=6)
    )
    assert Level.BLOCKER not in levels(found(proposed)).values()


def test_gotcha_08_a_target_per_instance_is_shown_where_the_instances_differ() -> None:
    pools = [{"InstanceType": "ml.g5.xlarge"}, {"InstanceType": "ml.g6.xlarge"}]
    mixed = a_config(TARGET, "AllTraffic", InstanceType=None, InstancePools=pools)
    words = as_approvers_read_it(replace(UPDATE, scaling=SCALED, target_config=mixed))
    assert (
        "SageMakerVariantInvocationsPerInstance at 200, one value for instances of ml.g5.xlarge and ml.g6.xlarge"
        in words
    )


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (EndpointStatus.SYSTEM_UPDATING, "AWS does maintenance on it"),
        (EndpointStatus.UPDATING, "SageMaker is at work on it"),
        (EndpointStatus.CREATING, "SageMaker is at work on it"),
        (EndpointStatus.ROLLING_BACK, "SageMaker is at work on it"),
        (EndpointStatus.DELETING, "SageMaker is at work on it"),
        (EndpointStatus.OUT_OF_SERVICE, "OutOfService"),
    ],
)
def test_gotcha_10_only_an_endpoint_in_service_is_updated(status: EndpointStatus, words: str) -> None:
    finding = found(replace(UPDATE, snapshot=a_snapshot(status)))["in_service"]
    assert finding.level is Level.BLOCKER
    assert words in finding.text


def test_gotcha_10_a_failed_endpoint_is_to_be_deleted_and_made_anew() -> None:
    for facts in (UPDATE, ROLLBACK, SCALE):
        finding = found(replace(facts, snapshot=a_snapshot(EndpointStatus.FAILED)))["in_service"]
        assert finding.level is Level.BLOCKER
        assert finding.next_step == f"deploy sentiment-prod deletes it and creates it anew; its config {CURRENT} stays."


def needing(instance_type: str, limit: int, used: int) -> QuotaNeed:
    return QuotaNeed(instance_type=instance_type, limit=limit, used=used, extra=4, return_extra=4)


def test_gotcha_11_a_quota_without_room_for_both_fleets_blocks() -> None:
    facts = replace(UPDATE, quota=(needing("ml.g5.2xlarge", 6, 4),))
    finding = found(facts)["quota"]
    assert finding.level is Level.BLOCKER
    assert "4 of 6 ml.g5.2xlarge in use; the update needs 4 more." in finding.text


def test_gotcha_11_the_return_trip_needs_the_quota_once_more() -> None:
    readiness = readiness_of(replace(UPDATE, quota=(needing("ml.g5.2xlarge", 7, 4),)))
    assert readiness is not None
    assert readiness.level is ReadinessLevel.RED
    assert readiness.reasons == ("The way back needs 4 ml.g5.2xlarge beside 4 in use, of 7.",)


def test_gotcha_11_room_in_the_quota_is_not_called_capacity() -> None:
    assert "A quota is no promise" in found(replace(UPDATE, quota=(needing("ml.g5.2xlarge", 20, 4),)))["quota"].text


def test_gotcha_12_the_quota_of_every_pool_type_is_checked() -> None:
    pools = [{"InstanceType": "ml.g5.2xlarge"}, {"InstanceType": "ml.p5.48xlarge"}]
    facts = replace(
        UPDATE,
        target_config=a_config(TARGET, "AllTraffic", InstanceType=None, InstancePools=pools),
        quota=(needing("ml.g5.2xlarge", 20, 4), needing("ml.p5.48xlarge", 0, 0)),
    )
    finding = found(facts)["quota"]
    assert finding.level is Level.BLOCKER
    assert "0 of 0 ml.p5.48xlarge in use" in finding.text
    assert finding.next_step.startswith("Drop ml.p5.48xlarge from the instance pools")


def test_gotcha_18_a_package_without_subscription_or_for_other_instances_is_blocked() -> None:
    package = a_marketplace_package(instance_types=("ml.g5.2xlarge",))
    findings = found(replace(UPDATE, package=package, is_subscribed=False))
    assert levels(findings)["subscription"] is Level.BLOCKER
    assert levels(findings)["instance_type"] is Level.BLOCKER
    assert findings["instance_type"].next_step == "It supports ml.g5.2xlarge."


def test_gotcha_18_what_sagemaker_says_about_a_package_is_understood() -> None:
    assert classify("Caller is not subscribed to the marketplace offering.").kind is FailureKind.SUBSCRIPTION
    assert classify("Environment variable map cannot be specified").kind is FailureKind.SETTING


def test_gotcha_21_from_instances_to_serverless_is_refused_before_sagemaker_does() -> None:
    finding = found(replace(UPDATE, conversion=Conversion.REALTIME_TO_SERVERLESS))["conversion"]
    assert finding.level is Level.BLOCKER


def test_gotcha_21_from_serverless_to_instances_is_said_to_be_irreversible() -> None:
    facts = replace(UPDATE, conversion=Conversion.SERVERLESS_TO_REALTIME, quorum=2)
    words = as_approvers_read_it(facts)
    assert "⚠ warning: IRREVERSIBLE: SageMaker turns serverless capacity into instances, and never back." in words
    assert "It takes 2 approvals, and none from the requester." in words
    assert "Way back: 🔴 none" in words


def test_gotcha_22_a_version_that_is_registered_and_not_approved_does_not_run() -> None:
    for approval in (ApprovalStatus.PENDING, ApprovalStatus.REJECTED):
        finding = found(replace(UPDATE, package=a_package(approval=approval)))["version_status"]
        assert finding.level is Level.BLOCKER


def test_gotcha_22_unapproving_what_runs_is_noticed() -> None:
    revoked = a_package(arn="arn:v3", version=3, approval=ApprovalStatus.REJECTED)
    facts = replace(UPDATE, running=(revoked,))
    words = as_approvers_read_it(facts)
    assert "What runs now is not approved: sentiment version 3 is Rejected." in words
    assert "Way back: 🟡 with conditions" in words


def test_gotcha_24_a_mixed_fleet_takes_no_update_until_a_person_looked() -> None:
    mixed = a_snapshot(EndpointStatus.UPDATE_ROLLBACK_FAILED)
    for facts in (UPDATE, SCALE):
        finding = found(replace(facts, snapshot=mixed))["in_service"]
        assert finding.level is Level.BLOCKER
        assert finding.next_step.startswith("A person has to look at it first.")
    assert found(replace(ROLLBACK, snapshot=mixed))["in_service"].level is Level.WARNING


def test_gotcha_25_what_failed_before_is_told_and_only_a_lack_of_capacity_is_retried() -> None:
    words = as_approvers_read_it(replace(UPDATE, failed_before=ATTEMPT))
    assert (
        "This was tried before: rollout rbad2345 ended as “failed” on Sat 21 Nov 08:00 UTC. Quota too small." in words
    )
    assert "Approve it only if the cause is mended." in words
    assert not classify("The primary container did not pass the ping health check.").retryable


def test_gotcha_25_nobody_is_sent_back_to_what_was_rolled_back_from() -> None:
    findings = run_preflight(replace(ROLLBACK, rolled_back_from=ATTEMPT))
    plan = a_plan(findings=findings)
    assert plan.is_blocked
    blocked = at(Phase.BLOCKED, plan=plan)
    assert labels_of(render_plan(blocked)) == []
