"""Requests against shapes: what the client lets pass and AWS does not."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.aws.validation import compile_pattern, find_violations
from sandbox.aws.wire import SERVICES, service_models

from .local import LocalAws


def all_patterns() -> set[str]:
    found: set[str] = set()

    def walk(shape: Any, seen: set[str]) -> None:
        if shape is None or shape.name in seen:
            return
        seen.add(shape.name)
        if "pattern" in shape.metadata:
            found.add(shape.metadata["pattern"])
        for child in [
            *getattr(shape, "members", {}).values(),
            *(getattr(shape, n, None) for n in ("member", "key", "value")),
        ]:
            walk(child, seen)

    for name in SERVICES:
        seen: set[str] = set()
        for operation in service_models()[name].operation_names:
            model = service_models()[name].operation_model(operation)
            walk(model.input_shape, seen)
            walk(model.output_shape, seen)
    return found


def test_every_pattern_of_every_model_can_be_checked() -> None:
    patterns = all_patterns()
    assert len(patterns) > 100
    for pattern in patterns:
        compile_pattern(pattern)


@pytest.mark.parametrize("text", ["team a", "größe=3/4", "a.b:c@d-e_f+g"])
def test_unicode_classes_accept_what_java_accepts(text: str) -> None:
    pattern = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"
    assert compile_pattern(pattern).fullmatch(text)
    assert not compile_pattern(pattern).fullmatch(text + "!")


@pytest.mark.parametrize(
    ("operation", "params", "message"),
    [
        (
            "DescribeEndpoint",
            {"EndpointName": "under_score"},
            "1 validation error detected: Value 'under_score' at 'endpointName' failed to satisfy constraint: Member must "
            "satisfy regular expression pattern: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}",
        ),
        (
            "ListEndpoints",
            {"MaxResults": 101},
            "1 validation error detected: Value '101' at 'maxResults' failed to satisfy constraint: Member must have value "
            "less than or equal to 100",
        ),
        (
            "ListEndpoints",
            {"StatusEquals": "Fine"},
            "1 validation error detected: Value 'Fine' at 'statusEquals' failed to satisfy constraint: Member must satisfy "
            "enum value set: [OutOfService, Creating, Updating, SystemUpdating, RollingBack, InService, Deleting, Failed, "
            "UpdateRollbackFailed]",
        ),
        (
            "DescribeEndpoint",
            {},
            "1 validation error detected: Value null at 'endpointName' failed to satisfy constraint: Member must not be null",
        ),
    ],
)
def test_broken_constraints_are_told_in_the_words_of_aws(
    aws: LocalAws, operation: str, params: dict, message: str
) -> None:
    refusal = aws.refusal(operation, **params)
    assert (refusal.code, refusal.message) == ("ValidationException", message)


def test_every_broken_constraint_is_listed_with_its_place(aws: LocalAws) -> None:
    variant = {"VariantName": "x" * 64, "ModelName": "m", "InstanceType": "ml.none", "InitialInstanceCount": 0}
    refusal = aws.refusal("CreateEndpointConfig", EndpointConfigName="c", ProductionVariants=[variant])
    assert refusal.message.startswith("4 validation errors detected: ")
    for place in ("variantName", "instanceType", "initialInstanceCount"):
        assert f"'productionVariants.1.member.{place}'" in refusal.message


def test_an_unknown_member_is_refused(aws: LocalAws) -> None:
    assert "'shouting'" in aws.refusal("DescribeEndpoint", EndpointName="a", Shouting="x").message


@pytest.mark.parametrize("value", [7, True, ["a"], {"a": 1}])
def test_a_value_of_another_type_cannot_be_read(aws: LocalAws, value: object) -> None:
    assert aws.refusal("DescribeEndpoint", EndpointName=value).code == "SerializationException"


def test_limits_of_deployment_policies_are_checked(aws: LocalAws) -> None:
    alarms = [{"AlarmName": f"a{n}"} for n in range(11)]
    policy = {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {
                "Type": "CANARY",
                "WaitIntervalInSeconds": 3601,
                "CanarySize": {"Type": "CAPACITY_PERCENTAGE", "Value": 10},
            },
            "MaximumExecutionTimeoutInSeconds": 99999,
        },
        "AutoRollbackConfiguration": {"Alarms": alarms},
    }
    refusal = aws.refusal("UpdateEndpoint", EndpointName="a", EndpointConfigName="b", DeploymentConfig=policy)
    assert refusal.message.startswith("4 validation errors detected: ")


def test_an_answer_that_the_model_forbids_is_noticed() -> None:
    shape = service_models()["sagemaker"].operation_model("DescribeEndpoint").output_shape
    found = find_violations(shape, {"EndpointName": "a", "EndpointStatus": "Fine"})
    assert len(found) == 4  # two times, an ARN, and a status that does not exist
