"""Who somebody is, as an approval policy asks: their handle and their groups, looked up in Slack only where it matters."""

from bot.domain.approval import Person
from bot.domain.errors import SlackRefused, UserError
from bot.domain.fleet import Approval
from bot.domain.rollout import Rollout
from workers.ports import Messenger


def person_for(slack: Messenger, policy: Approval, user_id: str) -> Person:
    """The person behind a user id that Slack verified.

    A lookup that fails raises: whoever decides then refuses, because nobody is an approver by accident.

    Raises:
        UserError: Slack refuses the lookup.
    """
    if user_id.startswith("terminal:"):
        return Person(user_id)
    if user_id in policy.users:
        return Person(user_id)
    try:
        handle = slack.handle_of(user_id) if any(u.startswith("@") for u in policy.users) else ""
        if f"@{handle}" in policy.users:
            return Person(user_id, handle)
        groups = frozenset(g for g in policy.groups if user_id in slack.group_members(g))
    except SlackRefused as exc:
        raise UserError(
            f"Whether you are an approver cannot be looked up: {exc.user_message}. Nothing was changed. "
            "Whoever operates the bot has to mend the fleet file's approvers or the app's scopes."
        ) from exc
    return Person(user_id, handle, groups)


def steering_person(slack: Messenger, policy: Approval, rollout: Rollout, user_id: str) -> Person:
    """The person who stops a rollout or takes it back. Its requester may in any case, so nothing is looked up for them."""
    return Person(user_id) if user_id == rollout.requester else person_for(slack, policy, user_id)
