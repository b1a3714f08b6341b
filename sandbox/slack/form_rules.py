"""What Slack's own client refuses in a form that somebody submits: then the app hears nothing of it."""

from __future__ import annotations

from typing import Any

from sandbox.slack.blocks.walk import elements

Json = dict[str, Any]

REQUIRED = "Please complete this required field."


def input_problems(blocks: list[Json], values: dict[str, dict[str, Json]]) -> dict[str, str]:
    """What is wrong with the inputs, as the person reads it: block id → text. Only the first text is known to be Slack's own."""
    problems = {}
    for block, element in elements(blocks):
        if block["type"] != "input":
            continue
        state = values.get(block["block_id"], {}).get(element["action_id"], {})
        entered = next((value for key, value in state.items() if key != "type" and value not in (None, "", [])), None)
        if entered is None:
            problem = None if block.get("optional") else REQUIRED
        else:
            problem = _length_problem(element, entered) or _number_problem(element, entered)
        if problem:
            problems[block["block_id"]] = problem
    return problems


def _length_problem(element: Json, entered: Any) -> str | None:
    if element["type"] != "plain_text_input":
        return None
    shortest, longest = element.get("min_length", 0), element.get("max_length", 3000)
    if len(entered) < shortest:
        return f"Please enter at least {shortest} characters."
    if len(entered) > longest:
        return f"Please enter no more than {longest} characters."
    return None


def _number_problem(element: Json, entered: Any) -> str | None:
    if element["type"] != "number_input":
        return None
    try:
        number = float(entered) if element.get("is_decimal_allowed") else int(entered)
    except ValueError:
        return "Please enter a number."
    if number < float(element.get("min_value", number)):
        return f"Please enter a number of at least {element['min_value']}."
    if number > float(element.get("max_value", number)):
        return f"Please enter a number of at most {element['max_value']}."
    return None
