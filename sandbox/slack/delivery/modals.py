"""People submit and close modals; the app's acknowledgement says what becomes of them."""

from __future__ import annotations

from typing import Any

from sandbox.slack.blocks.rules import view_problems
from sandbox.slack.delivery import payloads
from sandbox.slack.delivery.courier import Outcome
from sandbox.slack.delivery.interactions import Hand, Place
from sandbox.slack.delivery.transport import INTERACTIVE
from sandbox.slack.errors import SlackError
from sandbox.slack.form_rules import input_problems
from sandbox.slack.people import Person
from sandbox.slack.state_values import fill_in
from sandbox.slack.views import View
from sandbox.slack.world import World

Json = dict[str, Any]

TROUBLE = "We had some trouble connecting. Try again?"


async def submit(world: World, person: Person, view: View, given: Json) -> Json:
    """Submits a modal with what was entered; returns the answer of POST /sandbox/submit."""
    fill_in(view.values, view.blocks, given, world.offered.get((person.id, view.id), {}))
    problems = input_problems(view.blocks, view.values)
    if problems:
        _show_errors(world, view, problems)
        return {"delivery": {"status": "refused_by_slack"}, "errors": problems, "response_action": None}
    payload = payloads.interaction("view_submission", person, world.triggers.issue(person.id))
    payload |= {"view": view.to_api(), "response_urls": []}
    outcome = await world.courier.deliver(INTERACTIVE, payload)
    if not outcome.is_ok:
        world.stream.publish(Place(view=view).toast(TROUBLE), [person.id])
        return {"delivery": outcome.to_json(), "errors": {}, "response_action": None}
    body = outcome.body if isinstance(outcome.body, dict) else {}
    try:
        errors = _obey(world, view, body)
    except SlackError:
        world.stream.publish(Place(view=view).toast(TROUBLE), [person.id])
        return {
            "delivery": {**outcome.to_json(), "status": "invalid_command_response"},
            "errors": {},
            "response_action": None,
        }
    return {"delivery": outcome.to_json(), "errors": errors, "response_action": body.get("response_action")}


async def close(world: World, person: Person, view: View, is_cleared: bool) -> Json | None:
    """Closes a modal; the app hears of it only if it asked to (`notify_on_close`). Returns the Delivery."""
    whole_stack = is_cleared or bool(view.payload.get("clear_on_close"))
    world.views.close(view, whole_stack)
    if not view.payload.get("notify_on_close"):
        return None
    payload = payloads.interaction("view_closed", person, None)
    payload |= {"view": view.to_api(), "is_cleared": whole_stack}
    outcome: Outcome = await world.courier.deliver(INTERACTIVE, payload)
    Hand(world, person).show_failure(Place(view=view), outcome)
    return outcome.to_json()


def _obey(world: World, view: View, body: Json) -> dict[str, str]:
    """Does what the acknowledgement says; returns the errors to show.

    Raises:
        SlackError: the acknowledgement cannot be obeyed; the person sees Slack's own trouble text.
    """
    match body.get("response_action"):
        case None:
            world.views.close(view)
        case "clear":
            world.views.close(view, whole_stack=True)
        case "errors":
            errors: dict[str, str] = body.get("errors") or {}
            inputs = {block["block_id"] for block in view.blocks if block["type"] == "input"}
            if not errors or not set(errors) <= inputs:
                raise SlackError("invalid_arguments")
            _show_errors(world, view, errors)
            return errors
        case "update" | "push" as action:
            new = body.get("view") or {}
            if view_problems(new, world.files):
                raise SlackError("invalid_arguments")
            if action == "update":
                world.views.update(view, new)
            else:
                world.views.push(view.user, new)
        case _:
            raise SlackError("invalid_arguments")
    return {}


def _show_errors(world: World, view: View, errors: dict[str, str]) -> None:
    world.stream.publish({"type": "view_errors", "view_id": view.id, "errors": errors}, [view.user])
