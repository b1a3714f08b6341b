"""What keeps a new fleet from serving: each failure with SageMaker's words, and what a second try does."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.errors import AwsError
from sandbox.aws.scenarios import ScenarioRefused

from .local import ALL_TRAFFIC, LocalAws
from .test_metrics import latency, series

OLD = "sentiment-prod-config-v3"
GROUP = "arn:aws:sagemaker:us-east-1:123456789012:model-package/sentiment"


def promote(aws: LocalAws, version: int = 4, config: str = "next", **changes: Any) -> dict[str, Any]:
    """Update the sentiment endpoint to a version of its group; returns what it came to."""
    model = f"sentiment-v{version}-{config}"
    aws.ask("CreateModel", ModelName=model, PrimaryContainer={"ModelPackageName": f"{GROUP}/{version}"})
    aws.new_config(config=config, ModelName=model, **changes)
    aws.ask("UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName=config, RetainAllVariantProperties=True)
    return aws.until_settled()[-1]


@pytest.mark.parametrize(
    ("scenario", "reason"),
    [
        ("image-pull-failure", "make sure all images included in the model for the production variant AllTraffic"),
        ("model-download-failure", "Failed to download model data for container from URL, s3://acme-ml-registry/"),
        ("permission-failure", 'allows the action "sts:AssumeRole"'),
        ("internal-failure", "Request to service failed. If failure persists after retry"),
    ],
)
def test_a_failed_launch_leaves_the_old_fleet_serving_and_says_why(aws: LocalAws, scenario: str, reason: str) -> None:
    aws.scenario(scenario)
    after = promote(aws)
    assert (after["EndpointStatus"], after["EndpointConfigName"]) == ("InService", OLD)
    assert reason in after["FailureReason"]


def test_a_shortage_of_instances_passes_after_some_tries(aws: LocalAws) -> None:
    aws.scenario("insufficient-capacity", times=2)
    landed = [promote(aws, config=f"try-{number}")["EndpointConfigName"] for number in (1, 2, 3)]
    assert landed == [OLD, OLD, "try-3"]


def test_a_shortage_of_one_type_does_not_concern_others(aws: LocalAws) -> None:
    aws.scenario("insufficient-capacity", None, when="always", instance_type="ml.g5.2xlarge")
    assert promote(aws)["EndpointConfigName"] == "next"
    aws.update("stt-prod", "stt-next")
    assert "InsufficientInstanceCapacity" in aws.until_settled("stt-prod")[-1]["FailureReason"]


def test_a_big_model_needs_time_outs_that_suit_it(aws: LocalAws) -> None:
    aws.scenario("big-model", gigabytes=60)
    too_short = promote(aws, config="short", ContainerStartupHealthCheckTimeoutInSeconds=300)
    assert "did not pass the ping health check" in too_short["FailureReason"]
    no_download = promote(aws, config="slow", ModelDataDownloadTimeoutInSeconds=60)
    assert "Failed to download model data" in no_download["FailureReason"]
    enough = promote(aws, config="enough", ContainerStartupHealthCheckTimeoutInSeconds=1800)
    assert enough["EndpointConfigName"] == "enough"


def test_a_big_model_shows_its_size_and_takes_long_to_load(aws: LocalAws) -> None:
    aws.scenario("big-model", gigabytes=60)
    data = {"Bucket": "acme-ml-registry", "Key": "sentiment/4/model.tar.gz"}
    assert aws.ask("HeadObject", "s3", **data)["ContentLength"] == 60 * 1024**3
    assert aws.ask("HeadObject", "s3", Bucket=data["Bucket"], Key="credibility/2/model.tar.gz")["ContentLength"] < 1e9
    begun = aws.clock.now()
    promote(aws, ContainerStartupHealthCheckTimeoutInSeconds=1800)
    assert (aws.clock.now() - begun).total_seconds() > 1200


def test_the_way_back_is_to_a_model_that_is_known_to_start(aws: LocalAws) -> None:
    promote(aws)
    aws.scenario("big-model", gigabytes=600)
    aws.scenario("needs-ami")
    aws.ask("UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName=OLD)
    assert aws.until_settled()[-1]["EndpointConfigName"] == OLD


def test_the_wrong_machine_image_never_gets_healthy(aws: LocalAws) -> None:
    aws.scenario("needs-ami", version="al2-ami-sagemaker-inference-gpu-3-1")
    wrong = promote(aws, config="wrong", InferenceAmiVersion="al2-ami-sagemaker-inference-gpu-2")
    assert "did not pass the ping health check" in wrong["FailureReason"]
    right = promote(aws, config="right", InferenceAmiVersion="al2-ami-sagemaker-inference-gpu-3-1")
    assert right["EndpointConfigName"] == "right"


def test_deleted_model_data_breaks_every_later_start(aws: LocalAws) -> None:
    aws.scenario("model-data-deleted")
    refused = aws.refusal("HeadObject", "s3", Bucket="acme-ml-registry", Key="sentiment/3/model.tar.gz")
    assert refused.status == 404
    aws.update()
    assert "Failed to download model data" in aws.until_settled()[-1]["FailureReason"]


@pytest.mark.parametrize("scenario", ["health-check-failure", "image-pull-failure", "internal-failure"])
def test_a_creation_fails_for_the_same_reasons(aws: LocalAws, scenario: str) -> None:
    aws.scenario(scenario, None)
    aws.ask("CreateEndpoint", EndpointName="fresh", EndpointConfigName=OLD)
    after = aws.until_settled("fresh")[-1]
    assert after["EndpointStatus"] == "Failed"
    assert after["FailureReason"]


def test_a_slow_version_is_slow_wherever_it_runs_and_the_old_one_is_not(aws: LocalAws) -> None:
    usual = latency(aws, minutes=20)
    aws.scenario("slower-version", factor=3.0)
    promote(aws)
    aws.clock.advance(1200)
    assert latency(aws, minutes=15) / usual == pytest.approx(3.0, rel=0.1)
    aws.update(config="same-model-again")
    aws.until_settled()
    aws.clock.advance(1200)
    assert latency(aws, minutes=15) / usual == pytest.approx(3.0, rel=0.1)
    aws.ask("UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName=OLD)
    aws.until_settled()
    aws.clock.advance(1200)
    assert latency(aws, minutes=15) / usual == pytest.approx(1.0, rel=0.1)


def test_maintenance_may_come_between_a_look_and_an_update(aws: LocalAws) -> None:
    aws.scenario("busy-at-update", seconds=5)
    aws.new_config()
    assert aws.describe()["EndpointStatus"] == "InService"
    ask = {"EndpointName": "sentiment-prod", "EndpointConfigName": "next"}
    assert aws.refusal("UpdateEndpoint", **ask).message.startswith("Cannot update in-progress endpoint")
    assert aws.describe()["EndpointStatus"] == "SystemUpdating"
    aws.clock.advance(6)
    aws.ask("UpdateEndpoint", **ask)


def test_maintenance_may_begin_by_itself_once_the_endpoint_is_free(aws: LocalAws) -> None:
    aws.scenario("system-updating", after=30, seconds=10)
    aws.clock.advance(20)
    aws.update()
    aws.clock.advance(20)
    assert aws.describe()["EndpointStatus"] == "Updating"
    assert aws.until_settled()[-1]["EndpointConfigName"] == "next"
    assert aws.describe()["EndpointStatus"] == "SystemUpdating"
    assert aws.until_settled()[-1]["EndpointStatus"] == "InService"


def test_a_version_may_lose_its_approval_after_the_plan(aws: LocalAws) -> None:
    aws.scenario("version-unapproved")
    refused = aws.refusal("CreateModel", ModelName="late", PrimaryContainer={"ModelPackageName": f"{GROUP}/4"})
    assert "must be Approved" in refused.message
    aws.scenario("version-unapproved", version=4, status="Approved")
    assert promote(aws)["EndpointConfigName"] == "next"
    with pytest.raises(ScenarioRefused, match="no version 9"):
        aws.scenario("version-unapproved", version=9)


def test_a_pushed_tag_changes_what_the_next_fleet_runs_and_not_the_live_one(aws: LocalAws) -> None:
    def digest() -> str:
        return str(aws.describe()["ProductionVariants"][0]["DeployedImages"][0]["ResolvedImage"])

    before = digest()
    aws.scenario("image-repushed")
    assert digest() == before
    aws.update()
    aws.until_settled()
    assert digest() != before
    assert digest().partition("@")[0] == before.partition("@")[0]


def test_a_failed_endpoint_serves_nobody_and_can_only_be_deleted(aws: LocalAws) -> None:
    aws.scenario("endpoint-failed")
    begin = aws.clock.now()
    aws.clock.advance(300)
    assert aws.describe()["EndpointStatus"] == "Failed"
    assert series(aws, int((aws.clock.now() - begin).total_seconds() // 60), "Invocations") == []
    aws.new_config()
    refused = aws.refusal("UpdateEndpoint", EndpointName="sentiment-prod", EndpointConfigName="next")
    assert "with status Failed" in refused.message
    aws.ask("DeleteEndpoint", EndpointName="sentiment-prod")


def test_an_autoscaled_endpoint_needs_another_permission_to_be_deleted(aws: LocalAws) -> None:
    aws.scenario("delete-denied", None)
    refused = aws.refusal("DeleteEndpoint", EndpointName="sentiment-prod")
    assert refused.code == "AccessDeniedException"
    assert "application-autoscaling:DeregisterScalableTarget permission" in refused.message
    aws.ask("DeleteEndpoint", EndpointName="product-perception")


def test_marketplace_packages_run_only_on_what_their_seller_supports(aws: LocalAws) -> None:
    with pytest.raises(AwsError, match=r"ml\.m5\.xlarge is not supported .*ml\.g5\.2xlarge, ml\.g5\.4xlarge"):
        aws.new_config("stt-prod", InstanceType="ml.m5.xlarge")
    aws.new_config("stt-prod", InstanceType="ml.g5.4xlarge")


@pytest.mark.parametrize("more", [{"DataCaptureConfig": True}, {"variants": 2}, {"marketplace": True}])
def test_serverless_endpoints_lack_what_instances_have(aws: LocalAws, more: dict[str, Any]) -> None:
    serverless = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
    model = "stt-prod-v1" if "marketplace" in more else "credibility-v1"
    variants = [
        {"VariantName": f"V{number}", "ModelName": model, "ServerlessConfig": serverless}
        for number in range(more.get("variants", 1))
    ]
    ask: dict[str, Any] = {"EndpointConfigName": "next", "ProductionVariants": variants}
    if "DataCaptureConfig" in more:
        ask["DataCaptureConfig"] = {
            "InitialSamplingPercentage": 10,
            "DestinationS3Uri": "s3://bucket/capture",
            "CaptureOptions": [{"CaptureMode": "Input"}],
        }
    refused = aws.refusal("CreateEndpointConfig", **ask)
    assert "serverless" in refused.message.lower()
    assert ALL_TRAFFIC not in refused.message
