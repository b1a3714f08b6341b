"""What people decide about holds. Anybody may keep automation away from an endpoint; whoever did so, or an approver, lets it back."""

from collections.abc import Sequence

from bot.domain.approval import Person, describe_approvers, is_approver
from bot.domain.errors import NotAllowed, UserError
from bot.domain.fleet import Approval
from bot.domain.hold import Hold, HoldKind
from bot.domain.names import literal, mention


def put_on(standing: Sequence[Hold], wanted: Hold) -> Hold:
    """Hold an endpoint, or change the reason of one's own hold; its age stays.

    Raises:
        UserError: somebody else holds it already.
    """
    mine = next((hold for hold in standing if hold.kind is HoldKind.BY_PERSON), None)
    if mine is None:
        return wanted
    if mine.actor != wanted.actor:
        raise UserError(
            f"{mention(mine.actor)} holds {wanted.endpoint} already ({literal(mine.reason)}). Nothing was changed: no automation comes "
            "near it in any case."
        )
    return wanted.model_copy(update={"since": mine.since})


def lifted(standing: Sequence[Hold], policy: Approval, person: Person, endpoint: str) -> tuple[Hold, ...]:
    """Everything that holds an endpoint or a version of it.

    Raises:
        NotAllowed: some of it is not this person's to lift.
        UserError: nothing holds it.
    """
    if not standing:
        raise UserError(f"Nothing holds {endpoint} or a version of it. Nothing was changed.")
    others = [hold for hold in standing if hold.actor != person.id]
    if others and not is_approver(policy, person):
        whose = ", ".join(dict.fromkeys(mention(hold.actor) for hold in others))
        raise NotAllowed(
            f"What holds {endpoint} comes from {whose}, so lifting it is for an approver: {describe_approvers(policy)}. "
            "Nothing was changed.",
            actor=person.id,
        )
    return tuple(standing)
