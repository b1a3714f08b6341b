"""Whatever CreateModel and CreateEndpointConfig accept comes back from Describe: generated from botocore's shapes."""

from __future__ import annotations

import itertools
from typing import Any

from botocore.model import Shape
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.aws.driver import AwsDriver
from sandbox.aws.validation import compile_pattern
from sandbox.aws.wire import service_models

from .conftest import Clients

NAMES = itertools.count(1)
TEXT = st.characters(codec="utf-8", exclude_characters="\r\n\0")
OURS = {"Tags", "ModelName", "EndpointConfigName"}


def input_of(operation: str) -> Any:
    return service_models()["sagemaker"].operation_model(operation).input_shape


def values(shape: Any) -> st.SearchStrategy[Any]:
    """Values that a shape allows, every optional member sometimes present."""
    low = int(float(shape.metadata.get("min", 0)))
    high = shape.metadata.get("max")
    match shape.type_name:
        case "structure":
            members = {n: values(m) for n, m in shape.members.items() if n not in OURS}
            required = {n: members[n] for n in shape.required_members if n in members}
            optional = {n: s for n, s in members.items() if n not in required}
            return st.fixed_dictionaries(required, optional=optional)
        case "list":
            return st.lists(values(shape.member), min_size=low, max_size=max(low, min(2, int(high or 2))))
        case "map":
            return st.dictionaries(values(shape.key), values(shape.value), min_size=low, max_size=2)
        case "string":
            return texts(shape, low, int(high) if high else low + 20)
        case "boolean":
            return st.booleans()
        case "integer" | "long":
            return st.integers(low, int(float(high)) if high else low + 1000)
        case "float" | "double":
            return st.floats(low, 1000, width=16)
    raise AssertionError(shape.type_name)


def texts(shape: Shape, low: int, high: int) -> st.SearchStrategy[str]:
    if shape.enum:
        return st.sampled_from(list(shape.enum))
    pattern = shape.metadata.get("pattern")
    if pattern is None or pattern in {".*", r"[\s\S]*", r"[\s\S]+"}:
        return st.text(TEXT, min_size=low, max_size=min(high, low + 20))
    matching = st.from_regex(compile_pattern(pattern), fullmatch=True, alphabet=TEXT)
    return matching.filter(lambda text: low <= len(text) <= high)


def sent_of(described: dict[str, Any], identity: set[str]) -> dict[str, Any]:
    return {key: value for key, value in described.items() if key not in identity | {"ResponseMetadata"}}


GENERATED = settings(
    max_examples=30,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)


@GENERATED
@given(spec=values(input_of("CreateEndpointConfig")))
def test_no_member_of_an_endpoint_config_is_lost(clients: Clients, driver: AwsDriver, spec: dict[str, Any]) -> None:
    spec.pop("ShadowProductionVariants", None)
    for number, variant in enumerate(spec["ProductionVariants"]):
        for member in ("InstancePools", "ServerlessConfig", "ManagedInstanceScaling"):
            variant.pop(member, None)  # these exclude what follows; they have tests of their own
        variant |= {"VariantName": f"v{number}", "ModelName": "sentiment-v3"}
        variant |= {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1 + number}
    spec["EndpointConfigName"] = f"generated-{next(NAMES)}"
    clients.sagemaker.create_endpoint_config(**spec)
    described = clients.sagemaker.describe_endpoint_config(EndpointConfigName=spec["EndpointConfigName"])
    assert sent_of(described, {"EndpointConfigArn", "CreationTime"}) == spec


@GENERATED
@given(spec=values(input_of("CreateModel")))
def test_no_member_of_a_model_is_lost(clients: Clients, driver: AwsDriver, spec: dict[str, Any]) -> None:
    if "PrimaryContainer" in spec:
        spec.pop("Containers", None)
    for container in [spec.get("PrimaryContainer"), *spec.get("Containers", [])]:
        if container is not None:
            container.pop("ModelPackageName", None)
            container["Image"] = "123456789012.dkr.ecr.us-east-1.amazonaws.com/any:1"
    spec["ModelName"] = f"generated-{next(NAMES)}"
    clients.sagemaker.create_model(**spec)
    described = clients.sagemaker.describe_model(ModelName=spec["ModelName"])
    assert sent_of(described, {"ModelArn", "CreationTime"}) == {"EnableNetworkIsolation": False} | spec


def test_serverless_pools_shadows_and_managed_scaling_come_back_too(clients: Clients) -> None:
    pools = [{"InstanceType": "ml.m5.large", "Priority": 1}, {"InstanceType": "ml.m5.xlarge", "Priority": 2}]
    serverless = {"MemorySizeInMB": 2048, "MaxConcurrency": 10, "ProvisionedConcurrency": 5}
    plain = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    variants = {
        "pools": [{"VariantName": "A", "ModelName": "sentiment-v3", "InitialInstanceCount": 2, "InstancePools": pools}],
        "serverless": [{"VariantName": "A", "ModelName": "sentiment-v3", "ServerlessConfig": serverless}],
        "plain": [{"VariantName": "A", "ModelName": "sentiment-v3", **plain}],
        "components": [
            {"VariantName": "A", **plain, "ManagedInstanceScaling": {"Status": "ENABLED", "MaxInstanceCount": 3}}
        ],
    }
    more: dict[str, dict[str, Any]] = {
        "plain": {"ShadowProductionVariants": [{"VariantName": "B", "ModelName": "sentiment-v3", **plain}]},
        "components": {"ExecutionRoleArn": "arn:aws:iam::123456789012:role/sagemaker-execution"},
    }
    for name, given_variants in variants.items():
        sent = {"EndpointConfigName": name, "ProductionVariants": given_variants, **more.get(name, {})}
        clients.sagemaker.create_endpoint_config(**sent)
        described = clients.sagemaker.describe_endpoint_config(EndpointConfigName=name)
        assert sent_of(described, {"EndpointConfigArn", "CreationTime"}) == sent
