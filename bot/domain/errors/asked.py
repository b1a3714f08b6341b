"""Somebody asked for what cannot be done. Nothing was started; each message says what to do instead."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from bot.domain.durations import span
from bot.domain.errors.root import RolloutBotError
from bot.domain.names import literal, mention
from bot.domain.nearest import either

if TYPE_CHECKING:
    from bot.domain.plan import Difference


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
        super().__init__(f"There is no {kind} “{literal(name)}”. {advice}".rstrip())
        self.kind = kind
        self.name = name
        self.nearest = tuple(nearest)


class NotDeclared(UserError):
    """The endpoint exists, but the fleet file does not name it, so the bot does not touch it."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(
            f"{endpoint} exists in SageMaker, but it is not in the fleet file, so the bot leaves it alone. Nothing was changed. "
            "To have it looked after, add it to the fleet file: `fleet import` writes the lines."
        )
        self.endpoint = endpoint


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
            f"{what} by {mention(holder)}, {span(now - since)} ago{lapses}: “{literal(reason)}”. Nothing was changed. "
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
            f"Did you mean {either(nearest)}?"
            if nearest
            else "Its id stands on its card; `history` lists the past ones."
        )
        super().__init__(f"There is no rollout “{literal(rollout_id)}”. {hint}")
        self.rollout_id = rollout_id
        self.nearest = tuple(nearest)
