"""auth.test, api.test, apps.connections.open, blocks.validate, reactions.add."""

from __future__ import annotations

from sandbox.slack.blocks.catalog import MESSAGE
from sandbox.slack.blocks.rules import problems_in, view_problems
from sandbox.slack.errors import SlackError
from sandbox.slack.people import APP_ID, BOT_ID, BOT_NAME, BOT_USER_ID, TEAM_ID
from sandbox.slack.web_api.content import listed
from sandbox.slack.web_api.registry import Call, Json, method


@method("api.test")
def api_test(call: Call) -> Json:
    return {"args": call.args}


@method("auth.test")
def auth_test(call: Call) -> Json:
    return {
        "url": f"{call.world.options.base_url}/",
        "team": "Sandbox",
        "user": BOT_NAME,
        "team_id": TEAM_ID,
        "user_id": BOT_USER_ID,
        "bot_id": BOT_ID,
        "app_id": APP_ID,
        "is_enterprise_install": False,
    }


@method("apps.connections.open")
def open_connection(call: Call) -> Json:
    ticket = call.world.socket_mode.issue_ticket()
    return {"url": f"ws://127.0.0.1:{call.world.options.port}/link?ticket={ticket}&app_id={APP_ID}"}


@method("blocks.validate")
def validate_blocks(call: Call) -> Json:
    given = [name for name in ("blocks", "message", "view") if call.args.get(name)]
    if len(given) != 1:
        raise SlackError("invalid_arguments")
    value = call.json(given[0], malformed="invalid_arguments")
    files = call.world.files
    if given == ["view"]:
        problems = view_problems(value, files, pointer="")
    elif given == ["message"]:
        problems = problems_in(value.get("blocks", []) if isinstance(value, dict) else value, MESSAGE, files)
    else:
        problems = problems_in(value, MESSAGE, files, pointer="")
    if problems:
        raise SlackError(f"invalid_{given[0]}", errors=listed(problems))
    return {}


@method("reactions.add")
def add_reaction(call: Call) -> Json:
    channel = call.channel()
    name = call.text("name", missing="invalid_name").strip(":")
    message = call.message(channel, "timestamp")
    if BOT_USER_ID in message.reactions.get(name, []):
        raise SlackError("already_reacted")
    call.world.workspace.react(message, name, BOT_USER_ID)
    return {}
