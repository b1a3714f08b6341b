"""Network, keys, data capture and async answers as the fleet file declares them: in SageMaker's shape, and what runs otherwise."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from bot.domain.endpoint import Document
from bot.domain.fleet import AsyncInference, DataCapture, EndpointSpec, Vpc
from bot.domain.plan import Difference

_MODES = {"input": "Input", "output": "Output"}

_Read = Callable[[Document], object]


def declared_of_model(spec: EndpointSpec) -> dict[str, Any]:
    """What the file says of a model besides its containers and its role."""
    if spec.vpc is None:
        return {}
    return {"VpcConfig": {"SecurityGroupIds": list(spec.vpc.security_groups), "Subnets": list(spec.vpc.subnets)}}


def declared_of_config(spec: EndpointSpec) -> dict[str, Any]:
    """What the file says of an endpoint config besides its variants."""
    document: dict[str, Any] = {}
    if spec.kms_key is not None:
        document["KmsKeyId"] = spec.kms_key
    if spec.data_capture is not None:
        document["DataCaptureConfig"] = _capture(spec.data_capture)
    if spec.async_inference is not None:
        document["AsyncInferenceConfig"] = _async(spec.async_inference)
    return document


def hosting_drift(spec: EndpointSpec, config: Document, model: Document | None) -> Iterator[Difference]:
    """Where what runs differs from what is declared, key by key; of what the file leaves out, whatever runs is right.

    Args:
        spec: What the file says.
        config: The endpoint config.
        model: The variant's model; None where it was deleted, and so tells nothing.
    """
    if spec.vpc is not None and model is not None:
        yield from _differing("vpc", spec.vpc, _VPC, model.get("VpcConfig") or {})
    if spec.kms_key is not None and (there := config.get("KmsKeyId") or None) != spec.kms_key:
        yield Difference(path="kms_key", before=there, after=spec.kms_key)
    if spec.data_capture is not None:
        capture = config.get("DataCaptureConfig") or {}
        is_on = bool(capture) and capture.get("EnableCapture", True)
        yield from _differing("data_capture", spec.data_capture, _CAPTURE, capture if is_on else {})
    if spec.async_inference is not None:
        yield from _differing("async_inference", spec.async_inference, _ASYNC, config.get("AsyncInferenceConfig") or {})


def _capture(wanted: DataCapture) -> dict[str, Any]:
    document: dict[str, Any] = {
        "EnableCapture": True,
        "InitialSamplingPercentage": wanted.percentage,
        "DestinationS3Uri": wanted.destination,
        "CaptureOptions": [{"CaptureMode": _MODES[what]} for what in dict.fromkeys(wanted.capture)],
    }
    return document | ({"KmsKeyId": wanted.kms_key} if wanted.kms_key is not None else {})


def _async(wanted: AsyncInference) -> dict[str, Any]:
    topics = {"SuccessTopic": wanted.success_topic, "ErrorTopic": wanted.error_topic}
    said = {key: topic for key, topic in topics.items() if topic is not None}
    output = {
        "S3OutputPath": wanted.output_path,
        "S3FailurePath": wanted.failure_path,
        "KmsKeyId": wanted.kms_key,
        "NotificationConfig": said or None,
    }
    document: dict[str, Any] = {"OutputConfig": {key: value for key, value in output.items() if value is not None}}
    if wanted.max_concurrency is not None:
        document["ClientConfig"] = {"MaxConcurrentInvocationsPerInstance": wanted.max_concurrency}
    return document


def _differing(
    block: str, wanted: Vpc | DataCapture | AsyncInference, members: Mapping[str, _Read], there: Document
) -> Iterator[Difference]:
    for key, read in members.items():
        declared, found = getattr(wanted, key), read(there)
        if declared is None or _words(declared) == _words(found):
            continue
        yield Difference(path=f"{block}.{key}", before=_words(found), after=_words(declared))


def _words(value: object) -> str | None:
    """A list in any order reads the same: SageMaker promises none."""
    if isinstance(value, tuple | list | set | frozenset):
        return ", ".join(sorted(map(str, value))) or None
    return None if value is None else str(value)


def _captured(there: Document) -> set[str]:
    modes = {option["CaptureMode"] for option in there.get("CaptureOptions", ())}
    both = "InputAndOutput" in modes
    return {key for key, mode in _MODES.items() if both or mode in modes}


def _output(there: Document, member: str) -> object:
    return there.get("OutputConfig", {}).get(member)


def _topic(there: Document, member: str) -> object:
    return (there.get("OutputConfig", {}).get("NotificationConfig") or {}).get(member)


_VPC: Mapping[str, _Read] = {
    "subnets": lambda there: there.get("Subnets", ()),
    "security_groups": lambda there: there.get("SecurityGroupIds", ()),
}
_CAPTURE: Mapping[str, _Read] = {
    "percentage": lambda there: there.get("InitialSamplingPercentage"),
    "destination": lambda there: there.get("DestinationS3Uri"),
    "capture": _captured,
    "kms_key": lambda there: there.get("KmsKeyId"),
}
_ASYNC: Mapping[str, _Read] = {
    "output_path": lambda there: _output(there, "S3OutputPath"),
    "failure_path": lambda there: _output(there, "S3FailurePath"),
    "max_concurrency": lambda there: there.get("ClientConfig", {}).get("MaxConcurrentInvocationsPerInstance"),
    "success_topic": lambda there: _topic(there, "SuccessTopic"),
    "error_topic": lambda there: _topic(there, "ErrorTopic"),
    "kms_key": lambda there: _output(there, "KmsKeyId"),
}
