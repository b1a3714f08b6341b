"""What DescribeEndpoint shows while endpoints are created, updated, scaled and deleted; time is moved by hand."""

from __future__ import annotations

from itertools import pairwise

import pytest

from sandbox.aws.lifecycle import GPU_LAUNCH_SECONDS

from .local import LocalAws

CANARY = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {
            "Type": "CANARY",
            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 25},
            "WaitIntervalInSeconds": 300,
        },
        "TerminationWaitInSeconds": 120,
    }
}
LINEAR = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {
            "Type": "LINEAR",
            "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 25},
            "WaitIntervalInSeconds": 100,
        }
    }
}
ROLLING = {
    "RollingUpdatePolicy": {
        "MaximumBatchSize": {"Type": "INSTANCE_COUNT", "Value": 1},
        "WaitIntervalInSeconds": 60,
    }
}


def stages(shown: list[dict]) -> list[str]:
    """The VariantStatus words in the order in which they were shown, without repetitions."""
    words = []
    for description in shown:
        pending = description.get("PendingDeploymentSummary", {}).get("ProductionVariants", [])
        for variant in [*pending, *description.get("ProductionVariants", [])]:
            words += [status["Status"] for status in variant.get("VariantStatus", [])]
    return [word for index, word in enumerate(words) if index == 0 or words[index - 1] != word]


def green_counts(shown: list[dict]) -> list[int]:
    return [
        d["PendingDeploymentSummary"]["ProductionVariants"][0]["CurrentInstanceCount"]
        for d in shown
        if "PendingDeploymentSummary" in d
    ]


def test_during_an_update_the_old_config_stays_on_top_and_the_new_one_is_pending(aws: LocalAws) -> None:
    aws.update(RetainAllVariantProperties=True)
    shown = aws.until_settled()
    during, after = shown[:-1], shown[-1]
    assert {d["EndpointStatus"] for d in during} == {"Updating"}
    assert {d["EndpointConfigName"] for d in during} == {"sentiment-prod-config-v3"}
    assert {d["PendingDeploymentSummary"]["EndpointConfigName"] for d in during} == {"next"}
    assert after["EndpointStatus"] == "InService"
    assert after["EndpointConfigName"] == "next"
    assert "PendingDeploymentSummary" not in after


def test_the_green_fleet_grows_one_instance_after_the_other(aws: LocalAws) -> None:
    aws.update(RetainAllVariantProperties=True)
    counts = green_counts(aws.until_settled())
    assert counts[0] == 0
    assert set(counts) == {0, 1, 2, 3, 4}
    assert all(b >= a for a, b in pairwise(counts))


def test_an_update_all_at_once_launches_activates_and_removes_the_old_fleet(aws: LocalAws) -> None:
    aws.update()
    shown = aws.until_settled()
    assert stages(shown) == ["Creating", "ActivatingTraffic", "Deleting"]
    first = shown[0]["PendingDeploymentSummary"]["ProductionVariants"][0]["VariantStatus"][0]
    assert first["StatusMessage"] == "Launching 2 instance(s)."


def test_a_canary_bakes_before_the_rest_of_the_traffic_follows(aws: LocalAws) -> None:
    aws.update(RetainAllVariantProperties=True, DeploymentConfig=CANARY)
    shown = aws.until_settled()
    assert stages(shown) == ["Creating", "ActivatingTraffic", "Baking", "ActivatingTraffic", "Baking", "Deleting"]
    assert shown[-1]["LastDeploymentConfig"] == CANARY


def test_traffic_follows_the_canary(aws: LocalAws) -> None:
    aws.update(RetainAllVariantProperties=True, DeploymentConfig=CANARY)
    aws.until_settled()
    shifts = aws.stand_in.world.home().endpoints["sentiment-prod"].traffic.shifts
    shares = [sum(p.high - p.low for p in s.parts if p.config_name == "next") for s in shifts]
    assert shares[-3:] == pytest.approx([0.0, 0.25, 1.0])


def test_a_linear_update_bakes_after_every_step_but_the_last(aws: LocalAws) -> None:
    aws.update(RetainAllVariantProperties=True, DeploymentConfig=LINEAR)
    assert stages(aws.until_settled()).count("Baking") == 3


def test_a_rolling_update_shrinks_the_old_fleet_while_the_new_one_grows(aws: LocalAws) -> None:
    aws.new_config(InitialInstanceCount=4)
    aws.ask("UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName="next", DeploymentConfig=ROLLING)
    shown = [d for d in aws.until_settled() if "PendingDeploymentSummary" in d]
    pairs = [
        (d["ProductionVariants"][0]["CurrentInstanceCount"], green)
        for d, green in zip(shown, green_counts(shown), strict=True)
    ]
    assert all(4 <= blue + green <= 5 for blue, green in pairs)
    assert {blue for blue, _ in pairs} == {4, 3, 2, 1}


def test_gpu_fleets_take_as_long_as_on_aws_and_speed_divides_it() -> None:
    for speed in (1.0, 60.0):
        aws = LocalAws(speed=speed)
        aws.update("stt-prod")
        aws.clock.advance(GPU_LAUNCH_SECONDS / speed)
        assert aws.describe("stt-prod")["EndpointStatus"] == "Updating"
        aws.clock.advance(200 / speed)
        assert aws.describe("stt-prod")["EndpointStatus"] == "InService"


def test_without_retain_the_count_of_the_config_wins(aws: LocalAws) -> None:
    aws.update()
    assert aws.until_settled()[-1]["ProductionVariants"][0]["DesiredInstanceCount"] == 2


def test_retain_keeps_live_counts_and_weights(aws: LocalAws) -> None:
    aws.update(RetainAllVariantProperties=True)
    assert aws.until_settled()[-1]["ProductionVariants"][0]["DesiredInstanceCount"] == 4


def test_an_excluded_property_comes_from_the_config_in_spite_of_retain(aws: LocalAws) -> None:
    aws.update(
        RetainAllVariantProperties=True,
        ExcludeRetainedVariantProperties=[{"VariantPropertyType": "DesiredInstanceCount"}],
    )
    assert aws.until_settled()[-1]["ProductionVariants"][0]["DesiredInstanceCount"] == 2


def test_the_last_deployment_config_can_be_retained(aws: LocalAws) -> None:
    aws.update(config="first", DeploymentConfig=LINEAR, RetainAllVariantProperties=True)
    aws.until_settled()
    aws.update(config="second", RetainDeploymentConfig=True, RetainAllVariantProperties=True)
    assert stages(aws.until_settled()).count("Baking") == 3


def test_marketplace_endpoints_ignore_guardrails_and_tell_no_stages(aws: LocalAws) -> None:
    policy = {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY",
                "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1},
                "WaitIntervalInSeconds": 3600,
            }
        }
    }
    aws.update("stt-prod", DeploymentConfig=policy)
    shown = aws.until_settled("stt-prod", limit=900)
    assert stages(shown) == []
    assert max(green_counts(shown)) == 2


def test_a_new_endpoint_is_creating_and_then_in_service(aws: LocalAws) -> None:
    config = aws.new_config("product-perception", "fresh")
    aws.ask("CreateEndpoint", EndpointName="Fresh", EndpointConfigName=config, Tags=[{"Key": "a", "Value": "b"}])
    assert aws.describe("Fresh")["EndpointArn"].endswith(":endpoint/fresh")
    shown = aws.until_settled("Fresh")
    assert shown[0]["EndpointStatus"] == "Creating"
    assert "ProductionVariants" not in shown[0]
    assert shown[-1]["EndpointStatus"] == "InService"
    assert shown[-1]["ProductionVariants"][0]["CurrentInstanceCount"] == 1


def test_a_deleted_endpoint_is_deleting_and_then_gone_with_its_scaling(aws: LocalAws) -> None:
    aws.ask("DeleteEndpoint", EndpointName="sentiment-prod")
    assert aws.describe()["EndpointStatus"] == "Deleting"
    aws.clock.advance(120)
    refusal = aws.refusal("DescribeEndpoint", EndpointName="sentiment-prod")
    assert refusal.message.startswith("Could not find endpoint ")
    targets = aws.ask("DescribeScalableTargets", "application-autoscaling", ServiceNamespace="sagemaker")
    assert targets["ScalableTargets"] == []


@pytest.mark.parametrize("name", ["stt-prod", "sentiment-prod", "product-perception", "credibility"])
def test_every_kind_of_endpoint_can_be_updated_to_a_config_like_its_own(aws: LocalAws, name: str) -> None:
    aws.update(name, RetainAllVariantProperties=True)
    after = aws.until_settled(name)[-1]
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", "next")


def test_a_serverless_endpoint_shows_its_concurrency_instead_of_instances(aws: LocalAws) -> None:
    aws.new_config("credibility", ServerlessConfig={"MemorySizeInMB": 3072, "MaxConcurrency": 40})
    aws.ask("UpdateEndpoint", EndpointName="credibility", EndpointConfigName="next")
    (pending,) = aws.describe("credibility")["PendingDeploymentSummary"]["ProductionVariants"]
    assert pending["DesiredServerlessConfig"]["MaxConcurrency"] == 40
    (variant,) = aws.until_settled("credibility")[-1]["ProductionVariants"]
    assert variant["CurrentServerlessConfig"]["MaxConcurrency"] == 40
    assert "CurrentInstanceCount" not in variant


def test_scaling_shows_its_stage_on_top_and_nothing_pending(aws: LocalAws) -> None:
    wanted = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 6}]
    aws.ask("UpdateEndpointWeightsAndCapacities", EndpointName="sentiment-prod", DesiredWeightsAndCapacities=wanted)
    shown = aws.until_settled()
    assert "PendingDeploymentSummary" not in shown[0]
    variant = shown[0]["ProductionVariants"][0]
    assert variant["VariantStatus"][0]["StatusMessage"] == "Scaling out desired instance count to 6."
    assert (variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]) == (4, 6)
    assert shown[-1]["ProductionVariants"][0]["CurrentInstanceCount"] == 6


def test_a_status_may_lag_behind_the_update_that_was_accepted() -> None:
    aws = LocalAws(status_lag_seconds=5)
    before = aws.describe()
    aws.update()
    assert aws.describe() == before
    again = aws.refusal("UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName="next")
    assert again.message.startswith("Cannot update in-progress endpoint ")
    aws.clock.advance(6)
    assert aws.describe()["EndpointStatus"] == "Updating"


def test_a_new_config_may_be_unknown_to_update_endpoint_for_a_while() -> None:
    aws = LocalAws(config_lag_seconds=5)
    config = aws.new_config()
    refusal = aws.refusal("UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName=config)
    assert refusal.message.startswith("Could not find endpoint configuration ")
    aws.clock.advance(5)
    aws.ask("UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName=config)


def test_deleting_a_config_that_an_update_needs_breaks_the_update(aws: LocalAws) -> None:
    aws.update()
    aws.ask("DeleteEndpointConfig", EndpointConfigName="sentiment-prod-config-v3")
    after = aws.until_settled()[-1]
    assert after["EndpointStatus"] == "Failed"
    assert after["FailureReason"].startswith("Could not find endpoint configuration ")


def test_a_failed_endpoint_can_only_be_deleted(aws: LocalAws) -> None:
    aws.scenario("update-fails")
    aws.update()
    assert aws.until_settled()[-1]["EndpointStatus"] == "Failed"
    refusal = aws.refusal("UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName="next")
    assert refusal.code == "ValidationException"
    aws.ask("DeleteEndpoint", EndpointName="sentiment-prod")


def test_only_the_busy_states_refuse_an_update(aws: LocalAws) -> None:
    aws.new_config()
    endpoint = aws.stand_in.world.home().endpoints["sentiment-prod"]
    for status in ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"):
        endpoint.force(status, aws.clock.now())
        refusal = aws.refusal("UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName="next")
        assert refusal.message == f'Cannot update in-progress endpoint "{endpoint.arn}".'
    endpoint.force("UpdateRollbackFailed", aws.clock.now())
    aws.ask("UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName="next")
