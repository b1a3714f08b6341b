"""AWS's ways of failing, translated once: botocore's exceptions in, ours out.

SageMaker models only five exceptions; nearly everything else is a `ValidationException` whose message tells what is wrong, so
the table below reads code *and* message. Messages quote ARNs and differ in their tails between regions: match substrings. The other
services that the bot asks say most things by code alone.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from botocore import exceptions as vendor
from botocore.parsers import ResponseParserError

from bot.domain.errors import (
    AccessDenied,
    GatewayError,
    NotSubscribed,
    QuotaExceeded,
    ResourceBusy,
    ResourceExists,
    ResourceMissing,
    RolloutBotError,
    TransientError,
)


@dataclass(frozen=True)
class Subject:
    """What a call is about: `kind` in words (`endpoint`, `endpoint config`, `model`, …), and its name."""

    kind: str
    name: str
    package: str | None = None
    """The model package that the call makes use of, for calls that need a subscription."""


OUTCOME_UNKNOWN: Mapping[type[Exception], bool] = {
    # Raised before a request could leave: nothing was carried out.
    vendor.EndpointConnectionError: False,
    vendor.ConnectTimeoutError: False,
    vendor.ProxyConnectionError: False,
    vendor.CredentialRetrievalError: False,
    vendor.MetadataRetrievalError: False,
    # The request had left, or may have: only looking can tell. urllib3 reports a TLS failure while *reading* as SSLError too.
    vendor.SSLError: True,
    vendor.ReadTimeoutError: True,
    vendor.ConnectionClosedError: True,
    vendor.ResponseStreamingError: True,
    vendor.IncompleteReadError: True,
    vendor.HTTPClientError: True,
    vendor.ConnectionError: True,
    ResponseParserError: True,
}
"""Failures of the way to AWS, and whether AWS may have carried the request out nevertheless."""

THROTTLED = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "RequestThrottled",
        "RequestThrottledException",
        "TooManyRequestsException",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "BandwidthLimitExceeded",
        "EC2ThrottledException",
        "SlowDown",
        "PriorRequestNotComplete",
        "TransactionInProgressException",
    }
)
"""Codes that refuse a request for its pace only: it was not carried out.

This is botocore's own list without LimitExceededException. By the models of the services that the bot asks, that one says that the
account has as many of something as it may, as of scalable targets: however long one waits, it has.
"""

OVERTAKEN = frozenset({"ConcurrentUpdateException", "ConcurrentModificationException"})
"""Somebody changed the same resource in that moment: nothing was done, and a moment later it can be."""

TIMED_OUT_INSIDE = frozenset({"RequestTimeout", "RequestTimeoutException"})
"""AWS gave up waiting on itself or on us; like a server error, it may have begun."""

BAD_CREDENTIALS = frozenset(
    {
        "ExpiredToken",
        "ExpiredTokenException",
        "IncompleteSignature",
        "InvalidClientTokenId",
        "InvalidSignatureException",
        "MissingAuthenticationToken",
        "MissingAuthenticationTokenException",
        "RequestExpired",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)

_VALIDATION = frozenset({"ValidationException", "ValidationError"})
_DENIED = frozenset(
    {
        "AccessDenied",
        "AccessDeniedException",
        "DependencyAccessDeniedException",
        "NotAuthorized",
        "UnauthorizedOperation",
        "403",  # the answer to a HEAD request has no body, so S3's code is the HTTP status
    }
)
_MISSING = frozenset(
    {
        "ResourceNotFound",
        "ResourceNotFoundException",
        "ObjectNotFoundException",
        "NoSuchResourceException",
        "NoSuchBucket",
        "NoSuchKey",
        "404",
    }
)

_KINDS = {
    "endpoint configuration": "endpoint config",
    "modelpackage": "model package",
    "modelpackagegroup": "model package group",
}
"""SageMaker's nouns where they differ from the ones we show."""


class _Refusal(NamedTuple):
    operation: str
    code: str
    request_id: str | None
    message: str
    subject: Subject

    def call(self) -> dict[str, Any]:
        return {
            "operation": self.operation,
            "code": self.code,
            "request_id": self.request_id,
            "message": self.message,
        }


def _named(refusal: _Refusal, noun: str) -> tuple[str, str]:
    """Kind and name of the resource that a message speaks of, which may be another one than the call's subject."""
    kind = _KINDS.get(noun.lower(), noun.lower())
    if kind == refusal.subject.kind:
        return kind, refusal.subject.name  # the message's ARN would be lower-cased
    quoted = re.search(r"[\"'](?:arn:[^\"']*/)?(?P<name>[^\"'/]+)[\"']", refusal.message)
    return kind, quoted["name"] if quoted else refusal.subject.name


def _missing(refusal: _Refusal, match: re.Match[str]) -> RolloutBotError:
    kind, name = _named(refusal, match["noun"])
    return ResourceMissing(kind, name, **refusal.call())


def _subject_missing(refusal: _Refusal, match: re.Match[str]) -> RolloutBotError:
    return ResourceMissing(refusal.subject.kind, refusal.subject.name, **refusal.call())


def _exists(refusal: _Refusal, match: re.Match[str]) -> RolloutBotError:
    return ResourceExists(refusal.subject.kind, refusal.subject.name, **refusal.call())


def _busy(refusal: _Refusal, match: re.Match[str]) -> RolloutBotError:
    return ResourceBusy(refusal.subject.name, **refusal.call())


def _denied(refusal: _Refusal, match: re.Match[str]) -> RolloutBotError:
    return AccessDenied(**refusal.call())


def _not_subscribed(refusal: _Refusal, match: re.Match[str]) -> RolloutBotError:
    return NotSubscribed(refusal.subject.package or refusal.subject.name, **refusal.call())


def _over_quota(refusal: _Refusal, match: re.Match[str]) -> RolloutBotError:
    return QuotaExceeded(
        match["quota"],
        limit=int(match["limit"]),
        used=int(match["used"]),
        asked=int(match["asked"]),
        **refusal.call(),
    )


class _Rule(NamedTuple):
    codes: frozenset[str]
    pattern: str
    error: Callable[[_Refusal, re.Match[str]], RolloutBotError]


_RULES = (
    # "Could not find endpoint" is a prefix of "Could not find endpoint configuration": the longer noun stands first.
    _Rule(
        _VALIDATION,
        r"Could not find (?P<noun>endpoint configuration|endpoint|model package group|model package|model)\b",
        _missing,
    ),
    # The wording for packages and groups is known from third parties only, in several spellings.
    _Rule(
        _VALIDATION,
        r"(?P<noun>model ?package ?group|model ?package)\b.*\b(does not exist|not found|cannot be found)",
        _missing,
    ),
    # What SageMaker says to an ARN of another region.
    _Rule(_VALIDATION, r"ARN should be scoped to correct region", _subject_missing),
    _Rule(_MISSING, "", _subject_missing),
    _Rule(_VALIDATION, r"Cannot create already existing", _exists),
    _Rule(frozenset({"ResourceAlreadyExists"}), "", _exists),
    _Rule(_VALIDATION, r"Cannot \w+ in-progress endpoint", _busy),
    _Rule(frozenset({"ResourceInUse", "ConflictException"}), "", _busy),
    _Rule(
        frozenset({"ResourceLimitExceeded"}),
        r"limit '(?P<quota>[^']+)' is (?P<limit>\d+)\b.*utilization of (?P<used>\d+)\b.*delta of (?P<asked>\d+)",
        _over_quota,
    ),
    _Rule(_VALIDATION, r"not subscribed to the marketplace", _not_subscribed),
    _Rule(_VALIDATION, r"not authorized to perform|does not have \S+ permission", _denied),
    _Rule(_DENIED, "", _denied),
)
"""First match wins; what matches nothing becomes a plain GatewayError with AWS's own words."""


@contextmanager
def translated(operation: str, subject: Subject) -> Iterator[None]:
    """Turn whatever botocore raises inside into our errors.

    Args:
        operation: SageMaker's name of the call, e.g. `UpdateEndpoint`.
        subject: What the call is about, for the words of the error.

    Raises:
        TransientError: throttled, unreachable, timed out or a server error; `outcome_unknown` says whether the request may have
            been carried out.
        GatewayError: AWS refused; one of the subclasses where the table knows the refusal.
    """
    try:
        yield
    except vendor.ClientError as error:
        raise _from_answer(operation, subject, error) from error
    except tuple(OUTCOME_UNKNOWN) as error:
        # An unlisted subclass counts as the worse of the two: looking again costs little, a second UpdateEndpoint much.
        unknown = OUTCOME_UNKNOWN.get(type(error), True)
        raise TransientError(operation, _cause(error), outcome_unknown=unknown) from error
    except (vendor.NoCredentialsError, vendor.PartialCredentialsError) as error:
        raise _bad_credentials(operation, type(error).__name__, None, str(error)) from error
    except vendor.BotoCoreError as error:
        raise GatewayError(operation, type(error).__name__, None, str(error)) from error


def _from_answer(operation: str, subject: Subject, error: vendor.ClientError) -> RolloutBotError:
    answer = error.response.get("Error", {})
    meta = error.response.get("ResponseMetadata", {})
    code, message = str(answer.get("Code", "Unknown")), str(answer.get("Message", ""))
    status, request_id = meta.get("HTTPStatusCode", 400), meta.get("RequestId")
    if code in THROTTLED or status == 429:
        return TransientError(operation, f"AWS asks for a slower pace ({code})", is_throttled=True)
    if status >= 500 or code in TIMED_OUT_INSIDE:
        return TransientError(operation, f"AWS answered {code} (HTTP {status})", outcome_unknown=True)
    if code in OVERTAKEN:
        return TransientError(operation, f"somebody else changed it at the same time ({code})")
    if code in BAD_CREDENTIALS:
        return _bad_credentials(operation, code, request_id, message)
    refusal = _Refusal(operation, code, request_id, message, subject)
    for rule in _RULES:
        if code in rule.codes and (match := re.search(rule.pattern, message, re.IGNORECASE | re.DOTALL)):
            return rule.error(refusal, match)
    return GatewayError(operation, code, request_id, message)


def _bad_credentials(operation: str, code: str, request_id: str | None, message: str) -> GatewayError:
    return GatewayError(
        operation,
        code,
        request_id,
        message,
        user_message=(
            f"AWS does not accept the bot's credentials ({code}), so {operation} was not carried out. "
            "Whoever operates the bot can renew them."
        ),
    )


def _cause(error: BaseException) -> str:
    """The failure in words for people; URLs and internals stay in the chained exception."""
    match error:
        case vendor.ReadTimeoutError() | vendor.ConnectTimeoutError():
            return "AWS did not answer in time"
        case vendor.ConnectionClosedError() | vendor.ResponseStreamingError() | vendor.IncompleteReadError():
            return "the connection to AWS was lost"
        case ResponseParserError():
            return "AWS's answer could not be read"
        case vendor.CredentialRetrievalError() | vendor.MetadataRetrievalError():
            return "AWS credentials could not be fetched"
        case _:
            return "AWS could not be reached"
