"""Every error that this product raises on purpose, and the words that a person may see.

    RolloutBotError                user_message is safe to show; str(exc) may add ids for operators
    +-- UserError                  somebody asked for what cannot be done; nothing was started
    |   +-- UsageError             the words typed make no command
    |   +-- UnknownName            no endpoint, version, … of that name; carries the nearest ones
    |   +-- NotAllowed             this person may not do this
    |   +-- EndpointBusy           another rollout holds the endpoint; carries the holder
    |   +-- EndpointLocked         somebody locked it, or froze everything; carries who and why
    |   +-- StalePlan              the button belongs to a plan that has moved on
    |   +-- PlanDrifted            what the plan rests on has moved; carries what differs
    |   +-- UnknownRollout         no rollout of that id
    +-- TransientError             throttled, timed out, unreachable: worth trying again
    |   +-- AlarmsMissing          alarms that were just created do not show yet
    +-- GatewayError               the vendor refused; carries operation, code and request id
    |   +-- ResourceMissing        the endpoint, config, model, … does not exist
    |   +-- ResourceExists         the name is taken by something else
    |   +-- ResourceBusy           SageMaker is still busy with the endpoint
    |   +-- QuotaExceeded          more than the account may have
    |   +-- NotSubscribed          no subscription to the AWS Marketplace product
    |   +-- AccessDenied           the workers' role lacks a permission
    +-- SlackRefused               Slack answered with an error that trying again will not mend
    +-- StoreUnavailable           Redis is away: nothing starts
    +-- InvariantError             our bug or a race; never shown verbatim
        +-- IllegalTransition      a phase that cannot follow the present one
        +-- RevisionConflict       somebody else saved the record first

A `user_message` is plain text for Slack and the terminal alike; a person appears in it as `<@U…>`. Errors survive
pickling, because they cross process borders in tests and in RQ's failure records.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Required, TypedDict, Unpack

from bot.domain.durations import span
from bot.domain.names import mention
from bot.domain.nearest import either

if TYPE_CHECKING:
    from bot.domain.plan import Difference


class RolloutBotError(Exception):
    """The root. `str()` is what the log gets: the user's text with `detail` behind it."""

    def __init__(self, user_message: str, *, detail: str = "") -> None:
        super().__init__(f"{user_message} [{detail}]" if detail else user_message)
        self.user_message = user_message

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions pickle as cls(*args), which no constructor with keywords survives.
        return _revive, (type(self), self.args, self.__dict__)


def _revive(cls: type[RolloutBotError], args: tuple[Any, ...], state: dict[str, Any]) -> RolloutBotError:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(state)
    return error


class UserError(RolloutBotError):
    """Somebody asked for what cannot be done. Nothing was started; the message says what to do instead."""


class UsageError(UserError):
    """The words typed make no command.

    Attributes:
        problem: What was wrong, in one or more lines.
        nearest: What may have been meant, best first.
        usage: The usage line of the command meant, or None if it is not known.
        example: A command to copy, with its prefix, or None.
    """

    def __init__(
        self, problem: str, *, nearest: Sequence[str] = (), usage: str | None = None, example: str | None = None
    ) -> None:
        lines = [problem]
        if nearest:
            lines.append(f"Did you mean {either(nearest)}?")
        if usage:
            lines.append(f"Usage: {usage}")
        if example:
            lines.append(f"Example: {example}")
        super().__init__("\n".join(lines))
        self.problem = problem
        self.nearest = tuple(nearest)
        self.usage = usage
        self.example = example


class UnknownName(UserError):
    """Nothing of that name: `kind` says of what, in words (`endpoint`, `version of sentiment`).

    Where no known name is near, `hint` says how to find the right one, as a sentence.
    """

    def __init__(self, kind: str, name: str, nearest: Sequence[str] = (), *, hint: str = "") -> None:
        advice = f"Did you mean {either(nearest)}?" if nearest else hint
        super().__init__(f"There is no {kind} “{name}”. {advice}".rstrip())
        self.kind = kind
        self.name = name
        self.nearest = tuple(nearest)


class NotAllowed(UserError):
    """This person may not do this; the message says who may."""

    def __init__(self, user_message: str, *, actor: str | None = None) -> None:
        super().__init__(user_message, detail=f"actor {actor}" if actor else "")
        self.actor = actor


class EndpointBusy(UserError):
    """Another rollout holds the endpoint.

    Attributes:
        endpoint: Its name.
        rollout_id: The holder.
        requester: Slack user id of who asked for the holder.
        since: When the holder began (aware).
        state: The holder's state in words, e.g. `watching`.
    """

    def __init__(self, *, endpoint: str, rollout_id: str, requester: str, since: datetime, state: str) -> None:
        super().__init__(
            f"{endpoint} is being changed already: rollout {rollout_id} of {mention(requester)}, "
            f"since {since.astimezone(UTC):%Y-%m-%d %H:%M} UTC, is {state}. Nothing was started. "
            f"Wait until it has ended, or stop it with: cancel {rollout_id}"
        )
        self.endpoint = endpoint
        self.rollout_id = rollout_id
        self.requester = requester
        self.since = since
        self.state = state


class EndpointLocked(UserError):
    """Somebody locked the endpoint, or froze everything: no change starts until that is lifted.

    Attributes:
        endpoint: The locked endpoint; None for a freeze of everything.
        holder: Slack user id of who did it.
        reason: Their own words.
        since: When they did it (aware).
        until: When it lapses by itself; None if it does not.
    """

    def __init__(
        self, *, endpoint: str | None, holder: str, reason: str, since: datetime, until: datetime | None, now: datetime
    ) -> None:
        what, lift = (f"{endpoint} is locked", f"unlock {endpoint}") if endpoint else ("Everything is frozen", "thaw")
        lapses = f", until {until.astimezone(UTC):%a %Y-%m-%d %H:%M} UTC" if until is not None else ""
        super().__init__(
            f"{what} by {mention(holder)}, {span(now - since)} ago{lapses}: “{reason}”. Nothing was changed. "
            f"Ask {mention(holder)}, or lift it with: {lift}"
        )
        self.endpoint = endpoint
        self.holder = holder
        self.reason = reason
        self.since = since
        self.until = until


class StalePlan(UserError):
    """The button belongs to a plan that has moved on; `what_moved` says how, as a sentence."""

    def __init__(self, rollout_id: str, what_moved: str = "") -> None:
        moved = f" {what_moved}" if what_moved else ""
        super().__init__(
            f"This plan has moved on.{moved} Your click changed nothing. "
            f"Decide on the newest plan of rollout {rollout_id} instead."
        )
        self.rollout_id = rollout_id
        self.what_moved = what_moved


class PlanDrifted(UserError):
    """What the plan rests on has moved since it was made. Nothing was run.

    Attributes:
        differences: What differs, for people.
    """

    def __init__(self, differences: "Sequence[Difference]") -> None:
        what = ", ".join(d.path for d in differences)
        super().__init__(f"The plan does not hold any more: {what} changed since it was made. Nothing was changed.")
        self.differences = tuple(differences)


class UnknownRollout(UserError):
    """No rollout of that id is known."""

    def __init__(self, rollout_id: str, nearest: Sequence[str] = ()) -> None:
        hint = (
            f"Did you mean {either(nearest)}?" if nearest else "Its id stands on its card; history lists the past ones."
        )
        super().__init__(f"There is no rollout “{rollout_id}”. {hint}")
        self.rollout_id = rollout_id
        self.nearest = tuple(nearest)


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


class InvariantError(RolloutBotError):
    """Our bug or a race. People get a plain sentence; the particulars are for the log."""

    def __init__(self, particulars: str) -> None:
        super().__init__(
            "The bot met something that it did not expect and stopped this step. Look at status before trying again.",
            detail=particulars,
        )
        self.particulars = particulars


class IllegalTransition(InvariantError):
    """A phase that cannot follow the present one."""


class RevisionConflict(InvariantError):
    """Somebody else saved the record first: what was about to be saved rests on an old one."""
