"""users.* and usergroups.*: who is who, and who belongs to a group."""

from __future__ import annotations

from sandbox.slack.errors import SlackError
from sandbox.slack.web_api.registry import Call, Json, method


@method("users.info")
def info(call: Call) -> Json:
    return {"user": call.person().to_api()}


@method("users.list")
def list_users(call: Call) -> Json:
    people = [person.to_api() for person in call.world.workspace.people.values()]
    members, metadata = call.page(people)
    return {"members": members, "response_metadata": metadata}


@method("usergroups.list")
def list_groups(call: Call) -> Json:
    groups = [
        each for each in call.world.workspace.groups.values() if call.flag("include_disabled") or not each.is_disabled
    ]
    return {"usergroups": [group.to_api(call.flag("include_users")) for group in groups]}


@method("usergroups.users.list")
def list_group_members(call: Call) -> Json:
    group = call.world.workspace.groups.get(call.text("usergroup"))
    if group is None or (group.is_disabled and not call.flag("include_disabled")):
        raise SlackError("no_such_subteam")  # for a disabled one the code is not documented: this is the plausible one
    return {"users": list(group.users)}
