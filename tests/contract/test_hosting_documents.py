"""What deploy sends for network, keys, data capture and async answers against botocore's service model."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.validate import ParamValidator
from fakes.facts import a_package

from bot.domain.fleet import EndpointSpec, parse_fleet
from bot.domain.hosting import hosting_drift
from workers.cloning import DraftNames, creation

from .clients import make_client

PACKAGE = "arn:aws:sagemaker:us-east-1:123456789012:model-package/g/4"
TOPIC = "arn:aws:sns:us-east-1:123456789012:answers"
FLEET = f"""
version: 1
defaults:
  approval: {{users: [U0BEN]}}
  execution_role: arn:aws:iam::123456789012:role/sagemaker
  vpc: {{subnets: [subnet-0a1b2c3d, subnet-1a1b2c3d], security_groups: [sg-0a1b2c3d]}}
  kms_key: alias/models
  data_capture: {{percentage: 20, destination: s3://seen/all, capture: [input], kms_key: alias/seen}}
endpoints:
  plain: {{model_package_group: g, instance_type: ml.m5.large}}
  transcripts:
    kind: async
    model_package_group: g
    instance_type: ml.g5.xlarge
    async_inference:
      output_path: s3://answers/all
      failure_path: s3://answers/failed
      max_concurrency: 4
      success_topic: {TOPIC}
      error_topic: {TOPIC}
      kms_key: alias/answers
"""
ASYNC = {
    "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 4},
    "OutputConfig": {
        "S3OutputPath": "s3://answers/all",
        "S3FailurePath": "s3://answers/failed",
        "KmsKeyId": "alias/answers",
        "NotificationConfig": {"SuccessTopic": TOPIC, "ErrorTopic": TOPIC},
    },
}
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 20,
    "DestinationS3Uri": "s3://seen/all",
    "CaptureOptions": [{"CaptureMode": "Input"}],
    "KmsKeyId": "alias/seen",
}


def spec(name: str) -> EndpointSpec:
    return parse_fleet(FLEET, "f").endpoint(name)


def documents(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The model and the config that deploy would create."""
    made = creation(spec(name), a_package(arn=PACKAGE), DraftNames("r1234567", {}))
    return dict(made.model.document), dict(made.config.document)


def wrong(value: Any, shape: Any) -> Iterator[str]:
    """What the model's patterns, enums and upper bounds refuse: botocore checks none of them."""
    if shape.type_name == "structure":
        for member, inner in value.items():
            yield from wrong(inner, shape.members[member])
    elif shape.type_name == "list":
        if len(value) > shape.metadata.get("max", len(value)):
            yield f"{shape.name} has {len(value)} items"
        for item in value:
            yield from wrong(item, shape.member)
    elif shape.type_name == "string":
        if (pattern := shape.metadata.get("pattern")) and not re.fullmatch(pattern, value):
            yield f"{value} is no {shape.name}"
        if getattr(shape, "enum", None) and value not in shape.enum:
            yield f"{value} is none of {shape.enum}"
    elif shape.type_name == "integer" and value > shape.metadata.get("max", value):
        yield f"{value} is too much for {shape.name}"


@pytest.mark.parametrize("name", ["plain", "transcripts"])
def test_sagemaker_would_understand_every_member(name: str) -> None:
    model, config = documents(name)
    service = make_client("sagemaker").meta.service_model
    sent = [
        ("CreateModel", {"ModelName": "m", **model}),
        ("CreateEndpointConfig", {"EndpointConfigName": "c", **config}),
    ]
    for operation, request in sent:
        shape = service.operation_model(operation).input_shape
        assert ParamValidator().validate(request, shape).generate_report() == ""
        assert list(wrong(request, shape)) == []


def test_each_setting_stands_where_sagemaker_looks_for_it() -> None:
    model, config = documents("transcripts")
    vpc = {"SecurityGroupIds": ["sg-0a1b2c3d"], "Subnets": ["subnet-0a1b2c3d", "subnet-1a1b2c3d"]}
    assert model["VpcConfig"] == vpc
    assert (config["KmsKeyId"], config["DataCaptureConfig"], config["AsyncInferenceConfig"]) == (
        "alias/models",
        CAPTURE,
        ASYNC,
    )


def test_only_async_endpoints_have_a_place_for_answers() -> None:
    _, config = documents("plain")
    assert "AsyncInferenceConfig" not in config


def test_what_was_created_as_declared_is_no_drift() -> None:
    for name in ("plain", "transcripts"):
        model, config = documents(name)
        assert list(hosting_drift(spec(name), config, model)) == []


def test_what_is_missing_or_other_is_told_key_by_key() -> None:
    model, config = documents("transcripts")
    config["DataCaptureConfig"] = {
        **CAPTURE,
        "InitialSamplingPercentage": 5,
        "CaptureOptions": [{"CaptureMode": "InputAndOutput"}],
    }
    config["AsyncInferenceConfig"] = {"OutputConfig": {"S3OutputPath": "s3://elsewhere"}}
    del config["KmsKeyId"], model["VpcConfig"]
    found = {d.path: (d.before, d.after) for d in hosting_drift(spec("transcripts"), config, model)}
    assert found == {
        "vpc.subnets": (None, "subnet-0a1b2c3d, subnet-1a1b2c3d"),
        "vpc.security_groups": (None, "sg-0a1b2c3d"),
        "kms_key": (None, "alias/models"),
        "data_capture.percentage": ("5", "20"),
        "data_capture.capture": ("input, output", "input"),
        "async_inference.output_path": ("s3://elsewhere", "s3://answers/all"),
        "async_inference.failure_path": (None, "s3://answers/failed"),
        "async_inference.max_concurrency": (None, "4"),
        "async_inference.success_topic": (None, TOPIC),
        "async_inference.error_topic": (None, TOPIC),
        "async_inference.kms_key": (None, "alias/answers"),
    }


def test_capture_that_is_switched_off_captures_nothing() -> None:
    model, config = documents("plain")
    config["DataCaptureConfig"] = {**CAPTURE, "EnableCapture": False}
    assert "data_capture.destination" in {d.path for d in hosting_drift(spec("plain"), config, model)}


def test_a_model_that_was_deleted_tells_nothing_of_its_network() -> None:
    _, config = documents("plain")
    assert list(hosting_drift(spec("plain"), config, None)) == []
