"""Who somebody is, as an approval policy asks, and what time they mean: looked up in Slack, and only where it matters."""

import logging
from datetime import datetime

from bot.domain.approval import Person
from bot.domain.errors import SlackRefused, UsageError, UserError
from bot.domain.fleet import Approval
from bot.domain.rollout import Rollout
from bot.domain.times import parse_time
from workers.ports import Messenger

log = logging.getLogger(__name__)


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


def asked_time(slack: Messenger, text: str | None, actor: str, now: datetime) -> datetime | None:
    """The time that somebody typed, in their own time zone where they named none, or else in UTC.

    Raises:
        UsageError: it is no time, or none that can be waited for.
    """
    if text is None:
        return None
    try:
        return parse_time(text, now, _zone_of(slack, actor) or "UTC")
    except ValueError as exc:
        raise UsageError(f"{exc}. Nothing was changed.") from exc


def _zone_of(slack: Messenger, actor: str) -> str | None:
    try:
        return None if actor.startswith("terminal:") else slack.timezone_of(actor)
    except SlackRefused as exc:
        log.warning("times of %s are read in UTC: %s", actor, exc)
        return None


def steering_person(slack: Messenger, policy: Approval, rollout: Rollout, user_id: str) -> Person:
    """The person who stops a rollout or takes it back. Its requester may in any case, so nothing is looked up for them."""
    return Person(user_id) if user_id == rollout.requester else person_for(slack, policy, user_id)
