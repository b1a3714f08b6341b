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
    groups = call.world.workspace.groups.values()
    return {"usergroups": [group.to_api(call.flag("include_users")) for group in groups]}


@method("usergroups.users.list")
def list_group_members(call: Call) -> Json:
    group = call.world.workspace.groups.get(call.text("usergroup"))
    if group is None:
        raise SlackError("no_such_subteam")
    return {"users": list(group.users)}
