"""What AWS, Slack and Redis answered, or that they did not answer."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Required, TypedDict, Unpack

from bot.domain.errors.root import RolloutBotError


class TransientError(RolloutBotError):
    """Throttled, timed out or unreachable: worth trying again.

    Attributes:
        operation: What was being done, in the vendor's spelling (`UpdateEndpoint`, `chat.update`).
        outcome_unknown: The request may have been executed: the answer was lost, not the question.
        retry_after: How long the vendor asks to wait; None if it does not say.
        is_throttled: The vendor asks for a slower pace.
    """

    def __init__(
        self,
        operation: str,
        cause: str,
        *,
        outcome_unknown: bool = False,
        retry_after: timedelta | None = None,
        is_throttled: bool = False,
    ) -> None:
        fate = " It may have been carried out nevertheless." if outcome_unknown else ""
        super().__init__(f"{operation} got no answer that counts: {cause}.{fate}")
        self.operation = operation
        self.cause = cause
        self.outcome_unknown = outcome_unknown
        self.retry_after = retry_after
        self.is_throttled = is_throttled


class VendorCall(TypedDict, total=False):
    """What every refusal carries; `GatewayError` says what each means."""

    operation: Required[str]
    code: Required[str]
    request_id: str | None
    message: str


class AlarmsMissing(TransientError):
    """Alarms that were just created do not show yet; without them SageMaker would guard nothing."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__("DescribeAlarms", f"{', '.join(names)} cannot be seen yet")
        self.names = tuple(names)


class GatewayError(RolloutBotError):
    """The vendor refused.

    Attributes:
        operation: The vendor's name of the call, e.g. `CreateModel`.
        code: The vendor's error code, e.g. `ValidationException`.
        request_id: For the vendor's support; None if the answer bore none.
        message: The vendor's own words.
    """

    def __init__(
        self,
        operation: str,
        code: str,
        request_id: str | None = None,
        message: str = "",
        *,
        user_message: str | None = None,
    ) -> None:
        words = f": {message}" if message else "."
        super().__init__(
            user_message or f"AWS refused {operation} with {code}{words}",
            detail=f"{operation} {code}, request {request_id or 'unknown'}",
        )
        self.operation = operation
        self.code = code
        self.request_id = request_id
        self.message = message


class ResourceMissing(GatewayError):
    """It does not exist, or not any more. `kind` in words: `endpoint`, `endpoint config`, `model`, `model package`."""

    def __init__(self, kind: str, name: str, **call: Unpack[VendorCall]) -> None:
        super().__init__(**call, user_message=f"There is no {kind} “{name}” in this AWS account and region.")
        self.kind = kind
        self.name = name


class ResourceExists(GatewayError):
    """The name is taken by something with other content."""

    def __init__(self, kind: str, name: str, **call: Unpack[VendorCall]) -> None:
        super().__init__(**call, user_message=f"The {kind} “{name}” exists already, with other content.")
        self.kind = kind
        self.name = name


class ResourceBusy(GatewayError):
    """SageMaker is still busy with the endpoint and refuses to change it."""

    def __init__(self, name: str, **call: Unpack[VendorCall]) -> None:
        super().__init__(
            **call,
            user_message=f"SageMaker is still busy with {name} and took no change. Try again when it is InService.",
        )
        self.name = name


class QuotaExceeded(GatewayError):
    """More than the account may have: `used` + `asked` > `limit` of `quota`, all in the quota's own unit."""

    def __init__(self, quota: str, *, limit: int, used: int, asked: int, **call: Unpack[VendorCall]) -> None:
        super().__init__(
            **call,
            user_message=(
                f"The quota “{quota}” is {limit}: {used} in use, {asked} more asked for. "
                "Ask for a higher one in AWS Service Quotas, or use fewer instances."
            ),
        )
        self.quota = quota
        self.limit = limit
        self.used = used
        self.asked = asked


class NotSubscribed(GatewayError):
    """The account has no subscription to the AWS Marketplace product."""

    def __init__(self, package: str, **call: Unpack[VendorCall]) -> None:
        super().__init__(
            **call,
            user_message=(
                f"This AWS account is not subscribed to {package}. Subscribe in AWS Marketplace, then try again."
            ),
        )
        self.package = package


class AccessDenied(GatewayError):
    """The workers' role lacks a permission for the operation."""

    def __init__(self, **call: Unpack[VendorCall]) -> None:
        super().__init__(
            **call,
            user_message=(
                f"The bot's AWS role is not allowed {call['operation']}. "
                "Whoever operates the bot can allow it in the role's IAM policy."
            ),
        )


class SlackRefused(RolloutBotError):
    """Slack answered `error` to `method`, and trying again will not mend it."""

    def __init__(self, method: str, error: str) -> None:
        super().__init__(f"Slack refused {method}: {error}")
        self.method = method
        self.error = error


class StoreUnavailable(RolloutBotError):
    """The store is away. Fails closed: without it nothing starts."""

    def __init__(self, store: str = "Redis", *, detail: str = "") -> None:
        super().__init__(
            f"{store}, where rollouts are kept, cannot be reached. Nothing was started. "
            "Try again in a minute; if this stays, tell whoever operates the bot.",
            detail=detail,
        )
        self.store = store
