"""Failures of others that are met where AWS is spoken to: what it deletes, refuses, publishes late or not at all."""

from datetime import UTC, datetime

import pytest
from contract.clients import clock, scripted
from fakes.memory import LapsingMemory
from fakes.surroundings import a_target
from iam_policy import ACCOUNT, REGION, allows

from bot.domain.endpoint import ConfigRecord
from bot.domain.errors import AccessDenied, TransientError
from bot.domain.scaling import Scaling
from bot.domain.verdict import Window
from workers.gateways.autoscaling import ApplicationAutoscaling
from workers.gateways.aws_errors import Subject as ErrorSubject
from workers.gateways.aws_errors import translated
from workers.gateways.cloudwatch import CloudWatchMetrics
from workers.gateways.remembering import Remembering
from workers.gateways.sagemaker import SageMakerEndpoints
from workers.ports import Subject

HOUR = Window(start=datetime(2026, 11, 22, 6, 0, tzinfo=UTC), end=datetime(2026, 11, 22, 7, 0, tzinfo=UTC))


CONFIG = ConfigRecord(
    name="stt-v2",
    arn="",
    document={"ProductionVariants": [{"VariantName": "AllTraffic", "ModelName": "m", "InstanceType": "ml.m5.large"}]},
)


def test_gotcha_06_what_deregistering_deletes_comes_back_from_the_snapshot() -> None:
    saved = Scaling(targets=(a_target("stt-prod"),)).model_dump_json()
    (target,) = Scaling.model_validate_json(saved).targets
    with scripted("application-autoscaling") as (client, script):
        script.add_response("describe_scalable_targets", {"ScalableTargets": []})
        script.add_response("register_scalable_target", {}, {"ServiceNamespace": "sagemaker", **target.document})
        script.add_response("describe_scaling_policies", {"ScalingPolicies": []})
        script.add_response("describe_scheduled_actions", {"ScheduledActions": []})
        script.add_response(
            "put_scaling_policy", {"PolicyARN": "arn"}, {"ServiceNamespace": "sagemaker", **target.policies[0]}
        )
        script.add_response("put_scheduled_action", {}, {"ServiceNamespace": "sagemaker", **target.scheduled[0]})
        ApplicationAutoscaling(client, clock).restore(target)


def test_gotcha_09_a_missing_permission_to_deregister_is_told_as_one_and_the_role_has_it() -> None:
    said = (
        "An Application AutoScaling scalable target exists for a variant being deleted, and the IAM identity used to invoke "
        "DeleteEndpoint does not have application-autoscaling:DeregisterScalableTarget permission."
    )
    with scripted("sagemaker") as (client, script):
        script.add_client_error("delete_endpoint", "ValidationException", said)
        with pytest.raises(AccessDenied), translated("DeleteEndpoint", ErrorSubject("endpoint", "stt-prod")):
            client.delete_endpoint(EndpointName="stt-prod")
    target = f"arn:aws:application-autoscaling:{REGION}:{ACCOUNT}:scalable-target/0123"
    assert allows("application-autoscaling:DeregisterScalableTarget", target)


def test_gotcha_17_a_config_that_was_created_and_is_not_shown_yet_is_asked_for_again() -> None:
    with scripted("sagemaker") as (client, script):
        taken = 'Cannot create already existing endpoint configuration "stt-v2".'
        script.add_client_error("create_endpoint_config", "ValidationException", taken)
        missing = 'Could not find endpoint configuration "stt-v2".'
        script.add_client_error("describe_endpoint_config", "ValidationException", missing)
        endpoints = SageMakerEndpoints(client, clock)
        with pytest.raises(TransientError):
            endpoints.create_config(CONFIG)


def subject(endpoint: str, variants: str | tuple[str, ...], streaming: bool) -> Subject:
    names = (variants,) if isinstance(variants, str) else variants
    return Subject(endpoint, names, "streaming" if streaming else "realtime")


def asked_for(*, streaming: bool) -> set[tuple[str, str]]:
    """Metric and statistic of everything that a measurement asks CloudWatch for."""
    seen: set[tuple[str, str]] = set()
    with scripted("cloudwatch") as (client, script):
        client.meta.events.register(
            "provide-client-params.cloudwatch.GetMetricData",
            lambda params, **_: seen.update(
                (q["MetricStat"]["Metric"]["MetricName"], q["MetricStat"]["Stat"]) for q in params["MetricDataQueries"]
            ),
        )
        for _ in range(2):
            script.add_response("get_metric_data", {"MetricDataResults": []})
        metrics = CloudWatchMetrics(client, Remembering(LapsingMemory(clock), "here"))
        metrics.measure(subject("stt-prod", "AllTraffic", streaming), HOUR)
        metrics.concurrency("stt-prod", ["AllTraffic"], HOUR)
    return seen


def test_gotcha_23_streams_are_measured_by_what_sagemaker_publishes_of_them() -> None:
    streams, requests = asked_for(streaming=True), asked_for(streaming=False)
    assert {("FirstChunkLatency", "p50"), ("MidStreamErrors", "Sum")} <= streams
    assert "ModelLatency" not in {metric for metric, _ in streams}
    assert ("ModelLatency", "p50") in requests
    statistics = {stat for metric, stat in streams | requests if metric == "ConcurrentRequestsPerModel"}
    assert statistics == {"Maximum"}, "besides Minimum the only one it has"
