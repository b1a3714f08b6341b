"""The sample fleet: an account as it might look after a month of work."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .alarms import Alarm
from .behaviours import STT_EN_V1, STT_EN_V2, STT_EN_V3, STT_FR_V1, profile_for
from .clock import Clock
from .sagemaker.endpoint import Endpoint
from .sagemaker.endpoints import fresh_variant
from .scenarios import ScenarioBook
from .traffic import TrafficHistory
from .world import EndpointConfig, Model, Package, PackageGroup, Region, Settings, World

MARKETPLACE_ACCOUNT = "865070037744"
ROLE = "arn:aws:iam::123456789012:role/sagemaker-execution"
ECR = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
KMS_KEY = "arn:aws:kms:us-east-1:123456789012:key/0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9"

STT_EN_PRODUCT = "acme-stt-en-prod-7yqk2mzt4r"
STT_FR_PRODUCT = "acme-stt-fr-prod-3hd8w1xv5n"


def sample_world(settings: Settings, clock: Clock) -> World:
    """A world with the sample fleet in it, as if that had existed for a month."""
    world = World(settings, clock)
    world.scenarios = ScenarioBook(world)
    home = world.home()
    _marketplace(world)
    _registry(home)
    _stt(home)
    _sentiment(home)
    _product_perception(home)
    _credibility(home)
    _autoscaling(home)
    _alarms(home)
    return world


def _marketplace(world: World) -> None:
    owner = world.region(MARKETPLACE_ACCOUNT, world.home().name)
    listed = (
        (STT_EN_V1, STT_EN_PRODUCT, "Acme Speech to Text (English) 1.0", 200),
        (STT_EN_V2, STT_EN_PRODUCT, "Acme Speech to Text (English) 2.0", 25),
        (STT_EN_V3, STT_EN_PRODUCT, "Acme Speech to Text (English) 3.0", 4),
        (STT_FR_V1, STT_FR_PRODUCT, "Acme Speech to Text (French) 1.0", 90),
    )
    for name, product, description, age_days in listed:
        container = {
            "Image": f"{MARKETPLACE_ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/sagemaker-marketplace/{name[:14]}:latest",
            "ImageDigest": f"sha256:{name[-32:] * 2}",
            "ProductId": product,
        }
        spec = {
            "ModelPackageDescription": description,
            "InferenceSpecification": {
                "Containers": [container],
                "SupportedRealtimeInferenceInstanceTypes": ["ml.g5.2xlarge", "ml.g5.4xlarge", "ml.g5.12xlarge"],
                "SupportedContentTypes": ["audio/wav", "application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            "CertifyForMarketplace": True,
        }
        created = world.clock.now() - timedelta(days=age_days)
        owner.packages[name] = Package(name, owner.arn("model-package", name), created, spec)


def _registry(home: Region) -> None:
    add_group(
        home,
        "sentiment",
        ["Approved", "Rejected", "Approved", "Approved", "PendingManualApproval"],
        {
            "accuracy": ("0.901", "0.874", "0.913", "0.921", "0.924"),
            "f1": ("0.887", "0.851", "0.902", "0.911", "0.915"),
        },
        ["ml.m5.large", "ml.m5.xlarge", "ml.m5.2xlarge"],
    )
    add_group(
        home,
        "product-perception",
        ["Approved", "Approved"],
        {"accuracy": ("0.842", "0.867")},
        ["ml.m5.large", "ml.m5.xlarge"],
    )
    add_group(home, "credibility", ["Approved", "Approved"], {"auc": ("0.903", "0.911")}, ["ml.m5.large"])


def add_group(
    home: Region, name: str, approvals: list[str], metrics: dict[str, tuple[str, ...]], instance_types: list[str]
) -> None:
    begun = home.now - timedelta(days=120)
    group = PackageGroup(name, home.arn("model-package-group", name), begun, f"The {name} model")
    home.groups[name] = group
    for version, approval in enumerate(approvals, start=1):
        created = home.now - timedelta(days=14 * (len(approvals) - version) + 2)
        folder = f"s3://acme-ml-registry/{name}/{version}"
        spec: dict[str, Any] = {
            "ModelPackageDescription": f"{name} version {version}",
            "ModelApprovalStatus": approval,
            "InferenceSpecification": {
                "Containers": [{"Image": f"{ECR}/{name}:{version}", "ModelDataUrl": f"{folder}/model.tar.gz"}],
                "SupportedRealtimeInferenceInstanceTypes": instance_types,
                "SupportedContentTypes": ["application/json"],
                "SupportedResponseMIMETypes": ["application/json"],
            },
            "ModelMetrics": {
                "ModelQuality": {
                    "Statistics": {"ContentType": "application/json", "S3Uri": f"{folder}/evaluation.json"}
                }
            },
            "MetadataProperties": {"CommitId": f"{version:08x}", "Repository": f"https://git.acme.example/ml/{name}"},
            "CustomerMetadataProperties": {
                "mlflow.run_id": f"{version:02x}{name.encode().hex():0<30.30}",
                "mlflow.experiment": name,
                **{f"metric.{metric}": values[version - 1] for metric, values in metrics.items()},
            },
            "CreatedBy": {"UserProfileName": "training-pipeline"},
            "ModelPackageRegistrationType": "Registered",
        }
        if approval != "PendingManualApproval":
            reviewer = "arn:aws:sts::123456789012:assumed-role/ml-reviewers/anna"
            spec["LastModifiedTime"] = created + timedelta(hours=5)
            spec["LastModifiedBy"] = {"IamIdentity": {"Arn": reviewer, "PrincipalId": "AROASANDBOXREVIEWERS:anna"}}
            spec["ApprovalDescription"] = "Evaluated against the holdout set."
        arn = f"{home.arn('model-package', name)}/{version}"
        group.packages[version] = Package(name, arn, created, spec, name, version)


def _stt(home: Region) -> None:
    package = f"arn:aws:sagemaker:{home.name}:{MARKETPLACE_ACCOUNT}:model-package/{STT_EN_V1}"
    environment = {"ENGINE_MAX_ACTIVE_REQUESTS": "120", "ACME_LICENSE_KEY": "lic-9f27c1b84e0d4a6fb3"}
    add_model(
        home, "stt-prod-v1", {"ModelPackageName": package, "Environment": environment}, EnableNetworkIsolation=True
    )
    variant = variant_of(
        "stt-prod-v1",
        InstanceType="ml.g5.2xlarge",
        InitialInstanceCount=2,
        ModelDataDownloadTimeoutInSeconds=1800,
        ContainerStartupHealthCheckTimeoutInSeconds=900,
    )
    config = add_config(home, "stt-prod-config-v1", [variant])
    add_endpoint(home, "stt-prod", config, {"team": "speech", "env": "prod"})


def _sentiment(home: Region) -> None:
    add_model(home, "sentiment-v3", {"ModelPackageName": f"{home.arn('model-package', 'sentiment')}/3"})
    variant = variant_of("sentiment-v3", InstanceType="ml.m5.xlarge", InitialInstanceCount=2)
    capture = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 20,
        "DestinationS3Uri": "s3://acme-ml-capture/sentiment-prod",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {"JsonContentTypes": ["application/json"]},
    }
    config = add_config(home, "sentiment-prod-config-v3", [variant], DataCaptureConfig=capture, KmsKeyId=KMS_KEY)
    given = {"team": "nlp", "env": "prod", "cost-center": "4711"}
    home.tags[config.arn] = {**given, "aws:cloudformation:stack-name": "sentiment-prod"}
    add_endpoint(home, "sentiment-prod", config, {**given, "aws:cloudformation:stack-name": "sentiment-prod"})
    live = home.endpoints["sentiment-prod"]
    live.variants[0].current_count = live.variants[0].desired_count = 4
    live.route_own(home.now - timedelta(days=30))


def _product_perception(home: Region) -> None:
    add_model(
        home, "product-perception-v1", {"ModelPackageName": f"{home.arn('model-package', 'product-perception')}/1"}
    )
    variant = variant_of("product-perception-v1", InstanceType="ml.m5.large", InitialInstanceCount=1)
    config = add_config(home, "product-perception-config-v1", [variant])
    add_endpoint(home, "product-perception", config, {"team": "nlp", "env": "prod"})


def _credibility(home: Region) -> None:
    add_model(home, "credibility-v1", {"ModelPackageName": f"{home.arn('model-package', 'credibility')}/1"})
    variant = variant_of("credibility-v1", ServerlessConfig={"MemorySizeInMB": 3072, "MaxConcurrency": 20})
    config = add_config(home, "credibility-config-v1", [variant])
    add_endpoint(home, "credibility", config, {"team": "trust", "env": "prod"})


def _autoscaling(home: Region) -> None:
    resource, dimension = "endpoint/sentiment-prod/variant/AllTraffic", "sagemaker:variant:DesiredInstanceCount"
    identity = {"ServiceNamespace": "sagemaker", "ResourceId": resource, "ScalableDimension": dimension}
    created = home.now - timedelta(days=28)
    home.scaling.targets[resource, dimension] = identity | {
        "MinCapacity": 2,
        "MaxCapacity": 8,
        "RoleARN": "arn:aws:iam::123456789012:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/"
        "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint",
        "CreationTime": created,
        "SuspendedState": {
            "DynamicScalingInSuspended": False,
            "DynamicScalingOutSuspended": False,
            "ScheduledScalingSuspended": False,
        },
        "ScalableTargetARN": f"arn:aws:application-autoscaling:{home.name}:{home.account}:scalable-target/0sentiment01",
    }
    policy_arn = f"arn:aws:autoscaling:{home.name}:{home.account}:scalingPolicy:5e7c:resource/sagemaker/{resource}"
    home.scaling.policies[resource, dimension, "sentiment-invocations"] = identity | {
        "PolicyARN": f"{policy_arn}:policyName/sentiment-invocations",
        "PolicyName": "sentiment-invocations",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": {
            "TargetValue": 200.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
            "ScaleInCooldown": 300,
            "ScaleOutCooldown": 60,
        },
        "Alarms": [],
        "CreationTime": created,
    }
    home.scaling.actions[resource, dimension, "sentiment-morning"] = identity | {
        "ScheduledActionName": "sentiment-morning",
        "ScheduledActionARN": f"arn:aws:autoscaling:{home.name}:{home.account}:scheduledAction:5e7c:resource/sagemaker/"
        f"{resource}:scheduledActionName/sentiment-morning",
        "Schedule": "cron(0 6 ? * MON-FRI *)",
        "Timezone": "Europe/Berlin",
        "ScalableTargetAction": {"MinCapacity": 4, "MaxCapacity": 8},
        "CreationTime": created,
    }


def _alarms(home: Region) -> None:
    """The speech team measures word errors by itself, and has nothing to complain about."""
    name = "stt-prod-word-errors"
    spec = {
        "AlarmName": name,
        "AlarmDescription": "Words that the speech team's golden recordings are misheard in",
        "Namespace": "Acme/Speech",
        "MetricName": "WordErrorRate",
        "Dimensions": [{"Name": "EndpointName", "Value": "stt-prod"}],
        "Statistic": "Average",
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": 0.08,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": "notBreaching",
    }
    created = home.now - timedelta(days=29)
    arn = f"arn:aws:cloudwatch:{home.name}:{home.account}:alarm:{name}"
    home.alarms[name] = Alarm(name, arn, spec, created, created, "OK", "Threshold not crossed.")


def add_model(home: Region, name: str, container: dict[str, Any], **more: Any) -> None:
    spec = {"PrimaryContainer": container, "ExecutionRoleArn": ROLE, **more}
    created = home.now - timedelta(days=31)
    home.models[name] = Model(name, home.arn("model", name), created, spec, has_served=True)


def variant_of(model: str, **more: Any) -> dict[str, Any]:
    return {"VariantName": "AllTraffic", "ModelName": model, "InitialVariantWeight": 1.0, **more}


def add_config(home: Region, name: str, variants: list[dict[str, Any]], **more: Any) -> EndpointConfig:
    created = home.now - timedelta(days=31)
    config = EndpointConfig(name, home.arn("endpoint-config", name), created, {"ProductionVariants": variants, **more})
    home.configs[name] = config
    return config


_USUAL_AGE = timedelta(days=30)


def add_endpoint(
    home: Region, name: str, config: EndpointConfig, tags: dict[str, str], age: timedelta = _USUAL_AGE
) -> None:
    created = home.now - age
    variants = [fresh_variant(home, spec) for spec in config.variants()]
    history = TrafficHistory(profile_for(name, config.spec))
    endpoint = Endpoint(
        name, home.arn("endpoint", name), created, created, config, variants, history, status="InService"
    )
    endpoint.route_own(created)
    home.endpoints[name] = endpoint
    home.tags[endpoint.arn] = tags
