"""Endpoint configs and models drawn from botocore's own shapes: every member that it knows, within what AWS allows together.

What a shape says itself (required, minimum, maximum, enum, pattern) is read from the shape, so members of a later botocore are
drawn without a change here. What only the documentation says stands here as rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import boto3
from hypothesis import strategies as st

from fakes.live import ACCOUNT, MARKETPLACE
from sandbox.aws.validation import compile_pattern

Drawn = st.SearchStrategy[dict[str, Any]]

SENTIMENT = f"{ACCOUNT}:model-package/sentiment/3"
SENTIMENT_NEXT = f"{ACCOUNT}:model-package/sentiment/4"
ACME = f"{MARKETPLACE}:model-package/acme-stt-en-v1-0123456789abcdef0123456789abcdef"
ACME_NEXT = f"{MARKETPLACE}:model-package/acme-stt-en-v2-fedcba9876543210fedcba9876543210"

ACME_TYPES = ("ml.g5.12xlarge", "ml.g5.2xlarge", "ml.g5.4xlarge")
"""What the sample fleet's Marketplace packages run on; SageMaker refuses a config with another one."""

NOT_DRAWN = {
    "AcceleratorType": "Elastic Inference is gone: Describe still shows the member, Create refuses it",
    "ManagedInstanceScaling": "SageMaker takes it only for endpoints that host inference components",
}
"""Members of a production variant that no config of ours may have, and why."""

EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "AcceleratorPartitionType": ("mig-1g.5gb", "mig-3g.20gb+me"),
    "AdditionalModelChannelName": ("adapter", "draft_model.v2"),
    "ClarifyMimeType": ("text/csv", "application/jsonlines"),
    "ContainerImage": ("123456789012.dkr.ecr.us-east-1.amazonaws.com/serve:1", "public.ecr.aws/x/serve@sha256:ab"),
    "CsvContentType": ("text/csv", "text/x-csv"),
    "DestinationS3Uri": ("s3://b/captured", "https://b"),
    "JsonContentType": ("application/json", "application/vnd.api"),
    "KmsKeyId": ("alias/bot", "arn:aws:kms:us-east-1:123456789012:key/1b9d3c5e"),
    "MetricsEndpointPath": ("/metrics", "/v1/metrics.txt"),
    "MlReservationArn": ("arn:aws:sagemaker:us-east-1:123456789012:training-plan/reserved",),
    "RoleArn": ("arn:aws:iam::123456789012:role/sagemaker-execution", "arn:aws:iam::123456789012:role/ml/serve"),
    "S3ModelUri": ("s3://models/a/model.tar.gz", "s3://models/a/"),
    "SecurityGroupId": ("sg-0a1b2c3d", "sg-9f8e7d6c"),
    "SnsTopicArn": ("arn:aws:sns:us-east-1:123456789012:done", "arn:aws:sns:us-east-1:123456789012:failed"),
    "SubnetId": ("subnet-0a1b2c3d", "subnet-9f8e7d6c"),
    "Url": ("s3://models/b/model.tar.gz", "https://models.s3.amazonaws.com/b"),
}
"""Values of shapes whose pattern describes a format; drawing them from the pattern is slow and hard to read."""

PUBLISH_FREQUENCIES = (10, 30, 60, 120, 180, 240, 300)  # the shape has no enum; its documentation lists these

SECRETS = ("API_TOKEN", "DB_PASSWORD")
"""Variables whose values must never be shown; each value holds MARKER."""
MARKER = "zq9-do-not-show"


@cache
def service_model() -> Any:
    """botocore's model of SageMaker."""
    client = boto3.client("sagemaker", region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x")
    return client.meta.service_model


def shape_of(name: str) -> Any:
    """A shape by botocore's name for it."""
    return service_model().shape_for(name)


@cache
def of_shape(name: str, *left_out: str) -> Drawn:
    """Structures of a shape: required members always, the others sometimes."""
    return _structure(shape_of(name), left_out)


def _structure(shape: Any, left_out: tuple[str, ...] = ()) -> Drawn:
    members = {name: _values(member) for name, member in shape.members.items() if name not in left_out}
    required = {name: values for name, values in members.items() if name in shape.required_members}
    some = st.fixed_dictionaries(required, optional={n: v for n, v in members.items() if n not in required})
    return some | st.fixed_dictionaries(members)  # often every member at once, so that deep ones are drawn too


def _values(shape: Any) -> st.SearchStrategy[Any]:
    least, most = shape.metadata.get("min", 0), shape.metadata.get("max", 10**6)
    match shape.type_name:
        case "structure":
            return _structure(shape)
        case "list":
            return st.lists(_values(shape.member), min_size=least, max_size=min(most, least + 2))
        case "map":
            return st.dictionaries(_values(shape.key), _values(shape.value), max_size=3)
        case "boolean":
            return st.booleans()
        case "integer" | "long":
            special = st.sampled_from(PUBLISH_FREQUENCIES)
            return special if shape.name == "MetricPublishFrequencyInSeconds" else st.integers(least, most)
        case "float" | "double":
            # No weight is so small that its share of the traffic would be rounded away.
            return st.floats(least, 9, width=32).filter(lambda number: number == 0 or number > 1e-6)
        case "string":
            return _texts(shape, least, most)
        case unknown:
            raise NotImplementedError(f"{shape.name} is a {unknown}: say how to draw one")


def _texts(shape: Any, least: int, most: int) -> st.SearchStrategy[str]:
    if shape.enum:
        return st.sampled_from(sorted(shape.enum))
    if shape.name in EXAMPLES:
        return st.sampled_from(EXAMPLES[shape.name])
    pattern = shape.metadata.get("pattern", ".*")
    if pattern in (".*", r"[\S\s]*", r"[\s\S]+"):
        return st.text(st.characters(min_codepoint=32, max_codepoint=0x24F), min_size=least, max_size=min(most, 12))
    return st.from_regex(compile_pattern(pattern), fullmatch=True).filter(lambda text: least <= len(text) <= most)


# models

ONE_CONTAINER = ("image", "package", "marketplace", "multi-model")
PIPELINES = ("serial", "direct")
SAFE_EVERYWHERE = ("image", "package")
"""What serverless endpoints and shadow tests take too."""

_SOURCES = ("Image", "ImageConfig", "ModelDataUrl", "ModelDataSource", "ModelPackageName", "InferenceSpecificationName")
_MULTI = ("Mode", "MultiModelConfig", "AdditionalModelDataSources")


@st.composite
def _environments(draw: st.DrawFn) -> dict[str, str]:
    plain = draw(st.dictionaries(st.sampled_from(["A", "LOG_LEVEL", "_x9"]), st.text("abc ü{}\"'", max_size=6)))
    secret = {name: f"{MARKER}-{name}" for name in draw(st.sets(st.sampled_from(SECRETS)))}
    return {**plain, **secret}


@st.composite
def _containers(draw: st.DrawFn, kind: str, *, serverless: bool = False) -> dict[str, Any]:
    container = draw(of_shape("ContainerDefinition", *_SOURCES, *_MULTI, "Environment"))
    if draw(st.booleans()):
        container["Environment"] = draw(_environments())
    if kind in ("package", "marketplace"):
        container["ModelPackageName"] = SENTIMENT if kind == "package" else ACME
        if draw(st.booleans()):
            container["InferenceSpecificationName"] = "second"
        return container
    container["Image"] = draw(_values(shape_of("ContainerImage")))
    if draw(st.booleans()):
        container["ImageConfig"] = draw(of_shape("ImageConfig"))
    if kind == "multi-model":
        container |= {"Mode": "MultiModel", "ModelDataUrl": "s3://models/many/"}
        if draw(st.booleans()):
            container["MultiModelConfig"] = draw(of_shape("MultiModelConfig"))
        return container
    if draw(st.booleans()):
        container["Mode"] = "SingleModel"
    files = ("ModelDataUrl",) if serverless else ("ModelDataUrl", "ModelDataSource", "AdditionalModelDataSources")
    for member in draw(st.sets(st.sampled_from(files))):
        container[member] = draw(_values(shape_of("ContainerDefinition").members[member]))
    if "ModelDataSource" in container:
        container.pop("ModelDataUrl", None)
    return container


@st.composite
def models(draw: st.DrawFn, kind: str, *, serverless: bool = False) -> dict[str, Any]:
    """What CreateModel takes for a model of that kind, without its name."""
    left_out = ("ModelName", "PrimaryContainer", "Containers", "InferenceExecutionConfig", "Tags")
    closed = ("VpcConfig", "EnableNetworkIsolation") if serverless else ()
    document = draw(of_shape("CreateModelInput", *left_out, *closed))
    if kind == "marketplace":
        document["EnableNetworkIsolation"] = True
    if kind in ONE_CONTAINER:
        return {**document, "PrimaryContainer": draw(_containers(kind, serverless=serverless))}
    parts = ["image", *draw(st.lists(st.just("image"), max_size=1)), *draw(st.lists(st.just("package"), max_size=1))]
    containers = [draw(_containers(part)) for part in draw(st.permutations([*parts, "image"]))]
    for place, container in enumerate(containers):
        container["ContainerHostname"] = f"c{place}"
    mode = {"Mode": kind.capitalize()}
    return {**document, "Containers": containers, "InferenceExecutionConfig": mode}


# endpoint configs

KINDS = ("one", "several", "shadow", "async", "serverless")

_CHOSEN = (
    "VariantName",
    "ModelName",
    "InitialInstanceCount",
    "InstanceType",
    "InstancePools",
    "ServerlessConfig",
    *NOT_DRAWN,
)
_LISTS = ("EndpointConfigName", "ProductionVariants", "ShadowProductionVariants", "Tags")


@dataclass(frozen=True)
class DrawnEndpoint:
    """What CreateEndpointConfig and CreateModel take for one endpoint."""

    kind: str
    config: dict[str, Any]
    models: Mapping[str, dict[str, Any]]
    model_kinds: Mapping[str, str]


@st.composite
def _on_instances(
    draw: st.DrawFn, name: str, model: str, model_kinds: Mapping[str, str], *, pools: bool
) -> dict[str, Any]:
    variant = draw(of_shape("ProductionVariant", *_CHOSEN))
    if "PrefixAwareRoutingConfig" in variant.get("RoutingConfig", {}):
        variant["RoutingConfig"]["RoutingStrategy"] = "PREFIX_AWARE"
    variant |= {"VariantName": name, "ModelName": model, "InitialInstanceCount": draw(st.integers(1, 6))}
    every = _values(shape_of("ProductionVariantInstanceType"))
    types = st.sampled_from(ACME_TYPES) if model_kinds[model] == "marketplace" else every
    if not pools:
        return {**variant, "InstanceType": draw(types)}
    chosen = draw(st.lists(types, min_size=1, max_size=3, unique=True))
    own = f"{model}-pool"
    listed = [
        {"InstanceType": kind, "Priority": place}
        | draw(st.sampled_from([{}, {"ModelNameOverride": model}, {"ModelNameOverride": own}]))
        for place, kind in enumerate(chosen, start=1)
    ]
    return {**variant, "InstancePools": listed}


@st.composite
def _serverless(draw: st.DrawFn, name: str, model: str) -> dict[str, Any]:
    most = draw(st.integers(1, 200))
    settings: dict[str, Any] = {"MemorySizeInMB": 1024 * draw(st.integers(1, 6)), "MaxConcurrency": most}
    if draw(st.booleans()):
        settings["ProvisionedConcurrency"] = draw(st.integers(1, most))
    return {"VariantName": name, "ModelName": model, "ServerlessConfig": settings}


@st.composite
def endpoints(draw: st.DrawFn, kinds: tuple[str, ...] = KINDS, *, single_containers: bool = False) -> DrawnEndpoint:
    """An endpoint of one of these kinds, with the models that it runs. The first production variant is `V1`."""
    kind = draw(st.sampled_from(kinds))
    model_kinds = {"m1": draw(st.sampled_from(_models_for(kind, single_containers=single_containers)))}
    names = ["V1"]
    if kind == "several":
        names = [f"V{n}" for n in range(1, draw(st.integers(2, 4)) + 1)]
        model_kinds["m2"] = draw(st.sampled_from(ONE_CONTAINER))
    elif kind == "shadow":
        model_kinds["m2"] = draw(st.sampled_from(SAFE_EVERYWHERE))
    config = _variants_by_kind(draw, kind, names, model_kinds)
    config |= draw(of_shape("CreateEndpointConfigInput", *_LISTS, *_not_with(kind)))
    if kind == "async":
        config["AsyncInferenceConfig"] = draw(of_shape("AsyncInferenceConfig"))
    drawn = {name: draw(models(what, serverless=kind == "serverless")) for name, what in model_kinds.items()}
    for name in list(drawn):
        # A pool may run the same thing with other settings, e.g. compiled for another accelerator.
        drawn[f"{name}-pool"] = with_variable(drawn[name], "POOL", "1")
    return DrawnEndpoint(kind, config, drawn, model_kinds)


def _models_for(kind: str, *, single_containers: bool) -> tuple[str, ...]:
    if kind in ("serverless", "shadow"):
        return SAFE_EVERYWHERE
    return ONE_CONTAINER if single_containers else (*ONE_CONTAINER, *PIPELINES)


def _not_with(kind: str) -> tuple[str, ...]:
    """Members of a config that AWS does not take for that kind of endpoint."""
    if kind == "serverless":
        every = service_model().operation_model("CreateEndpointConfig").input_shape.members
        return tuple(name for name in every if name != "MetricsConfig")
    return ("AsyncInferenceConfig", "CrossRegionTrafficConfig") if kind == "async" else ("AsyncInferenceConfig",)


def _variants_by_kind(draw: st.DrawFn, kind: str, names: list[str], model_kinds: Mapping[str, str]) -> dict[str, Any]:
    if kind == "serverless":
        return {"ProductionVariants": [draw(_serverless("V1", "m1"))]}
    pools = kind != "shadow" and draw(st.booleans())
    any_model = st.sampled_from(sorted(model_kinds))
    first = draw(_on_instances("V1", "m1", model_kinds, pools=pools))
    others = [draw(_on_instances(n, draw(any_model), model_kinds, pools=False)) for n in names[1:]]
    if kind != "shadow":
        return {"ProductionVariants": [first, *others]}
    shadow = draw(_on_instances("Shadow", draw(any_model), model_kinds, pools=False))
    return {"ProductionVariants": [first], "ShadowProductionVariants": [shadow]}


def with_variable(model: Mapping[str, Any], key: str, value: str) -> dict[str, Any]:
    """The model document with one more environment variable in its first container."""

    def told(container: Mapping[str, Any]) -> dict[str, Any]:
        return {**container, "Environment": {**container.get("Environment", {}), key: value}}

    if "PrimaryContainer" in model:
        return {**model, "PrimaryContainer": told(model["PrimaryContainer"])}
    first, *rest = model["Containers"]
    return {**model, "Containers": [told(first), *rest]}
