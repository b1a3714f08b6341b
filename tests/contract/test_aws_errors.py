"""Every refusal and every way to lose an answer that AWS has, in our words."""

import pytest
from botocore import exceptions as vendor
from botocore.retries.standard import ThrottledRetryableChecker, TransientRetryableChecker

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
from workers.gateways.aws_errors import OUTCOME_UNKNOWN, OVERTAKEN, THROTTLED, TIMED_OUT_INSIDE, Subject, translated

ENDPOINT = Subject("endpoint", "Stt-Prod")
ARN = "arn:aws:sagemaker:us-east-1:123456789012"


def raised(error: Exception, operation: str = "UpdateEndpoint", subject: Subject = ENDPOINT) -> RolloutBotError:
    with pytest.raises(RolloutBotError) as caught, translated(operation, subject):
        raise error
    assert caught.value.__cause__ is error
    return caught.value


def answer(code: str, message: str, status: int = 400, operation: str = "UpdateEndpoint") -> vendor.ClientError:
    return vendor.ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "req-1"},
        },
        operation,
    )


REFUSALS = [
    # (operation, code, message, error, its kind and name)
    (
        "UpdateEndpoint",
        "ValidationException",
        f'Cannot update in-progress endpoint "{ARN}:endpoint/stt-prod".',
        ResourceBusy,
        None,
    ),
    (
        "DeleteEndpoint",
        "ValidationException",
        f'Cannot update in-progress endpoint "{ARN}:endpoint/stt-prod".',
        ResourceBusy,
        None,
    ),
    (
        "DescribeEndpoint",
        "ValidationException",
        f'Could not find endpoint "{ARN}:endpoint/stt-prod".',
        ResourceMissing,
        ("endpoint", "Stt-Prod"),
    ),
    (
        "UpdateEndpoint",
        "ValidationException",
        f'Could not find endpoint configuration "{ARN}:endpoint-config/stt-prod-v2".',
        ResourceMissing,
        ("endpoint config", "stt-prod-v2"),
    ),
    (
        "CreateEndpointConfig",
        "ValidationException",
        f'Could not find model "{ARN}:model/stt-v2".',
        ResourceMissing,
        ("model", "stt-v2"),
    ),
    (
        "DescribeModelPackage",
        "ValidationException",
        "ModelPackage arn:aws:sagemaker:us-east-1:1:model-package/x/9 does not exist.",
        ResourceMissing,
        ("model package", "Stt-Prod"),
    ),
    (
        "DescribeModelPackage",
        "ValidationException",
        "ARN should be scoped to correct region: us-west-2",
        ResourceMissing,
        ("endpoint", "Stt-Prod"),
    ),
    ("DescribeTrialComponent", "ResourceNotFound", "gone", ResourceMissing, ("endpoint", "Stt-Prod")),
    (
        "CreateEndpointConfig",
        "ValidationException",
        'Cannot create already existing endpoint configuration "x".',
        ResourceExists,
        None,
    ),
    ("CreateEndpoint", "ValidationException", 'Cannot create already existing endpoint "x".', ResourceExists, None),
    ("CreateModel", "ValidationException", 'Cannot create already existing model "x".', ResourceExists, None),
    ("CreateAction", "ResourceAlreadyExists", "taken", ResourceExists, None),
    ("UpdateEndpoint", "ResourceInUse", "in use", ResourceBusy, None),
    ("UpdateModelPackage", "ConflictException", "conflict", ResourceBusy, None),
    (
        "CreateModel",
        "ValidationException",
        "Caller is not subscribed to the marketplace offering.",
        NotSubscribed,
        None,
    ),
    (
        "UpdateEndpoint",
        "AccessDeniedException",
        "User: x is not authorized to perform: sagemaker:UpdateEndpoint",
        AccessDenied,
        None,
    ),
    (
        "CreateModel",
        "ValidationException",
        "User: x is not authorized to perform: iam:PassRole on resource: y",
        AccessDenied,
        None,
    ),
    (
        "DeleteEndpoint",
        "ValidationException",
        "An Application AutoScaling scalable target exists for a variant being deleted, and the IAM identity used to invoke "
        "DeleteEndpoint does not have application-autoscaling:DeregisterScalableTarget permission. Grant it.",
        AccessDenied,
        None,
    ),
    (
        "UpdateEndpoint",
        "ValidationException",
        "ManagedInstanceScaling is only supported for inference component endpoints.",
        GatewayError,
        None,
    ),
    ("UpdateEndpoint", "ValidationError", "Converting to serverless is not supported", GatewayError, None),
    (
        "UpdateEndpoint",
        "UnrecognizedClientException",
        "The security token included in the request is invalid.",
        GatewayError,
        None,
    ),
    ("UpdateEndpoint", "SomethingNew", "what now", GatewayError, None),
    ("DeregisterScalableTarget", "ObjectNotFoundException", "No scalable target", ResourceMissing, None),
    ("RegisterScalableTarget", "ValidationException", "Maximum capacity cannot be less", GatewayError, None),
    ("RegisterScalableTarget", "LimitExceededException", "at most 500 scalable targets", GatewayError, None),
    ("PutMetricAlarm", "LimitExceeded", "too many alarms", GatewayError, None),
    ("SetAlarmState", "ResourceNotFound", "Unknown alarm", ResourceMissing, None),
    ("ListServiceQuotas", "NoSuchResourceException", "no such service", ResourceMissing, None),
    ("ListServiceQuotas", "DependencyAccessDeniedException", "organizations", AccessDenied, None),
    ("SearchAgreements", "ValidationException", "filters", GatewayError, None),
    ("HeadObject", "404", "Not Found", ResourceMissing, None),
    ("HeadObject", "403", "Forbidden", AccessDenied, None),
    ("CreateModel", "ResourceLimitExceeded", "Something with no numbers", GatewayError, None),
]


@pytest.mark.parametrize(("operation", "code", "message", "error", "names"), REFUSALS)
def test_every_known_refusal_has_its_error(
    operation: str, code: str, message: str, error: type[GatewayError], names: tuple[str, str] | None
) -> None:
    found = raised(answer(code, message, operation=operation), operation)
    assert type(found) is error
    assert isinstance(found, GatewayError)
    assert (found.operation, found.code, found.request_id, found.message) == (operation, code, "req-1", message)
    if names:
        assert isinstance(found, ResourceMissing)
        assert (found.kind, found.name) == names


@pytest.mark.parametrize(
    "tail", ["Please use AWS Service Quotas to request an increase for this quota.", "Please contact AWS support."]
)
def test_quota_text_gives_its_numbers(tail: str) -> None:
    message = (
        "The account-level service limit 'ml.g5.2xlarge for endpoint usage' is 4 Instances, with current utilization of 3 "
        f"Instances and a request delta of 2 Instances. {tail}"
    )
    found = raised(answer("ResourceLimitExceeded", message))
    assert isinstance(found, QuotaExceeded)
    assert (found.quota, found.limit, found.used, found.asked) == ("ml.g5.2xlarge for endpoint usage", 4, 3, 2)


def test_missing_subscription_names_the_package_and_not_the_model() -> None:
    error = answer("ValidationException", "Caller is not subscribed to the marketplace offering.")
    found = raised(error, "CreateModel", Subject("model", "stt-v2", package="acme-stt-v2"))
    assert isinstance(found, NotSubscribed)
    assert found.package == "acme-stt-v2"


@pytest.mark.parametrize("code", sorted(THROTTLED))
def test_throttled_request_was_not_carried_out(code: str) -> None:
    found = raised(answer(code, "Rate exceeded", status=503 if code == "SlowDown" else 400))
    assert isinstance(found, TransientError)
    assert not found.outcome_unknown


@pytest.mark.parametrize("code", sorted(OVERTAKEN))
def test_a_request_that_another_one_overtook_was_not_carried_out(code: str) -> None:
    found = raised(answer(code, "Another update is in progress"))
    assert isinstance(found, TransientError)
    assert not found.outcome_unknown


def test_http_429_counts_as_throttled_whatever_its_code() -> None:
    found = raised(answer("429", "Too many", status=429))
    assert isinstance(found, TransientError)
    assert not found.outcome_unknown


@pytest.mark.parametrize(
    ("code", "status"), [("InternalFailure", 500), ("ServiceUnavailable", 503), ("502", 502), ("RequestTimeout", 400)]
)
def test_after_a_server_error_the_outcome_is_unknown(code: str, status: int) -> None:
    found = raised(answer(code, "try again", status=status))
    assert isinstance(found, TransientError)
    assert found.outcome_unknown


def test_expired_credentials_are_said_to_be_the_operators_to_renew() -> None:
    found = raised(answer("ExpiredTokenException", "The security token included in the request is expired"))
    assert "credentials" in found.user_message
    assert not isinstance(found, AccessDenied)


def test_absent_credentials_are_a_refusal_and_not_a_reason_to_try_again() -> None:
    found = raised(vendor.NoCredentialsError())
    assert isinstance(found, GatewayError)
    assert "credentials" in found.user_message


def test_wrong_parameters_are_a_refusal() -> None:
    found = raised(vendor.ParamValidationError(report="EndpointName: too short"))
    assert isinstance(found, GatewayError)
    assert found.code == "ParamValidationError"


@pytest.mark.parametrize(
    ("error", "outcome_unknown"),
    [
        (vendor.EndpointConnectionError(endpoint_url="https://x"), False),
        (vendor.ConnectTimeoutError(endpoint_url="https://x"), False),
        (vendor.ProxyConnectionError(proxy_url="https://x"), False),
        (vendor.ReadTimeoutError(endpoint_url="https://x"), True),
        (vendor.ConnectionClosedError(endpoint_url="https://x"), True),
        (vendor.ResponseStreamingError(error="cut"), True),
        (vendor.SSLError(endpoint_url="https://x", error="eof"), True),
        (vendor.HTTPClientError(error="?"), True),
    ],
)
def test_lost_connections_say_whether_the_request_may_have_been_carried_out(
    error: Exception, outcome_unknown: bool
) -> None:
    found = raised(error)
    assert isinstance(found, TransientError)
    assert found.outcome_unknown is outcome_unknown
    assert "https://" not in found.user_message


def test_an_unlisted_kind_of_lost_connection_counts_as_outcome_unknown() -> None:
    class TomorrowsError(vendor.EndpointConnectionError):
        pass

    found = raised(TomorrowsError(endpoint_url="https://x"))
    assert isinstance(found, TransientError)
    assert found.outcome_unknown


def test_every_connection_exception_of_botocore_is_listed() -> None:
    ways_to_fail = {
        member
        for member in vars(vendor).values()
        if isinstance(member, type) and issubclass(member, vendor.HTTPClientError | vendor.ConnectionError)
    }
    assert ways_to_fail <= set(OUTCOME_UNKNOWN)


def test_botocores_own_lists_of_throttle_and_timeout_codes_are_covered() -> None:
    a_full_account = {"LimitExceededException"}
    assert set(ThrottledRetryableChecker._THROTTLED_ERROR_CODES) - a_full_account <= THROTTLED
    assert set(TransientRetryableChecker._TRANSIENT_ERROR_CODES) <= THROTTLED | TIMED_OUT_INSIDE
