"""Why an update failed, from SageMaker's own words, and what to do next.

SageMaker documents neither its FailureReason texts nor most of its error messages, so everything here rests on texts that were
seen in the wild; each of them is a row in this module's tests. A text that no rule knows stays `unknown`: nothing is guessed.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.model import Value


class FailureKind(StrEnum):
    """What went wrong."""

    QUOTA = "quota"  # the account may not have that many instances
    CAPACITY = "capacity"  # AWS has no free instances of the type
    HEALTH_CHECK = "health_check"  # the containers run and do not answer /ping
    IMAGE = "image"  # the image cannot be pulled, or its container does not start
    AMI = "ami"  # the container does not get along with the instance's GPU driver
    MODEL_DOWNLOAD = "model_download"  # the model's files cannot be fetched, or do not fit
    SUBSCRIPTION = "subscription"  # no subscription to the AWS Marketplace product
    PERMISSION = "permission"  # a role or a policy does not allow something
    SCALING = "scaling"  # autoscaling holds a variant that the update changes or removes
    MISSING = "missing"  # the config, the model or the endpoint was deleted
    SETTING = "setting"  # SageMaker does not accept a value or a combination
    ALARM = "alarm"  # an alarm ended the deployment
    INTERNAL = "internal"  # AWS says that the fault is its own
    UNKNOWN = "unknown"  # no reason given, or none that is known here


class Failure(Value):
    """What went wrong, and what to do about it, each in a sentence or two. SageMaker's own words are kept elsewhere."""

    kind: FailureKind
    what: str
    next_step: str
    retryable: bool = False
    """Whether a policy may try again without a person. Only a lack of capacity mends itself: anything else needs a change, and
    trying a config again that cannot work is how loops begin."""


def classify(text: str | None, code: str | None = None) -> Failure:
    """What a failure is about.

    Args:
        text: An endpoint's FailureReason, or the message of an error; None if AWS gave none.
        code: The error's code, e.g. `ResourceLimitExceeded`; None for a FailureReason.
    """
    words = text or ""
    for rule in _RULES:
        match = rule.pattern.search(words)
        if match is not None or code in rule.codes:
            return Failure(
                kind=rule.kind,
                what=rule.what.format(**match.groupdict()) if match else rule.what,
                next_step=rule.next_step,
                retryable=rule.kind is FailureKind.CAPACITY,
            )
    if not words.strip():
        return Failure(
            kind=FailureKind.UNKNOWN,
            what="SageMaker gave no reason.",
            next_step="Look into the containers' log. If it is empty, no container started: often AWS lacked instances of the type.",
        )
    return Failure(
        kind=FailureKind.UNKNOWN,
        what="SageMaker gave a reason that the bot has no advice for.",
        next_step="Read SageMaker's words, and the containers' log.",
    )


def log_url(region: str, endpoint: str) -> str:
    """The log of an endpoint's containers in the AWS console: log group /aws/sagemaker/Endpoints/NAME."""
    domain = "aws.amazon.com"
    if region.startswith("cn-"):
        domain = "amazonaws.cn"
    elif region.startswith("us-gov-"):
        domain = "amazonaws-us-gov.com"
    group = f"/aws/sagemaker/Endpoints/{endpoint}".replace("/", "$252F")  # the console's own spelling of a slash
    return f"https://{region}.console.{domain}/cloudwatch/home?region={region}#logsV2:log-groups/log-group/{group}"


@dataclass(frozen=True)
class _Rule:
    """How one kind of failure is recognised, by its text or its code, and what is said about it."""

    kind: FailureKind
    pattern: re.Pattern[str]
    what: str
    """May name groups of the pattern."""
    next_step: str
    codes: frozenset[str] = frozenset()


def _words(*alternatives: str) -> re.Pattern[str]:
    return re.compile("|".join(alternatives), re.IGNORECASE)


_MEND_QUOTA = "Ask for a higher quota in AWS Service Quotas, free instances of the type, or use fewer or another type."
_MEND_PERMISSION = (
    "Allow it in the policy of the role that SageMaker names, or of what that role may not reach, then try again."
)

# The first rule that fits wins: particular ones stand before general ones.
_RULES = (
    _Rule(
        FailureKind.QUOTA,
        _words(
            r"limit '(?P<quota>[^']+)' is (?P<limit>[\d.]+) \w+, with current utilization of (?P<used>[\d.]+) \w+ "
            r"and a request delta of (?P<asked>[\d.]+)"
        ),
        "The quota “{quota}” is {limit}: {used} in use, {asked} more asked for.",
        _MEND_QUOTA,
    ),
    _Rule(
        FailureKind.QUOTA,
        _words("ResourceLimitExceeded", "account-level service limit"),
        "The account may not have that many instances.",
        _MEND_QUOTA,
        codes=frozenset({"ResourceLimitExceeded"}),
    ),
    _Rule(
        FailureKind.CAPACITY,
        _words(
            "Insufficient(?:Instance)?Capacity",
            "CapacityError",
            "Unable to provision requested ML compute capacity",
            "temporarily unavailable in supported availability zones",
        ),
        "AWS has no free instances of this type at the moment.",
        "Try again later: such shortages come in waves. If it cannot wait, use another instance type, or a rolling update, "
        "which needs fewer new instances at once.",
    ),
    _Rule(
        FailureKind.SUBSCRIPTION,
        _words("not subscribed", "subscription (?:has )?(?:expired|ended)"),
        "This AWS account is not subscribed to the Marketplace product.",
        "Subscribe in AWS Marketplace with this account, then try again.",
    ),
    _Rule(
        FailureKind.PERMISSION,
        _words("scalable target exists .* does not have application-autoscaling:DeregisterScalableTarget"),
        "AWS does not allow application-autoscaling:DeregisterScalableTarget.",
        "Allow it in the IAM policy of the bot's role, then try again.",
    ),
    _Rule(
        FailureKind.SCALING,
        _words("registered as a scalable target"),
        "Autoscaling holds a variant: SageMaker neither changes its instance type nor removes it.",
        "Try again: the bot takes autoscaling away for such an update and restores it. If this comes again, something else "
        "registers the variant in the meantime.",
    ),
    _Rule(
        FailureKind.AMI,
        _words("InferenceAmiVersion", "NVIDIA driver", "CUDA driver", "driver version is insufficient"),
        "The container does not get along with the GPU driver of the instances.",
        "Set the variant's InferenceAmiVersion to one with the driver that the model's documentation asks for.",
    ),
    _Rule(
        FailureKind.HEALTH_CHECK,
        _words("ping health check"),
        "The new containers did not answer the health check in time.",
        "Read the containers' log: the cause stands there, such as too little GPU memory or a failed import. If the model just "
        "loads slowly, raise ContainerStartupHealthCheckTimeoutInSeconds.",
    ),
    _Rule(
        FailureKind.MODEL_DOWNLOAD,
        _words("archive is too large", "No space left on device", "insufficient disk space"),
        "The model's files do not fit on the instance.",
        "Use an instance type with more memory or disk, set VolumeSizeInGB, or make the model smaller.",
    ),
    _Rule(
        FailureKind.MODEL_DOWNLOAD,
        _words(
            "Failed to download model data",
            "Could not access model data",
            "Could not find model data",
            "ModelDataDownloadTimeout",
            "model data download.* tim",
        ),
        "SageMaker could not fetch the model's files.",
        "Make sure that the object is there, in this region, and that the model's execution role may read it "
        "(s3:GetObject, kms:Decrypt). For big files raise ModelDataDownloadTimeoutInSeconds.",
    ),
    _Rule(
        FailureKind.IMAGE,
        _words("CannotStartContainer", "exec format error"),
        "The container does not start.",
        "Read the containers' log. Make sure that the image is for the instance's processor and starts with “serve”, and for GPUs "
        "that InferenceAmiVersion fits.",
    ),
    _Rule(
        FailureKind.IMAGE,
        _words(
            "all images included in the model",
            "CannotPullContainer",
            "Cannot pull algorithm container",
            "image not found",
            "manifest unknown",
            "image .*does not exist",
        ),
        "SageMaker could not pull the image.",
        "Make sure that this tag or digest is in the registry, in this region, and that the model's execution role may pull it.",
    ),
    _Rule(
        FailureKind.PERMISSION,
        _words(r"not authorized to perform:? (?P<action>[\w-]+:\w+)"),
        "AWS does not allow {action}.",
        _MEND_PERMISSION,
    ),
    _Rule(
        FailureKind.PERMISSION,
        _words("AccessDenied", "not authorized", "sts:AssumeRole", r"does not (?:grant|have) [\w:, -]*permission"),
        "A role lacks a permission.",
        _MEND_PERMISSION,
        codes=frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"}),
    ),
    _Rule(
        FailureKind.INTERNAL,
        _words(
            "Request to service failed", "internal (?:server |service )?(?:error|failure)", "contact customer support"
        ),
        "AWS reports an error of its own.",
        "Try again in a few minutes. If it stays: read the containers' log, because an image for another processor ends like this "
        "too; then ask AWS Support.",
        codes=frozenset({"InternalFailure", "InternalServerError", "InternalError", "ServiceUnavailable"}),
    ),
    _Rule(
        FailureKind.MISSING,
        _words("Could not find (?:endpoint|model)"),
        "Something that the update needs was deleted.",
        "Look which config or model SageMaker names. Promoting the version again makes both anew.",
    ),
    _Rule(
        FailureKind.ALARM,
        _words(r"\balarms?\b"),
        "An alarm ended the deployment.",
        "Look which alarm it was, and at the new fleet's metrics at that time, before trying again.",
    ),
    _Rule(
        FailureKind.SETTING,
        _words("Environment variable map cannot be specified"),
        "This package allows no environment variables.",
        "Leave them out, or ask the package's seller to allow them.",
    ),
    _Rule(
        FailureKind.SETTING,
        _words("is only supported for", "is not supported", "should be scoped to correct region"),
        "SageMaker does not accept a setting.",
        "Change what SageMaker names, then try again.",
        codes=frozenset({"ValidationException", "ValidationError"}),
    ),
)
