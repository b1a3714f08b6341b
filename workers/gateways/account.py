"""The gateways for the accounts and regions of a fleet: which client each of them gets, and how patient it is."""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import boto3
from botocore.config import Config

from bot.domain.errors import AccessDenied, GatewayError
from bot.domain.fleet import EndpointSpec
from workers.gateways.alarms import CloudWatchAlarms
from workers.gateways.artifacts import S3Artifacts
from workers.gateways.autoscaling import ApplicationAutoscaling
from workers.gateways.aws_errors import Subject, translated
from workers.gateways.catalog import MarketplaceCatalog
from workers.gateways.cloudwatch import CloudWatchMetrics
from workers.gateways.events import SqsEvents, region_of
from workers.gateways.leftovers import SageMakerLeftovers
from workers.gateways.pricing import PriceList
from workers.gateways.quotas import ServiceQuotas
from workers.gateways.registry import ModelRegistry
from workers.gateways.remembering import Remembering
from workers.gateways.sagemaker import SageMakerEndpoints
from workers.gateways.subscriptions import MarketplaceSubscriptions
from workers.gateways.trail import CloudTrail
from workers.gateways.usage import EndpointUsage
from workers.ports import Clock, Memory
from workers.world import Aws

RETRYING = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 3})
"""What looks, or comes to the same when it is done twice, may be repeated by botocore itself."""

ONE_REQUEST = Config(connect_timeout=3, read_timeout=10, retries={"mode": "standard", "total_max_attempts": 1})
"""A change of an endpoint is one request: whether a lost one took effect is found out by looking, never by asking again."""

ONE_ANSWER = Config(connect_timeout=2, read_timeout=5, retries={"mode": "standard", "total_max_attempts": 2})
"""What a plan can do without is not waited for: a network without a way to AWS's price list must not hold up every plan."""

PATHS = Config(s3={"addressing_style": "path"})
"""Buckets in the path, so that AWS_ENDPOINT_URL works for S3 as well, and so do names with dots."""

GLOBAL_REGION = "us-east-1"
"""AWS keeps its price list and all Marketplace agreements there."""


_NO_REGION = "No AWS region is known for it: the fleet file names none, and AWS_REGION is not set for the workers."


def aws_by_account(memory: Memory, clock: Clock) -> Callable[[EndpointSpec], Aws]:
    """Find, for an endpoint of the fleet file, the gateways of its account and region, made once per process.

    Args:
        memory: What all processes remember together.
        clock: The time.
    """

    @functools.cache
    def for_account(region: str | None, role: str | None) -> Aws:
        if region is None:
            raise GatewayError("nothing", "NoRegion", user_message=_NO_REGION)
        session = boto3.Session(region_name=region)
        keys = _assumed(session, role) if role is not None else {}

        def client(service: str, config: Config, **options: Any) -> Any:
            return session.client(service, config=config, **keys, **options)

        retrying = client("sagemaker", RETRYING)
        cloudwatch = client("cloudwatch", RETRYING)
        remembering = Remembering(memory, f"{role or 'own account'} in {region}")
        return Aws(
            endpoints=SageMakerEndpoints(client("sagemaker", ONE_REQUEST), clock, retrying=retrying),
            registry=ModelRegistry(retrying),
            metrics=CloudWatchMetrics(cloudwatch, remembering),
            autoscaling=ApplicationAutoscaling(client("application-autoscaling", RETRYING), clock),
            alarms=CloudWatchAlarms(cloudwatch),
            quotas=ServiceQuotas(client("service-quotas", RETRYING), remembering),
            usage=EndpointUsage(retrying, remembering),
            prices=PriceList(client("pricing", ONE_ANSWER, region_name=GLOBAL_REGION), region, remembering),
            subscriptions=MarketplaceSubscriptions(
                client("marketplace-agreement", ONE_ANSWER, region_name=GLOBAL_REGION), remembering
            ),
            catalog=MarketplaceCatalog(
                client("marketplace-discovery", ONE_ANSWER, region_name=GLOBAL_REGION), remembering
            ),
            artifacts=S3Artifacts(client("s3", ONE_ANSWER.merge(PATHS)), remembering),
            trail=CloudTrail(client("cloudtrail", ONE_ANSWER)),
            leftovers=SageMakerLeftovers(retrying),
        )

    def for_endpoint(spec: EndpointSpec) -> Aws:
        return for_account(spec.region, spec.role_to_assume)

    return for_endpoint


def own_region(environ: Mapping[str, str]) -> str | None:
    """The region that the workers' own environment names; None if it names none. boto3 itself does not know AWS_REGION."""
    found: str | None = environ.get("AWS_REGION") or boto3.Session().region_name
    return found


@functools.cache
def events_of(queue_url: str) -> SqsEvents:
    """The queue with SageMaker's events, in the workers' own account and in the region that its URL names."""
    session = boto3.Session(region_name=region_of(queue_url))
    return SqsEvents(session.client("sqs", config=ONE_ANSWER), queue_url)


def _assumed(session: boto3.Session, role: str) -> dict[str, str]:
    """Keys of another account's role. They live for an hour; a job, which is a forked process, lives for seconds.

    Raises GatewayError, above all: one account that does not let the bot in must not keep it from the others.
    """
    try:
        with translated("AssumeRole", Subject("role", role)):
            answer = session.client("sts", config=RETRYING).assume_role(RoleArn=role, RoleSessionName="endpoint-bot")
    except AccessDenied as exc:
        raise GatewayError(
            exc.operation,
            exc.code,
            exc.request_id,
            exc.message,
            user_message=(
                f"The bot is not let into the other AWS account: it may not assume {role}. Whoever operates the bot can allow it, "
                "in the IAM policy of the bot's own role and in the trust policy of that one."
            ),
        ) from exc
    given = answer["Credentials"]
    return {
        "aws_access_key_id": given["AccessKeyId"],
        "aws_secret_access_key": given["SecretAccessKey"],
        "aws_session_token": given["SessionToken"],
    }
