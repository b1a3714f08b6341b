"""Every error that this product raises on purpose, and the words that a person may see.

    RolloutBotError                user_message is safe to show; str(exc) may add ids for operators
    +-- UserError                  somebody asked for what cannot be done; nothing was started
    |   +-- UsageError             the words typed make no command
    |   +-- UnknownName            no endpoint, version, … of that name; carries the nearest ones
    |   +-- NotDeclared            the endpoint exists, but not in the fleet file
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

from bot.domain.errors.asked import (
    EndpointBusy,
    EndpointLocked,
    NotAllowed,
    NotDeclared,
    PlanDrifted,
    StalePlan,
    UnknownName,
    UnknownRollout,
    UsageError,
    UserError,
)
from bot.domain.errors.invariants import IllegalTransition, InvariantError, RevisionConflict
from bot.domain.errors.root import RolloutBotError
from bot.domain.errors.vendor import (
    AccessDenied,
    AlarmsMissing,
    GatewayError,
    NotSubscribed,
    QuotaExceeded,
    ResourceBusy,
    ResourceExists,
    ResourceMissing,
    SlackRefused,
    StoreUnavailable,
    TransientError,
    VendorCall,
)

__all__ = [
    "AccessDenied",
    "AlarmsMissing",
    "EndpointBusy",
    "EndpointLocked",
    "GatewayError",
    "IllegalTransition",
    "InvariantError",
    "NotAllowed",
    "NotDeclared",
    "NotSubscribed",
    "PlanDrifted",
    "QuotaExceeded",
    "ResourceBusy",
    "ResourceExists",
    "ResourceMissing",
    "RevisionConflict",
    "RolloutBotError",
    "SlackRefused",
    "StalePlan",
    "StoreUnavailable",
    "TransientError",
    "UnknownName",
    "UnknownRollout",
    "UsageError",
    "UserError",
    "VendorCall",
]
