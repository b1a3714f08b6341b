"""Who somebody is, as an approval policy asks: their handle and their groups, looked up in Slack only where it matters."""

from bot.domain.approval import Person
from bot.domain.fleet import Approval
from workers.ports import Messenger


def person_for(slack: Messenger, policy: Approval, user_id: str) -> Person:
    """The person behind a user id that Slack verified.

    A lookup that fails raises: whoever decides then refuses, because nobody is an approver by accident.
    """
    if user_id.startswith("terminal:"):
        return Person(user_id)
    if user_id in policy.users:
        return Person(user_id)
    handle = slack.handle_of(user_id) if any(u.startswith("@") for u in policy.users) else ""
    groups = frozenset(g for g in policy.groups if user_id in slack.group_members(g))
    return Person(user_id, handle, groups)
