"""From what a person enters to Slack's `state` and `actions` objects."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any

from sandbox.slack.blocks.walk import elements
from sandbox.slack.errors import ControlError

Json = dict[str, Any]

# element type → (key of the state object, key of its initial value)
SIMPLE = {
    "plain_text_input": ("value", "initial_value"),
    "email_text_input": ("value", "initial_value"),
    "url_text_input": ("value", "initial_value"),
    "number_input": ("value", "initial_value"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
    "rich_text_input": ("rich_text_value", "initial_value"),
}
ONE_OPTION = ("static_select", "external_select", "radio_buttons", "overflow")
MANY_OPTIONS = ("multi_static_select", "multi_external_select", "checkboxes")


def options_of(element: Json) -> list[Json]:
    """Every option of a menu, groups flattened."""
    grouped = [option for group in element.get("option_groups", []) for option in group["options"]]
    return [*element.get("options", []), *grouped]


def initial_state(element: Json) -> Json | None:
    """The state object of an element nobody has touched; None for what has no state (buttons)."""
    kind = element["type"]
    if kind in SIMPLE:
        key, initial = SIMPLE[kind]
        empty: Any = [] if kind.startswith("multi_") else None
        return {"type": kind, key: element.get(initial, empty)}
    if kind in MANY_OPTIONS:
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    if kind in ONE_OPTION and kind != "overflow":
        return {"type": kind, "selected_option": element.get("initial_option")}
    return None


def entered(element: Json, value: Any, external: Iterable[Json] = ()) -> Json:
    """The state object after a person entered `value`: text, the value (or label) of an option, a list of them, an id, a date.

    `external` are the options that the app offered for an external select. A ready-made state object is taken as it is.
    """
    kind = element["type"]
    if isinstance(value, dict) and "type" in value:
        return value
    if kind in SIMPLE:
        _refuse_impossible(kind, value)
        return {"type": kind, SIMPLE[kind][0]: value}
    offered = [*options_of(element), *external]
    if kind in MANY_OPTIONS:
        chosen = value if isinstance(value, list) else [value]
        return {"type": kind, "selected_options": [_option(offered, each, kind) for each in chosen]}
    if kind in ONE_OPTION:
        return {"type": kind, "selected_option": None if value in (None, "") else _option(offered, value, kind)}
    raise ControlError(400, "no_state", f"a {kind} takes no value")


def fill_in(
    values: dict[str, dict[str, Json]], blocks: list[Json], given: Json, offered: dict[str, list[Json]]
) -> None:
    """Writes what a person entered into the state of a view or message.

    Args:
        values: the state, changed in place.
        blocks: what is on the screen.
        given: key → value, a key being a label, block id or action id; or block id → {action id → state}, as a screen keeps
            it: what is no longer on the screen is then left out.
        offered: options that the app suggested, by action id.

    Raises:
        ControlError: there is no such input, or it does not offer this option.
    """
    for key, value in given.items():
        if _is_kept_by_a_screen(value):
            for block, element in elements(blocks):
                if block["block_id"] == key and element["action_id"] in value:
                    values.setdefault(key, {})[element["action_id"]] = value[element["action_id"]]
            continue
        block, element = _input(blocks, key)
        state = entered(element, value, offered.get(element["action_id"], ()))
        values.setdefault(block["block_id"], {})[element["action_id"]] = state


def has_state(element: Json) -> bool:
    """True for what a person fills in or chooses from; False for buttons."""
    return element["type"] in SIMPLE or element["type"] in ONE_OPTION or element["type"] in MANY_OPTIONS


def _refuse_impossible(kind: str, value: Any) -> None:
    """A picker offers days, times and instants only: nobody can enter anything else there."""
    possible = {
        "datepicker": lambda: date.fromisoformat(value),
        "timepicker": lambda: datetime.strptime(value, "%H:%M"),  # noqa: DTZ007 - a time of day has no zone
        "datetimepicker": lambda: datetime.fromtimestamp(value, UTC),
    }
    if value in (None, "") or kind not in possible:
        return
    try:
        possible[kind]()
    except (TypeError, ValueError) as error:
        raise ControlError(400, "impossible_value", f"a {kind} cannot hold {value!r}") from error


def _is_kept_by_a_screen(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(each, dict) and "type" in each for each in value.values())


def _input(blocks: list[Json], key: str) -> tuple[Json, Json]:
    known = []
    for block, element in elements(blocks):
        label = (block.get("label") or {}).get("text", "")
        if key in (block["block_id"], element["action_id"], label):
            return block, element
        known.append(label or element["action_id"])
    raise ControlError(
        409, "no_such_element", f"there is no input {key!r} here; there are: {', '.join(known) or 'none'}"
    )


def _option(offered: list[Json], wanted: Any, kind: str) -> Json:
    if isinstance(wanted, dict):
        return wanted
    for option in offered:
        if wanted in (option.get("value"), option["text"]["text"]):
            return option
    known = ", ".join(str(option.get("value")) for option in offered) or "none"
    raise ControlError(409, "no_such_option", f"this {kind} does not offer {wanted!r}; it offers: {known}")
