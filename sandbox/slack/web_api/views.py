"""views.*: modals and the Home tab."""

from __future__ import annotations

from sandbox.slack.blocks.rules import view_problems
from sandbox.slack.errors import SlackError
from sandbox.slack.views import View
from sandbox.slack.web_api.content import described
from sandbox.slack.web_api.registry import Call, Json, method


@method("views.open")
def open_view(call: Call) -> Json:
    view = _read_view(call, "modal")
    user = call.world.triggers.exchange(_trigger(call))
    return {"view": call.world.views.open(user, view).to_api()}


@method("views.push")
def push(call: Call) -> Json:
    view = _read_view(call, "modal")
    user = call.world.triggers.exchange(_trigger(call))
    return {"view": call.world.views.push(user, view).to_api()}


@method("views.update")
def update(call: Call) -> Json:
    view = _open_view(call)
    payload = _read_view(call, view.payload["type"])
    given_hash = call.text("hash")
    if given_hash and given_hash != view.hash:
        raise SlackError("hash_conflict")
    call.world.views.update(view, payload)
    return {"view": view.to_api()}


@method("views.publish")
def publish(call: Call) -> Json:
    person = call.person("user_id")
    payload = _read_view(call, "home")
    home = call.world.views.homes.get(person.id)
    given_hash = call.text("hash")
    if given_hash and home and given_hash != home.hash:
        raise SlackError("hash_conflict")
    return {"view": call.world.views.publish_home(person.id, payload).to_api()}


def _trigger(call: Call) -> str:
    trigger_id = call.text("trigger_id") or call.text("interactivity_pointer")
    if not trigger_id:
        raise SlackError(
            "invalid_arguments", response_metadata={"messages": ["[ERROR] missing required field: trigger_id"]}
        )
    return trigger_id


def _open_view(call: Call) -> View:
    found = call.world.views.find(call.text("view_id") or None, call.text("external_id") or None)
    if found is None:
        raise SlackError("not_found")
    return found


def _read_view(call: Call, kind: str) -> Json:
    view = call.json("view", malformed="invalid_arguments")
    problems = view_problems(view, call.world.files)
    if problems:
        raise SlackError("invalid_arguments", **described(problems))
    if view["type"] != kind:
        raise SlackError(
            "invalid_arguments", response_metadata={"messages": [f"[ERROR] must be a {kind} [json-pointer:/view/type]"]}
        )
    result: Json = view
    return result
