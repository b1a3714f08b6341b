"""The errors that AWS services answer with, as exceptions that the server turns into wire answers."""

from __future__ import annotations


class AwsError(Exception):
    """A refusal with the code and the text that a client of the real service would see."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status


class StandInBug(Exception):
    """The stand-in is about to answer something that the service model would not accept."""


def validation(message: str) -> AwsError:
    """The code that SageMaker uses for nearly everything that it refuses."""
    return AwsError("ValidationException", message)


def throttled(service: str) -> AwsError:
    """Services differ in the code; clients retry each of them."""
    code = "TooManyRequestsException" if service == "service-quotas" else "ThrottlingException"
    return AwsError(code, "Rate exceeded")


def internal_error() -> AwsError:
    return AwsError("InternalFailure", "We encountered an internal error. Please try again.", status=500)


def access_denied(operation: str, caller_arn: str) -> AwsError:
    return AwsError(
        "AccessDeniedException",
        f"User: {caller_arn} is not authorized to perform: {operation} because no identity-based policy allows "
        f"the {operation} action",
    )


def check_region(given: str, *served: str) -> None:
    """Refuse callers of a region in which a service has no address: on AWS they would not even find a host."""
    if given not in served:
        raise AwsError("InvalidSignatureException", f"Credential should be scoped to a valid region, not {given}.", 403)
